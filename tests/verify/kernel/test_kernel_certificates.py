"""Reading certificates: types, limits, and what the fields may hold."""

import gzip
import json
from fractions import Fraction

import pytest
from corpus_malformed import encode
from kernel_cases import assert_presentable, certificate, outcome, refusal, replaced, valid_data, verdict_of_bytes

from verify.kernel.certificates import MAX_BYTES, build_certificate, dump, exact, read_certificate
from verify.kernel.checker import check, check_file
from verify.kernel.errors import KernelError, Malformed, Rejected

VALID = valid_data()
GOOD = VALID["combination-product-of-bounds"]


@pytest.mark.parametrize("name", VALID)
def test_dump_is_what_was_read(name):
    read = build_certificate(VALID[name])
    assert dump(read.statement, read.proof) == VALID[name]
    assert build_certificate(json.loads(json.dumps(dump(read.statement, read.proof)))) == read


@pytest.mark.parametrize("name", VALID)
def test_layout_of_the_json_does_not_matter(name, tmp_path):
    data = VALID[name]
    verdict = outcome(data)
    for content in (
        json.dumps(data).encode(),
        json.dumps(data, indent=8, sort_keys=True).encode(),
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(),
        b" \r\n\t" + json.dumps(dict(reversed(data.items()))).encode() + b"\n\n",
    ):
        assert verdict_of_bytes(content) == verdict
        assert verdict_of_bytes(gzip.compress(content)) == verdict
    path = tmp_path / "any name at all"
    path.write_bytes(gzip.compress(json.dumps(data).encode()))
    assert check_file(path)[1] == verdict


@pytest.mark.parametrize("version", [True, False, None, 0, 2, -1, 10**30, "1", "", [1], {"1": 1}, [], {}])
def test_versions_that_are_refused(version):
    error = refusal({**GOOD, "version": version})
    assert isinstance(error, Malformed)
    assert "version" in str(error)


def test_a_version_that_is_a_float_is_refused():
    refusal({**GOOD, "version": 1.0})


@pytest.mark.parametrize(
    "number",
    [
        "1.0",
        "1e0",
        "1E0",
        "-1",
        "-0",
        "0.1e1",
        "1000000",
        "1" * 5000,
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "+1",
        "0x1",
        "1_0",
        "１",
    ],
)
def test_json_numbers_that_are_no_small_natural_number(number):
    content = json.dumps(GOOD)
    for place in ('"version": 1', '"coefficient": "1"'):
        assert place in content
        changed = content.replace(place, f"{place.split(':')[0]}: {number}", 1)
        with pytest.raises(Malformed) as caught:
            verdict_of_bytes(changed.encode())
        assert_presentable(str(caught.value))


def test_a_key_twice_at_any_depth():
    content = json.dumps(VALID["substitution-of-substitution"])
    doubled = 0
    for key in (
        '"format": "gd-verify certificate"',
        '"version": 1',
        '"rule": "bisection"',
        '"coefficient": "1"',
        '"x.lower": {',
    ):
        start = content.find(key)
        while start >= 0:
            same = key if not key.endswith("{") else '"x.lower": {}'
            with pytest.raises(Malformed, match="twice"):
                verdict_of_bytes((content[:start] + same + ", " + content[start:]).encode())
            doubled += 1
            start = content.find(key, start + 1)
    assert doubled > 8


def test_sizes_at_the_limit():
    padding = MAX_BYTES - len(encode(GOOD))
    largest = encode(GOOD) + b" " * padding
    assert verdict_of_bytes(largest) == "proved"
    with pytest.raises(Malformed, match="larger than"):
        verdict_of_bytes(largest + b" ")
    packed = gzip.compress(largest, compresslevel=1)
    assert verdict_of_bytes(packed) == "proved"
    with pytest.raises(Malformed, match=r"larger than|too large"):
        verdict_of_bytes(gzip.compress(largest + b" ", compresslevel=1))


