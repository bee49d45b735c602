; expected: 4:1: a command is expected, not assert
(set-logic QF_NRA)
(declare-const x Real)
assert (<= x 1)
(check-sat)
