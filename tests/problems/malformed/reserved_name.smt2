; expected: 4:16: a reserved name: and
(set-logic QF_NRA)
(declare-const x Real)
(declare-const and Real)
(assert (> x 1))
(check-sat)
