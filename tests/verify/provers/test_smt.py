"""The solvers behind their processes: answers, counterexamples, and every way a worker can go wrong."""

import subprocess
import time
from fractions import Fraction

import pytest
import sympy as sp
import z3

from verify.encode import make_statement
from verify.kernel.rules import check_counterexample
from verify.kernel.statements import Variable, parse_statement
from verify.provers import smt
from verify.provers.smt import SolverAnswer, decide, disagreement, verdict
from verify.provers.smt_encoding import query

x, y, z = sp.symbols("x y z")
HALF = sp.Rational(1, 2)


def answers(statement, seconds=10):
    result = decide(statement, seconds)
    assert list(result) == ["z3", "cvc5"]
    assert [a.solver for a in result.values()] == ["z3", "cvc5"]
    return result


TRUE = {
    "square": make_statement({x: (None, None), y: (None, None)}, (x**2 + y**2, ">=", 2 * x * y)),
    "quotient": make_statement({x: (None, None)}, (x + 1 / x, ">=", 2), {"positive": (x, ">", 0)}),
    "defined only off zero": make_statement({x: (-1, 1)}, (sp.Mul(x, 1 / x, evaluate=False), "=", 1)),
    "root": make_statement({x: (0, 1), y: (0, 1)}, (sp.sqrt(x) + sp.sqrt(y), "<=", sp.sqrt(2 * (x + y)))),
    "defined only where the root is": make_statement({x: (-1, 1)}, (x, ">=", 0), {"h": (sp.sqrt(x), "<=", 1)}),
    "root is not negative": make_statement({x: (None, None)}, (sp.sqrt(x), ">=", 0)),
    "flip": make_statement(
        {x: (None, None), y: (None, None), z: (None, None)},
        (x**2 / (y * z), "<", 1),
        {"positive": (x, ">", 0), "first": (x, "<", y), "second": (x, "<", z)},
    ),
}

FALSE = {
    "open product": make_statement({x: (0, 3), y: (0, 1), z: (0, 1)}, (x**2 * y * z, "<=", 2), {"s": (y + z, "<=", 1)}),
    "root": make_statement({x: (0, 1), y: (0, 1)}, (sp.sqrt(x) + sp.sqrt(y), "<=", HALF + x)),
    "quotient": make_statement({x: (None, None)}, (x + 1 / x, ">=", 2)),
    "equality": make_statement({x: (0, 1), y: (0, 1)}, (x, "=", y), {"h": (x, ">=", y)}),
}


@pytest.mark.parametrize("name", TRUE)
def test_both_solvers_prove(name):
    result = answers(TRUE[name])
    assert {a.answer for a in result.values()} == {"unsat"}
    assert all(a.point is None and a.version and 0 < a.seconds < 10 for a in result.values())
    assert verdict(result) == "proved"
    assert not disagreement(result)


@pytest.mark.parametrize("name", FALSE)
def test_counterexamples_pass_the_kernel(name):
    statement = FALSE[name]
    result = answers(statement)
    assert {a.answer for a in result.values()} == {"sat"}
    assert verdict(result) == "refuted"
    points = [a.point for a in result.values() if a.point is not None]
    assert points
    for point in points:
        check_counterexample(statement, {"rule": "counterexample", "point": point})


def test_irrational_model_without_rational_neighbour_stays_unchecked():
    statement = make_statement({x: (0, 2)}, (x, ">=", 2), {"root": (x**2, "=", 2)})
    result = answers(statement)
    assert {a.answer for a in result.values()} == {"sat"}
    assert all(a.point is None for a in result.values())
    assert verdict(result) == "unknown"


def test_names_known_to_solvers_and_zero_to_the_zero():
    text = """(set-logic QF_NRA)
(declare-const exp Real)
(declare-const and Real)
(declare-const real.pi Real)
(assert (! (= exp (^ and 0)) :named h))
(assert (! (not (= exp 1)) :named negated-conclusion))
(check-sat)
"""
    statement = parse_statement(text)
    assert verdict(answers(statement)) == "proved"
    encoded, names = query(statement)
    assert names == {"exp": "v0", "and": "v1", "real.pi": "v2"}
    assert "exp" not in encoded


def test_query_states_where_terms_are_defined():
    encoded, _ = query(make_statement({x: (None, 4)}, (sp.sqrt(x) / (x - 1), "<=", 1)))
    assert "/" not in encoded
    assert "sqrt" not in encoded
    assert encoded.count("(not (= ") == 1
    assert "(assert (<= v0 4))" in encoded
    assert encoded.count("Real)") == 3


def test_division_by_the_constant_zero_holds_nowhere():
    text = """(set-logic QF_NRA)
(declare-const x Real)
(assert (! (not (<= (/ x 0) x)) :named negated-conclusion))
(check-sat)
"""
    assert verdict(answers(parse_statement(text))) == "proved"


