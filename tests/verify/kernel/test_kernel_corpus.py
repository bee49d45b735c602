"""Every certificate of tests/certificates, found by glob: accepted, or refused with one short line in bounded time."""

import gzip
import json

import pytest
from kernel_cases import CORPUS, assert_presentable, corpus, verdict_of_bytes
from kernel_oracle import falsify, proof_survives
from make_corpus import build

from verify.kernel.certificates import MAX_BYTES, read_certificate
from verify.kernel.checker import check_file
from verify.kernel.errors import Malformed

SECONDS = 8
ORDINARY_MEMORY = 700 << 20


def cases(kind):
    return [pytest.param(path, id=path.name) for path in corpus(kind)]


def test_the_corpus_is_what_the_script_makes():
    files = build()
    assert {kind: {p.name for p in (CORPUS / kind).iterdir()} for kind in files} == {
        k: set(v) for k, v in files.items()
    }
    for kind, content in files.items():
        for name, expected in content.items():
            if name.endswith(".json"):  # compressed bytes may differ from one zlib to another
                assert (CORPUS / kind / name).read_bytes() == expected, name


@pytest.mark.parametrize("path", cases("valid"))
def test_valid(path):
    certificate, verdict = check_file(path)
    assert verdict == ("refuted" if path.name.startswith("counterexample") else "proved")
    assert certificate.statement.digest() == certificate.digest


@pytest.mark.parametrize("path", cases("valid"))
def test_valid_survives_the_oracle(path):
    """The independent judge finds nothing against what the kernel accepts, and agrees with every refutation."""
    content = path.read_bytes()
    data = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    assert proof_survives(data)
    if not path.name.startswith("counterexample"):
        assert falsify(data["statement"], count=2000) is None


@pytest.mark.parametrize("path", cases("invalid"))
def test_invalid(server, path):
    answer = server.check(path, SECONDS)
    assert answer.refused, f"{answer.kind}: {answer.message}"
    assert answer.kind in ("Rejected", "Incomplete", "Undefined") or "digest" in answer.message
    assert_presentable(answer.message)
    assert answer.peak < ORDINARY_MEMORY


@pytest.mark.parametrize("path", cases("malformed"))
def test_malformed(server, path):
    answer = server.check(path, SECONDS)
    assert answer.refused, f"{answer.kind}: {answer.message}"
    assert answer.kind == "Malformed"
    assert_presentable(answer.message)
    assert answer.peak < ORDINARY_MEMORY


def test_every_truncation_and_extension_of_a_file_is_refused():
    content = (CORPUS / "valid" / "bisection-logistic.json").read_bytes().rstrip()
    for size in range(len(content)):
        with pytest.raises(Malformed):
            verdict_of_bytes(content[:size])
    for extra in (b"0", b"{}", b",", b"\x00", b"]"):
        with pytest.raises(Malformed):
            verdict_of_bytes(content + extra)


def test_every_changed_byte_of_a_compressed_file_is_refused():
    """The file is damaged, or its header changes without effect: it never proves another statement."""
    path = CORPUS / "valid" / "bisection-three-variables.json.gz"
    content = path.read_bytes()
    statement = check_file(path)[0].statement
    refused = 0
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0x55
        try:
            read = read_certificate(bytes(changed))
        except Malformed:
            refused += 1
        else:
            assert read.statement == statement
            assert position < 10  # the header
    assert refused >= len(content) - 10


def test_a_bomb_stops_at_the_limit():
    bomb = (CORPUS / "malformed" / "gzip-bomb.json.gz").read_bytes()
    assert len(bomb) < 100_000
    assert len(gzip.decompress(bomb)) > MAX_BYTES


@pytest.mark.parametrize("name", ["absent.json", "", "x" * 5_000])
def test_a_path_that_cannot_be_read_is_malformed(tmp_path, name):
    with pytest.raises(Malformed) as caught:
        check_file(tmp_path / name)
    assert_presentable(str(caught.value))


def test_a_path_with_a_nul_is_malformed(tmp_path):
    with pytest.raises(Malformed):
        check_file(tmp_path / "a\0b")
