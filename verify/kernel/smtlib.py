"""S-expressions of SMT-LIB 2: strict reading with limits, and writing of term tables."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from verify.kernel.errors import Malformed
from verify.kernel.terms import Node, TermTable

MAX_TEXT = 4_000_000
MAX_DEPTH = 100
MAX_DIGITS = 400
SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")
_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")

Sexpr: TypeAlias = "str | list[Sexpr]"


def read_sexprs(text: str) -> list[Sexpr]:
    """Parse `text` into nested lists of tokens.

    Raises Malformed, naming the character position, for unbalanced parentheses, nesting deeper than MAX_DEPTH
    or a text longer than MAX_TEXT.
    """
    if len(text) > MAX_TEXT:
        raise Malformed(f"statement longer than {MAX_TEXT} characters")
    stack: list[list[Sexpr]] = [[]]
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        assert match is not None
        position = match.end()
        if match[1] == "(":
            if len(stack) > MAX_DEPTH:
                raise Malformed(f"nesting deeper than {MAX_DEPTH} at character {position}")
            stack.append([])
        elif match[1] == ")":
            if len(stack) == 1:
                raise Malformed(f"unexpected ')' at character {position}")
            closed = stack.pop()
            stack[-1].append(closed)
        else:
            stack[-1].append(match[2])
    if len(stack) > 1:
        raise Malformed(f"{len(stack) - 1} unclosed parentheses at the end of the text")
    return stack[0]


def read_rational(text: str) -> Fraction:
    """Exact value of a numeral or decimal. Raises Malformed for anything else or beyond MAX_DIGITS digits."""
    if len(text) > MAX_DIGITS or not _NUMBER.fullmatch(text):
        raise Malformed(f"not an exact rational of at most {MAX_DIGITS} digits: {text[:40]!r}")
    return Fraction(text)


def read_term(table: TermTable, sexpr: Sexpr, names: dict[str, int]) -> int:
    """Add the term `sexpr` to `table` and return its index; `names` maps symbols in scope to indices.

    Raises Malformed for an unknown symbol or operation.
    """
    if isinstance(sexpr, str):
        if sexpr in names:
            return names[sexpr]
        if sexpr[0].isdigit():
            return table.const(read_rational(sexpr))
        raise Malformed(f"unknown symbol {sexpr[:40]!r}")
    if not sexpr or not isinstance(sexpr[0], str):
        raise Malformed(f"not a term: {str(sexpr)[:40]}")
    op, arguments = sexpr[0], sexpr[1:]
    if op == "^":
        if len(arguments) != 2 or not isinstance(arguments[1], str) or not re.fullmatch("[0-9]{1,3}", arguments[1]):
            raise Malformed(f"an exponent must be a small natural number: {str(sexpr)[:60]}")
        return table.apply("^", (read_term(table, arguments[0], names),), int(arguments[1]))
    if op == "neg":
        raise Malformed("unknown operation 'neg'")
    return table.apply(op, [read_term(table, argument, names) for argument in arguments])


def write_rational(value: Fraction) -> str:
    """`value` in SMT-LIB 2: `3`, `(- 3)`, `(/ 1 2)` or `(- (/ 1 2))`."""
    magnitude = str(abs(value.numerator))
    if value.denominator != 1:
        magnitude = f"(/ {magnitude} {value.denominator})"
    return f"(- {magnitude})" if value < 0 else magnitude


def write_terms(nodes: Sequence[Node], roots: Sequence[int]) -> tuple[list[tuple[str, str]], dict[int, str]]:
    """Write the terms at `roots`: (definitions as (name, text) in order, text of each root).

    A compound term that is used more than once, or nested deeply, becomes a definition named `d<k>`.
    """
    uses: dict[int, int] = dict.fromkeys(roots, 1)
    for index in range(max(roots, default=-1), -1, -1):
        if index in uses:
            for argument in nodes[index].args:
                uses[argument] = uses.get(argument, 0) + 1
    definitions: list[tuple[str, str]] = []
    texts: dict[int, str] = {}
    depths: dict[int, int] = {}
    for index in sorted(uses):
        node = nodes[index]
        if node.op in ("const", "var"):
            texts[index], depths[index] = node.name or write_rational(node.value), 2
            continue
        parts = [texts[argument] for argument in node.args]
        if node.op == "^":
            parts.append(str(node.exponent))
        text = f"({'-' if node.op == 'neg' else node.op} {' '.join(parts)})"
        depths[index] = 1 + max(depths[argument] for argument in node.args)
        if uses[index] > 1 or depths[index] > MAX_DEPTH // 4:
            name = f"d{len(definitions)}"
            definitions.append((name, text))
            text, depths[index] = name, 0
        texts[index] = text
    return definitions, {root: texts[root] for root in roots}
