"""Exact bounds for readers: decimals rounded to the safe side."""

from __future__ import annotations

from fractions import Fraction

Bounds = tuple[Fraction, Fraction]
"""A lower and an upper bound."""

_FEWEST, _MOST, _EXACT = 2, 30, 12


def decimal(value: Fraction, places: int, *, up: bool) -> str:
    """Return a number with so many decimals, rounded up or down.

    Examples
    --------
    >>> decimal(Fraction(2, 3), 3, up=False), decimal(Fraction(2, 3), 3, up=True), decimal(Fraction(-1, 3), 2, up=True)
    ('0.666', '0.667', '-0.33')
    """
    scaled = value * 10**places
    whole = scaled.__ceil__() if up else scaled.__floor__()
    text = str(abs(whole)).rjust(places + 1, "0")
    return f"{'-' if whole < 0 else ''}{text[:-places]}.{text[-places:]}"


def interval(bounds: Bounds) -> str:
    """Return bounds with as many decimals as their width calls for, rounded outward.

    Examples
    --------
    >>> interval((Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**4)))
    '[0.3333333, 0.3334334]'
    """
    width = bounds[1] - bounds[0]
    places = _EXACT if width == 0 else min(_MOST, max(_FEWEST, 2 + len(str(int(1 / width)))))
    return f"[{decimal(bounds[0], places, up=False)}, {decimal(bounds[1], places, up=True)}]"
