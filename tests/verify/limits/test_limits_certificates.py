"""Hostile, damaged and mutated certificates of limits: one clear error, and never an acceptance of something false."""

import copy
import json
import random
from fractions import Fraction
from typing import Any

import limits_cases as cases
import pytest

from verify.files import certificate_content
from verify.kernel.certificates import read_json
from verify.kernel.errors import KernelError, Malformed
from verify.limits.certificate import MAX_BITS, Problem, build_limit, work
from verify.limits.checker import check_limit

GOOD = cases.certificate(cases.CROSSING_DEPTH_3)
ONE = Fraction(1)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "gd-trajectory"},
        {"version": 2},
        {"version": "1"},
        {"digest": "0" * 64},
        {"verdict": "proved"},
        {"verdict": ["converges"]},
        {"bits": 1},
        {"bits": MAX_BITS + 1},
        {"bits": True},
        {"bits": None},
        {"step": -1},
        {"step": 10**6},
        {"step": "5"},
        {"step": 999_999, "bits": 8192},
        {"verdict": "undecided"},
        {"limit": ["2", "1"]},
        {"limit": ["1"]},
        {"limit": "1"},
        {"limit": ["2/4", "1"]},
        {"limit": ["1e5", "1"]},
        {"limit": ["1.5", "2"]},
        {"limit": ["-1/0", "2"]},
        {"limit": [1, 2]},
        {"limit": ["9" * 900, "9" * 900]},
        {"point": []},
        {"point": [["0", "1"]]},
        {"point": {"0": 1}},
        {"depth": 15},
        {"edge": 999_999},
        {"premise": -1},
        {"outside": "x"},
        {"outside": "01"},
        {"outside": 5},
        {"outside": ""},
        {"outside": "9" * 500},
        {"outside": "٣"},
        {"unknown": 1},
        {"reason": "because"},
    ],
    ids=lambda change: ",".join(f"{k}={str(v)[:12]}" for k, v in change.items()).encode("ascii", "replace").decode(),
)
def test_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        check_limit(GOOD | change)


@pytest.mark.parametrize(
    "data",
    [
        {"eta": "0", "weights": ["1", "1"]},
        {"eta": "-1", "weights": ["1", "1"]},
        {"eta": "1", "weights": ["1"]},
        {"eta": "1", "weights": []},
        {"eta": "1", "weights": ["1"] * 65},
        {"eta": "1", "weights": ["0", "1"]},
        {"eta": "1", "weights": ["-1", "-1"]},
        {"eta": "1", "weights": ["1" + "0" * 390, "1"]},
        {"eta": "2/4", "weights": ["1", "1"]},
        {"eta": "1", "weights": ["0x1", "1"]},
        {"eta": "1", "weights": "11"},
        {"eta": 1, "weights": ["1", "1"]},
        {"weights": ["1", "1"]},
        [],
        None,
    ],
)
def test_malformed_problems(data: Any) -> None:
    with pytest.raises(Malformed):
        build_limit(GOOD | {"problem": data})


@pytest.mark.parametrize("data", [None, [], "x", 5, {}, {"format": "gd-limit"}])
def test_what_is_no_certificate(data: Any) -> None:
    with pytest.raises(Malformed):
        check_limit(data)


def test_every_field_is_needed() -> None:
    for name in ("format", "version", "digest", "problem", "verdict", "bits", "step", "limit", "point"):
        with pytest.raises(Malformed):
            check_limit({key: value for key, value in GOOD.items() if key != name})


def test_truncated_files_give_one_line() -> None:
    content = certificate_content(GOOD)
    for length in range(0, len(content) - 2, 7):
        with pytest.raises(KernelError) as caught:
            check_limit(read_json(content[:length]))
        assert "\n" not in str(caught.value)


def test_the_problem_is_bound_to_the_certificate() -> None:
    other = Problem(Fraction(501, 1000), cases.problem(*cases.CROSSING_DEPTH_3).weights)
    with pytest.raises(Malformed, match="digest"):
        check_limit(GOOD | {"problem": other.as_json()})
    with pytest.raises(KernelError, match=r"premise|not shown"):
        check_limit(GOOD | {"problem": other.as_json(), "digest": other.digest()})


def test_random_edits_are_accepted_only_where_the_claim_stays_true() -> None:
    """Each accepted mutant claims bounds that contain the computed ones, and steps of which the same can be shown."""
    generator, text = random.Random(5), json.dumps(GOOD)
    truth = check_limit(GOOD)
    assert truth.limit is not None
    rejected = 0
    for _ in range(250):
        place = generator.randrange(len(text))
        mutant = text[:place] + generator.choice('0123456789-/"[]{},.e') + text[place + 1 :]
        try:
            verdict = check_limit(read_json(mutant.encode()))
        except KernelError:
            rejected += 1
            continue
        claim = verdict.certificate
        assert claim.problem == cases.problem(*cases.CROSSING_DEPTH_3)
        assert claim.limit is not None
        middle = sum(truth.limit) / 2
        assert claim.limit[0] <= middle <= claim.limit[1]
        for bounds, known in zip(claim.point, truth.point, strict=True):
            assert bounds[0] <= sum(known) / 2 <= bounds[1]
        assert claim.edge in (None, GOOD["edge"])
    assert rejected > 150


def test_the_work_of_a_check_is_bounded() -> None:
    assert work(4, 128, 10_000) < 10**9
    assert work(64, MAX_BITS, 10) < 10**12 < work(64, MAX_BITS, 100_000)


def test_the_data_of_a_certificate_are_not_changed_by_the_check() -> None:
    before = copy.deepcopy(GOOD)
    check_limit(GOOD)
    assert before == GOOD
