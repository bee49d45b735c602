"""The search for pavings: what floating point sees, what is kept, what an end in the middle leaves."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from verify.limits.paving import check_paving
from verify.limits.paving_cells import Cell
from verify.limits.paving_certificate import build_region, leaves
from verify.limits.paving_curves import ONE, Curve
from verify.provers import region_search
from verify.provers.region_search import Search, along, extreme, good, look

BOX = [Fraction(0), Fraction(3), Fraction(0), Fraction(3)]


def plane(eta: str = "1/2") -> Search:
    return Search(build_region(2, Fraction(eta), (0, 1), {}, BOX))


@pytest.mark.parametrize("gaps", [(0.0,), (1.5,), (7.0,), (0.3, 2.0), (0.0, 0.0, 5.0), (1e-9, 3.0, 0.1)])
def test_floating_point_sees_what_integers_prove(gaps: tuple[float, ...]) -> None:
    seen = look(np.array(gaps), 0.25)
    curve = Curve([round(g * 2**80) << 16 for g in gaps], Fraction(1, 4))
    assert seen.edge == pytest.approx(curve.phi()[0] / ONE / 4, rel=1e-9)
    assert seen.flip == pytest.approx(curve.product(curve.flip(1))[0] / ONE, rel=1e-9)
    assert seen.top >= curve.step_lo(curve.root // 2) / ONE - 1e-9
    assert seen.top <= curve.step_hi(curve.edges(0), curve.edges(curve.root + 1)) / ONE


def test_the_border_along_a_ray_is_found() -> None:
    # eta = 1/2: the border of the curves of S_eta at depth 2 is 4 sqrt 2 - 2
    border = along(np.array([0.3]), lambda x: good(look(x, 0.5)))
    assert border[0] == pytest.approx(4 * 2**0.5 - 2, rel=1e-6)


def test_a_search_ends_below_its_aim_and_the_checker_accepts() -> None:
    search = plane()
    assert search.run(0.01, 60.0)
    paving, areas = check_paving(search.paving().data())
    assert areas.shares["u"] < Fraction(1, 100)
    assert float(areas.shares["u"]) == pytest.approx(search.undecided)
    assert areas.shares["c"] > Fraction(2, 5)
    assert (len(paving.holds), len(paving.fails)) == (1, 1)
    assert areas.shares["i"] == 0


def test_the_area_is_that_of_a_finer_search() -> None:
    coarse, fine = plane(), plane()
    coarse.run(0.02, 60.0)
    fine.run(0.004, 60.0)
    a, b = (check_paving(search.paving().data())[1].shares for search in (coarse, fine))
    assert a["i"] + a["c"] < b["i"] + b["c"] < 1 - b["o"] < 1 - a["o"]


@pytest.mark.parametrize(("eta", "letter"), [("1", "c"), ("1001/1000", "i")])
def test_where_every_minimum_repels_nothing_is_said_of_convergence(eta: str, letter: str) -> None:
    # depth 2: eta phi = 2 eta at equal weights, the least there is
    search = plane(eta)
    assert search.run(0.01, 60.0)
    _, areas = check_paving(search.paving().data())
    assert areas.shares[letter] > Fraction(1, 10)
    assert {found for found, share in areas.shares.items() if share} == {letter, "o", "u"}


def test_where_nothing_is_in_s_eta_one_cell_says_so() -> None:
    search = plane("2")
    assert search.run(0.01, 60.0)
    assert search.paving().cells == "o"


def test_an_end_of_time_leaves_a_certificate_that_is_accepted() -> None:
    search = plane()
    assert not search.run(1e-6, 0.2)
    _, areas = check_paving(search.paving().data())
    assert 0 < areas.shares["u"] < 1
    assert not search.interrupted


@pytest.mark.parametrize("after", [1, 70, 400])
def test_an_interrupt_leaves_what_is_proved(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    search = plane()
    calls: Iterator[int] = iter(range(10**9))
    accepts = Search.verdict

    def verdict(self: Search, cell: Cell) -> str:
        if next(calls) == after:
            raise KeyboardInterrupt
        return accepts(self, cell)

    monkeypatch.setattr(Search, "verdict", verdict)
    assert not search.run(0.004, 60.0)
    assert search.interrupted
    _, areas = check_paving(search.paving().data())
    assert areas.shares["u"] > Fraction(1, 250)
    assert sum(areas.counts.values()) == len(leaves(search.paving().cells))


def test_curves_that_others_cover_are_left_out() -> None:
    def gaps(*values: int) -> tuple[tuple[Fraction, ...], int]:
        return tuple(map(Fraction, values)), 0

    curves = [gaps(1, 2), gaps(2, 2), gaps(3, 1), gaps(2, 2), gaps(1, 1)]
    assert set(extreme(curves, largest=True)) == {gaps(2, 2), gaps(3, 1)}
    assert extreme(curves, largest=False) == [gaps(1, 1)]


def test_a_curve_that_integers_cannot_prove_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_search, "look", lambda gaps, eta: region_search.Seen(0.1, 0.1, 0.1, 9.0))
    search = plane()
    search.run(0.45, 20.0)
    _, areas = check_paving(search.paving().data())
    # all curves look good; integers prove none of those with a gap above 4 sqrt 2 - 2
    assert areas.shares["i"] + areas.shares["c"] < Fraction(1, 2)


def test_extreme_shapes_end_without_an_error() -> None:
    fixed = {k: Fraction(10**9) if k % 2 else Fraction(1, 10**9) for k in range(2, 16)}
    search = Search(build_region(16, Fraction(1, 10**9), (0, 1), fixed, [Fraction(0), Fraction(10**9)] * 2))
    search.run(0.5, 3.0)
    check_paving(search.paving().data())
