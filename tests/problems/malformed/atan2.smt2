; expected: 4:13: unsupported function atan2
(set-logic QF_NRA)
(declare-const x Real)
(assert (> (atan2 x 1) 1))
(check-sat)
