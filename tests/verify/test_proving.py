"""`verify.prove`: relations between sympy expressions."""

import doctest
from typing import Any

import pytest
import sympy as sp

import verify
from verify import proving

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
