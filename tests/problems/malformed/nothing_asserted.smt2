; expected: 1:1: nothing is asserted
(set-logic QF_NRA)
(declare-const x Real)
(check-sat)
