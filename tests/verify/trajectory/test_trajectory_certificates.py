"""Malformed certificates and hostile files end in one clear line; nothing is read inexactly."""

import gzip
import json
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trajectory_cases import mixed, mixed_certificate

from verify.kernel.errors import KernelError, Malformed
from verify.trajectory.certificate import MAX_BITS, MAX_STATE_BITS, MAX_STEPS, build_trajectory
from verify.trajectory.checker import check_trajectory, check_trajectory_file
from verify.trajectory.problem import MAX_SIZE, Problem, read_problem

DELETE = object()


def edited(*path_and_value):
    *path, last, value = path_and_value
    certificate = mixed_certificate()
    target = certificate
    for key in path:
        target = target[key]
    if value is DELETE:
        del target[last]
    else:
        target[last] = value
    return certificate


LONG = "f" * 10_000
BAD_NUMBERS = ["", "0x1", "1.5", "1e+9", "FF", "-0", "00", "01", "--1", "+1", " 1", "1\n", "é", LONG, 1, None, [], True]
BAD_RATIONALS = [
    *["", "1/0", "2/4", "1.5", "1e5", "0/1", "-0", "+1", "1/-2", "01", " 1", "½", "٣", "9" * 401, "nan"],
    *[1, None, True, [], {}],
]


@pytest.mark.parametrize("value", BAD_NUMBERS, ids=lambda value: str(value)[:8])
@pytest.mark.parametrize("path", [("floor",), ("slack",), ("centre", 0), ("vector", 1)], ids=lambda p: p[0])
def test_numbers_of_hints(path, value):
    with pytest.raises(Malformed, match="state 2"):
        build_trajectory(edited("states", 2, *path, value))


@pytest.mark.parametrize("value", BAD_RATIONALS, ids=lambda value: str(value)[:8])
@pytest.mark.parametrize("path", [("features", 1, 1), ("targets", 0), ("plus", 0), ("minus", 3), ("eta",)], ids=str)
def test_numbers_of_the_problem(path, value):
    with pytest.raises(Malformed):
        build_trajectory(edited("problem", *path, value))


SHAPES = [
    ("format", "gd-verify certificate"),
    ("format", 1),
    *[("version", value) for value in (0, 2, True, "1", None, 10**9)],
    *[("asked", value) for value in (-1, 3, MAX_STEPS + 1, "12", True, None)],
    *[("state_bits", value) for value in (0, 31, -5, MAX_STATE_BITS + 1, "600", True)],
    ("digest", ""),
    ("digest", None),
    ("digest", ["a"]),
    ("steps", "proved"),
    ("steps", []),
    ("steps", 3, "PROVED"),
    ("steps", 3, ["proved"]),
    ("steps", 3, None),
    ("states", []),
    ("states", {}),
    ("states", 3, []),
    ("states", 3, None),
    ("states", 3, "x"),
    *[("states", 3, "bits", value) for value in (31, MAX_BITS + 1, "96", True, None)],
    ("states", 3, "more", "1"),
    ("states", 3, "slack", DELETE),
    ("states", 3, "centre", ["1"]),
    ("states", 3, "centre", ["1"] * 3),
    ("states", 3, "centre", "11"),
    ("states", 3, "vector", []),
    ("stopped", None),
    ("stopped", "bored"),
    ("stopped", ["diverged"]),
    ("more", 1),
    *[(name, DELETE) for name in ("format", "version", "digest", "problem", "asked", "state_bits", "steps", "states")],
    ("problem", []),
    ("problem", "more", []),
    ("problem", "eta", DELETE),
    ("problem", "eta", "0"),
    ("problem", "eta", "-1"),
    ("problem", "features", []),
    ("problem", "features", [[], []]),
    ("problem", "features", 0, "11"),
    ("problem", "features", 0, ["1"] * 3),
    ("problem", "features", [["1"] * 4] * 5),
    ("problem", "features", [["1"] * 4] * (MAX_SIZE + 1)),
    ("problem", "targets", ["1"]),
    ("problem", "targets", None),
    ("problem", "plus", ["1"] * 5),
    ("problem", "plus", ["1"] * (MAX_SIZE + 1)),
]


@pytest.mark.parametrize(
    "edit", SHAPES, ids=lambda edit: str(["deleted" if part is DELETE else part for part in edit])[:80]
)
def test_shapes_and_limits(edit):
    with pytest.raises(Malformed) as caught:
        build_trajectory(edited(*edit))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("data", [None, [], "x", 3, {}, True])
def test_not_a_certificate(data):
    with pytest.raises(Malformed):
        check_trajectory(data)


HOSTILE = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "number": b'{"version": 1e400}',
    "key twice": b'{"format": "gd-trajectory", "format": "gd-trajectory"}',
    "bomb": gzip.compress(b" " * 50_000_000),
    "cut": gzip.compress(b"{}")[:-4],
    "items": b"[" + b"1," * 1_100_000 + b"1]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(tmp_path, name):
    path = tmp_path / "file.json"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(KernelError):
        check_trajectory_file(path)


