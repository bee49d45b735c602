; expected: 4:2: unsupported command push
(set-logic QF_NRA)
(declare-const x Real)
(push 1)
(assert (> x 1))
(check-sat)
