; expected: 4:15: neither a number nor a symbol: 12ab
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= x 12ab))
(check-sat)
