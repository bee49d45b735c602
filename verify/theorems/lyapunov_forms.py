"""One step at the edge in the coordinates of Theorem V: the change of V divided by what vanishes at its zeros.

V(p) = q p + (1 - q) p^3/3. Let one shape be y = 1 - xi, the others xi together, and R the product of the other factors,
or its bound: p^2 = (1 + y t) R. With v = xi t write 1/R = 1 - v + v^2 B, B = (1 + rho)/2 - v b, and
exp(z) = 1 + z + z^2 F at the shift z = xi s after the step. Then V(p) + V(g) - 2 V(1), g the product after the step or
its bound, is xi^2 times `far`, and xi^2 (p - 1)^3 times `near`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

HALF = sp.Rational(1, 2)


def sum_of_values(p: Any, g: Any, complement: Any) -> Any:
    """Return V(p) + V(g) - 2 V(1) for q = 1 - complement."""
    return (1 - complement) * (p + g - 2) + complement * (p**3 + g**3 - 2) / 3


def expanded_sum(p: Any, u: Any, complement: Any) -> Any:
    """Return V(p) + V(2 - p - u) - 2 V(1), arranged by powers of u and e = p - 1."""
    e = p - 1
    return -u + complement * (2 * e**2 + 2 * e * u + u**2 - u * e**2 - e * u**2 - u**3 / 3)


@dataclass(frozen=True)
class Step:
    """A step at a = 2 from the product p: one shape 1 - xi, sum of the squares of the others rho xi^2."""

    p: Any
    xi: Any
    rho: Any
    b: Any

    @property
    def e(self) -> Any:
        """The error p - 1."""
        return self.p - 1

    @property
    def complement(self) -> Any:
        """Q, with 1 - q = xi Q."""
        return 2 - self.xi * (1 + self.rho)

    def second(self, v: Any) -> Any:
        """Return B = (1 + rho)/2 - v b."""
        return (1 + self.rho) * HALF - v * self.b

    def slope(self, t: Any, second: Any) -> Any:
        """Return (p^2 - 1)/t = 1 - xi + xi p^2 (1 - xi t B)."""
        return 1 - self.xi + self.xi * self.p**2 * (1 - self.xi * t * second)

    def curvature(self, t: Any, second: Any) -> Any:
        """Return theta = (p^2 - 1 - t)/(xi t^2)."""
        return self.slope(t, second) - self.xi * self.p**2 * second

    def half_step(self, t: Any, second: Any) -> Any:
        """Return X, with p/R + 2 (1 - xi)(1 - p) = 2 - p - xi X."""
        return 2 * (1 - self.p) + self.p * t - self.xi * self.p * t**2 * second

    def rest(self, t: Any, lack: Any, second: Any, f: Any) -> Any:
        """Return Z, with 2 - p - p+ = xi (2 Q e^2 + xi Z), for lack = (p^2 - 1 - t)/xi."""
        half, s = self.half_step(t, second), t + 2 * self.p * (1 - self.p)
        return (
            2 * lack * (1 - self.p)
            - self.p * t**2 * second
            + 2 * (1 + self.rho) * self.e**2
            - s**2 * f * (2 - self.p - self.xi * half)
            + s * half
        )

    def far(self, rest: Any) -> Any:
        """Return (V(p) + V(p+) - 2 V(1))/xi^2 in terms of Z."""
        e, xi = self.e, self.xi
        u = 2 * self.complement * e**2 + xi * rest
        return -rest + self.complement * u * (2 * e + xi * u - e**2 - e * xi * u - xi**2 * u**2 / 3)


@dataclass(frozen=True)
class NearStep(Step):
    """A step near the minimum: t = e h and (p^2 - 1 - t)/xi = e^2 tau are divided by the powers of e = p - 1."""

    h: Any
    tau: Any

    @cached_property
    def turned(self) -> Any:
        """1 + xi tau, with s = -e^2 (1 + xi tau)."""
        return 1 + self.xi * self.tau

    @property
    def after(self) -> Any:
        """The shift s after the step."""
        return -(self.e**2) * self.turned

    @cached_property
    def second_order(self) -> Any:
        """B at v = xi e h."""
        return self.second(self.xi * self.e * self.h)

    @property
    def bend(self) -> Any:
        """(4 - p h^2)/e = -4 - p (4 r + e r^2), with h = 2 + e r and r = 1 - xi tau."""
        r = 1 - self.xi * self.tau
        return -4 - self.p * (4 * r + self.e * r**2)

    def divided_rest(self, f: Any) -> Any:
        """Return Z/e^3."""
        p, e, xi, h, tau = self.p, self.e, self.xi, self.h, self.tau
        half = -2 + p * h - xi * e * p * h**2 * self.second_order
        return (
            -2 * tau
            + (1 + self.rho) * HALF * self.bend
            + xi * p * h**3 * self.b
            - e * self.turned**2 * f * (2 - p - xi * e * half)
            - self.turned * half
        )

    def overshoot(self, f: Any) -> Any:
        """Return (1 - p+)/e = 1 + xi e (2 Q + xi e Z/e^3)."""
        e, xi = self.e, self.xi
        return 1 + xi * e * (2 * self.complement + xi * e * self.divided_rest(f))

    def near(self, f: Any) -> Any:
        """Return (V(p) + V(p+) - 2 V(1))/(xi^2 e^3)."""
        e, xi = self.e, self.xi
        rest = self.divided_rest(f)
        g = 2 * self.complement + e * xi * rest
        return -rest + self.complement * g * (2 + e * xi * g - e - e**2 * xi * g - xi**2 * e**3 * g**2 / 3)

    def turn(self) -> Any:
        """Return C, with tau - 2 Q p = e (e + xi C) for rho = 0."""
        p, e = self.p, self.e
        return -self.tau * (2 + e) + p * HALF * self.bend + self.xi * p**2 * self.h**3 * self.b

    def deep(self, f: Any) -> Any:
        """Return (V(p) + V(g) - 2 V(1))/e^3 for rho = 0 and g = exp(s)/p, which is at least p+."""
        p, e, xi = self.p, self.e, self.xi
        third = (xi * (e + xi * self.turn()) - self.turned**2 * e * f) / p
        g = 2 * xi * self.complement + e * third
        return -third + xi * self.complement * g * (2 + e * g - e - e**2 * g - e**3 * g**2 / 3)


def near_step(p: Any, t: Any, xi: Any, rho: Any, b: Any) -> NearStep:
    """Return the step from p at the shift t, where p^2 (1 - v + v^2 B) = 1 + (1 - xi) t: h = (p + 1) t/(p^2 - 1)."""
    plain = Step(p, xi, rho, b)
    second = plain.second(xi * t)
    h = (p + 1) / plain.slope(t, second)
    return NearStep(p, xi, rho, b, h, h**2 * plain.curvature(t, second))
