"""Every verdict on real starts; enclosures against mpmath; what is false by a little is rejected."""

import copy
from fractions import Fraction
from itertools import pairwise
from typing import Any

import limits_cases as cases
import mpmath as mp
import pytest

from verify.files import write_certificate
from verify.kernel.errors import Incomplete, KernelError, Malformed, Rejected
from verify.limits import checker, curves
from verify.limits.checker import check_limit, check_limit_file
from verify.limits.orbit import starting_state, step
from verify.provers.limit_search import Aim, search_limit

CONVERGING = [cases.CROSSING, cases.CROSSING_DEPTH_3, cases.BELOW, cases.LATER_INSIDE]
SHIFT = Fraction(1, 10**6)
FOUND = {case: cases.certificate(case) for case in [*CONVERGING, cases.DIVERGING, cases.ZERO]}


def edited(case: tuple[str, str], **fields: Any) -> dict[str, Any]:
    return {name: value for name, value in (copy.deepcopy(FOUND[case]) | fields).items() if value is not None}


def pair(bounds: list[str]) -> tuple[Fraction, Fraction]:
    return Fraction(bounds[0]), Fraction(bounds[1])


@pytest.mark.parametrize("case", CONVERGING)
def test_the_bounds_contain_where_a_high_precision_orbit_ends(case: tuple[str, str]) -> None:
    verdict = check_limit(FOUND[case])
    assert verdict.certificate.verdict == "converges"
    assert verdict.limit is not None
    steps = verdict.certificate.step + 3000 if case in (cases.CROSSING, cases.CROSSING_DEPTH_3) else 400
    with mp.workdps(40):
        last = cases.orbit(cases.problem(*case), steps, 40)[-1]
        assert abs(mp.fprod(last) - 1) < mp.mpf(10) ** -12
        value = cases.eta_phi(last, Fraction(case[0]))
        for bounds in (verdict.limit, pair(FOUND[case]["limit"])):
            assert cases.exact(bounds[0]) <= value <= cases.exact(bounds[1])
            assert bounds[1] - bounds[0] <= Fraction(11, 10**7)
        for weight, computed, said in zip(last, verdict.point, FOUND[case]["point"], strict=True):
            assert cases.exact(computed[0]) <= weight <= cases.exact(computed[1])
            assert pair(said)[0] <= computed[0] <= computed[1] <= pair(said)[1]


@pytest.mark.parametrize("case", [cases.CROSSING, cases.CROSSING_DEPTH_3])
def test_starts_above_the_edge_cross_it_at_the_step_that_is_claimed(case: tuple[str, str]) -> None:
    found, eta = FOUND[case], Fraction(case[0])
    assert found["inside_from"] == found["monotone_from"] == 0
    orbit = cases.orbit(cases.problem(*case), found["step"], 40)
    with mp.workdps(40):
        values = [cases.eta_phi(w, eta) for w in orbit[: found["edge"] + 40]]
        assert values[0] > 2
        assert next(k for k, a in enumerate(values) if a <= 2) == found["edge"] > 20
        assert all(b <= a for a, b in pairwise(values))
        delta = 2 - cases.eta_phi(orbit[found["premise"]], eta)
        assert 0 < delta <= 0.4
        assert abs(mp.fprod(orbit[found["premise"]]) - 1) <= delta / 10
        before = 2 - cases.eta_phi(orbit[found["premise"] - 1], eta)
        assert abs(mp.fprod(orbit[found["premise"] - 1]) - 1) > before / 10


@pytest.mark.parametrize("case", CONVERGING)
@pytest.mark.parametrize("shift", [SHIFT, -SHIFT])
def test_bounds_shifted_by_a_millionth_are_rejected(case: tuple[str, str], shift: Fraction) -> None:
    low, high = pair(FOUND[case]["limit"])
    with pytest.raises(Rejected, match="the limit of eta phi"):
        check_limit(edited(case, limit=[str(low + shift), str(high + shift)]))
    point = [pair(bounds) for bounds in FOUND[case]["point"]]
    wide = max(b - a for a, b in point)
    point[0] = point[0][0] + wide, point[0][1] + wide
    with pytest.raises(Rejected, match="a weight of the limit"):
        check_limit(edited(case, point=[[str(a), str(b)] for a, b in point]))


