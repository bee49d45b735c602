"""Small made-up claims and outcomes for the tests of graph, engine and results; the command line, called here."""

from typing import Any

import pytest
import sympy as sp

from verify import cli
from verify.claims import Claim, Outcome
from verify.encode import make_statement
from verify.kernel.certificates import dump

x, y = sp.symbols("x y")
UNIT = {x: (0, 1)}


def lemma(identifier: str, conclusion: Any = (x * (1 - x), "<=", 1), **options: Any) -> Claim:
    """Return a lemma about x in [0, 1]."""
    over = options.pop("over", UNIT)
    where = options.pop("where", None)
    return Claim(identifier, "title", "words", statement=make_statement(over, conclusion, where), **options)


def written(identifier: str, *rests_on: str, **options: Any) -> Claim:
    """Return a written step, or a theorem with kind="theorem"."""
    options = {"kind": "argument", **options}
    return Claim(identifier, "title", "words", method="argument", argument="so it is", rests_on=rests_on, **options)


TRUE = lemma("true")
BOXES = lemma("boxes", (x * (1 - x), "<=", sp.Rational(251, 1000)), method="bisection")
FALSE = lemma("false", (x * (1 - x), "<=", sp.Rational(1, 5)))
FALSE_BOXES = lemma("false-boxes", (x * (1 - x), "<=", sp.Rational(1, 5)), method="bisection")
# equal at 1: the boxes there are never decided, the algebra has no square roots, and there is no counterexample
TOUCHING = lemma("touching", (sp.sqrt(x), "<=", (1 + x) / 2), over={x: (0, 3)}, method="bisection")
NEIGHBOUR = lemma(
    "neighbour", (x * (1 - x), "<=", sp.Rational(24, 100)), kind="neighbour", method="falsify", rests_on=("true",)
)


def outcome(identifier: str, verdict: Any = "proved", tier: Any = None, **options: Any) -> Outcome:
    """Return an outcome; a proof is the kernel's unless said otherwise."""
    return Outcome(identifier, verdict, tier or ("none" if verdict == "unknown" else "kernel"), **options)


def certificate_of(claim: Claim, proof: dict[str, Any]) -> dict[str, Any]:
    """Return a certificate of a claim's statement with any proof object."""
    assert claim.statement is not None
    return dump(claim.statement, proof)


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Call the command line in this process; return exit code, output and errors."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err
