"""Builders of statements and certificates for the kernel's tests, and the places of the corpus.

Statements are written here as plain text and digests are taken with hashlib, so that the tests do not depend on
`verify.encode`, on sympy, or on the kernel's own `dump`.
"""

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from verify.kernel.certificates import build_certificate, read_certificate
from verify.kernel.checker import check
from verify.kernel.errors import Incomplete, KernelError, Malformed, Rejected
from verify.kernel.statements import parse_statement

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "tests" / "certificates"
LONGEST_MESSAGE = 300

Variables = Mapping[str, tuple[str | None, str | None]]


def raw_text(
    variables: Variables,
    conclusion: str,
    hypotheses: Mapping[str, str] | None = None,
    definitions: Sequence[tuple[str, str]] = (),
) -> str:
    """Write the text of a statement as it is given, canonical or not."""
    lines = ["(set-logic QF_NRA)"]
    lines += [f"(declare-const {name} Real)" for name in variables]
    for name, (lower, upper) in variables.items():
        lines += [f"(assert (! (>= {name} {lower}) :named {name}.lower))"] if lower is not None else []
        lines += [f"(assert (! (<= {name} {upper}) :named {name}.upper))"] if upper is not None else []
    lines += [f"(define-fun {name} () Real {term})" for name, term in definitions]
    lines += [f"(assert (! {formula} :named {name}))" for name, formula in (hypotheses or {}).items()]
    return "\n".join([*lines, f"(assert (! (not {conclusion}) :named negated-conclusion))", "(check-sat)", ""])


def text_of(
    variables: Variables,
    conclusion: str,
    hypotheses: Mapping[str, str] | None = None,
    definitions: Sequence[tuple[str, str]] = (),
) -> str:
    """Write the canonical text of a statement."""
    return canonical(raw_text(variables, conclusion, hypotheses, definitions))


def canonical(text: str) -> str:
    """Bring a statement's text into canonical form."""
    return parse_statement(text).text()


def certificate(text: str, proof: Any, **changed: Any) -> dict[str, Any]:
    """Return certificate data for a statement's text, with the digest of that text; `changed` fields replace."""
    data = {
        "format": "gd-verify certificate",
        "version": 1,
        "digest": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        "statement": text,
        "proof": proof,
    }
    return {**data, **changed}


def claim(
    variables: Variables,
    conclusion: str,
    proof: Any,
    hypotheses: Mapping[str, str] | None = None,
    definitions: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Return a certificate of the canonical statement."""
    return certificate(text_of(variables, conclusion, hypotheses, definitions), proof)


def bisection(tree: Any) -> dict[str, Any]:
    """Return a proof by the rule bisection."""
    return {"rule": "bisection", "tree": tree}


def summand(coefficient: str, *facts: str, square: str | None = None) -> dict[str, Any]:
    """Return one summand of a sum of the rule combination."""
    data: dict[str, Any] = {"coefficient": coefficient}
    if facts:
        data["facts"] = list(facts)
    if square is not None:
        data["square"] = square
    return data


def equality(fact: str, multiplier: str) -> dict[str, Any]:
    """Return one equality of the rule combination."""
    return {"fact": fact, "multiplier": multiplier}


def verdict(data: Any) -> str:
    """Check certificate data and return the verdict. Raises KernelError."""
    return check(build_certificate(data))


def verdict_of_bytes(content: bytes) -> str:
    """Check a certificate file's content and return the verdict. Raises KernelError."""
    return check(read_certificate(content))


def assert_presentable(message: str) -> None:
    """Assert that a kernel error's message is one short printable line."""
    assert message
    assert len(message.splitlines()) == 1, f"several lines: {message!r}"
    assert len(message) < LONGEST_MESSAGE, f"{len(message)} characters: {message[:120]!r}..."
    message.encode("utf-8")


def refusal(data: Any) -> KernelError:
    """Check certificate data that must be refused; return the error. Any other exception escapes."""
    error = None
    try:
        result = verdict(data)
    except KernelError as caught:
        error = caught
    if error is None:
        pytest.fail(f"accepted: {result}\n{json.dumps(data)[:2000]}")
    assert isinstance(error, Malformed | Rejected | Incomplete)
    assert_presentable(str(error))
    return error


def outcome(data: Any) -> str:
    """Return the verdict, or the name of the kernel error that refuses the data. Any other exception escapes."""
    try:
        return verdict(data)
    except KernelError as error:
        assert_presentable(str(error))
        return type(error).__name__


def corpus(kind: str) -> list[Path]:
    """Return the files of one part of the corpus, by name."""
    return sorted(p for p in (CORPUS / kind).iterdir() if p.name.endswith((".json", ".json.gz")))


def valid_data() -> dict[str, dict[str, Any]]:
    """Return the uncompressed valid certificates as JSON data, by name."""
    return {p.name.removesuffix(".json"): json.loads(p.read_bytes()) for p in corpus("valid") if p.suffix == ".json"}


def paths(data: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk over the path of every value in JSON data, the outermost first."""
    yield prefix
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from paths(value, (*prefix, key))


def at(data: Any, path: Sequence[Any]) -> Any:
    """Return the value at a path."""
    for key in path:
        data = data[key]
    return data


def replaced(data: Any, path: Sequence[Any], value: Any) -> Any:
    """Return a deep copy with the value at a path replaced."""
    if not path:
        return value
    result = copy.deepcopy(data)
    at(result, path[:-1])[path[-1]] = value
    return result


def removed(data: Any, path: Sequence[Any]) -> Any:
    """Return a deep copy without the value at a path."""
    result = copy.deepcopy(data)
    del at(result, path[:-1])[path[-1]]
    return result
