; expected: 4:19: a string that does not end
(set-logic QF_NRA)
(declare-const x Real)
(set-info :source "abc
)
(check-sat)
