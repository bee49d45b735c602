; expected: 4:12: unsupported: an exponent other than a constant k or k/2 with |k| <= 64
(set-logic QF_NRA)
(declare-const x Real)
(assert (> (^ 2 x) 1))
(check-sat)
