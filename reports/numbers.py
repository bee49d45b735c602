"""Numbers for readers: few digits, powers of ten written as such."""

from __future__ import annotations

import math

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e6
NOTHING = "—"
"""Printed where there is no number."""


def number(value: float, digits: int = 3) -> str:
    """Return a number with a few significant digits.

    Integers are written in full. A number that is not finite, such as the worst of no cases, is a dash.

    Examples
    --------
    >>> number(414289), number(0.58270146), number(6.66e-16), number(-1e-9)
    ('414,289', '0.583', '6.66×10⁻¹⁶', '−10⁻⁹')
    """
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if not math.isfinite(value):
        return NOTHING
    if value == 0.0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        text = f"{float(f'{mantissa}e{exponent}'):,.{max(digits - 1 - power, 0)}f}"
    else:
        text = f"{_without_zeros(mantissa)}×10{str(power).translate(_SUPERSCRIPTS)}"
        text = text.replace("1×10", "10") if text.lstrip("-").startswith("1×10") else text
    return _without_zeros(text).replace("-", "−")


def _without_zeros(text: str) -> str:
    if "." not in text or "×" in text:
        return text
    return text.rstrip("0").rstrip(".")


def seconds(value: float) -> str:
    """Return a time with two significant digits; times below a millisecond are not told apart.

    Examples
    --------
    >>> seconds(12.04), seconds(0.0213), seconds(0.0004), seconds(0)
    ('12', '0.021', '<0.001', '0')
    """
    return "<0.001" if 0.0 < value < 1e-3 else number(float(value), 2)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "leaf", "leaves"), counted(2369, "box", "boxes"), counted(2, "step")
    ('1 leaf', '2,369 boxes', '2 steps')
    """
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def percent(share: float, digits: int = 3) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> percent(0.692)
    '69.2 %'
    """
    return f"{number(100.0 * share, digits)} %" if math.isfinite(share) else NOTHING


def size(count: int) -> str:
    """Return a number of bytes.

    Examples
    --------
    >>> size(812), size(1234), size(5_600_000)
    ('812 B', '1.23 kB', '5.6 MB')
    """
    for unit, scale in (("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{number(count / scale)} {unit}"
    return f"{count} B"
