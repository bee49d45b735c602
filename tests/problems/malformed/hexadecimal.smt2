; expected: 4:15: unsupported: a binary or hexadecimal literal, #xFF
(set-logic QF_NRA)
(declare-const x Real)
(assert (<= x #xFF))
(check-sat)
