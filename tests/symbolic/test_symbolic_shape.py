"""Shape coordinates against the step in the weights, exactly and in high precision."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import prod
from random import Random

import mpmath
import pytest
import sympy

from symbolic.scalar import SHIFT
from symbolic.shape import balance_shrinkages, relative_steps, scaled_squares, shape_identities, shape_step

DEPTHS = range(2, 7)


def depth_two_point(rng):
    """Return rational weights of depth 2 whose GFS is rational, their ``z*`` and a rational step size.

    With ``z* = (x**2, x**-2)`` and ``d`` free, ``p - q = d`` and ``p + q = (x**2 - x**-2) / d`` make
    ``x**2 - p**2 = x**-2 - q**2``, so the weights ``(p, q)`` differ from the GFS by one shift of the squares.
    """
    while True:
        x = Fraction(rng.randint(11, 30), 10)
        d = Fraction(rng.randint(2, 40), 10)
        total = (x**2 - x**-2) / d
        p, q = (total + d) / 2, (total - d) / 2
        if q > 0:
            return (p, q), (x**2, x**-2), Fraction(rng.randint(1, 60), 100)


def test_depth_two_step_is_reproduced_exactly():
    rng = Random(1)
    step = shape_step(2)
    for _ in range(20):
        w, solution, eta = depth_two_point(rng)
        phi = sum(1 / z for z in solution)
        values = [*(1 / (phi * z) for z in solution), eta * phi, phi * (w[0] ** 2 - solution[0])]
        symbols = (*step.at.alphas, step.at.a, step.at.t)
        at = dict(zip(symbols, map(sympy.Rational, values), strict=True))
        pi = prod(w)
        r = eta * pi * (pi - 1)
        assert step.pi.subs(at) == pi
        assert [rho.subs(at) for rho in step.rhos] == [r / x**2 for x in w]
        assert step.pi_next.subs(at) == prod(x - r / x for x in w)
        assert [k.subs(at) for k in step.kappas] == [r**2 / (w[0] * w[1]) ** 2]
        shifted = [m.subs({**at, step.shift: phi / 7}) for m in step.scaled_squares]
        assert shifted == [((x - r / x) ** 2 + Fraction(1, 7)) / z for x, z in zip(w, solution, strict=True)]


def shift_to_gfs(squares):
    """Return the shift ``s`` with ``prod(z + s) = 1`` by bisection in the current mpmath precision."""
    low = -min(squares)
    high = low + 1
    while mpmath.fprod(z + high for z in squares) < 1:
        high = low + 2 * (high - low)
    for _ in range(mpmath.mp.prec + 20):
        middle = (low + high) / 2
        low, high = (middle, high) if mpmath.fprod(z + middle for z in squares) < 1 else (low, middle)
    return high


@pytest.mark.parametrize("depth", DEPTHS)
def test_sharpness_ratio_agrees_with_the_step_in_the_weights(depth):
    rng, step = Random(depth), shape_step(depth)
    with mpmath.workdps(60):
        w = [mpmath.mpf(rng.uniform(0.6, 1.6)) for _ in range(depth)]
        eta = mpmath.mpf(rng.uniform(0.1, 0.3))
        solution = [x**2 + shift_to_gfs([x**2 for x in w]) for x in w]
        pi, phi = mpmath.fprod(w), mpmath.fsum(1 / z for z in solution)
        after = [(x - eta * pi * (pi - 1) / x) ** 2 for x in w]
        shift = shift_to_gfs(after)
        phi_next = mpmath.fsum(1 / (y + shift) for y in after)
        values = [*(1 / (phi * z) for z in solution), eta * phi, phi * (w[0] ** 2 - solution[0]), phi * shift]
        symbols = (*step.at.alphas, step.at.a, step.at.t, step.shift)
        evaluate = sympy.lambdify(symbols, [step.sharpness_ratio, step.pi_next, *step.scaled_squares], "mpmath")
        ratio, pi_next, *scaled = evaluate(*values)
        assert abs(ratio - phi_next / phi) < mpmath.mpf(10) ** -50
        assert abs(pi_next**2 - mpmath.fprod(after)) < mpmath.mpf(10) ** -50
        assert abs(mpmath.fprod(scaled) - 1) < mpmath.mpf(10) ** -50


def test_scaled_squares_are_one_where_nothing_moves():
    step = shape_step(4)
    assert [m.subs({step.at.t: 0, SHIFT: 0}) for m in step.scaled_squares] == [1, 1, 1, 1]
    assert sympy.simplify(step.sharpness_ratio.subs({step.at.t: 0, SHIFT: 0}) - sympy.Add(*step.at.alphas)) == 0


def neighbours():
    """Return false statements close to true ones, at depth 3, named."""
    found = {identity.name: identity for identity in shape_identities(3)}

    def changed(name, transform):
        return replace(found[name], rhs=tuple(transform(entry) for entry in found[name].rhs))

    pi = sympy.Mul(*sympy.symbols("w_1:4"))
    return {
        "pi instead of pi^2": replace(found["shape-product"], lhs=(pi,)),
        "relative step without pi": changed("shape-relative-step", lambda x: x / pi),
        "shrinkage doubled": changed("shape-balance-step", lambda x: 2 * x),
        "scaled squares with s for phi s": changed(
            "shape-scaled-squares", lambda x: x.subs(SHIFT, SHIFT / sympy.Symbol("phi"))
        ),
        "squares without t": replace(
            found["shape-squares"], rhs=tuple(x**2 - sympy.Symbol("sigma") for x in sympy.symbols("w_1:4"))
        ),
        "phi to the power D - 1": replace(
            found["shape-sharpness"], lhs=(found["shape-sharpness"].lhs[0] / sympy.Symbol("phi"),)
        ),
        "ratio without its last summand": changed("shape-sharpness-ratio", lambda x: sympy.Add(*x.args[:-1])),
    }


@pytest.mark.parametrize("name", neighbours())
def test_false_neighbours_do_not_hold(name):
    assert not neighbours()[name].holds()


def test_shrinkage_is_the_product_of_the_relative_steps():
    step = shape_step(4)
    pi = sympy.Symbol("pi")
    rhos = relative_steps(step.at, pi)
    pairs = zip(combinations(rhos, 2), balance_shrinkages(step.at, pi), strict=True)
    assert all(sympy.cancel(one * other - kappa) == 0 for (one, other), kappa in pairs)


def test_a_weight_left_out_is_a_face():
    """At ``alpha_3 = 0`` depth 3 is depth 2."""
    three, two = shape_step(3), shape_step(2)
    face = {three.at.alphas[2]: 0}
    assert three.pi.subs(face) == two.pi
    assert three.pi_next.subs(face) == two.pi_next
    assert scaled_squares(three.at, three.rhos, SHIFT)[2].subs(face) == 1
