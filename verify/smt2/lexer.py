"""Tokens and S-expressions of SMT-LIB 2.6 with their places, read without recursion and within limits.

dReal's writing is accepted beside the standard's: signed numbers (-1.5), exponents (1e-3) and brackets [0, 1].
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

MAX_TEXT = 4_000_000
MAX_TOKENS = 500_000
MAX_NESTING = 1_000
MAX_DIGITS = 400
MAX_SHOWN = 40

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|;[^\r\n]*)
    |(?P<mark>[()\[\],])
    |(?P<string>"[^"]*"(?:"[^"]*")*)
    |(?P<quoted>\|[^|\\]*\|)
    |(?P<keyword>:[A-Za-z0-9~!@$%^&*_\-+=<>.?/]+)
    |(?P<word>[A-Za-z0-9~!@$%^&*_\-+=<>.?/]+)""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"([-+]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([-+]?[0-9]+))?")
_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text: line and column, both from 1."""

    line: int
    column: int


class SmtError(ValueError):
    """A fault of an SMT-LIB 2 file; the message is one printable line, LINE:COLUMN: what."""

    def __init__(self, place: Place, what: str) -> None:
        self.line, self.column = place.line, place.column
        super().__init__(f"{place.line}:{place.column}: {printable(what)}")


@dataclass(frozen=True, slots=True)
class Atom(Place):
    """A token; kind in {"symbol", "quoted", "number", "keyword", "string", "mark"}; quotes of a symbol are cut off."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Sequence(Place):
    """A parenthesised list; its place is that of the opening parenthesis."""

    items: tuple["Sexpr", ...]


Sexpr: TypeAlias = Atom | Sequence


def printable(text: str) -> str:
    """Return `text` as printable ASCII on one line."""
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)


def show(sexpr: Sexpr) -> str:
    """Return the beginning of an expression, at most MAX_SHOWN characters."""
    parts: list[str] = []
    stack: list[Sexpr | str] = [sexpr]
    while stack and sum(map(len, parts)) <= MAX_SHOWN:
        match stack.pop():
            case Sequence(items=items):
                parts.append("(")
                stack.append(")")
                stack += reversed(items[:MAX_SHOWN])
            case Atom(kind=kind, text=text):
                parts.append(f"|{text}| " if kind == "quoted" else text + " ")
            case text:
                parts.append(text)
    shown = printable("".join(parts).replace(" )", ")").strip())
    return shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 3] + "..."


def number(atom: Atom) -> Fraction:
    """Exact value of a number token. Raises SmtError beyond MAX_DIGITS digits, the exponent's zeros counted."""
    match = _NUMBER.fullmatch(atom.text)
    assert match is not None
    sign, whole, part, exponent = match[1], match[2], match[3] or "", match[4] or "0"
    if len(whole + part) > MAX_DIGITS or len(exponent) > 4 or abs(int(exponent)) > MAX_DIGITS:
        raise SmtError(atom, f"a number of more than {MAX_DIGITS} digits: {show(atom)}")
    value = Fraction(int(whole + part)) * Fraction(10) ** (int(exponent) - len(part))
    return -value if sign == "-" else value


def _is_number(word: str) -> bool:
    match = _NUMBER.fullmatch(word)
    return match is not None and bool(match[2] or match[3])


def _refuse(text: str, position: int, place: Place) -> SmtError:
    match text[position]:
        case '"':
            what = "a string that does not end"
        case "|":
            what = "a quoted symbol that does not end, or has a backslash in it"
        case "#":
            literal = re.split(r"[\s()]", text[position : position + MAX_SHOWN])[0]
            what = f"unsupported: a binary or hexadecimal literal, {literal}"
        case character:
            what = f"unexpected character {character!r}"
    return SmtError(place, what)


def tokens(text: str) -> list[Atom]:
    """Split a text into tokens. Raises SmtError for anything else and beyond MAX_TEXT or MAX_TOKENS."""
    if len(text) > MAX_TEXT:
        raise SmtError(Place(1, 1), f"longer than {MAX_TEXT} characters")
    found: list[Atom] = []
    position, line, start = 0, 1, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        column = position - start + 1
        if match is None:
            raise _refuse(text, position, Place(line, column))
        kind, token = str(match.lastgroup), match[0]
        if kind == "word":
            kind = "number" if _is_number(token) else "symbol"
            if kind == "symbol" and token[0].isdigit():
                raise SmtError(Place(line, column), f"neither a number nor a symbol: {token[:MAX_SHOWN]}")
        if kind != "space":
            found.append(Atom(line, column, kind, token[1:-1] if kind == "quoted" else token))
            if len(found) > MAX_TOKENS:
                raise SmtError(found[-1], f"more than {MAX_TOKENS} tokens")
        if kind in ("space", "string", "quoted"):
            for newline in _NEWLINE.finditer(token):
                line, start = line + 1, position + newline.end()
        position = match.end()
    return found


def read_script(text: str) -> list[Sequence]:
    """Read the commands of a text.

    Raises SmtError for unbalanced parentheses (at the one that is not closed), an atom outside them, and nesting deeper
    than MAX_NESTING.
    """
    script: list[Sequence] = []
    opened: list[tuple[Atom, list[Sexpr]]] = []
    for token in tokens(text):
        if token.kind == "mark" and token.text == "(":
            if len(opened) >= MAX_NESTING:
                raise SmtError(token, f"nesting deeper than {MAX_NESTING}")
            opened.append((token, []))
        elif not opened:
            raise SmtError(
                token,
                "unexpected )"
                if (token.kind, token.text) == ("mark", ")")
                else f"a command is expected, not {show(token)}",
            )
        elif token.kind == "mark" and token.text == ")":
            opening, items = opened.pop()
            closed = Sequence(opening.line, opening.column, tuple(items))
            if opened:
                opened[-1][1].append(closed)
            else:
                script.append(closed)
        else:
            opened[-1][1].append(token)
    if opened:
        raise SmtError(opened[0][0], "a parenthesis that is not closed")
    return script
