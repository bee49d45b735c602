"""The three power series behind the elementary functions, and their constants, on integers with proved errors.

Numbers are integers in units of 2**-WORK ("units"), GUARD bits finer than the ends of an interval. `a // b` and
`a >> n` round down, so each is off by less than one. "Error below e" bounds the distance, in units, between the integer
returned and the real number meant.
"""

from math import factorial

from verify.kernel.fixed import BITS, MAX_END

GUARD = 48
WORK = BITS + GUARD
WHOLE = 1 << WORK
PI_BITS = WORK + MAX_END.bit_length() + 16  # enough to reduce an argument of MAX_END

# Coefficients, highest first, rounded down: 1/n!; 1/(2n+1)!; 1/(2n)!; 1/(2n+1).
EXP = tuple(WHOLE // factorial(n) for n in reversed(range(30)))
SIN = tuple(WHOLE // factorial(2 * n + 1) for n in reversed(range(18)))
COS = tuple(WHOLE // factorial(2 * n) for n in reversed(range(18)))
ARC = tuple(WHOLE // (2 * n + 1) for n in reversed(range(36)))


def series(coefficients: tuple[int, ...], z: int) -> int:
    """Return the sum of c_n z**n over all n, error below 6.

    Needs abs(z) <= 3/8 for EXP, 5/8 for SIN and COS, 1/16 for ARC. Horner's scheme: a step adds a coefficient (off by
    less than 1) to a product (off by less than 1, and by abs(z) <= 5/8 times the error so far), so the error stays
    below 2 / (1 - 5/8) = 16/3. What the table leaves out is below 2**-148, 1/16 of a unit:
        EXP        (3/8)**30 / 30! * 8/5   with (3/8)**30 < 2**-42, 30! > 2**107; a term is below 3/8 of the last
        SIN, COS   (5/8)**18 / 36! * 8/3   with (5/8)**18 < 2**-12, 36! > 2**138
        ARC        (1/16)**36 / 73 * 16/15
    """
    total = 0
    for coefficient in coefficients:
        total = coefficient + (total * z >> WORK)
    return total


def arc_of_reciprocal(n: int, sign: int, bits: int) -> int:
    """Return atan(1/n) for sign -1, atanh(1/n) for sign 1, in units of 2**-bits, error below 2; n >= 2, bits < 8000.

    It is the sum of sign**j n**-(2j+1) / (2j+1), here with 16 more bits. A floor of a floor of a quotient is one floor,
    so a term is off by less than 1; there are at most (bits + 16) / 2 of them. The terms left out have n**-(2j+1) < 1
    and add up to less than 4/3. Together below 2**12, 1/16 of the unit returned; the last rounding is below 1.
    """
    power, total, j = (1 << (bits + 16)) // n, 0, 0
    while power:
        total += sign**j * (power // (2 * j + 1))
        power //= n * n
        j += 1
    return total >> 16


# pi = 16 atan(1/5) - 4 atan(1/239) (Machin 1706), error below 16 * 2 + 4 * 2 < 64; so PI >> s is pi in units of
# 2**-(PI_BITS - s) with an error below 2 if s >= 6. log(2) = 2 atanh(1/3). The errors of the last four are below 2.
PI = 16 * arc_of_reciprocal(5, -1, PI_BITS) - 4 * arc_of_reciprocal(239, -1, PI_BITS)
HALF_PI = PI >> (PI_BITS - WORK + 1)
QUARTER_PI = PI >> (PI_BITS - WORK + 2)
ARC_HALF = arc_of_reciprocal(2, -1, WORK)
LOG_2 = arc_of_reciprocal(3, 1, WORK + 1)
