"""The checker of regions: every cell of a paving, by one proved curve for each family and exact tests on the cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verify.kernel.errors import Rejected
from verify.limits.paving_cells import MAX_LEVEL, Cell, Geometry, Region
from verify.limits.paving_certificate import LETTERS, Paving, build_paving, leaves
from verify.limits.paving_curves import ONE, Curve, fails, holds

NOWHERE = Fraction(0)


def decimal(x: Fraction, places: int = 6, *, up: bool) -> str:
    """Return x >= 0 with so many decimals, rounded up or down."""
    scaled = x * 10**places
    whole = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    return f"{whole // 10**places}.{whole % 10**places:0{places}d}"


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas of the verdicts, in units of the area of the box (`shares`) and the number of cells of each."""

    shares: dict[str, Fraction]
    counts: dict[str, int]

    def percent(self, letters: str, places: int = 3) -> str:
        """Return the share of some verdicts in percent; what is proved is rounded down, what is undecided up."""
        share = sum((self.shares[letter] for letter in letters), Fraction(0))
        return f"{decimal(100 * share, places, up='u' in letters)} %"

    def words(self) -> str:
        """Say it in a line."""
        return (
            f"{self.percent('ic')} of the box in S_eta ({self.percent('c')} with convergence), "
            f"{self.percent('o')} outside, {self.percent('u')} undecided"
        )


class Curves:
    """Families of curves by what is proved of one curve of each, for the tests of cells."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.families: dict[str, list[tuple[int, ...]]] = {"holds": [], "fails": []}

    def add(self, name: str, gaps: Sequence[Fraction], at: Fraction = NOWHERE) -> bool:
        """Try to prove what `name` says of a curve, and keep it; `at` is the point that shows that it fails."""
        least = name == "fails"  # rounding to the units must not make the family larger than what is proved
        units = tuple(_units(gap, up=least) for gap in gaps)
        curve = Curve([_units(gap, up=not least) for gap in gaps], self.region.eta)
        proved = fails(curve, _units(at, up=False)) if least else holds(curve)
        if proved:
            self.families[name].append(units)
        return proved

    def covers(self, name: str, gaps: Sequence[int]) -> bool:
        """Return whether curves with such gaps belong to a family; the one found goes to the front."""
        family = self.families[name]
        for k, anchor in enumerate(family):
            small, large = (anchor, gaps) if name == "fails" else (gaps, anchor)
            for a, b in zip(small, large, strict=True):
                if a > b:
                    break
            else:
                if k:
                    family.insert(0, family.pop(k))
                return True
        return False


def _units(x: Fraction, *, up: bool) -> int:
    return -(-x.numerator * ONE // x.denominator) if up else x.numerator * ONE // x.denominator


class Checker:
    """The test of a cell's verdict."""

    def __init__(self, region: Region, curves: Curves) -> None:
        self.region, self.geometry, self.curves = region, Geometry(region), curves

    def accepts(self, cell: Cell, letter: str) -> bool:
        """Return whether the verdict of a cell is proved."""
        if letter == "u":
            return True
        weights = self.geometry.weights(cell)
        least, most = self.geometry.gaps(weights)
        if letter == "o":
            return self.curves.covers("fails", least) or self.geometry.loses_sign(weights)
        if letter == "c" and not self.region.converges:
            return False
        return self.curves.covers("holds", most) and self.geometry.keeps_signs(weights)


def check_paving(data: Any) -> tuple[Paving, Areas]:
    """Re-check a certificate from parsed JSON; return it and what it proves.

    Raises Malformed as `build_paving`, and Rejected for a curve or a cell of which the verdict is not proved.
    """
    paving = build_paving(data)
    curves = Curves(paving.region)
    found = [("holds", gaps, NOWHERE) for gaps in paving.holds] + [("fails", *curve) for curve in paving.fails]
    for name, gaps, at in found:
        if not curves.add(name, gaps, at):
            raise Rejected(f"region: {name}: not proved of the curve with gaps {', '.join(map(str, gaps))}")
    checker = Checker(paving.region, curves)
    shares, counts = dict.fromkeys(LETTERS, 0), dict.fromkeys(LETTERS, 0)
    for cell, letter in leaves(paving.cells):
        if not checker.accepts(cell, letter):
            raise Rejected(f"region: cell {cell.i}, {cell.j} of level {cell.level}: {letter!r} is not proved")
        shares[letter] += 1 << 2 * (MAX_LEVEL - cell.level)
        counts[letter] += 1
    total = 1 << 2 * MAX_LEVEL
    return paving, Areas({letter: Fraction(share, total) for letter, share in shares.items()}, counts)
