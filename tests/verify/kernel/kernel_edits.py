"""Every small edit of a certificate, one at a time: of its statement's text and of its proof's data."""

import re
from collections.abc import Iterator
from typing import Any

from kernel_cases import at, canonical, certificate, paths, removed, replaced

from verify.kernel.errors import Malformed

COMPARISONS = ("<=", "<", ">=", ">", "=")
OPERATIONS = ("+", "-", "*", "/", "min", "max")
FUNCTIONS = ("sqrt", "abs", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
JUNCTIONS = ("and", "or")
LETTERS = ".?!^abcAB[]1"
LETTERS_OF_NARROWING = LETTERS + "()<> 9"
Edit = tuple[str, str]


def numeral_edits(numeral: str) -> Iterator[str]:
    """Change each digit, negate, and replace by 0, 1 and 2."""
    for k, digit in enumerate(numeral):
        changed = numeral[:k] + str((int(digit) + 1) % 10) + numeral[k + 1 :]
        yield str(int(changed))
    yield from {"0", "1", "2"} - {numeral}
    yield f"(- {numeral})"


def token_edits(text: str, names: list[str]) -> Iterator[Edit]:
    """Replace one token of S-expressions by another of its kind; yields (label, text)."""
    for match in re.finditer(r"[^\s()]+", text):
        token = match[0]
        others: list[str] = []
        if token.isdigit():
            others = list(numeral_edits(token))
        elif token in COMPARISONS:
            others = [c for c in COMPARISONS if c != token]
        elif token in OPERATIONS:
            others = [o for o in OPERATIONS if o != token]
        elif token in FUNCTIONS:
            place = FUNCTIONS.index(token)
            others = ["-", *(FUNCTIONS[(place + k) % len(FUNCTIONS)] for k in (1, 3, 6))]
        elif token in JUNCTIONS:
            others = [j for j in JUNCTIONS if j != token]
        elif token in names:
            others = [n for n in names if n != token] + ["0", "1", f"(- {token})"]
        for other in others:
            yield f"{token} -> {other} at {match.start()}", text[: match.start()] + other + text[match.end() :]


def line_edits(text: str) -> Iterator[Edit]:
    """Drop, repeat or exchange lines of a statement; yields (label, text)."""
    lines = text.splitlines(keepends=True)
    for k in range(len(lines)):
        yield f"line {k} dropped", "".join(lines[:k] + lines[k + 1 :])
        yield f"line {k} repeated", "".join(lines[: k + 1] + lines[k:])
        if k:
            yield (
                f"lines {k - 1} and {k} exchanged",
                "".join([*lines[: k - 1], lines[k], lines[k - 1], *lines[k + 1 :]]),
            )


def statement_edits(text: str) -> Iterator[Edit]:
    """Edit a statement's text in every way above, and rename each assertion; yields (label, text)."""
    names = re.findall(r"declare-const (\S+) Real", text)
    yield from token_edits(text, names)
    yield from line_edits(text)
    for match in re.finditer(r":named ([^\s()]+)", text):
        yield f"{match[1]} renamed", text[: match.start(1)] + "renamed" + text[match.end(1) :]


def narrowing_edits(token: str) -> Iterator[str]:
    """Edit one narrowing: each bound moved, turned round, on another axis or dropped; mark and relation changed."""
    name, *bounds = token.strip("()").split(" ")
    bare = name.strip("!")
    for other in {bare, f"!{bare}", f"^{bare}", ".", "A", "!A", "B", "C"} - {name}:
        yield f"({' '.join([other, *bounds])})"
    for k, bound in enumerate(bounds):
        axis, mark, number = re.fullmatch("(.+)([<>])(.+)", bound).groups()
        changes = [f"{axis}{mark}{int(number) + step}" for step in (-8, -1, 1, 8) if 0 < int(number) + step < 64]
        changes += [f"{axis}{'<' if mark == '>' else '>'}{number}", *(f"{a}{mark}{number}" for a in "abc" if a != axis)]
        for changed in [[], *([change] for change in changes), [bound, "a<32"]]:
            yield f"({' '.join([name, *bounds[:k], *changed, *bounds[k + 1 :]])})"


def tree_edits(tree: str) -> Iterator[Edit]:
    """Drop, repeat, exchange or replace each letter and each narrowing of a tree; yields (label, tree)."""
    for match in re.finditer(r"\([^)]*\)", tree):
        before, after = tree[: match.start()], tree[match.end() :]
        yield f"{match[0]} dropped", before + after
        yield f"{match[0]} repeated", before + match[0] * 2 + after
        for other in narrowing_edits(match[0]):
            yield f"{match[0]} -> {other}", before + other + after
    letters = LETTERS_OF_NARROWING if "(" in tree else LETTERS
    for k, letter in enumerate(tree):
        yield f"letter {k} dropped", tree[:k] + tree[k + 1 :]
        yield f"letter {k} repeated", tree[: k + 1] + tree[k:]
        if k and tree[k - 1] != letter:
            yield f"letters {k - 1} and {k} exchanged", tree[: k - 1] + letter + tree[k - 1] + tree[k + 1 :]
        for other in letters:
            if other != letter:
                yield f"letter {k}: {letter} -> {other}", tree[:k] + other + tree[k + 1 :]


def rational_edits(text: str) -> Iterator[Edit]:
    """Change each digit and the sign of a rational such as -3/4; yields (label, text)."""
    for match in re.finditer(r"[0-9]", text):
        digit = str((int(match[0]) + 1) % 10)
        yield f"{text}: digit {match.start()}", text[: match.start()] + digit + text[match.end() :]
    yield f"{text}: sign", text.removeprefix("-") if text.startswith("-") else f"-{text}"
    yield f"{text}: zero", "0"


def text_edits(path: tuple[Any, ...], text: str, statement: str) -> Iterator[Edit]:
    """Edit one string of a proof according to where it stands; yields (label, text)."""
    variables = re.findall(r"declare-const (\S+) Real", statement)
    named = re.findall(r":named ([^\s()]+)", statement)
    if path[-1] == "tree":
        yield from tree_edits(text)
    elif path[-1] == "coefficient" or "point" in path:
        yield from rational_edits(text)
    elif "facts" in path or path[-1] == "fact":
        yield from ((f"fact {text} -> {other}", other) for other in {*named, "lemma", "nothing"} - {text})
    elif path[-1] in ("square", "multiplier") or "instance" in path:
        yield from token_edits(text, variables)
        yield "term negated", f"(- {text})"


def proof_edits(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Edit the proof of a certificate, its lemma apart; yields (label, certificate)."""
    for path in paths(data["proof"], ()):
        if not path or path[0] in ("lemma", "rule"):
            continue
        full, value = ("proof", *path), at(data["proof"], path)
        label = ".".join(map(str, path))
        yield f"{label} removed", removed(data, full)
        if isinstance(value, list):
            for k, item in enumerate(value):
                yield f"{label}[{k}] repeated", replaced(data, full, [*value[: k + 1], item, *value[k + 1 :]])
                if k and value[k - 1] != item:
                    swapped = [*value[: k - 1], item, value[k - 1], *value[k + 1 :]]
                    yield f"{label}[{k}] exchanged", replaced(data, full, swapped)
        if isinstance(value, str):
            for change, new in text_edits(path, value, data["statement"]):
                yield f"{label}: {change}", replaced(data, full, new)


def edits(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (label, certificate) for every edit of statement, proof and lemma, with digests that fit.

    The edited statement is brought into canonical form first, as an attacker would; edits that are no statement are
    yielded as they are.
    """
    for label, text in statement_edits(data["statement"]):
        try:
            fitting = canonical(text)
        except Malformed:
            fitting = text
        if fitting != data["statement"]:
            yield f"statement: {label}", certificate(fitting, data["proof"])
    yield from proof_edits(data)
    lemma = data["proof"].get("lemma")
    if lemma is not None:
        for label, changed in edits(lemma):
            yield f"lemma: {label}", replaced(data, ("proof", "lemma"), changed)
