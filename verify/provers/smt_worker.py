"""One solver, one query, one process: `python -m verify.provers.smt_worker SOLVER SECONDS BYTES`.

Reads the canonical text of a statement on standard input and writes one JSON object to standard output:
`solver`, `version`, `answer` (unsat, sat, unknown, timeout or error), `seconds`, `message`, and for sat `values`:
the model, variable -> {"value": "p/q", "exact": bool}.
"""

import contextlib
import json
import sys
import time
from fractions import Fraction
from typing import Any

from verify.kernel.statements import read_statement
from verify.provers.smt_encoding import query

MAX_OUTPUT = 1_000_000
NOT_INSTALLED = "not installed"
SPARE_CPU_SECONDS = 10

Answer = dict[str, Any]


def limit_resources(seconds: float, memory: int) -> None:
    """Limit this process's address space, processor time, output size and core dumps, where the system can."""
    try:
        import resource
    except ImportError:
        return
    cpu = int(seconds) + SPARE_CPU_SECONDS
    limits = (("AS", memory), ("CPU", cpu), ("FSIZE", MAX_OUTPUT), ("CORE", 0))
    for name, value in limits:
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def _entry(name: str, value: Fraction, exact: bool) -> dict[str, Any]:
    """One variable of the model; nothing when the number is too long to be written."""
    try:
        return {name: {"value": str(value), "exact": exact}}
    except ValueError:
        return {}


def ask_z3(text: str, names: dict[str, str], seconds: float) -> Answer:
    """Ask z3. An algebraic value of the model is approximated to 20 digits and marked as not exact."""
    import z3

    solver = z3.SolverFor("QF_NRA")
    solver.set("timeout", max(1, int(1000 * seconds)))
    solver.from_string(text)
    answer: Answer = {"version": z3.get_version_string(), "answer": str(solver.check())}
    if answer["answer"] == "unknown":
        answer["message"] = solver.reason_unknown()
        if answer["message"] in ("timeout", "canceled"):
            answer["answer"] = "timeout"
    if answer["answer"] == "sat":
        model, values = solver.model(), Answer()
        for name, short in names.items():
            value = model.eval(z3.Real(short), model_completion=True)
            exact = bool(z3.is_rational_value(value))
            if not exact and z3.is_algebraic_value(value):
                value = value.approx(20)
            if z3.is_rational_value(value):
                values |= _entry(name, Fraction(value.numerator_as_long(), value.denominator_as_long()), exact)
        answer["values"] = values
    return answer


def ask_cvc5(text: str, names: dict[str, str], seconds: float) -> Answer:
    """Ask cvc5. An algebraic value of the model is replaced by the middle of its isolating interval."""
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("produce-models", "true")
    solver.setOption("tlimit-per", str(max(1, int(1000 * seconds))))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "statement")
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        if error := command.invoke(solver, symbols):
            return {"version": cvc5.__version__, "answer": "error", "message": str(error)}
    result = solver.checkSat()
    answer: Answer = {"version": cvc5.__version__, "answer": "unknown"}
    if result.isSat() or result.isUnsat():
        answer["answer"] = "sat" if result.isSat() else "unsat"
    else:
        answer["message"] = str(result.getUnknownExplanation())
        if "TIMEOUT" in answer["message"]:
            answer["answer"] = "timeout"
    if result.isSat():
        terms = {str(term): term for term in symbols.getDeclaredTerms()}
        values = Answer()
        for name, short in names.items():
            value = solver.getValue(terms[short])
            if value.isRealValue():
                values |= _entry(name, Fraction(value.getRealValue()), True)
            elif value.isRealAlgebraicNumber():
                low = Fraction(value.getRealAlgebraicNumberLowerBound().getRealValue())
                high = Fraction(value.getRealAlgebraicNumberUpperBound().getRealValue())
                values |= _entry(name, (low + high) / 2, False)
        answer["values"] = values
    return answer


ASK = {"z3": ask_z3, "cvc5": ask_cvc5}


def main() -> None:
    """Answer the one query. Every failure becomes an answer "error" with a message."""
    solver, seconds, memory = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    limit_resources(seconds, memory)
    start = time.perf_counter()
    try:
        text, names = query(read_statement(sys.stdin.read()))
        answer = ASK[solver](text, names, seconds)
    except Exception as error:  # a solver's own exception types are not known without importing it
        absent = isinstance(error, ModuleNotFoundError) and error.name == solver
        answer = {"answer": "error", "message": NOT_INSTALLED if absent else f"{type(error).__name__}: {error}"[:500]}
    answer |= {"solver": solver, "seconds": time.perf_counter() - start}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
