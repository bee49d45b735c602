; expected: 4:2: unknown command assrt
(set-logic QF_NRA)
(declare-const x Real)
(assrt (> x 1))
(check-sat)
