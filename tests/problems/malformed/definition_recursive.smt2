; expected: 4:37: unknown function f
(set-logic QF_NRA)
(declare-const x Real)
(define-fun f ((t Real)) Real (* 2 (f t)))
(assert (> (f x) 1))
(check-sat)
