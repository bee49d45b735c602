"""Certificates of limits: versioned JSON with the whole problem and what is claimed; strict reading with limits.

    {"format": "gd-limit", "version": 1, "digest": ..., "problem": {"eta": "1/5", "weights": ["11/5", ...]},
     "verdict": "converges", "bits": 128, "step": 604, "limit": [..., ...], "point": [[..., ...], ...],
     "inside_from": 0, "depth": 12, "monotone_from": 0, "edge": 108, "premise": 380}

Rationals are strings `p/q` in lowest terms; `outside` is a point of the curve, an integer in units of 2**-bits (0: none
is needed). All weights are positive: an even number of signs can be flipped, which commutes with gradient descent.
"""

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias, get_args

from verify.kernel.certificates import exact, fields, list_field, text_field
from verify.kernel.errors import Malformed

FORMAT = "gd-limit"
VERSION = 1
MAX_DEPTH, MAX_NUMBER_BITS = 64, 400
MAX_STEPS = 999_999
MIN_BITS, MAX_BITS = 64, 16_384
MAX_HALVINGS = 14
MAX_EXACT_STEPS = 12
MAX_WORK = 10**12

Verdict: TypeAlias = Literal["converges", "diverges", "reaches zero", "outside", "undecided"]
Bounds: TypeAlias = tuple[Fraction, Fraction]
EXTRA: dict[str, set[str]] = {
    "converges": {"limit", "point"},
    "diverges": set(),
    "reaches zero": set(),
    "outside": {"outside"},
    "undecided": {"reason"},
}
OPTIONAL = {
    "converges": {"inside_from", "outside", "depth", "monotone_from", "edge", "premise"},
    "diverges": {"outside", "depth"},
    "reaches zero": {"outside", "depth"},
    "outside": {"depth"},
    "undecided": set(),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Gradient descent on (w_1 ... w_D - 1)**2 / 2, D >= 2, from positive weights, with step size eta > 0.

    Raises Malformed for anything else, more than MAX_DEPTH weights, or a number of more than MAX_NUMBER_BITS bits.
    """

    eta: Fraction
    weights: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.weights) <= MAX_DEPTH:
            raise Malformed(f"problem: {len(self.weights)} weights; 2 to {MAX_DEPTH} are needed")
        for value in (self.eta, *self.weights):
            if not isinstance(value, Fraction) or value <= 0:
                raise Malformed("problem: eta or a weight is not a positive Fraction")
            if max(value.numerator, value.denominator).bit_length() > MAX_NUMBER_BITS:
                raise Malformed(f"problem: a numerator or denominator of more than {MAX_NUMBER_BITS} bits")

    def as_json(self) -> dict[str, Any]:
        """Return the problem as plain JSON data."""
        return {"eta": str(self.eta), "weights": [str(w) for w in self.weights]}

    def digest(self) -> str:
        """Return the SHA-256 digest of the problem's JSON text with sorted keys and no spaces, in hexadecimal."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LimitCertificate:
    """A problem, a verdict, and what is claimed; see `verify.limits.checker` for what each claim says."""

    problem: Problem
    verdict: Verdict
    bits: int
    step: int
    depth: int = 0
    limit: Bounds | None = None
    point: tuple[Bounds, ...] = ()
    inside_from: int | None = None
    outside: int | None = None
    monotone_from: int | None = None
    edge: int | None = None
    premise: int | None = None
    reason: str = ""


def build_limit(data: Any) -> LimitCertificate:
    """Turn parsed JSON into a certificate.

    Raises Malformed for another format or version, a missing or unknown field, a wrong digest, a value of the wrong
    kind, or anything beyond the limits: MAX_STEPS, MAX_BITS, MAX_HALVINGS, and MAX_WORK for the time of the check.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise Malformed(f"format is not {FORMAT!r}")
    verdict = data.get("verdict")
    if not isinstance(verdict, str) or verdict not in get_args(Verdict):
        raise Malformed(f"limit: verdict is none of {', '.join(get_args(Verdict))}")
    always = {"format", "version", "digest", "problem", "verdict", "bits", "step"}
    data = fields(data, always | EXTRA[verdict], OPTIONAL[verdict], "limit")
    if _natural(data, "version", 0, MAX_STEPS) != VERSION:
        raise Malformed(f"schema version {data['version']} is not supported; this checker reads {VERSION}")
    problem = read_problem(data["problem"])
    if data["digest"] != problem.digest():
        raise Malformed("the digest is not that of the problem")
    bits, step = _natural(data, "bits", MIN_BITS, MAX_BITS), _natural(data, "step", 0, MAX_STEPS)
    if verdict == "reaches zero" and step > MAX_EXACT_STEPS:
        raise Malformed(f"limit: {step} steps are too many for exact arithmetic")
    depth = _natural(data, "depth", 0, MAX_HALVINGS) if "depth" in data else 0
    if work(len(problem.weights), bits, step + (1 << depth)) > MAX_WORK:
        raise Malformed("limit: more work than the checker takes on")
    steps = {
        name: _natural(data, name, 0, step)
        for name in ("inside_from", "monotone_from", "edge", "premise")
        if name in data
    }
    return LimitCertificate(
        problem=problem,
        verdict=verdict,  # type: ignore[arg-type]
        bits=bits,
        step=step,
        depth=depth,
        limit=_bounds(data["limit"], "limit") if "limit" in data else None,
        point=_point(data, len(problem.weights)),
        outside=_witness(data, bits) if "outside" in data else None,
        reason=text_field(data, "reason", "limit")[:400] if "reason" in data else "",
        **steps,
    )


def work(depth: int, bits: int, steps: int) -> int:
    """Estimate the time of so many steps, or cells of a curve, in units of about a nanosecond."""
    words = 2 * depth * bits // 30 + 1
    return steps * depth * (5_000 + 2 * words * (bits // 30 + 1))


def read_problem(data: Any) -> Problem:
    """Read the JSON data of `Problem.as_json`. Raises Malformed for anything else."""
    data = fields(data, {"eta", "weights"}, set(), "problem")
    weights = list_field(data, "weights", "problem")
    if len(weights) > MAX_DEPTH:
        raise Malformed(f"problem: more than {MAX_DEPTH} weights")
    return Problem(_rational(data["eta"], "problem: eta"), tuple(_rational(w, "problem: weights") for w in weights))


def _natural(data: dict[str, Any], name: str, least: int, most: int) -> int:
    """Return the natural number `data[name]`. Raises Malformed when it is none from `least` to `most`."""
    value = data[name]
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"limit: {name} is not a number from {least} to {most}")
    return value


def _rational(text: Any, place: str) -> Fraction:
    """Read an exact rational in lowest terms. Raises Malformed."""
    value = exact(text, place)
    if str(value) != text:
        raise Malformed(f"{place}: a number not in lowest terms")
    return value


def _bounds(data: Any, place: str) -> Bounds:
    """Read [lower, upper], lower <= upper. Raises Malformed."""
    if not isinstance(data, list) or len(data) != 2:
        raise Malformed(f"{place}: not a list of a lower and an upper bound")
    low, high = (_rational(x, place) for x in data)
    if low > high:
        raise Malformed(f"{place}: the lower bound is above the upper")
    return low, high


def _point(data: dict[str, Any], depth: int) -> tuple[Bounds, ...]:
    """Read bounds on each weight of the limit. Raises Malformed."""
    if "point" not in data:
        return ()
    point = list_field(data, "point", "limit")
    if len(point) != depth:
        raise Malformed("limit: point does not have bounds for each weight")
    return tuple(_bounds(x, "point") for x in point)


def _witness(data: dict[str, Any], bits: int) -> int:
    """Read a non-negative integer of at most `bits` + 1 bits. Raises Malformed."""
    text = text_field(data, "outside", "limit")
    if len(text) > 2 + bits // 3:
        raise Malformed("limit: outside is too long")
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        raise Malformed("limit: outside is not a natural number")
    return int(text)
