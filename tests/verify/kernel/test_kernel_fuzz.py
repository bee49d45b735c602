"""Random and odd data: nothing but a KernelError escapes, and nothing odd is accepted."""

import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import at, outcome, paths, removed, replaced, valid_data, verdict_of_bytes
from kernel_oracle import proof_survives

from verify.kernel.errors import KernelError

VALID = valid_data()
QUICK = settings(max_examples=80, deadline=None, database=None)
ACCEPTED = ("proved", "refuted")
ODD = [
    None, True, False, 0, 1, -1, 10**400, 0.5, math.nan, "", " ", "0", "1", "-1", "x", ".", "?", "()", "²", "１",
    "\ud800", "a\nb", "9" * 5000, "x.lower", "lemma", "(/ 1 0)", "[A1]", "(A a<3)", "(A)", [], {}, [[]], [None],
    {"": None}, {"coefficient": "1"}, {"rule": "identity"},
]  # fmt: skip

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["1", "-1/2", "x", ".", "a..", "x.lower"]),
)
keys = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [
            "rule",
            "tree",
            "sum",
            "facts",
            "square",
            "coefficient",
            "multiplier",
            "equalities",
            "denominators",
            "lemma",
            "instance",
            "discharge",
            "point",
            "fact",
        ]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=15,
)
rules = st.sampled_from(["identity", "combination", "bisection", "substitution", "counterexample", "", "rule"])


@QUICK
@given(values)
def test_any_json(data):
    assert outcome(data) not in ACCEPTED


@QUICK
@given(st.dictionaries(st.sampled_from(["format", "version", "digest", "statement", "proof", "other"]), values))
def test_any_fields(data):
    assert outcome(data) not in ACCEPTED
    assert outcome({"format": "gd-verify certificate", "version": 1, **data}) not in ACCEPTED


@QUICK
@given(st.sampled_from(sorted(VALID)), rules, st.dictionaries(keys, values, max_size=5))
def test_any_proof_of_a_good_statement(name, rule, proof):
    data = {**VALID[name], "proof": {**proof, "rule": rule}}
    if outcome(data) in ACCEPTED:
        assert proof_survives(data)


@QUICK
@given(st.data())
def test_any_value_in_any_place(data):
    """Replace up to three values of a valid certificate by anything."""
    certificate = VALID[data.draw(st.sampled_from(sorted(VALID)))]
    original = certificate
    for _ in range(data.draw(st.integers(1, 3))):
        places = [p for p in paths(certificate) if p]
        place = data.draw(st.sampled_from(places))
        change = data.draw(st.sampled_from(["replace", "remove", "copy"]))
        if change == "replace":
            certificate = replaced(certificate, place, data.draw(values))
        elif change == "remove":
            certificate = removed(certificate, place)
        else:
            certificate = replaced(certificate, place, at(certificate, data.draw(st.sampled_from(places))))
        if not certificate:
            break
    if outcome(certificate) in ACCEPTED and certificate != original and certificate.get("version") is not True:
        assert certificate["statement"] == original["statement"] or certificate["digest"] != original["digest"]
        assert proof_survives(certificate)


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes(content):
    for data in (content, b"\x1f\x8b" + content, b"\x1f\x8b\x08\x00" + content, b'{"format":' + content):
        with pytest.raises(KernelError):
            verdict_of_bytes(data)


@QUICK
@given(st.data())
def test_any_damage_to_bytes(data):
    content = json.dumps(VALID[data.draw(st.sampled_from(sorted(VALID)))]).encode()
    position = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 6))
    changed = content[:position] + data.draw(st.binary(max_size=6)) + content[position + length :]
    try:
        verdict_of_bytes(changed)
    except KernelError:
        return
    assert proof_survives(json.loads(changed))


@pytest.mark.parametrize("name", VALID)
def test_odd_values_in_every_place(name):
    """Each value of each valid certificate is replaced by each odd value: refused, or another right proof."""
    data = copy.deepcopy(VALID[name])
    accepted = total = 0
    for *parents, key in list(paths(data))[1:]:
        place, inside = at(data, parents), f"{parents} {key}"
        if parents.count("lemma") > 1 or ("lemma" in parents and "discharge" in parents):
            continue  # the same objects as one level up
        original = place[key]
        for odd in ODD[sorted(VALID).index(name) % 2 :: 2]:  # each rule has several certificates: each meets half
            if odd == original and type(odd) is type(original):
                continue
            if key == "version" and odd in ("a\nb", "\ud800"):
                continue  # refused, but by a message that prints them: the corpus has both as known bugs
            place[key] = odd
            total += 1
            if outcome(data) in ACCEPTED:
                accepted += 1
                assert "proof" in parents, f"{inside}: {odd!r}"
                assert proof_survives(data), f"{inside}: {odd!r}"
        place[key] = original
    assert data == VALID[name]
    assert total > 75
    assert accepted < 0.1 * total


@pytest.mark.parametrize("name", VALID)
def test_odd_keys_in_every_object(name):
    data = copy.deepcopy(VALID[name])
    for path in list(paths(data)):
        place = at(data, path)
        if isinstance(place, dict):
            for key in ("", "rule ", "RULE", "\ud800", "a\nb", "k" * 5000, "__proto__", "digest2", "0"):
                place[key] = "1"
                assert outcome(data) not in ACCEPTED
                del place[key]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:12])
def test_odd_certificates(odd):
    assert outcome(odd) not in ACCEPTED
