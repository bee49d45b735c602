"""All identities hold, false neighbours do not, and the domain is guarded."""

import subprocess
import sys
from dataclasses import replace
from functools import cache

import pytest
import sympy

import symbolic
from symbolic.catalogue import (
    REGRESSION_SIZES,
    all_regression_identities,
    check_identities,
    check_regression_identities,
    identities,
)
from symbolic.regression import regression_identities
from symbolic.remainder import remainder
from symbolic.remainder_certificate import derived_scaled_remainder, remainder_certificate, remainder_identities
from symbolic.scalar import gd_map, gradient, hessian, loss, scalar_identities, weights
from symbolic.shape import shape_identities, shape_step, shape_symbols

DEPTHS = range(2, 7)
NAMES = [identity.name for identity in identities(3)]


@cache
def by_name(depth):
    return {identity.name: identity for identity in identities(depth)}


@pytest.mark.parametrize("depth", DEPTHS)
def test_all_identities_hold(depth):
    """At depth 2 an order flip leaves no third square, so one identity fewer."""
    results = check_identities(depth)
    assert [result.identity.name for result in results if not result.holds] == []
    assert [result.identity.name for result in results] == [name for name in NAMES if depth > 2 or "flip" not in name]


def test_all_regression_identities_hold():
    results = check_regression_identities()
    assert [result.identity.name for result in results if not result.holds] == []
    assert [result.identity.name for result in results] == [one.name for one in all_regression_identities()]


def test_regression_names_are_unique_and_cover_all_sizes():
    names = [identity.name for identity in all_regression_identities()]
    assert len(set(names)) == len(names)
    assert {one.name for size in REGRESSION_SIZES for one in regression_identities(*size)} <= set(names)
    assert {name.split(",")[0] for name in names} > {"block-slopes", "block-curve", "regression-step"}


def test_a_regression_identity_that_fails_is_reported(monkeypatch):
    wrong = replace(regression_identities(1, 1)[0], rhs=(sympy.Integer(0), sympy.Integer(0)))
    monkeypatch.setattr("symbolic.catalogue.curve_identities", lambda: (wrong,))
    assert [result.identity for result in check_regression_identities() if not result.holds] == [wrong]


@pytest.mark.parametrize("depth", [2, 3])
def test_names_are_unique_and_the_texts_filled(depth):
    found = identities(depth)
    assert len({identity.name for identity in found}) == len(found)
    assert all(identity.statement and identity.source for identity in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_perturbed_side_does_not_hold(name):
    identity = by_name(3)[name]
    met = set().union(*(entry.free_symbols for entry in (*identity.lhs, *identity.rhs)))
    symbol = min(met, key=str, default=sympy.Symbol("w_1"))
    for entry in range(len(identity.rhs)):
        rhs = list(identity.rhs)
        rhs[entry] = rhs[entry] + symbol / 1000
        assert not replace(identity, rhs=tuple(rhs)).holds()


@pytest.mark.parametrize("name", [name for name in NAMES if by_name(3)[name].given])
def test_the_relations_are_needed(name):
    assert not replace(by_name(3)[name], given=()).holds()


@pytest.mark.parametrize(
    "function",
    [
        identities,
        check_identities,
        scalar_identities,
        shape_identities,
        remainder_identities,
        remainder,
        remainder_certificate,
        derived_scaled_remainder,
        weights,
        loss,
        gradient,
        hessian,
        gd_map,
        shape_symbols,
        shape_step,
    ],
)
@pytest.mark.parametrize("depth", [1, 0, -3, 2.0, "2", None, True, sympy.Integer(3)])
def test_depths_outside_the_domain_are_refused(function, depth):
    with pytest.raises(ValueError, match="depth must be"):
        function(depth)


def test_exports_resolve_and_unknown_names_do_not():
    assert all(getattr(symbolic, name) is not None for name in symbolic.__all__)
    assert symbolic.check_identities is check_identities
    with pytest.raises(AttributeError, match="no attribute 'sharpness'"):
        symbolic.sharpness  # noqa: B018


def test_importing_the_package_does_not_import_sympy():
    code = "import sys, symbolic; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
