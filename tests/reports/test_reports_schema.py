"""Results that have the schema are accepted, all others refused with a message that names the place."""

import json

import pytest
from reports_example import answers, example_results, find_claim

from reports.errors import ResultsError
from reports.schema import digest, load, validate


def test_the_example_is_valid() -> None:
    validate(example_results())


def test_further_fields_are_allowed() -> None:
    validate({**example_results(), "later": 1})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("claims"), r"results: the field 'claims' is missing"),
        (lambda r: r.update(schema=1), "schema version 1, but this program reads version 2"),
        (lambda r: r.pop("model"), "results: the field 'model' is missing"),
        (
            lambda r: r.update(model="deep"),
            'results.model: expected one of scalar, regression, nets, figures, got "deep"',
        ),
        (lambda r: r.update(model=["scalar"]), "results.model: expected one of"),
        (lambda r: r.update(model="regression"), "results.question: the field 'data' is missing"),
        (lambda r: r.update(schema="1"), 'schema version "1"'),
        (lambda r: r.update(claims={}), "results.claims: expected a list, got {}"),
        (lambda r: r.update(seconds="1"), 'results.seconds: expected a number, got "1"'),
        (lambda r: r["question"].update(depth=True), "results.question.depth: expected an integer, got true"),
        (
            lambda r: r["claims"][1].update(verdict="true"),
            r"results.claims\[1\].verdict: expected one of proved, refuted",
        ),
        (
            lambda r: r["claims"][1].update(tier="measured"),
            r"claims\[1\].tier: expected one of none, argument, solvers",
        ),
        (lambda r: r["claims"][0]["solvers"][0].pop("answer"), r"solvers\[0\]: the field 'answer' is missing"),
        (lambda r: r["claims"][0].update(witness=[]), r"witness: expected an object"),
        (lambda r: r["claims"][0].update(witness={"x": 1}), r"witness.x: expected a string, got 1"),
        (lambda r: r["experiment"].pop("theorem_a"), "results.experiment: the field 'theorem_a' is missing"),
        (lambda r: r["experiment"]["edge_trajectory"]["loss"].pop(), "edge trajectory: its lists"),
        (
            lambda r: r["one_step"].update(depths=[2, None]),
            r"results.one_step.depths\[1\]: expected an integer, got null",
        ),
        (lambda r: r["versions"].update(python=3.11), "results.versions.python: expected a string, got 3.11"),
    ],
)
def test_wrong_fields(change, message) -> None:
    results = example_results()
    change(results)
    with pytest.raises(ResultsError, match=message):
        validate(results)


@pytest.mark.parametrize("results", [None, [], "x", 1, {}])
def test_other_data(results) -> None:
    with pytest.raises(ResultsError, match="results"):
        validate(results)


@pytest.mark.parametrize(
    ("identifier", "fields", "message"),
    [
        ("A2", {"identifier": "A1"}, "two claims have the identifier A1"),
        ("A2", {"identifier": " "}, "empty identifier"),
        ("A2", {"rests_on": ["Z"]}, "claim A2: it rests on Z, which is not among the claims"),
        ("A2", {"rests_on": ["A3.3-too-much"]}, "claim A2: it rests on A3.3-too-much, which was planted to be false"),
        ("A2", {"rests_on": ["A3.3"]}, "in a circle: A2 -> A3.3 -> A2"),
        ("A2", {"own_tier": "none"}, "claim A2: proved, but its own tier is none"),
        ("A2", {"digest": ""}, "claim A2: own tier kernel, but no rule of the kernel or no digest"),
        ("A2", {"rule": "none"}, "claim A2: own tier kernel, but no rule"),
        ("A4", {"solvers": answers(second="timeout")}, "claim A4: own tier solvers, but fewer than two solvers"),
        ("A4", {"solvers": answers()[:1] * 2}, "claim A4: own tier solvers, but fewer than two solvers"),
        ("A6", {"argument": " "}, "claim A6: own tier argument, but no argument is given"),
        ("A6", {"tier": "kernel"}, "claim A6: tier kernel, but what it rests on gives argument"),
        ("A5", {"own_tier": "kernel", "rule": "identity", "digest": "0", "tier": "kernel"}, "claim A5: tier kernel"),
        ("A2", {"verdict": "unknown", "own_tier": "none"}, "claim A3.3: proved, but it rests on A2, which is unknown"),
        ("A3.3-too-much", {"witness": {}, "rule": "none"}, "claim A3.3-too-much: refuted, but without a witness"),
        ("theorem-B", {"verdict": "unknown"}, "theorem-B: unknown, but its own tier is argument and all it rests on"),
        ("theorem-A", {"kind": "lemma"}, "theorem theorem-A: there is no claim of that name and of kind theorem"),
    ],
)
def test_claims_that_say_too_much(identifier, fields, message) -> None:
    results = example_results()
    find_claim(results, identifier).update(fields)
    with pytest.raises(ResultsError, match=message):
        validate(results)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"verdict": "unknown"}, "theorem theorem-A: verdict unknown, but its claim has proved"),
        ({"tier": "kernel"}, "theorem theorem-A: tier kernel, but its claim has argument"),
        ({"claims": ["A1"]}, "theorem theorem-A: its list of claims is not what it rests on"),
        ({"arguments": ["A5"]}, "theorem theorem-A: its list of arguments"),
        ({"identifier": "theorem-Z"}, "theorem theorem-Z: there is no claim of that name"),
    ],
)
def test_theorems_that_say_too_much(fields, message) -> None:
    results = example_results()
    results["theorems"][0].update(fields)
    with pytest.raises(ResultsError, match=message):
        validate(results)


def test_a_theorem_may_list_itself() -> None:
    results = example_results()
    for field in ("claims", "arguments"):
        results["theorems"][0][field].append("theorem-A")
    validate(results)


def test_load(tmp_path) -> None:
    path = tmp_path / "results.json"
    with pytest.raises(ResultsError, match="no such file"):
        load(tmp_path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ResultsError, match="not JSON"):
        load(tmp_path)
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(ResultsError, match="not JSON"):
        load(tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ResultsError, match="cannot be read"):
        load(tmp_path)
    path.write_text('{"schema": 7}', encoding="utf-8")
    with pytest.raises(ResultsError, match=r"results.json: schema version 7"):
        load(tmp_path)
    path.write_text(json.dumps(example_results()), encoding="utf-8")
    assert load(tmp_path) == example_results()


def test_digest_sees_data_and_not_order() -> None:
    assert digest({"a": 1, "b": [1.5]}) == digest({"b": [1.5], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
