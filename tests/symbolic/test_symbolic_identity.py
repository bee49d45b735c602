"""The exact equality test: what it accepts, what it rejects, what it refuses to judge."""

import pytest
import sympy

from symbolic.identity import Identity, Relation

X, Y, Z = sympy.symbols("x y z")
ONE = sympy.Integer(1)


def identity(lhs, rhs, *given):
    return Identity("probe", "a probe", "tests", (sympy.sympify(lhs),), (sympy.sympify(rhs),), given)


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        ((X + Y) ** 2, X**2 + 2 * X * Y + Y**2),
        ((X**2 - Y**2) / (X - Y), X + Y),
        (1 / X + 1 / Y, (X + Y) / (X * Y)),
        (X / 2 + X / 3, 5 * X / 6),
        ((X + 1) ** -2 * (X + 1), 1 / (1 + X)),
        (ONE, ONE),
    ],
)
def test_equal_rational_functions_hold(lhs, rhs):
    assert identity(lhs, rhs).holds() is True


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [
        ((X + Y) ** 2, X**2 + X * Y + Y**2),
        (1 / X + 1 / Y, 1 / (X + Y)),
        (X, X + sympy.Rational(1, 10**30)),
        (ONE, sympy.Integer(2)),
    ],
)
def test_unequal_rational_functions_do_not_hold(lhs, rhs):
    assert identity(lhs, rhs).holds() is False


def test_relations_are_used_and_needed():
    on_circle = Relation(X**2, 1 - Y**2)
    assert identity(X**4, (1 - Y**2) ** 2, on_circle).holds()
    assert identity(1 / (X**2 + Y**2), 1, on_circle).holds()
    assert not identity(X, 1 - Y**2, on_circle).holds()
    assert not identity(X**4, (1 - Y**2) ** 2).holds()


def test_two_relations_with_a_common_tail():
    given = (Relation(X**2, 1 + Y * Z), Relation(Y, 1 - Z))
    assert identity(X**2, 1 + Z - Z**2, *given).holds()
    assert not identity(X**2, 1 + Z + Z**2, *given).holds()


def test_every_entry_counts():
    assert Identity("probe", "", "", (X, Y), (X, Y)).holds()
    assert not Identity("probe", "", "", (X, Y), (X, Z)).holds()


@pytest.mark.parametrize("bad", [sympy.sqrt(X), sympy.exp(X), X**Y, sympy.Float("0.5") * X, sympy.zoo, sympy.nan])
def test_other_than_rational_functions_is_refused(bad):
    with pytest.raises(ValueError, match="not a rational function"):
        identity(bad, Y).holds()


def test_hidden_division_by_zero_is_refused():
    with pytest.raises(ValueError, match="identically zero"):
        identity(1 / ((X + 1) ** 2 - X**2 - 2 * X - 1), 1).holds()


def test_denominator_that_vanishes_under_the_relations_is_refused():
    with pytest.raises(ValueError, match="denominator vanishes"):
        identity(1 / (X - Y), Z, Relation(X, Y)).holds()


@pytest.mark.parametrize(
    "relation",
    [Relation(X, X**2), Relation(2 * X, Y), Relation(X + Y, ONE), Relation(X, 1 / Y), Relation(X, Y / 2)],
)
def test_relation_that_does_not_rewrite_is_refused(relation):
    with pytest.raises(ValueError, match="does not rewrite"):
        identity(X, Y, relation).holds()


def test_relations_whose_leads_share_a_symbol_are_refused():
    with pytest.raises(ValueError, match="share a symbol"):
        identity(X, Y, Relation(X, ONE), Relation(X * Y, ONE)).holds()


@pytest.mark.parametrize(("lhs", "rhs"), [((), ()), ((X,), (X, Y))])
def test_sides_of_wrong_length_are_refused(lhs, rhs):
    with pytest.raises(ValueError, match="equal length"):
        Identity("probe", "", "", lhs, rhs)
