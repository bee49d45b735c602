"""S-expressions and terms as text: limits at their edges, and writing that reads back."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import assert_presentable

from verify.kernel.errors import Malformed
from verify.kernel.smtlib import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_TEXT,
    read_rational,
    read_sexprs,
    read_term,
    write_rational,
    write_terms,
)
from verify.kernel.terms import TermTable

QUICK = settings(max_examples=200, deadline=None, database=None)
atoms = st.text("abcxyz019+-*/^<>=.:!", min_size=1, max_size=5)
trees = st.recursive(atoms, lambda inner: st.lists(inner, max_size=4), max_leaves=20)


def written(tree):
    return tree if isinstance(tree, str) else f"({' '.join(map(written, tree))})"


@QUICK
@given(st.lists(trees, max_size=4), st.sampled_from([" ", "\n", " \t\r\n "]))
def test_lists_read_back(items, space):
    assert read_sexprs(space.join(map(written, items))) == items
    assert read_sexprs(space + space.join(map(written, items)) + space) == items


@QUICK
@given(st.text("() \nax", max_size=30))
def test_any_parentheses(text):
    depth, balanced = 0, True
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        balanced = balanced and depth >= 0
    if balanced and depth == 0:
        read_sexprs(text)
    else:
        with pytest.raises(Malformed) as caught:
            read_sexprs(text)
        assert_presentable(str(caught.value))


def test_depth_and_length_at_their_limits():
    assert read_sexprs("(" * MAX_DEPTH + ")" * MAX_DEPTH)
    with pytest.raises(Malformed, match="deeper"):
        read_sexprs("(" * (MAX_DEPTH + 1) + ")" * (MAX_DEPTH + 1))
    assert read_sexprs(" " * (MAX_TEXT - 1) + "x") == ["x"]
    with pytest.raises(Malformed, match="longer"):
        read_sexprs(" " * MAX_TEXT + "x")


def test_digits_at_their_limit():
    assert read_rational("7" * MAX_DIGITS) == int("7" * MAX_DIGITS)
    for text in (
        "7" * (MAX_DIGITS + 1),
        "0." + "7" * MAX_DIGITS,
        "7" * 10_000,
        "",
        ".5",
        "5.",
        "-1",
        "1e5",
        "٣",
        "1\n",
    ):
        with pytest.raises(Malformed) as caught:
            read_rational(text)
        assert_presentable(str(caught.value))


@QUICK
@given(st.fractions())
def test_rationals_read_back(value):
    table = TermTable()
    index = read_term(table, read_sexprs(write_rational(value))[0], {})
    assert table.nodes[index].op == "const"
    assert table.nodes[index].value == value


def test_zero_has_one_name():
    assert write_rational(Fraction(0)) == write_rational(Fraction(-0)) == "0"


@pytest.mark.parametrize("depth", [1, 24, 25, 26, 60, 300])
def test_deep_terms_are_written_flat(depth):
    """Terms nested deeper than the reader takes are cut into definitions."""
    table = TermTable()
    root = table.var("x")
    for _ in range(depth):
        root = table.apply("sqrt", (root,))
    definitions, terms = write_terms(table.nodes, [root])
    assert all(text.count("(") <= MAX_DEPTH // 2 for _, text in [*definitions, ("", terms[root])])
    again = TermTable()
    names = {"x": again.var("x")}
    for name, text in definitions:
        names[name] = read_term(again, read_sexprs(text)[0], names)
    read_term(again, read_sexprs(terms[root])[0], names)
    assert again.nodes == table.nodes
