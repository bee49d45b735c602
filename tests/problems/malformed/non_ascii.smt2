; expected: 4:13: unexpected character '\xd7'
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= × 1))
(check-sat)
