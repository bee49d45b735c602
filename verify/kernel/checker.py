"""The checker: one certificate in, one verdict out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from verify.kernel.bisection import check_bisection
from verify.kernel.bounding import check_bounded
from verify.kernel.certificates import Certificate, build_certificate, load
from verify.kernel.errors import Malformed, Rejected
from verify.kernel.existence import check_solution
from verify.kernel.rules import check_combination, check_counterexample, check_identity, check_substitution
from verify.kernel.statements import Statement

MAX_LEMMAS = 8

Verdict: TypeAlias = Literal["proved", "refuted"]
RULES: Mapping[str, Callable[[Statement, Mapping[str, Any]], None]] = {
    "identity": check_identity,
    "combination": check_combination,
    "bisection": check_bisection,
    "bounded": check_bounded,
    "counterexample": check_counterexample,
    "solution": check_solution,
}
REFUTING = ("counterexample", "solution")


def check(certificate: Certificate, depth: int = 0) -> Verdict:
    """Re-check `certificate`: "proved" or, for the rules in REFUTING, "refuted".

    Raises Rejected, Incomplete or Malformed (all KernelError) when the certificate shows neither.
    """
    rule = certificate.proof["rule"]
    if rule == "substitution":
        if depth >= MAX_LEMMAS:
            raise Malformed(f"lemmas nested deeper than {MAX_LEMMAS}")
        lemma = build_certificate(certificate.proof.get("lemma"))
        if check(lemma, depth + 1) != "proved":
            raise Rejected("proof.lemma: is refuted, not proved")
        check_substitution(certificate.statement, certificate.proof, lemma.statement)
        return "proved"
    if rule not in RULES:
        raise Malformed(f"unknown rule {rule[:40]!r}")
    RULES[rule](certificate.statement, certificate.proof)
    return "refuted" if rule in REFUTING else "proved"


def check_file(path: Path) -> tuple[Certificate, Verdict]:
    """Read and re-check one certificate file. Raises KernelError, as `load` and `check` do."""
    certificate = load(path)
    return certificate, check(certificate)
