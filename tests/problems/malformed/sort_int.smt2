; expected: 4:19: unsupported sort Int: only Real and Bool
(set-logic QF_NRA)
(declare-const x Real)
(declare-fun n () Int)
(assert (> x 1))
(check-sat)
