; expected: 4:18: undeclared symbol y
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= (+ x y) 1))
(declare-const y Real)
(check-sat)
