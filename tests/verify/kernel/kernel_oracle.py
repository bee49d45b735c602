"""An independent judge of statements and proofs: exact rationals at sampled points, no code of the kernel.

Elementary functions are enclosed by mpmath.

It cannot prove anything. It refutes: a statement by a point of its domain, a proof by a leaf or an identity that is
wrong at a point. What the kernel accepts must survive it.
"""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from kernel_oracle_terms import Range, Undefined, evaluate, number, parse

Environment = dict[str, Range]


@dataclass
class Relation:
    """left comparison right."""

    name: str
    comparison: str
    left: Any
    right: Any

    def gap(self, environment: Mapping[str, Range]) -> Range:
        """Return the function that the relation says is >= 0, > 0 or = 0."""
        left, right = evaluate(self.left, environment), evaluate(self.right, environment)
        if self.comparison in ("<", "<="):
            left, right = right, left
        return left[0] - right[1], left[1] - right[0]

    @property
    def strict(self) -> bool:
        return self.comparison in ("<", ">")

    @property
    def equality(self) -> bool:
        return self.comparison == "="

    def at(self, environment: Mapping[str, Range]) -> bool | None:
        """Whether the relation is true; None when undefined or too close to tell."""
        try:
            low, high = self.gap(environment)
        except Undefined:
            return None
        if self.equality:
            return True if low == high == 0 else False if low > 0 or high < 0 else None
        if low > 0 or (low == 0 and not self.strict):
            return True
        return False if high < 0 or (high == 0 and self.strict) else None

    def defined(self, environment: Mapping[str, Range]) -> bool:
        try:
            self.gap(environment)
        except Undefined:
            return False
        return True


class Formula:
    """A clause: relations under "and" and "or"."""

    def __init__(self, name: str, formula: list[Any]) -> None:
        self.name, self.op = name, formula[0]
        self.parts = [assumption(name, part) for part in formula[1:]]

    def at(self, environment: Mapping[str, Range]) -> bool | None:
        """Whether the clause is true; None when some relation is undefined or too close to tell, and it matters."""
        truths = [part.at(environment) for part in self.parts]
        if not self.defined(environment):
            return None
        decisive = self.op == "or"
        return decisive if decisive in truths else None if None in truths else not decisive

    def defined(self, environment: Mapping[str, Range]) -> bool:
        return all(part.defined(environment) for part in self.parts)


def assumption(name: str, formula: list[Any]) -> "Relation | Formula":
    return Formula(name, formula) if formula[0] in ("and", "or") else Relation(name, *formula)


class Claim:
    """A statement, read from its text."""

    def __init__(self, text: str) -> None:
        self.bounds: dict[str, list[Fraction | None]] = {}
        self.definitions: list[tuple[str, Any]] = []
        self.hypotheses: list[Relation] = []
        self.clauses: list[Formula] = []
        for command in parse(text):
            if command[0] == "declare-const":
                self.bounds[command[1]] = [None, None]
            elif command[0] == "define-fun":
                self.definitions.append((command[1], command[4]))
            elif command[0] == "assert":
                self._assertion(command[1][1], command[1][3])

    def _assertion(self, formula: list[Any], name: str) -> None:
        variable, _, side = name.rpartition(".")
        if formula[0] == "not":
            self.conclusion = Relation("conclusion", *formula[1])
        elif variable in self.bounds and side in ("lower", "upper"):
            self.bounds[variable][side == "upper"] = evaluate(formula[2], {})[0]
        else:
            assumed = assumption(name, formula)
            if isinstance(assumed, Relation):
                self.hypotheses.append(assumed)
            else:
                self.clauses.append(assumed)

    def environment(self, point: Mapping[str, Range]) -> Environment | None:
        """Return the values of variables and definitions at a point or box; None when one is undefined."""
        result: Environment = dict(point)
        try:
            for name, term in self.definitions:
                result[name] = evaluate(term, result)
        except Undefined:
            return None
        return result

    def inside(self, point: Mapping[str, Fraction]) -> bool:
        return all(
            (low is None or low <= point[name]) and (high is None or point[name] <= high)
            for name, (low, high) in self.bounds.items()
        )

    def facts(self, environment: Environment) -> dict[str, tuple[Fraction, bool, bool]]:
        """Return (value, strict, equality) of each bound and hypothesis at a rational point; without square roots."""
        result = {}
        for name, (low, high) in self.bounds.items():
            if low is not None:
                result[f"{name}.lower"] = (environment[name][0] - low, False, False)
            if high is not None:
                result[f"{name}.upper"] = (high - environment[name][0], False, False)
        for h in self.hypotheses:
            gap = h.gap(environment)
            if gap[0] == gap[1]:
                result[h.name] = (gap[0], h.strict, h.equality)
        return result


