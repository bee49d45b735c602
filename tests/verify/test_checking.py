"""`check`: exit codes for files, folders and manifests; what a manifest says has to be met in full."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from verify_cases import BOXES, FALSE, TRUE, certificate_of

from verify.checking import certificate_files, check_paths, read_manifest
from verify.files import write_certificate
from verify.kernel.errors import Malformed

PROVED = certificate_of(
    TRUE, {"rule": "combination", "sum": [{"coefficient": "1", "facts": ["x.lower"], "square": "x"}]}
)
PROVED_BY_BOXES = certificate_of(TRUE, {"rule": "bisection", "tree": "a.."})
REFUTED = certificate_of(FALSE, {"rule": "counterexample", "point": {"x": "1/2"}})
WRONG = certificate_of(FALSE, {"rule": "bisection", "tree": "."})
OPEN = certificate_of(BOXES, {"rule": "bisection", "tree": "aa.??"})


def entry(certificate: Mapping[str, Any], file: str, verdict: str = "proved", **changed: str) -> dict[str, str]:
    return {"digest": certificate["digest"], "verdict": verdict, "tier": "kernel", "file": file, **changed}


def write_manifest(folder: Path, **claims: dict[str, str]) -> None:
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "claims": claims}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two accepted certificates."""
    write_certificate(tmp_path, "boxes", PROVED_BY_BOXES)
    write_certificate(tmp_path / "sub", "refuted", REFUTED)
    return tmp_path


@pytest.mark.parametrize(
    ("certificates", "code"),
    [
        ([PROVED_BY_BOXES], 0),
        ([REFUTED], 0),
        ([PROVED_BY_BOXES, REFUTED], 0),
        ([WRONG], 2),
        ([PROVED_BY_BOXES, WRONG], 2),
        ([OPEN], 3),
        ([PROVED_BY_BOXES, OPEN], 3),
        ([OPEN, WRONG], 2),
        ([PROVED], 2),
        ([], 3),
    ],
)
def test_a_folder(tmp_path: Path, certificates: list[dict[str, Any]], code: int) -> None:
    for k, certificate in enumerate(certificates):
        write_certificate(tmp_path, f"c{k}", certificate)
    assert check_paths([tmp_path]) == code
    assert check_paths([tmp_path], quiet=True) == code
    files = sorted(tmp_path.iterdir())
    if files:
        assert check_paths(files) == code


def test_what_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_certificate(folder, "open", OPEN)
    write_certificate(folder, "wrong", WRONG)
    assert check_paths([folder]) == 2
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["accepted", "accepted", "2"]
    assert "proved by bisection, 2 leaves, statement " + PROVED_BY_BOXES["digest"][:16] in out
    assert "refuted by counterexample" in out
    assert out.splitlines()[-1] == "2 of 4 accepted, 1 rejected, 1 incomplete or missing"
    assert [line.split()[0] for line in err.splitlines()] == ["INCOMPLETE", "REJECTED"]
    assert check_paths([folder], quiet=True) == 2
    assert capsys.readouterr().out == out.splitlines()[-1] + "\n"


def test_several_paths_and_names(folder: Path) -> None:
    write_certificate(folder / "bad", "wrong", WRONG)
    assert check_paths([folder / "boxes.json", folder / "sub"]) == 0
    assert check_paths([folder / "boxes.json", folder / "bad"]) == 2
    assert check_paths([folder / "nothing.json"]) == 2
    assert check_paths([folder / "boxes.json", folder / "nothing"]) == 2
    assert check_paths([]) == 3


def test_files_of_a_folder_are_found_by_their_names(folder: Path) -> None:
    for name in ("a.json.gz", "notes.txt", ".hidden.json", "manifest.json", "x.json.bak", "sub/.b.json.gz", "json"):
        (folder / name).write_text("{}")
    found = [p.relative_to(folder).as_posix() for p in certificate_files(folder)]
    assert found == ["a.json.gz", "boxes.json", "sub/refuted.json"]


def test_compressed_certificates(tmp_path: Path) -> None:
    content = json.dumps(PROVED_BY_BOXES).encode()
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(content))
    assert check_paths([tmp_path]) == 0
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(content)[:-3])
    assert check_paths([tmp_path]) == 2


# Manifests


