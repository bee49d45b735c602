; expected: 5:12: f takes 2 arguments, not 1
(set-logic QF_NRA)
(declare-const x Real)
(define-fun f ((a Real) (b Real)) Real (+ a b))
(assert (> (f x) 1))
(check-sat)
