"""The checker of regions against a brute-force test of membership, and against certificates that lie."""

import random
from copy import deepcopy
from fractions import Fraction
from functools import cache
from math import prod
from typing import Any

import mpmath
import pytest

from verify.kernel.errors import KernelError, Malformed, Rejected
from verify.limits.paving import Checker, Curves, check_paving
from verify.limits.paving_cells import MAX_LEVEL, Cell, Geometry, Region
from verify.limits.paving_certificate import VERSION, build_region, digest, leaves
from verify.limits.paving_curves import ONE, fails, holds
from verify.provers.region_search import Search

HALF = Fraction(1, 2)
SLICES: list[tuple[int, Fraction, dict[int, Fraction]]] = [
    (2, HALF, {}),
    (2, Fraction(1, 5), {}),
    (3, Fraction(1, 3), {2: Fraction(2)}),
    (4, Fraction(1, 5), {2: Fraction(1), 3: Fraction(3, 2)}),
    (2, Fraction(6, 5), {}),  # eta D > 2: every minimum repels
]
REPELLING = 4


@cache
def found(case: int) -> tuple[Region, dict[str, Any]]:
    depth, eta, fixed = SLICES[case]
    region = build_region(depth, eta, (0, 1), fixed, [Fraction(0), Fraction(4)] * 2)
    search = Search(region)
    assert search.run(0.02 if depth == 2 else 0.05, 60.0)
    return region, search.paving().data()


def lie(case: int = 0) -> dict[str, Any]:
    return deepcopy(found(case)[1])


def relabelled(data: dict[str, Any]) -> dict[str, Any]:
    data["digest"] = digest(data["problem"])
    return data


def bisected(test: Any, low: Any, high: Any) -> Any:
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if test(middle) else (low, middle)
    return low


def is_member(weights: list[Fraction], eta: Fraction) -> bool:
    """Return whether w is in S_eta, from the definition, by sampling its curve: z + t for a common shift t."""
    step = mpmath.mpf(eta.numerator) / eta.denominator
    squares = [(mpmath.mpf(w.numerator) / w.denominator) ** 2 for w in weights]
    least = min(squares)

    def product(t: Any) -> Any:
        return mpmath.sqrt(mpmath.fprod(z + t for z in squares))

    def flipped(t: Any) -> bool:
        p = product(t)
        return any(step * p * (p - 1) >= z + t for z in squares)

    high = mpmath.mpf(1)
    while product(high) < 1:
        high *= 2
    at = bisected(lambda t: product(t) < 1, -least, high)
    if step * mpmath.fsum(1 / (z + at) for z in squares) > 2 * mpmath.sqrt(2):
        return False
    end = at + 1
    while not flipped(end):
        end = at + 2 * (end - at)
    bound = product(bisected(lambda t: not flipped(t), at, end))

    def after(t: Any) -> Any:
        p = product(t)
        return p * mpmath.fprod(1 - step * p * (p - 1) / (z + t) for z in squares)

    span = at + least
    samples = [-least + span * k / 80 for k in range(1, 81)]
    samples += [-least + span * mpmath.mpf(10) ** -k for k in range(2, 13)]
    return product(0) < bound and all(after(t) < bound for t in samples)


@pytest.mark.parametrize("case", range(5))
def test_random_points_of_proved_cells_agree_with_brute_force(case: int) -> None:
    region, data = found(case)
    paving, areas = check_paving(data)
    assert areas.shares["u"] < Fraction(2 if region.depth == 2 else 5, 100)
    assert sum(areas.shares.values()) == 1
    geometry, draw = Geometry(region), random.Random(case)
    cells = [leaf for leaf in leaves(paving.cells) if leaf[1] != "u"]
    assert {letter for _, letter in cells} == {"i" if case == REPELLING else "c", "o"}
    for cell, letter in draw.sample(cells, 60):
        ends = geometry.weights(cell)
        share = [draw.choice([Fraction(draw.randrange(1, 1000), 1000), Fraction(1)]) for _ in ends]
        point = [(a + (b - a) * s) / geometry.over for (a, b), s in zip(ends, share, strict=True)]
        assert is_member(point, region.eta) == (letter != "o"), (point, letter)


@pytest.mark.parametrize("case", range(4))
def test_gradient_descent_converges_from_cells_that_say_so(case: int) -> None:
    region, data = found(case)
    paving, _ = check_paving(data)
    geometry, draw = Geometry(region), random.Random(case)
    cells = [cell for cell, letter in leaves(paving.cells) if letter == "c"]
    for cell in draw.sample(cells, min(60, len(cells))):
        away, weights = descended(region, geometry.weights(cell), draw)
        assert away[-1] < 1e-9
        assert min(weights) > 0


