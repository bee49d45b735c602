; expected: 4:13: unknown function erf
(set-logic QF_NRA)
(declare-const x Real)
(assert (> (erf x) 1))
(check-sat)
