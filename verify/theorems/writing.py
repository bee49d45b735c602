"""Short ways to write claims: formal lemmas from sympy relations, written arguments from the text files beside."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.encode import make_statement

PAPER = "arXiv 2305.13064"


def symbols(names: str) -> tuple[Any, ...]:
    """Return sympy symbols without assumptions, so that nothing is simplified by a sign."""
    return tuple(sp.Symbol(name) for name in names.split())


def lemma(
    identifier: str,
    title: str,
    words: str,
    formula: str,
    *,
    over: Mapping[Any, tuple[Any, Any]] | tuple[Any, ...],
    then: tuple[Any, str, Any],
    where: Mapping[str, tuple[Any, str, Any]] | None = None,
    **options: Any,
) -> Claim:
    """Return a lemma: for all values of the symbols in `over` (with bounds, or real), if `where` holds then `then`."""
    bounds = over if isinstance(over, Mapping) else dict.fromkeys(over, (None, None))
    return Claim(identifier, title, words, formula, statement=make_statement(bounds, then, where), **options)


def written(identifier: str, title: str, words: str, formula: str, *, theorem: bool = False, **options: Any) -> Claim:
    """Return a written step (or a theorem) whose text is arguments/<identifier>.md."""
    text = (files("verify.theorems") / "arguments" / f"{identifier}.md").read_text(encoding="utf-8").strip()
    kind: Any = "theorem" if theorem else "argument"
    return Claim(identifier, title, words, formula, kind=kind, method="argument", argument=text, **options)
