; expected: 4:19: unsupported sort (Array Real Real): only Real and Bool
(set-logic QF_NRA)
(declare-const x Real)
(declare-fun a () (Array Real Real))
(assert (> x 1))
(check-sat)
