; expected: 4:17: a Real is expected, this is a Bool
(set-logic QF_NRA)
(declare-const x Real)
(assert (> (+ x (> x 1)) 1))
(check-sat)
