; expected: 4:23: f is declared a Bool and defined as a Real
(set-logic QF_NRA)
(declare-const x Real)
(define-fun f () Bool (+ x 1))
(assert f)
(check-sat)