def exactly(point: Mapping[str, Fraction]) -> Environment:
    return {name: number(value) for name, value in point.items()}


def _candidates(low: Fraction | None, high: Fraction | None, rng: random.Random) -> list[Fraction]:
    if low is not None and high is not None:
        inner = [low + (high - low) * Fraction(k, 16) for k in range(17)]
        return inner + [low + (high - low) * Fraction(rng.randrange(10**6), 10**6) for _ in range(6)]
    anchor = low if low is not None else high if high is not None else Fraction(0)
    steps = [Fraction(k, 4) for k in range(17)] + [Fraction(k) for k in (7, 10, 100, 10**6)] + [Fraction(1, 10**6)]
    up = [anchor + step for step in steps] if high is None else []
    return up + ([anchor - step for step in steps] if low is None else [])


def points(claim: Claim, count: int, seed: int = 0) -> Iterator[dict[str, Fraction]]:
    """Sample points of the domain: a grid with corners, then random ones; equalities `variable = term` are solved."""
    rng = random.Random(seed)
    choices = {name: _candidates(low, high, rng) for name, (low, high) in claim.bounds.items()}
    grid = list(product(*choices.values())) if len(choices) <= 2 else []
    rows = grid if len(grid) <= count else [tuple(rng.choice(c) for c in choices.values()) for _ in range(count)]
    for row in rows:
        point = dict(zip(choices, row, strict=True))
        yield point
        for h in claim.hypotheses:
            environment = claim.environment(exactly(point)) if h.equality else None
            for name, term in ((h.left, h.right), (h.right, h.left)):
                if environment is not None and isinstance(name, str) and name in point:
                    try:
                        low, high = evaluate(term, environment)
                    except Undefined:
                        continue
                    solved = {**point, name: low}
                    if low == high and claim.inside(solved):
                        yield solved


def violated(claim: Claim, point: Mapping[str, Fraction]) -> bool:
    """Whether no hypothesis is false at the point and the conclusion is false or undefined there."""
    environment = claim.environment(exactly(point))
    if environment is None:
        return False
    if any(h.at(environment) is not True for h in (*claim.hypotheses, *claim.clauses)):
        return False
    return claim.conclusion.at(environment) is False


def falsify(text: str, count: int = 700, seed: int = 0) -> dict[str, Fraction] | None:
    """Search for a point where every hypothesis is true and the conclusion false."""
    claim = Claim(text)
    return next((p for p in points(claim, count, seed) if violated(claim, p)), None)


def _multiplier_survives(
    conclusion: Relation, hypothesis: Relation, factor: Fraction, environment: Environment
) -> bool:
    """Whether conclusion's gap - factor * hypothesis's gap may be >= 0 (> 0 for a strict conclusion) at a point."""
    try:
        most = conclusion.gap(environment)[1] - factor * hypothesis.gap(environment)[0]
    except Undefined:
        return False
    return factor >= 0 and not conclusion.equality and (most > 0 or (most == 0 and not conclusion.strict))


TOKENS = re.compile(r"\[[A-Z][0-9/]+\]|\(!?[.A-Z][1-9]?[^)]*\)|[!^]?[.A-Z][1-9]?|[a-z][1-9]?|.", re.DOTALL)


