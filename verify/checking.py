"""`verify check`: certificates and folders of certificates, re-checked by the kernel and the checkers of orbits."""

import sys
from collections.abc import Iterator
from pathlib import Path

from verify.kernel.certificates import Certificate, build_certificate, fields, read_file, read_json, text_field
from verify.kernel.checker import Verdict, check
from verify.kernel.errors import Incomplete, KernelError, Malformed
from verify.limits.certificate import FORMAT as LIMIT
from verify.limits.checker import LimitVerdict, check_limit
from verify.limits.paving import check_paving
from verify.limits.paving_certificate import FORMAT as REGION
from verify.limits.paving_certificate import digest, problem_data
from verify.trajectory.certificate import FORMAT as TRAJECTORY
from verify.trajectory.checker import TrajectoryVerdict, check_trajectory
from verify.trees import count_tree, tree_of

MANIFEST = "manifest.json"
OK, REJECTED, INCOMPLETE = 0, 2, 3


def certificate_files(path: Path) -> Iterator[Path]:
    """Yield the certificates in a folder and below (all .json and .json.gz but manifests), in order of name."""
    for file in sorted(path.rglob("*")):
        if file.name.endswith((".json", ".json.gz")) and file.name != MANIFEST and not file.name.startswith("."):
            yield file


def describe(certificate: Certificate, verdict: Verdict) -> str:
    """Return one line on an accepted certificate."""
    rule = certificate.proof["rule"]
    tree = tree_of(certificate.proof)
    size = f", {count_tree(tree).leaves} leaves" if tree else ""
    return f"{verdict} by {rule}{size}, statement {certificate.digest[:16]}"


def describe_trajectory(found: TrajectoryVerdict) -> str:
    """Return one line on an accepted certificate of a trajectory."""
    refuted = f", {len(found.refuted)} refuted" if found.refuted else ""
    return f"{len(found.proved)} of {found.steps_asked} steps proved{refuted}, problem {found.digest[:16]}"


def describe_limit(found: LimitVerdict) -> str:
    """Return one line on an accepted certificate of a limit."""
    claim = found.certificate
    bounds = "" if found.limit is None else f", eta lim phi within {float(found.limit[1] - found.limit[0]):.1e}"
    return f"{claim.verdict} by {claim.step} steps at {claim.bits} bits{bounds}, problem {found.digest[:16]}"


def check_data(data: object) -> tuple[str, str, str]:
    """Re-check a certificate of any kind; return digest, verdict and one line on it. Raises KernelError.

    A trajectory is refuted when a step of it is, and Incomplete when a step that was asked for is not decided.
    """
    if isinstance(data, dict) and data.get("format") == TRAJECTORY:
        found = check_trajectory(data)
        if found.unknown or not found.steps:
            raise Incomplete(describe_trajectory(found))
        return found.digest, "refuted" if found.refuted else "proved", describe_trajectory(found)
    if isinstance(data, dict) and data.get("format") == LIMIT:
        shown = check_limit(data)
        return shown.digest, "proved", describe_limit(shown)
    if isinstance(data, dict) and data.get("format") == REGION:
        paving, areas = check_paving(data)
        return digest(problem_data(paving.region)), "proved", areas.words()
    certificate = build_certificate(data)
    verdict = check(certificate)
    return certificate.digest, verdict, describe(certificate, verdict)


def read_manifest(data: object) -> dict[str, dict[str, str]]:
    """Return a manifest's claims: name -> {"digest", "verdict", "tier", "file"}, from JSON. Raises Malformed."""
    data = fields(data, {"version", "claims"}, set(), "manifest")
    if data["version"] != 1 or not isinstance(data["claims"], dict):
        raise Malformed("manifest: version or claims not supported")
    claims: dict[str, dict[str, str]] = {}
    for name, entry in data["claims"].items():
        entry = fields(entry, {"digest", "verdict", "tier", "file"}, set(), f"manifest: {name[:40]}")
        claims[name] = {key: text_field(entry, key, f"manifest: {name[:40]}") for key in entry}
    return claims


class Report:
    """Counts and prints what the kernel says of each file."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.accepted = self.rejected = self.incomplete = 0
        self.seen: set[Path] = set()
        self.digests: dict[Path, tuple[str, str]] = {}

    def file(self, path: Path) -> None:
        """Check one file and print one line."""
        self.seen.add(path)
        try:
            digest, verdict, words = check_data(read_json(read_file(path)))
        except Incomplete as error:
            self.incomplete += 1
            print(f"INCOMPLETE {path}: {error}", file=sys.stderr)
        except KernelError as error:
            self.problem(path, error)
        else:
            self.accepted += 1
            self.digests[path] = (digest, verdict)
            if not self.quiet:
                print(f"accepted   {path}: {words}", flush=True)

    def problem(self, path: Path, error: Exception | str) -> None:
        """Count and print one rejection."""
        self.rejected += 1
        print(f"REJECTED   {path}: {error}", file=sys.stderr)

    def manifest(self, path: Path) -> None:
        """Check that the files a manifest names are there, accepted, and prove what it says."""
        try:
            claims = read_manifest(read_json(read_file(path)))
        except KernelError as error:
            self.problem(path, error)
            return
        for name, entry in claims.items():
            file = path.parent / entry["file"]
            if not entry["file"]:
                if entry["tier"] == "kernel":
                    self.problem(path, f"says that {name} has the tier kernel, but names no certificate")
            elif file in self.digests:
                if self.digests[file] != (entry["digest"], entry["verdict"]):
                    self.problem(file, f"is for another statement or verdict than the manifest says of {name}")
            elif not file.exists():
                self.incomplete += 1
                print(f"MISSING    {file}: the manifest names it for {name}", file=sys.stderr)
            elif file not in self.seen:
                self.problem(path, f"names for {name} a file that is not among its certificates: {entry['file'][:80]}")


def check_paths(paths: list[Path], quiet: bool = False) -> int:
    """Check all certificates in `paths`; print a line each and a count.

    Returns 0 when all are accepted, 2 when one is rejected or cannot be read, 3 when one is incomplete or missing or
    when there is none.
    """
    report = Report(quiet)
    for path in paths:
        if path.is_dir():
            for file in certificate_files(path):
                report.file(file)
            for manifest in sorted(path.rglob(MANIFEST)):
                report.manifest(manifest)
        else:
            report.file(path)
    total = report.accepted + report.rejected + report.incomplete
    print(
        f"{report.accepted} of {total} accepted, {report.rejected} rejected, {report.incomplete} incomplete or missing"
    )
    if report.rejected:
        return REJECTED
    return OK if report.accepted and not report.incomplete else INCOMPLETE