def fake_solver(monkeypatch, folder, body):
    (folder / "z3.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize(
    ("body", "answer", "message"),
    [
        ("raise ModuleNotFoundError(name='z3')", "error", "not installed"),
        ("import os; os._exit(7)", "error", "exit code 7"),
        ("import os; os.abort()", "error", "exit code -6"),
        ("print('unsat')", "error", "exit code 0"),
        ("raise RuntimeError('no luck')", "error", "RuntimeError: no luck"),
        ("import sys; sys.stdout.write('x' * 10_000_000); sys.stdout.flush()", "error", ""),
        ("import sys; sys.stdout.write('[1]'); sys.stdout.flush(); import os; os._exit(0)", "error", "not an answer"),
        ("import time; time.sleep(60)", "timeout", "killed"),
    ],
)
def test_a_broken_worker_is_an_answer(monkeypatch, tmp_path, body, answer, message):
    fake_solver(monkeypatch, tmp_path, body)
    monkeypatch.setattr(smt, "GRACE_SECONDS", 0.5)
    start = time.perf_counter()
    result = decide(TRUE["square"], 0.3, solvers=("z3",))["z3"]
    assert (result.answer, result.point) == (answer, None)
    assert message in result.message
    assert time.perf_counter() - start < 5


def test_an_absent_solver_leaves_the_other_one(monkeypatch, tmp_path):
    fake_solver(monkeypatch, tmp_path, "raise ModuleNotFoundError(name='z3')")
    result = answers(TRUE["square"])
    assert (result["z3"].message, result["cvc5"].answer) == ("not installed", "unsat")
    assert verdict(result) == "unknown"


def test_soft_time_limit():
    z1, z2, u1, u2, z3, u3 = sp.symbols("z1 z2 u1 u2 z3 u3")
    hard = make_statement(
        dict.fromkeys((z1, z2, z3, u1, u2, u3), (None, None)),
        (u1 * u2 + u1 * u3 + u2 * u3, "<=", z1 * z2 + z1 * z3 + z2 * z3),
        {
            "z": (z1, ">", 0),
            "u": (u1, ">", 0),
            "z12": (z2, ">=", z1),
            "z23": (z3, ">=", z2),
            "u12": (u2, ">=", u1),
            "u23": (u3, ">=", u2),
            "gap12": (u2 - u1, "<=", z2 - z1),
            "gap23": (u3 - u2, "<=", z3 - z2),
            "product": (u1 * u2 * u3, "=", z1 * z2 * z3),
        },
    )
    start = time.perf_counter()
    result = decide(hard, 0.5)
    assert all(a.answer in ("unsat", "unknown", "timeout") for a in result.values())
    assert time.perf_counter() - start < 0.5 + smt.GRACE_SECONDS + 2


def test_memory_limit_is_an_answer():
    result = decide(TRUE["square"], 5, solvers=("z3",), memory=80_000_000)["z3"]
    assert result.answer == "error"
    assert result.message != "not installed"


def test_interrupt_kills_the_workers(monkeypatch):
    started, popen = [], subprocess.Popen

    def record(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[-1]

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(smt.subprocess, "Popen", record)
    monkeypatch.setattr(smt.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        decide(TRUE["square"], 30)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_verdicts_of_combined_answers():
    def answer(word, point=None):
        return SolverAnswer("z3", "1", word, 0.1, point)

    assert verdict({"z3": answer("unsat")}) == "unknown"
    assert verdict({"z3": answer("unsat"), "cvc5": answer("sat")}) == "unknown"
    assert disagreement({"z3": answer("unsat"), "cvc5": answer("sat")})
    assert verdict({"z3": answer("unsat"), "cvc5": answer("sat", {"x": "1"})}) == "refuted"
    assert verdict({"z3": answer("unsat"), "cvc5": answer("timeout")}) == "unknown"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_bad_time_limits_are_refused(seconds):
    with pytest.raises(ValueError, match="time limit"):
        decide(TRUE["square"], seconds)


def test_unknown_solvers_are_refused():
    with pytest.raises(ValueError, match="unknown solver 'yices'"):
        decide(TRUE["square"], 1, solvers=("yices",))


def test_bounds_are_part_of_the_query():
    statement = make_statement({x: ("1/3", "5/7")}, (x, "<=", sp.Rational(5, 7)))
    assert statement.variables == (Variable("x", Fraction(1, 3), Fraction(5, 7)),)
    assert verdict(answers(statement)) == "proved"


@pytest.mark.parametrize(("clause", "answer"), [("(or (< x 1) (< x 2))", "unsat"), ("(or (< x 1) (< x 4))", "sat")])
def test_a_clause_is_part_of_the_query(clause: str, answer: str) -> None:
    text = f"""(set-logic QF_NRA)
(declare-const x Real)
(assert (! {clause} :named c))
(assert (! (not (<= x 3)) :named negated-conclusion))
(check-sat)
"""
    encoded, _ = query(parse_statement(text))
    solver = z3.Solver()
    solver.from_string(encoded)
    assert str(solver.check()) == answer
