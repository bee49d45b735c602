"""Certificates: versioned JSON that carries a whole statement and its proof; strict reading with limits.

    {"format": "gd-verify certificate", "version": 1, "digest": ..., "statement": ..., "proof": {"rule": ...}}

No number but the version appears as a JSON number: rationals are strings, so nothing can be read inexactly.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from verify.kernel.errors import Malformed
from verify.kernel.smtlib import MAX_DIGITS, read_rational
from verify.kernel.statements import Statement, read_statement

FORMAT = "gd-verify certificate"
VERSION = 1
MAX_BYTES = 16_000_000
MAX_ITEMS = 1_000_000
MAX_NESTING = 50


@dataclass(frozen=True, slots=True)
class Certificate:
    """A statement, its digest, and the proof as plain JSON data."""

    statement: Statement
    digest: str
    proof: dict[str, Any]


def fields(data: Any, required: set[str], optional: set[str], place: str) -> dict[str, Any]:
    """Return `data` if it is an object with the required and no unknown fields. Raises Malformed, naming `place`."""
    if not isinstance(data, dict):
        raise Malformed(f"{place}: not an object")
    wrong = sorted((required - data.keys()) | (data.keys() - required - optional))
    if wrong:
        raise Malformed(f"{place}: missing or unknown field {wrong[0][:40]!r}")
    return data


def text_field(data: Mapping[str, Any], name: str, place: str) -> str:
    """Return the string `data[name]`. Raises Malformed, naming `place`, when it is anything else."""
    value = data[name]
    if not isinstance(value, str):
        raise Malformed(f"{place}: {name} is not a string")
    return value


def list_field(data: Mapping[str, Any], name: str, place: str) -> list[Any]:
    """Return the list `data[name]` (empty when absent). Raises Malformed, naming `place`."""
    value = data.get(name, [])
    if not isinstance(value, list):
        raise Malformed(f"{place}: {name} is not a list")
    return value


def exact(text: Any, place: str) -> Fraction:
    """Read `3`, `-3`, `3/4` or `-3/4` exactly. Raises Malformed for anything else, a zero denominator included."""
    if not isinstance(text, str) or len(text) > 2 * MAX_DIGITS or "." in text:
        raise Malformed(f"{place}: not an exact rational")
    numerator, slash, denominator = text.removeprefix("-").partition("/")
    try:
        value = read_rational(numerator) / (read_rational(denominator) if slash else 1)
    except ZeroDivisionError:
        raise Malformed(f"{place}: zero denominator") from None
    return -value if text.startswith("-") else value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing a key that stands twice."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed("a key stands twice in one object")
    return result


def _refuse(text: str) -> Any:
    """Refuse a JSON number that is not a short natural number."""
    if not (text.isdigit() and len(text) <= 6):
        raise Malformed(f"a JSON number that is not a small natural number: {text[:40]}")
    return int(text)


def read_json(content: bytes) -> Any:
    """Parse JSON, gzip-compressed or plain.

    Raises Malformed for content that is too large, damaged, not UTF-8 JSON, or with a repeated key or a JSON number
    that is not a small natural number.
    """
    if content[:2] == b"\x1f\x8b":
        unpack = zlib.decompressobj(wbits=31)
        try:
            content = unpack.decompress(content, MAX_BYTES + 1)
        except zlib.error as error:
            raise Malformed(f"damaged gzip data: {error}") from None
        if not unpack.eof or unpack.unused_data:
            raise Malformed("gzip data truncated, too large, or followed by something else")
    if len(content) > MAX_BYTES:
        raise Malformed(f"larger than {MAX_BYTES} bytes")
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_ITEMS:
        raise Malformed(f"more than {MAX_ITEMS} items")
    try:
        data = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_refuse,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Malformed(f"not JSON: {str(error)[:80]}") from None
    level = [data]
    for _ in range(MAX_NESTING):
        level = [x for v in level if isinstance(v, dict | list) for x in (v.values() if isinstance(v, dict) else v)]
    if level:
        raise Malformed(f"nested deeper than {MAX_NESTING}")
    return data


def read_certificate(content: bytes) -> Certificate:
    """Parse a certificate. Raises Malformed as `read_json` and `build_certificate` do."""
    return build_certificate(read_json(content))


def build_certificate(data: Any) -> Certificate:
    """Turn parsed JSON into a certificate.

    Raises Malformed for another format or version, an unknown or missing field, a statement that is not canonical, or a
    digest that is not that of the statement.
    """
    data = fields(data, {"format", "version", "digest", "statement", "proof"}, set(), "certificate")
    if data["format"] != FORMAT:
        raise Malformed(f"format is not {FORMAT!r}")
    if type(data["version"]) is not int or data["version"] != VERSION:
        raise Malformed(f"schema version {str(data['version'])[:10]!r} is not supported; this kernel reads {VERSION}")
    statement = read_statement(text_field(data, "statement", "certificate"))
    if statement.digest() != data["digest"]:
        raise Malformed("the digest is not that of the statement")
    if not isinstance(data["proof"], dict) or not isinstance(data["proof"].get("rule"), str):
        raise Malformed("proof: not an object with a rule")
    return Certificate(statement, data["digest"], data["proof"])


def read_file(path: Path) -> bytes:
    """Return the content of a file. Raises Malformed when it cannot be read or exceeds MAX_BYTES."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Malformed(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise Malformed(f"larger than {MAX_BYTES} bytes")
    return content


def load(path: Path) -> Certificate:
    """Read a certificate file. Raises Malformed as `read_file` and `read_certificate` do."""
    return read_certificate(read_file(path))


def dump(statement: Statement, proof: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON object of a certificate for `statement`."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "digest": statement.digest(),
        "statement": statement.text(),
        "proof": proof,
    }