def test_where_every_minimum_repels_gradient_descent_does_not_converge() -> None:
    """The premise eta D <= 2 is needed: from cells in S_eta the orbit ends up away from the minima."""
    region, data = found(REPELLING)
    geometry, draw = Geometry(region), random.Random(0)
    cells = [cell for cell, letter in leaves(check_paving(data)[0].cells) if letter == "i"]
    assert len(cells) > 40
    for cell in cells:
        away, weights = descended(region, geometry.weights(cell), draw)
        assert min(away[-100:]) > 0.1
        assert min(weights) > 0


def descended(region: Region, ends: list[tuple[int, int]], draw: random.Random) -> tuple[list[float], list[float]]:
    """Return |pi - 1| along gradient descent from a random point of a cell, in floating point, and where it ends."""
    over, eta = Geometry(region).over, float(region.eta)
    weights, away = [float(Fraction(draw.randint(a, b) or 1, over)) for a, b in ends], []
    for _ in range(20_000):
        product = prod(weights)
        away.append(abs(product - 1))
        if away[-1] < 1e-9:
            break
        weights = [w - eta * product * (product - 1) / w for w in weights]
    return away, weights


@pytest.mark.parametrize(("name", "gap"), [("holds", Fraction(10, 3)), ("fails", Fraction(11, 3))])
def test_a_family_and_the_curve_proved_for_it_are_rounded_apart(
    name: str, gap: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number of units is the gap: the curve that is proved lies at one side of it, the family at the other."""
    used: list[int] = []
    test = {"holds": holds, "fails": fails}[name]
    monkeypatch.setattr(
        f"verify.limits.paving.{name}", lambda curve, *at: (used.append(curve.offsets[1]), test(curve, *at))[1]
    )
    curves = Curves(build_region(2, HALF, (0, 1), {}, [Fraction(0), Fraction(4)] * 2))
    assert curves.add(name, [gap], Fraction(1, 2**40))
    below = int(gap * ONE)
    inner, outer = (below + 1, below) if name == "fails" else (below, below + 1)
    assert used == [outer]
    assert curves.covers(name, [inner])
    assert not curves.covers(name, [outer])


@pytest.mark.parametrize("case", [0, 3])
@pytest.mark.parametrize("letter", ["c", "i", "o"])
def test_a_curve_one_unit_short_of_a_cell_does_not_serve_it(case: int, letter: str) -> None:
    region, data = found(case)
    checker = Checker(region, Curves(region))
    geometry, name, step = checker.geometry, "fails" if letter == "o" else "holds", 1 if letter == "o" else -1
    cells = [cell for cell, said in leaves(data["cells"]) if said == ("o" if letter == "o" else "c")]
    kept = [cell for cell in cells if letter != "o" or not geometry.loses_sign(geometry.weights(cell))]
    for cell in random.Random(case).sample(kept, 10):
        gaps = geometry.gaps(geometry.weights(cell))[0 if letter == "o" else 1]
        for k in range(region.depth - 1):
            for change, right in ((0, True), (step, False)):
                checker.curves.families[name] = [tuple(g + change * (i == k) for i, g in enumerate(gaps))]
                assert checker.accepts(cell, letter) == right


@pytest.mark.parametrize(
    ("depth", "eta", "right"),
    [
        (2, Fraction(1), True),
        (2, 1 + Fraction(1, 10**12), False),
        (2, Fraction(5, 4), False),
        (3, Fraction(2, 3), True),
        (3, Fraction(2, 3) + Fraction(1, 10**12), False),
        (16, Fraction(1, 8), True),
        (16, Fraction(1, 8) + Fraction(1, 10**12), False),
    ],
)
def test_convergence_is_accepted_up_to_eta_d_of_2(depth: int, eta: Fraction, right: bool) -> None:
    fixed = dict.fromkeys(range(2, depth), Fraction(1))
    region = build_region(depth, eta, (0, 1), fixed, [Fraction(9, 10), Fraction(1)] * 2)
    curves = Curves(region)
    assert curves.add("holds", ([Fraction(1, 5)] * 2 + [Fraction(0)] * depth)[: depth - 1])
    checker = Checker(region, curves)
    assert checker.accepts(Cell(0, 0, 0), "i")
    assert checker.accepts(Cell(0, 0, 0), "c") == right


@pytest.mark.parametrize(("old", "new"), [("o", "i"), ("o", "c"), ("c", "o"), ("u", "i"), ("u", "c"), ("u", "o")])
def test_a_wrong_letter_is_rejected(old: str, new: str) -> None:
    data = lie()
    places = [k for k, letter in enumerate(data["cells"]) if letter == old]
    rejected = 0
    for k in places[:: max(1, len(places) // 12)]:
        wrong = lie()
        wrong["cells"] = data["cells"][:k] + new + data["cells"][k + 1 :]
        with pytest.raises(Rejected, match="is not proved"):
            check_paving(wrong)
        rejected += 1
    assert rejected


def test_a_small_false_cell_across_the_border_is_rejected() -> None:
    region, _ = found(0)
    checker_data = lie()
    # (w1, w2) on the axis of symmetry: p_flip is met where w (w^2 - 1)/2 = w, at w = sqrt 3; cells of side 4/2**16
    side = 1 << MAX_LEVEL
    k = int((3**0.5) * side / 4)
    assert checker_data["problem"]["box"] == ["0", "4", "0", "4"]
    for offset, letter, right in ((-3, "c", True), (2, "i", False), (2, "c", False), (-3, "o", False), (2, "o", True)):
        target = Cell(MAX_LEVEL, k + offset, k + offset)
        wrong = lie()
        wrong["cells"] = only(target, letter)
        if right:
            assert check_paving(wrong)[1].counts[letter] == 1
        else:
            with pytest.raises(Rejected):
                check_paving(wrong)
    assert region.depth == 2


def only(target: Cell, letter: str) -> str:
    """Return a tree that says `letter` of one cell and leaves all others undecided."""
    text, cell = letter, target
    while cell.level:
        parent = Cell(cell.level - 1, cell.i // 2, cell.j // 2)
        text = "+" + "".join(text if child == cell else "u" for child in parent.children())
        cell = parent
    return text


def test_a_leaf_dropped_or_added_is_rejected() -> None:
    for change in (lambda s: s[:-1], lambda s: s[1:], lambda s: s + "u", lambda s: s[:40] + s[41:]):
        data = lie()
        data["cells"] = change(data["cells"])
        with pytest.raises(KernelError):
            check_paving(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eta", "9/16"),
        ("eta", "7/16"),
        ("box", ["0", "5", "0", "4"]),
        ("box", ["0", "4", "0", "7/2"]),
        ("axes", [1, 1]),
    ],
)
def test_another_problem_is_rejected(name: str, value: Any) -> None:
    data = lie()
    data["problem"][name] = value
    with pytest.raises(Malformed, match=r"digest|axes"):
        check_paving(data)
    with pytest.raises(KernelError):
        check_paving(relabelled(data))


@pytest.mark.parametrize("name", ["holds", "fails"])
def test_a_curve_that_claims_too_much_is_rejected(name: str) -> None:
    factor = Fraction(99, 100) if name == "fails" else Fraction(107, 100)
    for case in (0, 3):
        data = lie(case)
        entry = data[name][0]
        gaps = [str(Fraction(g) * factor) for g in (entry if name == "holds" else entry["gaps"])]
        data[name][0] = gaps if name == "holds" else entry | {"gaps": gaps}
        with pytest.raises(Rejected, match=f"{name}: not proved"):
            check_paving(data)


@pytest.mark.parametrize("name", ["holds", "fails"])
def test_a_curve_that_is_needed_cannot_be_left_out(name: str) -> None:
    data = lie()
    data[name] = []
    with pytest.raises(Rejected, match="cell"):
        check_paving(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", True),
        ("format", "gd-trajectory"),
        ("cells", "+iiix"),
        ("cells", "+" * 40 + "u"),
        ("cells", ""),
        ("cells", "c" * 2_000_001),
        ("holds", [["1", "1"]]),
        ("holds", [["-1"]]),
        ("holds", [["1" + "0" * 400]]),
        ("holds", [["1"]] * 2001),
        ("fails", [{"gaps": ["4"], "at": "2/4"}]),
        ("fails", [{"gaps": ["4"], "at": "1/2", "parts": 1}]),
        ("extra", 1),
    ],
)
def test_hostile_certificates_get_one_line(name: str, value: Any) -> None:
    data = lie()
    data[name] = value
    with pytest.raises(KernelError) as caught:
        check_paving(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_certificate_of_another_version_gets_one_line_that_says_so() -> None:
    old = lie() | {"version": 1, "contracts": [], "steps": 24}
    for data in (old, lie() | {"version": VERSION + 1}):
        with pytest.raises(
            Malformed, match=r"^format or schema version is not 'gd-region' 2: make it anew with `verify "
        ):
            check_paving(data)


def test_a_cell_that_converges_is_in_the_set_and_where_all_minima_repel_none_does() -> None:
    data = lie()
    data["cells"] = data["cells"].replace("c", "i")
    shares = check_paving(data)[1].shares
    assert shares["i"] == check_paving(lie())[1].shares["c"] > 0
    data = lie(REPELLING)
    place = data["cells"].index("i")
    data["cells"] = data["cells"][:place] + "c" + data["cells"][place + 1 :]
    with pytest.raises(Rejected, match="'c' is not proved"):
        check_paving(data)


def test_every_field_is_needed() -> None:
    for name in found(0)[1]:
        data = lie()
        del data[name]
        with pytest.raises(Malformed):
            check_paving(data)
