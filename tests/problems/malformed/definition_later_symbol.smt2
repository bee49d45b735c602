; expected: 4:36: undeclared symbol y
(set-logic QF_NRA)
(declare-const x Real)
(define-fun f ((t Real)) Real (+ t y))
(declare-const y Real)
(assert (> (f x) 1))
(check-sat)