def _letters(first: str, items: list[Any]) -> dict[str, Any]:
    names = [chr(ord(first) + k % 26) + (str(k // 26) if k >= 26 else "") for k in range(len(items))]
    return dict(zip(names, items, strict=True))


def _within(box: list[list[Fraction]], bounds: list[str], axes: Mapping[str, int]) -> list[list[Fraction]] | None:
    """Return the part of a box that bounds such as a>5 leave; None when they name what is not there."""
    kept = [list(side) for side in box]
    for bound in bounds:
        name, mark, number = re.fullmatch("(.+?)([<>])(.+)", bound).groups()
        if name not in axes:
            return None
        low, high = box[axes[name]]
        kept[axes[name]][mark == "<"] = low + (high - low) * Fraction(int(number), 64)
    return kept


def _samples(box: list[list[Fraction]], rows: bool) -> Iterator[tuple[Fraction, ...]]:
    """Corners, middle, and if wanted for each variable a row of points through the middle."""
    middle = tuple((low + high) / 2 for low, high in box)
    yield from (product(*box) if len(box) <= 8 else ())
    yield middle
    for axis, (low, high) in enumerate(box if rows else ()):
        for k in range(9):
            yield (*middle[:axis], low + (high - low) * Fraction(k, 8), *middle[axis + 1 :])


def tree_survives(claim: Claim, tree: str) -> bool:
    """Whether a bisection tree covers the domain, and each leaf and narrowing says what is true at sampled points."""
    names = list(claim.bounds)
    if any(None in side for side in claim.bounds.values()):
        return False
    stack: list[list[Any]] = [[list(side) for side in claim.bounds.values()]]
    letters = {".": claim.conclusion, **_letters("A", [*claim.hypotheses, *claim.clauses])}
    axes = _letters("a", list(range(len(names))))
    for token in TOKENS.findall(tree):
        if not stack:
            return False
        box = stack.pop()
        if token in axes:
            axis = axes[token]
            low, high = box[axis]
            middle = (low + high) / 2
            stack.append([*box[:axis], [middle, high], *box[axis + 1 :]])
            stack.append([*box[:axis], [low, middle], *box[axis + 1 :]])
            continue
        letter, *bounds = token.strip("!^()").split(" ")
        factor = Fraction(token[2:-1]) if token[0] == "[" else None
        letter = token[1] if token[0] == "[" else letter
        kept = _within(box, bounds, axes) if bounds else None
        if letter not in letters or (bounds and kept is None):
            return False
        if kept is not None:
            stack.append(kept)
        for row in _samples(box, token[0] == "("):
            environment = claim.environment(exactly(dict(zip(names, row, strict=True))))
            if environment is None or (kept and all(a <= v <= b for v, (a, b) in zip(row, kept, strict=True))):
                continue
            if factor is not None:
                if not _multiplier_survives(claim.conclusion, letters[letter], factor, environment):
                    return False
            elif letters[letter].at(environment) is (letter != "."):
                return False
    return not stack


def _sum(summands: list[Any], facts: Mapping[str, Any], environment: Environment) -> tuple[Fraction, bool] | None:
    total, strict = Fraction(0), False
    for item in summands:
        used = [facts[name] for name in item.get("facts", [])]
        value = Fraction(item["coefficient"])
        if value <= 0 or any(fact[2] for fact in used):
            return None
        for fact in used:
            value *= fact[0]
        if "square" in item:
            value *= evaluate(parse(item["square"])[0], environment)[0] ** 2
        strict = strict or ("square" not in item and all(fact[1] for fact in used))
        total += value
    return total, strict


def derivation_survives(
    goal: tuple[Fraction, bool, bool], proof: Mapping[str, Any], facts: Mapping[str, Any], environment: Environment
) -> bool:
    """Whether multiplier * goal = sum + equalities at one point, with the signs that the rule asks for."""
    total = _sum(proof.get("sum", []), facts, environment)
    factor = _sum(proof["multiplier"], facts, environment) if "multiplier" in proof else (Fraction(1), True)
    if total is None or factor is None or not factor[1]:
        return False
    if (goal[1] and not total[1]) or (goal[2] and proof.get("sum")):
        return False
    right = total[0]
    for item in proof.get("equalities", []):
        value, _, is_equality = facts[item["fact"]]
        if not is_equality:
            return False
        right += value * evaluate(parse(item["multiplier"])[0], environment)[0]
    return factor[0] * goal[0] == right


def _random_point(claim: Claim, rng: random.Random) -> Environment:
    return exactly({name: Fraction(rng.randint(-999, 999), rng.randint(1, 99)) for name in claim.bounds})


def _goal(claim: Claim, environment: Environment) -> tuple[Fraction, bool, bool]:
    relation = claim.conclusion
    return relation.gap(environment)[0], relation.strict, relation.equality


def _derivations_survive(claim: Claim, proof: Mapping[str, Any], environment: Environment) -> bool:
    facts = claim.facts(environment)
    if proof["rule"] == "substitution":
        lemma = Claim(proof["lemma"]["statement"])
        instance = {name: evaluate(parse(term)[0], environment) for name, term in proof["instance"].items()}
        there = lemma.environment(instance)
        if there is None:
            return True
        for name, fact in lemma.facts(there).items():
            if not derivation_survives(fact, proof["discharge"][name], facts, environment):
                return False
        facts["lemma"] = _goal(lemma, there)
    return derivation_survives(_goal(claim, environment), proof, facts, environment)


def proof_survives(data: Mapping[str, Any], tries: int = 6) -> bool:
    """Whether a certificate that was accepted withstands an independent look at its proof."""
    claim, proof, rng = Claim(data["statement"]), data["proof"], random.Random(1)
    if proof["rule"] == "bisection":
        return tree_survives(claim, proof["tree"])
    if proof["rule"] == "counterexample":
        point = {name: Fraction(value) for name, value in proof["point"].items()}
        return claim.inside(point) and violated(claim, point)
    if proof["rule"] == "substitution" and not proof_survives(proof["lemma"], tries):
        return False
    for _ in range(tries):
        at_point = _random_point(claim, rng)
        environment = claim.environment(at_point)
        try:
            if environment is not None and not _derivations_survive(claim, proof, environment):
                return False
        except Undefined:
            continue
    return True
