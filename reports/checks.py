"""Checks of the types of plain data, of which the fields of ``results.json`` are put together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reports.errors import ResultsError

Check = Callable[[Any, str], None]
"""Accepts a value, or raises :class:`ResultsError` naming its place."""


def shown(value: Any) -> str:
    """Return a short form of a wrong value for a message of one line."""
    text = json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= 40 else text[:37] + "..."


def typed(words: str, *types: type) -> Check:
    """Accept the types, a ``bool`` only if it is one of them; ``words`` say what is expected."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ResultsError(f"{place}: expected {words}, got {shown(value)}")

    return check


def one_of(words: Sequence[str]) -> Check:
    """Accept the words."""

    def check(value: Any, place: str) -> None:
        if value not in words:
            raise ResultsError(f"{place}: expected one of {', '.join(words)}, got {shown(value)}")

    return check


def many(entry: Check) -> Check:
    """Accept a list of entries."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, list):
            raise ResultsError(f"{place}: expected a list, got {shown(value)}")
        for index, item in enumerate(value):
            entry(item, f"{place}[{index}]")

    return check


def record(fields: Mapping[str, Check]) -> Check:
    """Accept an object that has the fields, and perhaps more."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise ResultsError(f"{place}: expected an object, got {shown(value)}")
        for name, field in fields.items():
            if name not in value:
                raise ResultsError(f"{place}: the field {name!r} is missing")
            field(value[name], f"{place}.{name}")

    return check


def table(entry: Check) -> Check:
    """Accept an object whose values are all entries, whatever their names."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise ResultsError(f"{place}: expected an object, got {shown(value)}")
        for name, item in value.items():
            entry(item, f"{place}.{name}")

    return check


def or_null(entry: Check) -> Check:
    """Accept ``null`` as well."""

    def check(value: Any, place: str) -> None:
        if value is not None:
            entry(value, place)

    return check


def text_like(pattern: str, words: str) -> Check:
    """Accept a string that matches the whole of a regular expression; ``words`` say what is expected."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any, place: str) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ResultsError(f"{place}: expected {words}, got {shown(value)}")

    return check


def _natural(value: Any, place: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ResultsError(f"{place}: expected an integer of at least 0, got {shown(value)}")


TEXT = typed("a string", str)
COUNT = typed("an integer", int)
NUMBER = typed("a number", int, float)
FLAG = typed("true or false", bool)
NATURAL: Check = _natural
