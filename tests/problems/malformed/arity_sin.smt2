; expected: 4:12: sin takes 1 arguments, not 2
(set-logic QF_NRA)
(declare-const x Real)
(assert (> (sin x x) 1))
(check-sat)
