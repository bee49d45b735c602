; expected: 5:27: declared before: a
(set-logic QF_NRA)
(declare-const x Real)
(assert (! (> x 1) :named a))
(assert (! (< x 3) :named a))
(check-sat)
