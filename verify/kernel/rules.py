"""The algebraic rules of the kernel: identity, combination, substitution, counterexample.

Each rule takes a statement and the proof object of a certificate, returns nothing when the proof is right, and
raises Rejected, Incomplete or Malformed with the place of the fault when it is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from operator import add, mul, sub, truediv
from typing import Any

from verify.kernel.certificates import exact, fields, list_field
from verify.kernel.errors import Malformed, Rejected
from verify.kernel.fixed import Interval
from verify.kernel.intervals import enclose, evaluate
from verify.kernel.polynomials import MAX_COEFFICIENT_BITS, Budget, Rational, expand, rational, variable
from verify.kernel.smtlib import read_sexprs, read_term
from verify.kernel.statements import Formula, Relation, Statement
from verify.kernel.terms import FUNCTIONS, Node, TermTable, extract

MAX_FACTORS = 40
DERIVATION = {"multiplier", "sum", "equalities"}


@dataclass(frozen=True, slots=True)
class Fact:
    """`function` >= 0, or > 0 (strict), or = 0 (equality), at every point of the statement's domain."""

    function: Rational
    strict: bool = False
    equality: bool = False


def _variables(statement: Statement) -> dict[str, Rational]:
    budget = Budget()
    return {v.name: variable(v.name, budget) for v in statement.variables}


def _is_polynomial(function: Rational) -> bool:
    return set(function.denominator) == {()}


def facts_of(statement: Statement, environment: Mapping[str, Rational]) -> dict[str, Fact]:
    """Return the bounds and hypotheses, by name, with the variables replaced as in `environment`.

    Hypotheses with square roots are left out: the algebraic rules do not use them.
    """
    facts: dict[str, Fact] = {}
    for v in statement.variables:
        if v.lower is not None:
            facts[f"{v.name}.lower"] = Fact(environment[v.name] + rational(-v.lower))
        if v.upper is not None:
            facts[f"{v.name}.upper"] = Fact(rational(v.upper) + -environment[v.name])
    values = expand(statement.nodes, environment)
    for h in statement.hypotheses:
        gap = values[h.gap]
        if gap is not None:
            facts[h.name] = Fact(gap, h.strict, h.equality)
    return facts


def read_polynomial(text: Any, names: Mapping[str, Rational], place: str) -> Rational:
    """Read a polynomial in the statement's variables. Raises Malformed for anything else."""
    table = TermTable()
    sexprs = read_sexprs(text) if isinstance(text, str) else []
    if len(sexprs) != 1:
        raise Malformed(f"{place}: not a term")
    index = read_term(table, sexprs[0], {name: table.var(name) for name in names})
    value = expand(table.nodes, names)[index]
    if value is None or not _is_polynomial(value):
        raise Malformed(f"{place}: not a polynomial")
    return value


def _fact(facts: Mapping[str, Fact], name: Any, place: str) -> Fact:
    if not isinstance(name, str) or name not in facts:
        raise Rejected(f"{place}: no hypothesis named {str(name)[:40]!r} that this rule can use")
    return facts[name]


def nonnegative(summands: list[Any], facts: Mapping[str, Fact], names: Mapping[str, Rational], place: str) -> Fact:
    """Add up summands coefficient * product of facts * square, with coefficient > 0: a function that is >= 0.

    It is strict when some summand is a product of strict facts only, without a square.
    """
    total, strict = rational(0), False
    for number, summand in enumerate(summands):
        where = f"{place}[{number}]"
        summand = fields(summand, {"coefficient"}, {"facts", "square"}, where)
        coefficient = exact(summand["coefficient"], where)
        used = [_fact(facts, name, where) for name in list_field(summand, "facts", where)]
        if coefficient <= 0 or any(fact.equality for fact in used) or len(used) > MAX_FACTORS:
            raise Rejected(f"{where}: needs a positive coefficient and at most {MAX_FACTORS} inequalities")
        product = rational(coefficient)
        for fact in used:
            product = product * fact.function
        if "square" in summand:
            root = read_polynomial(summand["square"], names, where)
            product = product * root * root
        strict = strict or ("square" not in summand and all(fact.strict for fact in used))
        total = total + product
    return Fact(total, strict)


