; expected: 5:12: undeclared symbol y
(set-logic QF_NRA)
(declare-const x Real)
(assert (let ((y 1)) (> x y)))
(assert (> y 0))
(check-sat)
