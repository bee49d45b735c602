"""Every small edit of every valid certificate: refused, or accepted and still right by an independent judge.

An edit can leave a certificate right: a weaker bound, a leaf that either of two letters decides, an unused name.
So acceptance alone is no fault; but what is accepted must survive the oracle, and nearly all edits must be refused.
"""

from collections import Counter
from functools import cache

import pytest
from kernel_cases import canonical, certificate, outcome, refusal, replaced, valid_data
from kernel_edits import edits, statement_edits
from kernel_oracle import falsify, proof_survives

from verify.kernel.certificates import Certificate
from verify.kernel.checker import check
from verify.kernel.errors import KernelError, Malformed
from verify.kernel.statements import read_statement

VALID = valid_data()
LEAST_REFUSED = {"counterexample": 0.35}  # of the edits of one certificate: other points near by refute as well
LEAST_REFUSED_OTHERWISE = 0.6
LEAST_REFUSED_IN_ALL = 0.9
TALLIES: dict[str, Counter[str]] = {}


@cache
def counterexample_to(text):
    return falsify(text, count=300)


def assert_right(label, data, verdict):
    """Assert that a certificate that was accepted is right as far as the oracle can tell."""
    assert proof_survives(data), f"{label}: {verdict} by a proof that is wrong\n{data}"
    if verdict == "proved":
        point = counterexample_to(data["statement"])
        assert point is None, f"{label}: proved, but false at {point}\n{data['statement']}"


@pytest.mark.parametrize("name", VALID)
def test_edits_are_refused_or_right(name):
    data, results = VALID[name], Counter()
    for label, changed in edits(data):
        result = outcome(changed)
        accepted = result in ("proved", "refuted")
        results["accepted" if accepted else "refused"] += 1
        if accepted:
            assert_right(f"{name}, {label}", changed, result)
    TALLIES[name] = results
    total = results.total()
    assert total >= 12, "too few edits to tell anything"
    least = LEAST_REFUSED.get(data["proof"]["rule"], LEAST_REFUSED_OTHERWISE)
    assert results["refused"] >= least * total, results


def test_most_edits_are_refused():
    """Runs after the edits of each certificate; the counts are printed with -s."""
    if len(TALLIES) < len(VALID):
        pytest.skip("adds up the tests above, which ran elsewhere or not at all")
    tally = sum(TALLIES.values(), Counter())
    print(f"\n{dict(tally)}")
    assert tally.total() > 100 * len(VALID)
    assert tally["refused"] >= LEAST_REFUSED_IN_ALL * tally.total()


@pytest.mark.parametrize("name", VALID)
def test_edited_statements_with_the_old_digest_are_refused(name):
    data, count = VALID[name], 0
    for _, text in statement_edits(data["statement"]):
        assert isinstance(refusal({**data, "statement": text}), Malformed)
        try:
            fitting = canonical(text)
        except Malformed:
            continue
        if fitting != data["statement"]:
            error = refusal({**data, "statement": fitting})
            assert isinstance(error, Malformed)
            assert "digest" in str(error)
            count += 1
    assert count or "Real" not in data["statement"]


@pytest.mark.parametrize("name", VALID)
def test_edited_digests_are_refused(name):
    data = VALID[name]
    digest = data["digest"]
    for k, digit in enumerate(digest):
        other = digest[:k] + format((int(digit, 16) + 1) % 16, "x") + digest[k + 1 :]
        assert "digest" in str(refusal({**data, "digest": other}))
    for other in (digest.upper(), digest[:-1], digest + "0", "", None, [digest], {"sha256": digest}, 0, " " + digest):
        assert "digest" in str(refusal({**data, "digest": other}))


def test_digests_and_statements_do_not_pass_from_one_certificate_to_another():
    for name, data in VALID.items():
        for other, foreign in VALID.items():
            if foreign["statement"] == data["statement"]:
                continue
            for field in ("digest", "statement"):
                assert "digest" in str(refusal({**data, field: foreign[field]})), (name, other)


def test_proofs_do_not_pass_from_one_certificate_to_another():
    """Exchange all proofs: refused, but for proofs so simple that they are right for both statements."""
    results = Counter()
    for name, data in VALID.items():
        for other, foreign in VALID.items():
            if foreign["proof"] == data["proof"] or foreign["statement"] == data["statement"]:
                continue
            exchanged = {**data, "proof": foreign["proof"]}
            result = outcome(exchanged)
            accepted = result in ("proved", "refuted")
            results["accepted" if accepted else "refused"] += 1
            if accepted:
                assert_right(f"{name} with the proof of {other}", exchanged, result)
    assert results["refused"] > 0.95 * results.total(), results


def test_statements_of_all_certificates_under_every_small_tree():
    """No tree of up to three letters proves what the oracle refutes, whichever statement carries it."""
    letters = ".?!abAB"
    trees = [a + b + c for a in letters for b in ["", *letters] for c in (["", *letters] if b else [""])]
    proved = 0
    for name, data in VALID.items():
        if data["proof"]["rule"] == "substitution":
            continue
        statement = read_statement(data["statement"])
        for tree in trees:
            try:
                check(Certificate(statement, data["digest"], {"rule": "bisection", "tree": tree}))
            except KernelError:
                continue
            proved += 1
            changed = certificate(data["statement"], {"rule": "bisection", "tree": tree})
            assert_right(f"{name} by {tree}", changed, outcome(changed))
    assert proved


def test_the_edits_include_what_the_rules_are_about():
    """The edits reach each part of a proof: a guard against an edit script that yields nothing."""
    labels = {name: [label for label, _ in edits(data)] for name, data in VALID.items()}
    disc = labels["bisection-two-variables"]
    for wanted in ("letter 0 dropped", "letter 0: a -> b", "<= -> <", "1 -> 0", "line 3 dropped", "disc renamed"):
        assert any(wanted in label for label in disc), wanted
    product = labels["combination-product-of-bounds"]
    for wanted in ("sum.0 removed", "1: sign", "fact x.upper -> x.lower", "sum[1] exchanged"):
        assert any(wanted in label for label in product), wanted
    doubled = labels["substitution-doubled"]
    for wanted in ("lemma: statement", "lemma: tree", "instance.x: 2 -> 3", "discharge.x.lower removed"):
        assert any(wanted in label for label in doubled), wanted


def test_an_edit_of_a_copy_leaves_the_original():
    data = VALID["combination-product-of-bounds"]
    before = repr(data)
    replaced(data, ("proof", "sum", 0, "coefficient"), "7")
    assert repr(data) == before