def derive(
    goal: Fact, proof: Mapping[str, Any], facts: Mapping[str, Fact], names: Mapping[str, Rational], place: str
) -> None:
    """Check multiplier * goal = sum + sum of equality facts times polynomials, as rational functions.

    The multiplier (1 when absent) is positive; the sum is >= 0, > 0 when the goal is, empty when it is an equality.
    """
    summands = list_field(proof, "sum", place)
    total = nonnegative(summands, facts, names, f"{place}.sum")
    if goal.equality and summands:
        raise Rejected(f"{place}.sum: an equality follows from equalities only")
    if goal.strict and not total.strict:
        raise Rejected(f"{place}.sum: no summand is strictly positive")
    right = total.function
    for number, item in enumerate(list_field(proof, "equalities", place)):
        where = f"{place}.equalities[{number}]"
        item = fields(item, {"fact", "multiplier"}, set(), where)
        fact = _fact(facts, item["fact"], where)
        if not fact.equality:
            raise Rejected(f"{where}: {item['fact']} is not an equality")
        right = right + fact.function * read_polynomial(item["multiplier"], names, where)
    left = goal.function
    if "multiplier" in proof:
        factor = nonnegative(list_field(proof, "multiplier", place), facts, names, f"{place}.multiplier")
        if not factor.strict:
            raise Rejected(f"{place}.multiplier: not strictly positive")
        left = left * factor.function
    if (left + -right).numerator:
        raise Rejected(f"{place}: the two sides are not the same rational function")


def _goal(statement: Statement, relation: Relation, names: Mapping[str, Rational]) -> Fact:
    value = expand(statement.nodes, names)[relation.gap]
    if value is None:
        raise Rejected("conclusion: contains a square root, which the algebraic rules do not handle")
    return Fact(value, relation.strict, relation.equality)


def _defined(
    statement: Statement, proof: Mapping[str, Any], facts: Mapping[str, Fact], names: Mapping[str, Rational]
) -> None:
    """Check that every denominator of the statement is positive, by one sum each, from polynomial facts."""
    divisors = list(dict.fromkeys(node.args[1] for node in statement.nodes if node.op == "/"))
    proofs = list_field(proof, "denominators", "proof")
    if len(proofs) != len(divisors):
        raise Rejected(f"proof.denominators: {len(proofs)} proofs for {len(divisors)} denominators")
    polynomial_facts = {name: fact for name, fact in facts.items() if _is_polynomial(fact.function)}
    values = expand(statement.nodes, names)
    for number, (divisor, summands) in enumerate(zip(divisors, proofs, strict=True)):
        place, value = f"proof.denominators[{number}]", values[divisor]
        if value is None:
            raise Rejected(f"{place}: contains a square root")
        if not isinstance(summands, list):
            raise Malformed(f"{place}: not a list")
        derive(Fact(value, strict=True), {"sum": summands}, polynomial_facts, names, place)


