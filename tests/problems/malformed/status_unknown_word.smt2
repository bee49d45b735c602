; expected: 4:19: the status is one of sat, unsat, unknown, given once; this is maybe
(set-logic QF_NRA)
(declare-const x Real)
(set-info :status maybe)
(assert (> x 1))
(check-sat)