def test_a_manifest_that_is_met(folder: Path) -> None:
    write_manifest(
        folder,
        boxes=entry(PROVED_BY_BOXES, "boxes.json"),
        refuted=entry(REFUTED, "sub/refuted.json", "refuted"),
        step={"digest": "0" * 64, "verdict": "proved", "tier": "argument", "file": ""},
    )
    assert check_paths([folder]) == 0


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (entry(PROVED_BY_BOXES, "missing.json"), 3),
        (entry(PROVED_BY_BOXES, "sub/boxes.json"), 3),
        (entry(REFUTED, "boxes.json"), 2),
        (entry(PROVED_BY_BOXES, "sub/refuted.json", "refuted"), 2),
        (entry(PROVED_BY_BOXES, "boxes.json", "refuted"), 2),
        (entry(REFUTED, "sub/refouted.json", "refuted"), 3),
        (entry(REFUTED, "sub/refuted.json", "proved"), 2),
        (entry(PROVED_BY_BOXES, "boxes.json", digest=PROVED_BY_BOXES["digest"][:-1]), 2),
    ],
)
def test_a_manifest_that_is_not_met(folder: Path, claim: dict[str, str], code: int) -> None:
    write_manifest(folder, claim=claim)
    assert check_paths([folder], quiet=True) == code


@pytest.mark.parametrize(("tier", "code"), [("kernel", 2), ("solvers", 0), ("argument", 0)])
def test_what_the_kernel_checked_has_a_file(
    folder: Path, tier: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(folder, claim=entry(PROVED_BY_BOXES, "", tier=tier))
    assert check_paths([folder]) == code
    assert ("names no certificate" in capsys.readouterr().err) == (code != 0)


def test_a_certificate_that_the_manifest_does_not_name_is_checked_all_the_same(folder: Path) -> None:
    write_manifest(folder, boxes=entry(PROVED_BY_BOXES, "boxes.json"))
    assert check_paths([folder]) == 0
    write_certificate(folder, "wrong", WRONG)
    assert check_paths([folder]) == 2


def test_a_rejected_certificate_stays_rejected_when_a_manifest_names_it(tmp_path: Path) -> None:
    write_certificate(tmp_path, "wrong", WRONG)
    write_manifest(tmp_path, wrong=entry(WRONG, "wrong.json"))
    assert check_paths([tmp_path]) == 2


@pytest.mark.parametrize("file", ["notes.txt", "manifest.json", ".hidden.json", "sub", "sub/../boxes.json", "."])
def test_a_manifest_that_names_what_is_not_checked(folder: Path, file: str) -> None:
    """The digest is another claim's: whatever the name points at, it proves something else or nothing."""
    (folder / "notes.txt").write_text("not a certificate")
    (folder / ".hidden.json").write_text("not a certificate")
    write_manifest(folder, claim=entry(REFUTED, file))
    assert check_paths([folder]) != 0


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{}",
        '{"version": 1}',
        '{"version": 2, "claims": {}}',
        '{"version": "1", "claims": {}}',
        '{"version": 1, "claims": []}',
        '{"version": 1, "claims": {}, "more": 1}',
        '{"version": 1, "claims": {"A": 1}}',
        '{"version": 1, "claims": {"A": {}}}',
        '{"version": 1, "claims": {"A": {"digest": "", "verdict": "", "tier": "", "file": 1}}}',
        '{"version": 1, "claims": {"A": {"digest": "", "verdict": "", "tier": "", "file": "", "more": ""}}}',
        '{"version": 1, "claims": {}, "claims": {}}',
        '{"version": 1.0, "claims": {}}',
    ],
)
def test_a_manifest_that_cannot_be_read(folder: Path, manifest: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "manifest.json").write_text(manifest)
    assert check_paths([folder], quiet=True) == 2
    err = capsys.readouterr().err
    assert err.startswith("REJECTED")
    assert len(err.splitlines()) == 1


def test_manifests_in_folders_below(folder: Path) -> None:
    write_manifest(folder / "sub", refuted=entry(REFUTED, "refuted.json", "refuted"))
    assert check_paths([folder]) == 0
    write_manifest(folder / "sub", refuted=entry(REFUTED, "sub/refuted.json", "refuted"))
    assert check_paths([folder]) == 3


@pytest.mark.parametrize("name", ["a" * 5000, "x\0y", "\ud800"])
def test_odd_file_names_in_a_manifest(folder: Path, name: str) -> None:
    write_manifest(folder, claim=entry(PROVED_BY_BOXES, name))
    try:
        code = check_paths([folder], quiet=True)
    except OSError:  # a name that is too long; the command line makes a usage error of it
        return
    assert code != 0


def test_reading_a_manifest() -> None:
    claims = {"A": entry(PROVED_BY_BOXES, "A.json"), "B": entry(REFUTED, "", "refuted")}
    assert read_manifest({"version": 1, "claims": claims}) == claims
    for wrong in ({"version": True, "claims": 5}, None, [], {"version": 1, "claims": {"A": None}}):
        with pytest.raises(Malformed):
            read_manifest(wrong)
