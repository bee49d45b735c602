"""Short ways to write claims: formal lemmas from sympy relations, written arguments from the text files beside."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.encode import make_statement

PAPER = "arXiv 2305.13064"


def scope_of(depth: int | None) -> dict[str, Any]:
    """Return the options of a claim that speaks of one depth, or (None) of every depth."""
    return {"scope": f"depth {depth}", "varies": True} if depth else {}


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


def written(
    identifier: str, title: str, words: str, formula: str, *, text: str = "", theorem: bool = False, **options: Any
) -> Claim:
    """Return a written step (or a theorem) whose proof is arguments/<text>.md, or arguments/<identifier>.md."""
    proof = (files("verify.theorems") / "arguments" / f"{text or identifier}.md").read_text(encoding="utf-8").strip()
    kind: Any = "theorem" if theorem else "argument"
    return Claim(identifier, title, words, formula, kind=kind, method="argument", argument=proof, **options)
