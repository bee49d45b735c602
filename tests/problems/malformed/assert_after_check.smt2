; expected: 6:1: unsupported: assert after check-sat
(set-logic QF_NRA)
(declare-const x Real)
(assert (> x 1))
(check-sat)
(assert (< x 1))
(check-sat)
