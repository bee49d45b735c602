; expected: 4:13: unexpected character '{'
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= {x} 1))
(check-sat)