def check_identity(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule identity: the conclusion is an equality of two equal rational functions, defined on the domain."""
    fields(proof, {"rule"}, {"denominators"}, "proof")
    if not statement.conclusion.equality:
        raise Rejected("conclusion: not an equality")
    check_combination(statement, {"denominators": proof.get("denominators", []), "rule": "combination"})


def check_combination(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule combination: multiplier * conclusion = sum of coefficient * facts * square + equalities (`derive`)."""
    fields(proof, {"rule"}, DERIVATION | {"denominators"}, "proof")
    names = _variables(statement)
    facts = facts_of(statement, names)
    _defined(statement, proof, facts, names)
    derive(_goal(statement, statement.conclusion, names), proof, facts, names, "proof")


def check_substitution(statement: Statement, proof: Mapping[str, Any], lemma: Statement) -> None:
    """Rule substitution: `lemma`, proved already, at `instance` (variable -> polynomial), is one more fact.

    `discharge` derives each bound and hypothesis of the lemma, at the instance, from the statement's own facts; the
    conclusion then follows as in the rule combination, with the lemma's conclusion as the fact "lemma".
    """
    fields(proof, {"rule", "lemma", "instance", "discharge"}, DERIVATION | {"denominators"}, "proof")
    names = _variables(statement)
    facts = facts_of(statement, names)
    _defined(statement, proof, facts, names)
    lemma_names = {v.name for v in lemma.variables}
    instance = fields(proof["instance"], lemma_names, set(), "proof.instance")
    environment = {name: read_polynomial(term, names, f"proof.instance.{name}") for name, term in instance.items()}
    owed = facts_of(lemma, environment)
    if lemma.clauses:
        raise Rejected("proof.lemma: has clauses, which this rule does not handle")
    if any(h.name not in owed for h in lemma.hypotheses):
        raise Rejected("proof.lemma: has hypotheses with square roots, which this rule does not handle")
    discharge = fields(proof["discharge"], set(owed), set(), "proof.discharge")
    for name, fact in owed.items():
        place = f"proof.discharge.{name}"
        if not _is_polynomial(fact.function):
            raise Rejected(f"{place}: not a polynomial at the instance")
        derive(fact, fields(discharge[name], set(), DERIVATION, place), facts, names, place)
    available = {**facts, "lemma": _goal(lemma, lemma.conclusion, environment)}
    derive(_goal(statement, statement.conclusion, names), proof, available, names, "proof")


def _value(nodes: Sequence[Node], point: Mapping[str, Fraction]) -> Fraction | None:
    """Return the exact value of the last node at a rational point, None when a square root in it is irrational."""
    values: list[Fraction] = []
    for node in nodes:
        x = [values[i] for i in node.args]
        match node.op:
            case "const" | "var":
                values.append(node.value if node.op == "const" else point[node.name])
            case "/" if not x[1]:
                raise Rejected("division by zero")
            case "sqrt":
                roots = isqrt(max(x[0].numerator, 0)), isqrt(x[0].denominator)
                if (roots[0] ** 2, roots[1] ** 2) != x[0].as_integer_ratio():
                    return None
                values.append(Fraction(*roots))
            case "neg" | "^":
                values.append(-x[0] if node.op == "neg" else x[0] ** node.exponent)
            case "abs" | "min" | "max":
                values.append({"abs": abs(x[0]), "min": min(x), "max": max(x)}[node.op])
            case op if op in FUNCTIONS:
                return None
            case op:
                values.append({"+": add, "-": sub, "*": mul, "/": truediv}[op](*x))
        if max(map(int.bit_length, values[-1].as_integer_ratio())) > MAX_COEFFICIENT_BITS:
            raise Rejected(f"an exact value of more than {MAX_COEFFICIENT_BITS} bits")
    return values[-1]


def _decide(statement: Statement, relation: Relation, point: Mapping[str, Fraction]) -> bool | None:
    """Decide a relation at a rational point: exactly, or by an interval around irrational roots (None: undecided)."""
    nodes = extract(statement.nodes, relation.gap)
    value = _value(nodes, point)
    if value is not None:
        return value == 0 if relation.equality else (value > 0 if relation.strict else value >= 0)
    box: dict[str, Interval] = {name: enclose(exactly, exactly) for name, exactly in point.items()}
    lo, hi = evaluate(nodes, box)[-1]
    if relation.equality:
        return False if lo > 0 or hi < 0 else (True if lo == hi == 0 else None)
    if lo > 0 or (lo == 0 and not relation.strict):
        return True
    return False if hi < 0 or (hi == 0 and relation.strict) else None


def _satisfied(statement: Statement, formula: Formula, point: Mapping[str, Fraction]) -> bool:
    """Whether a formula certainly holds at a rational point. Raises Rejected where one of its terms is not defined."""
    if isinstance(formula, Relation):
        return _decide(statement, formula, point) is True
    held = [_satisfied(statement, part, point) for part in formula.parts]
    return all(held) if formula.op == "and" else any(held)


def check_counterexample(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule counterexample: at `point` (rational) bounds, hypotheses and clauses hold and the conclusion does not."""
    fields(proof, {"rule", "point"}, set(), "proof")
    wanted = {v.name: v for v in statement.variables}
    given = fields(proof["point"], set(wanted), set(), "proof.point")
    point = {name: exact(text, f"proof.point.{name}") for name, text in given.items()}
    for name, v in wanted.items():
        if (v.lower is not None and point[name] < v.lower) or (v.upper is not None and point[name] > v.upper):
            raise Rejected(f"proof.point.{name}: outside its bounds")
    for relation, expected in [*((h, True) for h in statement.hypotheses), (statement.conclusion, False)]:
        if _decide(statement, relation, point) is not expected:
            raise Rejected(f"proof.point: {relation.name} is not decided as the rule needs it")
    for clause in statement.clauses:
        if not _satisfied(statement, clause.formula, point):
            raise Rejected(f"proof.point: {clause.name} is not decided as the rule needs it")
