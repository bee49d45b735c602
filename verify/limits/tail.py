"""What comes after a step: convergence, by a contraction that holds for every depth and every eta phi < 2.

Let e_j = pi_j - 1, a_j = eta phi(w_j), and at step n let pi_n > 0, |e_n| <= E < 1 and A- <= a_n <= A+ < 2. With
C < 1 and l > 0 such that

    A+ (1 + E)**2 - 1,  1 - l/(1 + E),  1 - l (1 - E)**2,  (A+/(1 - E) - 1)/(1 - E A+/(1 - E))   are at most C,
    E (1 + E) A+ < 1,   E A+/(1 - E) < 1,   A- (1 - K E**2/(1 - C**2)) >= l,   K = (A+ (1 + E))**2,

for all j >= n: |e_j| <= C**(j - n) |e_n|, a_j falls, and a_n (1 - K e_n**2/(1 - C**2)) <= lim a_j <= a_n.

Proof. By induction let |e_j| <= E and l <= a_j <= A+. At w_j write z_i = w_i**2 = z*_i (1 + t alpha_i), z* the GFS,
alpha_i = 1/(phi z*_i), sum alpha_i = 1; pi**2 = prod(1 + t alpha_i), all 1 + t alpha_i > 0; S = sum 1/z_i;
rho_i = eta pi e/z_i; e_{j+1} = pi prod(1 - rho_i) - 1. If e >= 0 then t >= 0 and 1 <= 1 + t alpha_i <= pi**2 (the
other factors are at least 1), so phi/pi**2 <= S <= phi. If e <= 0 then t <= 0 and pi**2 <= 1 + t alpha_i <= 1 (the
other factors are at most 1), so phi <= S <= phi/pi**2.

e > 0: 0 <= rho_i <= a_j pi e <= E (1 + E) A+ < 1: no weight changes its sign. With sigma = eta pi e S,
1 - sigma <= prod(1 - rho_i) <= exp(-sigma) <= 1/(1 + sigma) gives
    1 - A+ (1 + E)**2 <= 1 - eta pi**2 S <= e_{j+1}/e <= (1 - eta pi S)/(1 + sigma) <= max(0, 1 - l/(1 + E)).
e = -f < 0: with sigma = eta pi f S <= E A+/(1 - E) < 1, 1 + sigma <= prod(1 - rho_i) <= exp(sigma) <= 1/(1 - sigma)
gives
    1 - l (1 - E)**2 >= 1 - eta pi**2 S >= e_{j+1}/e >= -(eta pi S - 1)/(1 - sigma),
and the last is at least min(0, -(A+/(1 - E) - 1)/(1 - E A+/(1 - E))), for eta pi S <= a_j/pi.
So |e_{j+1}| <= C |e_j| <= E. By Theorem A (pi <= 1, or no weight changes its sign; a_j < 2) a_{j+1} <= a_j <= A+. By
the argument of C3, a_{j+1} >= a_j (1 - max r**2/(z_i z*_i)), r = eta pi e, and
r**2/(z_i z*_i) = a_j**2 alpha_i**2 pi**2 e**2/(1 + t alpha_i) <= K e**2: for e > 0 because
alpha_i <= 1 <= 1 + t alpha_i, for e < 0 because pi**2 <= 1 + t alpha_i. Hence
a_{j+1} >= a_n prod over n <= k <= j of (1 - K e_k**2) >= a_n (1 - K E**2/(1 - C**2)) >= l, as each
K e_k**2 <= 1. The same with |e_n| for E gives the bound on the limit.

The weights converge too: z_i >= z*_i min(1, pi**2) and z*_i >= 1/phi, so
|w_i(j+1) - w_i(j)| = eta pi |e|/|w_i| <= eta max(1, pi) |e| sqrt(phi) <= (1 + E) sqrt(eta A+) |e_j|, in sum at most
(1 + E) sqrt(eta A+) |e_n|/(1 - C). At the limit pi = 1, and its sharpness is phi: eta times it is lim a_j.
Where e_n = 0 exactly, nothing moves, whatever a_n is.
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
