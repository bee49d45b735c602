; expected: 4:9: <= takes at least 2 arguments, not 1
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= x))
(check-sat)
