; expected: 4:25: a bound is a rational constant, not x
(set-logic QF_NRA)
(declare-const x Real)
(declare-fun y () Real [x, 1])
(assert (> x 1))
(check-sat)