def test_no_file(tmp_path):
    with pytest.raises(Malformed, match="read"):
        check_trajectory_file(tmp_path / "none.json")


def test_too_much_work_is_refused_at_once():
    begin = time.process_time()
    certificate = mixed_certificate()
    certificate |= {"asked": MAX_STEPS, "steps": ["unknown"] * MAX_STEPS, "states": [{}] * (MAX_STEPS + 1)}
    certificate["state_bits"] = MAX_STATE_BITS
    with pytest.raises(Malformed, match="work"):
        build_trajectory(certificate)
    size = MAX_SIZE
    random = np.random.default_rng(0)
    problem = Problem.from_floats(
        random.standard_normal((size, size)), np.ones(size), np.ones(size), np.ones(size), 0.001
    )
    hint = {"bits": MAX_BITS, "centre": ["0"] * size, "floor": "1", "vector": ["1"] * size, "slack": "1"}
    certificate |= {"problem": problem.as_json(), "digest": problem.digest(), "states": [hint] * 501}
    certificate["steps"] = ["unknown"] * 500
    with pytest.raises(Malformed, match="work"):
        build_trajectory(certificate)
    assert time.process_time() - begin < 10


def test_a_trajectory_that_grows_without_end_is_rejected():
    certificate = mixed_certificate()
    problem = Problem(mixed().features, mixed().targets, mixed().plus, mixed().minus, Fraction(1000))
    certificate |= {"problem": problem.as_json(), "digest": problem.digest(), "asked": 500}
    certificate |= {"steps": ["unknown"] * 500, "states": [{}] * 501}
    with pytest.raises(KernelError, match="weight beyond"):
        check_trajectory(certificate)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.text(max_size=5)
    | st.sampled_from(["1", "-1", "1/2", "ff"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_any_value_in_any_place(data):
    """Put something anywhere in a certificate: it is still right, or it ends in a typed error."""
    certificate = mixed_certificate()
    target = certificate
    while True:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if isinstance(target[key], dict | list) and target[key] and data.draw(st.booleans()):
            target = target[key]
        else:
            break
    target[key] = data.draw(JSON)
    try:
        verdict = check_trajectory(certificate)
    except KernelError:
        return
    honest = check_trajectory(mixed_certificate())
    assert set(verdict.proved) <= set(honest.proved)
    assert verdict.digest == honest.digest


def test_problems_from_floats():
    problem = Problem.from_floats(
        np.array([[0.1, 1e-300]]), [np.float32(0.1)], [1, 2], (0.5, np.float64(-0.25)), 2.0**-30
    )
    assert problem.features[0] == (Fraction(3602879701896397, 2**55), Fraction(*(1e-300).as_integer_ratio()))
    assert problem.targets[0] == Fraction(13421773, 2**27)
    assert problem.minus == (Fraction(1, 2), Fraction(-1, 4))
    assert problem.eta == Fraction(1, 2**30)
    assert read_problem(json.loads(json.dumps(problem.as_json()))) == problem
    assert problem.digest() != Problem.from_floats([[0.1, 1e-300]], [0.1], [1, 2], [0.5, -0.25], 2.0**-30).digest()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0]], [float("nan")], [1], [1], 1), "finite"),
        (([[1.0]], [float("inf")], [1], [1], 1), "finite"),
        (([[1.0]], ["1"], [1], [1], 1), "number"),
        (([[1.0]], 1.0, [1], [1], 1), "number"),
        (([1.0], [1.0], [1], [1], 1), "number"),
        (([[1.0]], [1.0], [1], [1], 0), "eta"),
        (([[1.0]], [1.0], [1], [1], -0.5), "eta"),
        (([], [], [1], [1], 1), "samples"),
        (([[1.0], [2.0]], [1.0, 2.0], [1], [1], 1), "samples"),
        (([[1.0, 2.0]], [1.0], [1], [1, 2], 1), "fit"),
        (([[1.0, 2.0]], [1.0, 2.0], [1, 2], [1, 2], 1), "fit"),
        (([[1.0] * 201], [1.0], [1] * 201, [1] * 201, 1), "200"),
        (([[1.0]], [1.0], [10**500], [1], 1), "bits"),
    ],
)
def test_problems_that_are_refused(arguments, message):
    with pytest.raises(Malformed, match=message):
        Problem.from_floats(*arguments)


def test_problems_of_other_numbers_or_huge_denominators():
    one = Fraction(1)
    with pytest.raises(Malformed, match="Fraction"):
        Problem(((1.0,),), (one,), (one,), (one,), one)
    many = tuple(Fraction(1, 2**1000 + k) for k in range(1, 12, 2))
    with pytest.raises(Malformed, match="common denominator"):
        Problem((many,), (one,), (one,) * 6, (one,) * 6, one)
