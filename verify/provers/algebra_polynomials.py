"""Integer polynomials as dictionaries exponents -> coefficient, and their passage to the kernel, sympy and text."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any, TypeAlias

import sympy as sp

from verify.kernel.polynomials import Polynomial, Rational

Exponents: TypeAlias = tuple[int, ...]
Poly: TypeAlias = dict[Exponents, int]
Names: TypeAlias = tuple[str, ...]


def times(p: Mapping[Exponents, int], q: Mapping[Exponents, int]) -> Poly:
    """Return p * q."""
    result: Poly = {}
    for m, c in p.items():
        for n, d in q.items():
            key = tuple(map(int.__add__, m, n))
            result[key] = result.get(key, 0) + c * d
    return {m: c for m, c in result.items() if c}


def plus(p: Mapping[Exponents, int], q: Mapping[Exponents, int], factor: int = 1) -> Poly:
    """Return p + factor * q."""
    result = dict(p)
    for m, c in q.items():
        result[m] = result.get(m, 0) + factor * c
    return {m: c for m, c in result.items() if c}


def negate(p: Mapping[Exponents, int]) -> Poly:
    """Return -p."""
    return {m: -c for m, c in p.items()}


def total_degree(p: Mapping[Exponents, int]) -> int:
    """Return the total degree; 0 for the zero polynomial."""
    return max(map(sum, p), default=0)


def degrees(polynomials: Iterable[Mapping[Exponents, int]], size: int) -> list[int]:
    """Return the largest degree in each of `size` variables over all `polynomials`."""
    result = [0] * size
    for p in polynomials:
        for m in p:
            result = [max(a, b) for a, b in zip(result, m, strict=True)]
    return result


def key(p: Mapping[Exponents, int]) -> tuple[tuple[Exponents, int], ...]:
    """Return a hashable form of p."""
    return tuple(sorted(p.items()))


def primitive(p: Mapping[Exponents, Fraction | int]) -> tuple[Fraction, Poly]:
    """Return (scale, q) with p = scale * q, scale > 0 and q with coprime integer coefficients."""
    fractions = {m: Fraction(c) for m, c in p.items() if c}
    if not fractions:
        return Fraction(1), {}
    scale = Fraction(gcd(*(c.numerator for c in fractions.values())), lcm(*(c.denominator for c in fractions.values())))
    return scale, {m: int(c / scale) for m, c in fractions.items()}


def from_kernel(p: Polynomial, names: Names) -> tuple[Fraction, Poly]:
    """Return (scale, q) as in `primitive` for a polynomial of the kernel."""
    place = {name: i for i, name in enumerate(names)}
    result: dict[Exponents, Fraction] = {}
    for monomial, coefficient in p.items():
        exponents = [0] * len(names)
        for name, exponent in monomial:
            exponents[place[name]] = exponent
        result[tuple(exponents)] = coefficient
    return primitive(result)


def to_text(p: Mapping[Exponents, int], names: Names) -> str:
    """Write p as an SMT-LIB 2 term."""
    terms = []
    for m, c in sorted(p.items(), key=lambda item: (-sum(item[0]), [-e for e in item[0]])):
        powers = [
            name if exponent == 1 else f"(^ {name} {exponent})"
            for name, exponent in zip(names, m, strict=True)
            if exponent
        ]
        number = [] if c == 1 and powers else [str(c) if c >= 0 else f"(- {-c})"]
        factors = number + powers
        terms.append(f"(* {' '.join(factors)})" if len(factors) > 1 else factors[0])
    return f"(+ {' '.join(terms)})" if len(terms) > 1 else (terms or ["0"])[0]


def to_sympy(p: Mapping[Exponents, int], names: Names) -> Any:
    """Return p as a sympy Poly over the integers."""
    symbols = [sp.Symbol(name) for name in names] or [sp.Symbol("unused")]
    terms: dict[Exponents, int] = {m or (0,): c for m, c in p.items()}
    return sp.Poly.from_dict(terms, *symbols, domain=sp.ZZ)


def from_sympy(value: Any, names: Names) -> tuple[Fraction, Poly]:
    """Return (scale, q) as in `primitive` for a sympy polynomial expression. Raises ValueError for anything else."""
    symbols = [sp.Symbol(name) for name in names] or [sp.Symbol("unused")]
    try:
        poly = value if isinstance(value, sp.Poly) else sp.Poly(value, *symbols, domain=sp.QQ)
    except (sp.PolynomialError, sp.CoercionFailed, TypeError) as error:
        raise ValueError(f"not a polynomial in the statement's variables: {value}") from error
    terms = {m if names else (): Fraction(int(c.p), int(c.q)) for m, c in poly.terms()}
    return primitive(terms)


def factors(p: Mapping[Exponents, int], names: Names) -> tuple[int, list[tuple[Poly, int]]]:
    """Return (content, [(irreducible factor, multiplicity)]) with p = content * product."""
    content, pairs = to_sympy(p, names).factor_list()
    result = [(from_sympy(f, names), int(k)) for f, k in pairs]
    assert all(scale == 1 for (scale, _), _ in result)
    return int(content), [(f, k) for (_, f), k in result]


def reduce_fraction(value: Rational, names: Names) -> tuple[Fraction, Poly, Poly]:
    """Return (scale, n, d) with value = scale * n / d in lowest terms; the sign of d is arbitrary."""
    (s, n), (t, d) = from_kernel(value.numerator, names), from_kernel(value.denominator, names)
    if not n:
        return Fraction(1), {}, {(0,) * len(names): 1}
    if total_degree(d) > 0:
        _, above, below = to_sympy(n, names).cofactors(to_sympy(d, names))
        (s2, n), (t2, d) = from_sympy(above, names), from_sympy(below, names)
        s, t = s * s2, t * t2
    return s / t, n, d


def monomials(size: int, degree: int) -> Iterable[Exponents]:
    """Yield the exponents of all monomials in `size` variables up to a total degree."""
    if size == 0:
        yield ()
        return
    for first in range(degree + 1):
        for rest in monomials(size - 1, degree - first):
            yield (first, *rest)


def combination(terms: Sequence[tuple[int, Exponents]]) -> Poly:
    """Return the sum of coefficient * monomial."""
    result: Poly = {}
    for c, m in terms:
        result[m] = result.get(m, 0) + c
    return {m: c for m, c in result.items() if c}
