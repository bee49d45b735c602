; expected: 4:16: declared before: x
(set-logic QF_NRA)
(declare-const x Real)
(declare-const x Real)
(assert (> x 1))
(check-sat)