@pytest.mark.parametrize("text", ["0", "3", "-3", "3/4", "-3/4", "0/5", "10/4", "-0", "7" * 400, "1/" + "7" * 400])
def test_rationals_that_are_read(text):
    assert exact(text, "here") == Fraction(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "/", "1/", "/1", "1/0", "-1/0", "0/0", "--1", "+1", "1/-2", " 1", "1 ", "1\n", "1e9", "0x1", "1_0",
     "01", "1/02", "１", "²", "١", "½", "−1",
     "nan", "inf", "Infinity", "1/2/3", "1//2", "7" * 401, "1/" + "7" * 401, "7" * 10**6, "(- 1)", "(/ 1 2)",
     "1,5", "x",
     None, True, False, 0, 1, 1.5, [], {}, ["1"], b"1"],
)  # fmt: skip
def test_rationals_that_are_refused(text):
    with pytest.raises(Malformed) as caught:
        exact(text, "here")
    assert_presentable(str(caught.value))


@pytest.mark.parametrize("text", ["1.5", "-0.5", "1.5/2.5"])
def test_decimals_are_no_rationals(text):
    with pytest.raises(Malformed):
        exact(text, "here")


@pytest.mark.parametrize("name", VALID)
def test_no_field_may_be_more_or_less(name):
    data = VALID[name]
    for field in ("format", "version", "digest", "statement", "proof"):
        refusal({k: v for k, v in data.items() if k != field})
        refusal({**data, field.upper(): data[field]})
        refusal({**data, field + " ": data[field]})
    refusal(replaced(data, ("proof", "comment"), "harmless"))
    refusal(replaced(data, ("proof", ""), None))
    for rule in ("identity", "combination", "bisection", "substitution", "counterexample"):
        if rule != data["proof"]["rule"]:
            result = outcome(replaced(data, ("proof", "rule"), rule))
            assert result in ("Malformed", "Rejected") or {rule, data["proof"]["rule"]} == {"identity", "combination"}


def test_strings_with_lone_surrogates_and_control_characters_everywhere():
    for bad in ("\ud800", "\udfff", "\x00", "\x1b[31m", "\u2028", "\u202e", "\r\n"):
        for path in (
            ("format",),
            ("digest",),
            ("statement",),
            ("proof", "rule"),
            ("proof", "sum", 0, "coefficient"),
            ("proof", "sum", 0, "facts", 0),
        ):
            refusal(replaced(GOOD, path, bad))
            refusal(replaced(GOOD, path, "x" + bad + "y"))
        refusal(replaced(GOOD, ("proof", "sum", 0, bad), "1"))
        refusal(replaced(GOOD, ("proof", bad), "1"))
        refusal({**GOOD, bad: "1"})


@pytest.mark.parametrize("depth", [60, 300, 900])
def test_nested_values_in_every_field(depth):
    """Deeply nested lists and objects stand where a string is expected."""
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        for path in (
            ("version",),
            ("digest",),
            ("statement",),
            ("proof",),
            ("proof", "rule"),
            ("proof", "sum", 0, "facts", 0),
            ("proof", "sum", 0, "coefficient"),
        ):
            content = json.dumps(replaced(GOOD, path, "@"))
            core = '"b"' if opening == "[" else "0"
            changed = content.replace('"@"', opening * depth + core + closing * depth)
            with pytest.raises(KernelError) as caught:
                verdict_of_bytes(changed.encode())
            assert_presentable(str(caught.value))


@pytest.mark.parametrize(("depth", "readable"), [(40, True), (60, False), (900, False), (100_000, False)])
def test_values_nested_too_deeply_are_not_read(depth, readable):
    content = json.dumps(replaced(GOOD, ("proof", "sum", 0, "facts", 0), "@"))
    nested = content.replace('"@"', "[" * depth + "]" * depth).encode()
    if readable:
        with pytest.raises(Rejected):
            check(read_certificate(nested))
    else:
        with pytest.raises(Malformed):
            read_certificate(nested)


def test_the_verdict_comes_with_the_statement_that_was_read(tmp_path):
    path = tmp_path / "certificate.json"
    path.write_bytes(encode(GOOD))
    read, verdict = check_file(path)
    assert verdict == "proved"
    assert read.statement.text() == GOOD["statement"]
    assert read.digest == GOOD["digest"] == certificate(GOOD["statement"], {})["digest"]
