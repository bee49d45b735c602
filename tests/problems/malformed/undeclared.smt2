; expected: 5:12: undeclared symbol y
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= x 1))
(assert (> y 1))
(check-sat)
