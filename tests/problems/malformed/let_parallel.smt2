; expected: 4:27: undeclared symbol y
(set-logic QF_NRA)
(declare-const x Real)
(assert (let ((y 1) (z (+ y 1))) (> x z)))
(check-sat)