def test_narrower_bounds_are_rejected_and_wider_ones_accepted() -> None:
    low, high = pair(FOUND[cases.CROSSING]["limit"])
    third = (high - low) / 3
    for bounds in ((low + third, high), (low, high - third), (low + third, high - third)):
        with pytest.raises(Rejected):
            check_limit(edited(cases.CROSSING, limit=[str(x) for x in bounds]))
    assert check_limit(edited(cases.CROSSING, limit=[str(low - 1), str(high + 1)])).limit is not None


@pytest.mark.parametrize(
    ("field", "change", "match"),
    [
        ("step", -450, "contraction does not apply|smaller|number"),
        ("step", -20, "the limit of eta phi"),
        ("edge", -1, "<= 2 is not shown"),
        ("edge", 1, "> 2 is not shown"),
        ("premise", -2, "not the premise of Theorem C"),
    ],
)
def test_another_step_is_rejected(field: str, change: int, match: str) -> None:
    with pytest.raises(KernelError, match=match):
        check_limit(edited(cases.CROSSING, **{field: FOUND[cases.CROSSING][field] + change}))


def test_the_premise_of_theorem_c_needs_the_assumption() -> None:
    with pytest.raises(Rejected, match="before S_eta"):
        check_limit(edited(cases.CROSSING, inside_from=None))
    with pytest.raises(Rejected, match="before S_eta"):
        check_limit(edited(cases.LATER_INSIDE, premise=1))
    at_once = cases.certificate(("1/5", "2,1,1/2,1/2"))
    with pytest.raises(Rejected, match="not the premise"):
        check_limit(at_once | {"premise": at_once["step"]})  # eta phi is below 8/5 there


def test_an_orbit_that_enters_later_is_not_said_to_be_inside_before() -> None:
    found = FOUND[cases.LATER_INSIDE]
    assert found["inside_from"] > 0
    for number in (0, found["monotone_from"] - 1):
        with pytest.raises(Rejected, match="not shown to lie in S_eta"):
            check_limit(edited(cases.LATER_INSIDE, inside_from=number, premise=None))
        with pytest.raises(Rejected, match=r"a weight may change its sign|2 sqrt 2"):
            check_limit(edited(cases.LATER_INSIDE, monotone_from=number, edge=None))
    with pytest.raises(Rejected, match="outside S_eta"):
        check_limit(edited(cases.CROSSING, outside="0"))
    start = starting_state(cases.problem(*cases.LATER_INSIDE).weights, 128)
    top = curves.curves_through(start.squares(), 128).root[0]
    for witness in (0, top, top + 5):  # at u* the step changes nothing; above it the point says nothing
        with pytest.raises(Rejected, match="outside S_eta"):
            check_limit(edited(cases.LATER_INSIDE, outside=str(witness)))


def test_the_squares_do_not_hide_a_negative_product() -> None:
    """Signs flip along this orbit; states with a negative product have squares of points in S_eta."""
    problem = cases.problem(*cases.LATER_INSIDE)
    states = [starting_state(problem.weights, 128)]
    for _ in range(FOUND[cases.LATER_INSIDE]["monotone_from"]):
        states.append(step(states[-1], problem.eta)[0])
    negative = [s for s in states if s.sign < 0 and curves.inside(s.squares(), problem.eta, 128, 12)]
    assert negative
    assert not any(checker.is_inside(s, problem.eta, 12) for s in negative)
    assert not any(step(s, problem.eta)[1] for s in negative)


@pytest.mark.parametrize("bits", [64, 72])
def test_too_few_bits_are_rejected(bits: int) -> None:
    with pytest.raises(Rejected):
        check_limit(edited(cases.CROSSING, bits=bits))


