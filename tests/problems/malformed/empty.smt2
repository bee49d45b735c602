; expected: 1:1: nothing is asserted

