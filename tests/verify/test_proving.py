"""`verify.prove`: relations between sympy expressions."""

import doctest
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

import verify
from verify import proving
from verify.kernel.certificates import build_certificate
from verify.kernel.checker import check

x, y = sp.symbols("x y")


def test_examples() -> None:
    found = doctest.testmod(proving)
    assert found.attempted >= 4
    assert not found.failed


def test_proved_refuted_unknown() -> None:
    found = verify.prove(sp.sin(x) <= x, over={x: (0, 1)}, timeout=10)
    assert found
    assert found.verdict == "proved"
    assert found.certificate is not None
    assert repr(found).startswith("<proved: by bisection")
    wrong = verify.prove(x**2 + y**2 >= sp.Rational(1, 10), where=[x <= y], over={x: (0, 1), y: (0, 1)}, timeout=10)
    assert not wrong
    assert set(wrong.witness) == {"x", "y"}
    root = verify.prove(x <= 1, where=sp.Eq(x**2, 2), over={x: (0, 2)}, timeout=10)
    assert root.verdict == "refuted"
    assert set(root.solution) == {"x"}
    open_ = verify.prove(sp.Abs(x) >= x, timeout=1)
    assert open_.verdict == "unknown"
    assert "unbounded: x" in repr(open_)


def test_one_hypothesis_or_several_and_processes() -> None:
    product, circle = x * y <= sp.Rational(1, 2), x**2 + y**2 <= 1
    box = {x: (-1, 1), y: ("-1", Fraction(1))}
    for where in (circle, [circle], (circle, x <= 1), iter([circle])):
        assert verify.prove(product, where=where, over=box, jobs=2, timeout=10)
    assert not verify.prove(product, over=box, timeout=10)
    assert verify.prove(product, where=circle, timeout=10)  # which bounds x and y


def test_the_answer_is_the_kernels() -> None:
    found = verify.prove(sp.cos(x) >= 1 - x**2 / 2 - sp.Rational(1, 10**6), over={x: (-3, 3)}, timeout=10)
    assert found.verdict == "proved"
    assert found.leaves > 1
    assert repr(found) == f"<proved: by {found.rule}, {found.leaves} leaves>"
    certificate = build_certificate(found.certificate)
    assert certificate.statement == found.statement
    assert check(certificate) == "proved"
    near = verify.prove(sp.cos(x) >= 1 - x**2 / 2 + sp.Rational(1, 10**6), over={x: (-3, 3)}, timeout=10)
    assert near.verdict == "refuted"
    assert repr(near) == f"<refuted: at x = {near.witness['x']}>"
    with pytest.raises(AttributeError):
        _ = near.nonsense


def test_true_and_false_are_refused_by_name() -> None:
    for turned in (sp.Integer(1) < 2, sp.Integer(2) < 1):
        with pytest.raises(ValueError, match=r"^not a relation between expressions .*: (True|False)$"):
            verify.prove(turned)


def test_pi_and_e() -> None:
    assert verify.prove(sp.cos(x * sp.pi) <= sp.E - 1, over={x: (0, 1)}, timeout=10)


@pytest.mark.parametrize(
    ("conclusion", "options"),
    [
        (sp.true, {}),
        (x, {}),
        (sp.Ne(x, y), {}),
        (x + 0.5 <= 1, {}),
        (sp.gamma(x) <= 1, {}),
        (x <= 1, {"over": {x: (0.5, 1)}}),
        (x <= 1, {"where": [sp.true]}),
        (x <= 1, {"timeout": 0}),
        (x <= 1, {"jobs": 0}),
    ],
)
def test_what_is_no_question(conclusion: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        verify.prove(conclusion, **options)
