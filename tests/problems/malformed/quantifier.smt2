; expected: 4:9: unsupported: exists
(set-logic QF_NRA)
(declare-const x Real)
(assert (exists ((y Real)) (> x y)))
(check-sat)
