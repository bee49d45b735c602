; expected: 4:21: bound twice in one let: y
(set-logic QF_NRA)
(declare-const x Real)
(assert (let ((y 1) (y 2)) (> x y)))
(check-sat)
