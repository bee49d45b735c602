"""What comes after a step: convergence, by a contraction that holds for every depth and every eta phi < 2.

Let e_j = pi_j - 1, a_j = eta phi(w_j), and at step n let pi_n > 0, |e_n| <= E < 1 and A- <= a_n <= A+ < 2. With
C < 1 and l > 0 such that

    A+ (1 + E)**2 - 1,  1 - l/(1 + E),  1 - l (1 - E)**2,  (A+/(1 - E) - 1)/(1 - E A+/(1 - E))   are at most C,
    E (1 + E) A+ < 1,   E A+/(1 - E) < 1,   A- (1 - K E**2/(1 - C**2)) >= l,   K = (A+ (1 + E))**2,

for all j >= n: |e_j| <= C**(j - n) |e_n|, a_j falls, and a_n (1 - K e_n**2/(1 - C**2)) <= lim a_j <= a_n.

The weights move by at most (1 + E) sqrt(eta A+) |e_n|/(1 - C) any more. Where e_n = 0 exactly, nothing moves, whatever
a_n is. The proof is the written claim F1.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

Bounds = tuple[Fraction, Fraction]
MARGIN = Fraction(1, 64)
DIGITS = 10**30


@dataclass(frozen=True, slots=True)
class Tail:
    """What is proved of an orbit from a step on.

    |e| falls by the factor `rate` a step at least, lim eta phi lies in `limit`, no weight moves farther than `distance`
    any more.
    """

    rate: Fraction
    limit: Bounds
    distance: Fraction


def tail(error: Fraction, sharpness: Bounds, eta: Fraction) -> Tail | None:
    """Return what the contraction gives for |e_n| <= error and bounds on a_n = eta phi(w_n); None if it does not apply.

    pi_n > 0 is assumed, and holds when error < 1.
    """
    low, high = sharpness
    if error == 0:
        return Tail(Fraction(0), sharpness, Fraction(0))
    if not (low > 0 and high < 2 and 0 <= error < 1):
        return None
    least = low * (1 - MARGIN)
    share = error * high / (1 - error)
    if share >= 1 or error * (1 + error) * high >= 1:
        return None
    rate = max(
        high * (1 + error) ** 2 - 1,
        1 - least / (1 + error),
        1 - least * (1 - error) ** 2,
        (high / (1 - error) - 1) / (1 - share),
        Fraction(0),
    )
    if rate >= 1:
        return None
    fall = (high * (1 + error) * error) ** 2 / (1 - rate * rate)
    if low * (1 - fall) < least:
        return None
    root = Fraction(isqrt((eta * high * DIGITS**2).__ceil__()) + 1, DIGITS)
    return Tail(rate, (low * (1 - fall), high), (1 + error) * root * error / (1 - rate))
