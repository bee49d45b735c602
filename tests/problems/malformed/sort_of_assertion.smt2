; expected: 4:9: a Bool is expected, this is a Real
(set-logic QF_NRA)
(declare-const x Real)
(assert (+ x 1))
(check-sat)