def test_more_bits_are_accepted() -> None:
    assert check_limit(edited(cases.CROSSING, bits=256)).limit is not None


def test_divergence() -> None:
    verdict = check_limit(FOUND[cases.DIVERGING])
    assert verdict.certificate.verdict == "diverges"
    orbit = cases.orbit(cases.problem(*cases.DIVERGING), verdict.certificate.step + 4, 60)
    products = [abs(mp.fprod(w)) for w in orbit[verdict.certificate.step :]]
    assert all(b >= 4 * a for a, b in pairwise(products))
    with pytest.raises(Rejected, match="divergence is not shown"):
        check_limit(edited(cases.DIVERGING, step=1))
    with pytest.raises(Malformed):
        check_limit(edited(cases.CROSSING, verdict="diverges"))
    fields = ("format", "version", "digest", "problem", "bits", "step")
    bare = {name: FOUND[cases.CROSSING][name] for name in fields}
    with pytest.raises(Rejected, match="divergence is not shown"):
        check_limit(bare | {"verdict": "diverges"})
    with pytest.raises(Rejected, match="no weight is 0"):
        check_limit(bare | {"verdict": "reaches zero", "step": 3})


def test_a_weight_that_becomes_exactly_zero() -> None:
    verdict = check_limit(FOUND[cases.ZERO])
    assert verdict.certificate.verdict == "reaches zero"
    orbit = checker.exact_orbit(cases.problem(*cases.ZERO), verdict.certificate.step)
    assert 0 in orbit[-1]
    near = search_limit(cases.problem("1/2", "2,1000001/1000000"), Aim()).certificate
    assert near["verdict"] != "reaches zero"
    for number in (0, FOUND[cases.ZERO]["step"] + 1):
        with pytest.raises(Rejected, match="no weight is 0"):
            check_limit(edited(cases.ZERO, step=number))


@pytest.mark.parametrize(
    ("eta", "weights"), [("1/5", "4,3,3/2,1/2"), ("1/2", "2,2"), ("3/10", "3,1/3"), ("27/10", "21/20,1")]
)
def test_starts_outside(eta: str, weights: str) -> None:
    problem = cases.problem(eta, weights)
    found = search_limit(problem, Aim(steps=0)).certificate
    assert found["verdict"] in ("outside", "converges", "diverges")
    assert found["outside"].isdigit()
    assert check_limit(found).certificate.outside is not None


def test_what_is_not_decided_is_incomplete() -> None:
    found = search_limit(cases.problem(*cases.CROSSING), Aim(steps=50)).certificate
    assert found["verdict"] == "undecided"
    assert "after 50 steps" in found["reason"]
    with pytest.raises(Incomplete, match="after 50 steps"):
        check_limit(found)
    found = search_limit(cases.problem(*cases.UNSTABLE_BALANCED), Aim(steps=2000)).certificate
    assert found["verdict"] == "undecided"


def test_a_start_at_a_minimum_above_the_edge_stays_there() -> None:
    found = search_limit(cases.problem("2/15", "1/4,4"), Aim()).certificate
    assert (found["verdict"], found["step"]) == ("converges", 0)
    assert check_limit(found).rate == 0
    moved = cases.problem("2/15", "1/4,4000001/1000000")
    with pytest.raises(Rejected, match=r"contraction|2 sqrt 2"):
        check_limit(found | {"problem": moved.as_json(), "digest": moved.digest()})


def test_precision_is_raised_where_it_is_needed() -> None:
    found = cases.certificate(cases.CROSSING, width=Fraction(1, 10**60))
    assert found["bits"] > 128
    limit = check_limit(found).limit
    assert limit is not None
    assert limit[1] - limit[0] <= Fraction(1, 10**60)


def test_a_file(tmp_path: Any) -> None:
    path = write_certificate(tmp_path, "one", FOUND[cases.CROSSING])
    assert check_limit_file(path) == check_limit(FOUND[cases.CROSSING])
