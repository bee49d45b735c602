; expected: 4:13: a quoted symbol that does not end, or has a backslash in it
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= |x 1))
(check-sat)
