"""`verify region`: a paving of a slice of the space of weights by what is proved of S_eta and of convergence."""

import hashlib
import json
import re
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any

from rich.console import Console

from verify.files import certificate_content, write_atomically, write_certificate
from verify.limits.paving import Areas, check_paving, decimal
from verify.limits.paving_cells import Region
from verify.limits.paving_certificate import MAX_DEPTH, Paving, build_region
from verify.runs import require_writable
from verify.signals import interrupt_deferred

DECIDED, UNKNOWN = 0, 3
AIM = 0.004
ENOUGH = Fraction(1, 100)
NAME = "region"
LARGEST = 10**9

_NUMBER = re.compile(r"[0-9]{1,20}(?:/[0-9]{1,20}|\.[0-9]{1,20})?")
_NATURAL = re.compile(r"[0-9]{1,3}")
_WEIGHT = re.compile(r"w([0-9]{1,3})")


@dataclass(frozen=True)
class Question:
    """What a run was asked. Raises ValueError for anything out of range."""

    region: Region
    timeout: float = 60.0

    def __post_init__(self) -> None:
        """Check the time."""
        if not 0.01 <= self.timeout <= 1e7:
            raise ValueError(f"--timeout {self.timeout}: give 0.01 to 1e+07 seconds")


def number(text: str, place: str) -> Fraction:
    """Read `3`, `3/4` or `0.75` exactly. Raises ValueError, naming `place`, for anything else."""
    try:
        value = Fraction(text) if _NUMBER.fullmatch(text) else None
    except ZeroDivisionError:
        value = None
    if value is None:
        raise ValueError(f"{place} {text[:40]!r}: give a number such as 3, 3/4 or 0.75")
    if value > LARGEST or 0 < value < Fraction(1, LARGEST):
        raise ValueError(f"{place} {text[:40]!r}: give 0 or a number from 1/{LARGEST} to {LARGEST}")
    return value


def positive(text: str, place: str) -> Fraction:
    """Read a positive number exactly. Raises ValueError, naming `place`, for anything else."""
    if text[:1] == "-" or (value := number(text, place)) == 0:
        raise ValueError(f"{place} {text[:40]!r}: give a positive number")
    return value


def weight(text: str, depth: int, place: str) -> int:
    """Read the name of a weight, `w1` to `wD`; return its number, counted from 0. Raises ValueError."""
    found = _WEIGHT.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= depth:
        raise ValueError(f"{place} {text[:40]!r}: give weights of w1 to w{depth}")
    return int(found[1]) - 1


def read_region(depth: str, eta: str, axes: str, fix: str, box: str) -> Region:
    """Read the options of the command. Raises ValueError with one line for anything that makes no sense."""
    if not _NATURAL.fullmatch(depth) or not 2 <= int(depth) <= MAX_DEPTH:
        raise ValueError(f"--depth {depth[:40]!r}: give a whole number from 2 to {MAX_DEPTH}")
    size, rate = int(depth), positive(eta, "--eta")
    names = [weight(part.strip(), size, "--axes") for part in axes.split(",")]
    if len(names) != 2 or names[0] == names[1]:
        raise ValueError(f"--axes {axes[:40]!r}: give two different weights, such as w1,w2")
    fixed: dict[int, Fraction] = {}
    for part in fix.split(",") if fix else ():
        name, equals, value = part.strip().partition("=")
        k = weight(name.strip(), size, "--fix")
        if not equals or k in fixed or k in names:
            raise ValueError(f"--fix {part[:40]!r}: give each weight that is not an axis once, such as w3=1")
        fixed[k] = positive(value.strip(), f"--fix {name.strip()}")
    missing = [f"w{k + 1}" for k in range(size) if k not in fixed and k not in names]
    if missing:
        raise ValueError(f"--fix: give a value for {', '.join(missing[:8])}, such as {missing[0]}=1")
    return build_region(size, rate, names, fixed, read_box(box) if box else default_box(rate))


def read_box(text: str) -> list[Fraction]:
    """Read `0:3,0:3`. Raises ValueError for anything else, and for a side that is empty or inverted."""
    sides = [side.strip().split(":") for side in text.split(",")]
    if len(sides) != 2 or not all(len(side) == 2 for side in sides):
        raise ValueError(f"--box {text[:40]!r}: give two sides, such as 0:3,0:3")
    ends = [number(end.strip(), "--box") for side in sides for end in side]
    if not (ends[0] < ends[1] and ends[2] < ends[3]):
        raise ValueError(f"--box {text[:40]!r}: a side is empty or inverted")
    return ends


def default_box(eta: Fraction) -> list[Fraction]:
    """Return the square from 0 to about 3/(2 sqrt(eta)), which holds S_eta at depth 2."""
    side = Fraction(isqrt(int(9 / (4 * eta))) + 1)
    return [Fraction(0), side, Fraction(0), side]


def areas_data(paving: Paving, areas: Areas) -> dict[str, Any]:
    """Return what is proved as plain data: exact areas as fractions, bounds as rounded decimals."""
    region, shares = paving.region, areas.shares
    inside = (shares["i"] + shares["c"]) * region.area
    return {
        "depth": region.depth,
        "eta": str(region.eta),
        "axes": [f"w{k + 1}" for k in region.axes],
        "fixed": {f"w{k + 1}": str(w) for k, w in enumerate(region.weights) if w is not None},
        "box": [str(x) for x in region.box],
        "area": str(region.area),
        "areas": {letter: str(share * region.area) for letter, share in shares.items()},
        "cells": areas.counts,
        "area_of_S_eta": [decimal(inside, up=False), decimal(region.area * (1 - shares["o"]), up=True)],
        "area_convergent": decimal(shares["c"] * region.area, up=False),
        "share_undecided": decimal(shares["u"], up=True),
        "curves": [len(paving.holds), len(paving.fails)],
    }


def run_region(question: Question, folder: Path, *, as_json: bool = False, plot: bool = True) -> int:
    """Pave, re-check, write certificate, areas and picture into `folder`, print the areas; return the exit code.

    0 when less than 1 % of the box is undecided, 3 otherwise. Ctrl-C ends the search; what is proved is kept. Raises
    OSError for a folder that cannot be written.
    """
    from verify.provers.region_search import Search
    from verify.region_view import live_view, pictures, print_areas

    require_writable(folder)
    console = Console(stderr=True)
    began = time.perf_counter()
    search = Search(question.region)
    with live_view(console) as show:
        search.run(AIM, question.timeout, show)
    searched, interrupted = time.perf_counter() - began, search.interrupted
    try:
        with interrupt_deferred():  # what is found is checked and written, whenever Ctrl-C comes
            certificate = search.paving().data()
            paving, areas = check_paving(certificate)
            checked = time.perf_counter() - began - searched
            write_certificate(folder, NAME, certificate)
            if plot:
                source = hashlib.sha256(certificate_content(certificate)).hexdigest()
                for suffix, content in pictures(paving, areas, source).items():
                    write_atomically(folder / f"{NAME}{suffix}", content)
    except KeyboardInterrupt:
        interrupted = True
    found = areas_data(paving, areas) | {
        "search_seconds": round(searched, 3),
        "check_seconds": round(checked, 3),
        "interrupted": interrupted,
    }
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        print_areas(Console(width=None if sys.stdout.isatty() else 100), paving.region, areas, found)
        console.print(f"search {searched:.1f} s, check {checked:.1f} s; written: {folder}", highlight=False)
    if interrupted:
        console.print("interrupted: what is proved is kept, the rest is undecided", highlight=False)
    return DECIDED if areas.shares["u"] < ENOUGH else UNKNOWN
