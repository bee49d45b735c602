"""Term tables: sharing, folding of constants, limits, and the table of one root."""

from fractions import Fraction

import pytest

from verify.kernel.errors import Malformed
from verify.kernel.terms import MAX_EXPONENT, MAX_NODES, Node, TermTable, extract


def test_equal_terms_are_stored_once():
    table = TermTable()
    x, y = table.var("x"), table.var("y")
    assert table.apply("+", (x, y)) == table.apply("+", (x, y)) != table.apply("+", (y, x))
    assert table.apply("+", (x, y, x)) == table.apply("+", (table.apply("+", (x, y)), x))
    assert table.apply("^", (x,), 2) != table.apply("^", (x,), 3)
    assert table.const(Fraction(2, 4)) == table.const(Fraction(1, 2))
    assert table.var("x") == x


def test_every_node_refers_to_earlier_ones():
    table = TermTable()
    root = table.apply(
        "/", (table.apply("-", (table.var("x"), table.const(1))), table.apply("sqrt", (table.var("y"),)))
    )
    assert root == len(table.nodes) - 1
    assert all(argument < index for index, node in enumerate(table.nodes) for argument in node.args)


def test_constants_fold_exactly_and_never_by_zero():
    table = TermTable()
    one, three, zero = table.const(1), table.const(3), table.const(0)
    assert table.nodes[table.apply("/", (one, three))].value == Fraction(1, 3)
    assert table.nodes[table.apply("/", (one, three, three))].value == Fraction(1, 9)
    assert table.nodes[table.apply("-", (three,))].value == -3
    assert table.nodes[table.apply("/", (one, zero))] == Node("/", (one, zero))
    assert table.nodes[table.apply("/", (zero, zero))] == Node("/", (zero, zero))


@pytest.mark.parametrize(
    ("op", "count"),
    [
        ("+", 0),
        ("+", 1),
        ("*", 1),
        ("/", 1),
        ("-", 0),
        ("sqrt", 0),
        ("sqrt", 2),
        ("^", 2),
        ("sin", 0),
        ("sin", 2),
        ("abs", 2),
        ("min", 0),
        ("min", 1),
        ("max", 1),
        ("cot", 1),
        ("pow", 2),
        ("const", 1),
        ("var", 1),
        ("", 2),
    ],
)
def test_operations_that_are_refused(op, count):
    table = TermTable()
    with pytest.raises(Malformed):
        table.apply(op, [table.var("x")] * count)


def test_exponents_at_their_limits():
    table = TermTable()
    x = table.var("x")
    for exponent in (0, 1, MAX_EXPONENT):
        table.apply("^", (x,), exponent)
    for exponent in (-1, MAX_EXPONENT + 1, 10**9):
        with pytest.raises(Malformed):
            table.apply("^", (x,), exponent)


def test_number_of_nodes_at_its_limit():
    table = TermTable()
    for k in range(MAX_NODES):
        table.var(f"x{k}")
    assert table.var("x0") == 0
    with pytest.raises(Malformed, match="more than"):
        table.var("one more")


def test_the_table_of_one_root_keeps_what_it_needs_in_order():
    table = TermTable()
    x, y, z = (table.var(name) for name in "xyz")
    other = table.apply("*", (z, z))
    root = table.apply("-", (table.apply("*", (y, x)), table.apply("*", (x, x))))
    table.apply("+", (root, other))
    nodes = extract(table.nodes, root)
    assert [node.op for node in nodes] == ["var", "var", "*", "*", "-"]
    assert [node.name for node in nodes[:2]] == ["x", "y"]
    assert nodes[2].args == (1, 0)
    assert nodes[3].args == (0, 0)
    assert nodes[4].args == (2, 3)
    assert extract(table.nodes, x) == (Node("var", name="x"),)
