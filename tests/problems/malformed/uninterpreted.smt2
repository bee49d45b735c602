; expected: 4:14: unsupported: a function that is declared but not defined: f
(set-logic QF_NRA)
(declare-const x Real)
(declare-fun f (Real) Real)
(assert (> (f x) 1))
(check-sat)
