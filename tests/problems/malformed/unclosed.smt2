; expected: 4:1: a parenthesis that is not closed
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= x 1)
(assert (>= x 2))
(check-sat)
