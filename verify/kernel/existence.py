"""The rule solution: a statement is refuted by a box in which a counterexample is proved to exist.

An exact point cannot refute a statement whose hypotheses are equations with irrational solutions only, such as
x**2 = 2. Here some relations are solved as equations, left = right: in the box there is a point where all of them hold
at once, although nobody can write it down. Every other relation is decided on the whole box.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from verify.kernel.bisection import fails, holds
from verify.kernel.certificates import exact, fields, list_field
from verify.kernel.errors import Malformed, Rejected
from verify.kernel.fixed import ONE, Interval
from verify.kernel.intervals import ZERO, add, enclose, evaluate, linearise, multiply, negate
from verify.kernel.statements import GOAL, Formula, Relation, Statement, relations_of
from verify.kernel.terms import Node, extract

MAX_UNKNOWNS = 64

Sides: TypeAlias = Mapping[str, tuple[Fraction, Fraction]]
Box: TypeAlias = Mapping[str, Interval]
Matrix: TypeAlias = Sequence[Sequence[Interval]]


def read_box(statement: Statement, data: Any) -> Sides:
    """Read {variable: [lo, hi]}. Raises Malformed, and Rejected when a side exceeds the variable's bounds."""
    data = fields(data, {v.name for v in statement.variables}, set(), "proof.box")
    sides = {}
    for v in statement.variables:
        place = f"proof.box.{v.name}"
        ends = [exact(end, place) for end in list_field(data, v.name, "proof.box")]
        if len(ends) != 2 or ends[0] > ends[1]:
            raise Malformed(f"{place}: not a lower and an upper end")
        if (v.lower is not None and ends[0] < v.lower) or (v.upper is not None and ends[1] > v.upper):
            raise Rejected(f"{place}: outside its bounds")
        sides[v.name] = ends[0], ends[1]
    return sides


def relations_by_name(statement: Statement) -> dict[str, Relation]:
    """Return every relation: a hypothesis by its name, the k-th of clause "c" as "c.k" from 0, the conclusion as GOAL.

    If two share a name, one of them is returned; nothing depends on which.
    """
    named = {f"{c.name}.{k}": r for c in statement.clauses for k, r in enumerate(relations_of(c.formula))}
    named |= {h.name: h for h in statement.hypotheses}
    return named | {GOAL: statement.conclusion}


def _chosen(data: Mapping[str, Any], field: str, known: Mapping[str, Any]) -> list[str]:
    names = list_field(data, field, "proof")
    if not all(isinstance(name, str) and name in known for name in names) or len(set(names)) != len(names):
        raise Malformed(f"proof.{field}: an unknown name, or one that stands twice")
    return names


def crosses(nodes: Sequence[Node], box: Box, unknown: str, side: tuple[Fraction, Fraction]) -> bool:
    """Whether f, the last node, has a zero on `side` of `unknown` wherever in `box` the other variables are.

    f is defined all over the box (`evaluate` raises Undefined otherwise), so it is continuous there, as all operations
    are where they are defined. If f <= 0 at one end of the side and f >= 0 at the other, the intermediate value theorem
    gives a zero between them. The enclosures are valid for all values of the other variables at once.
    """
    evaluate(nodes, box)
    first, last = (evaluate(nodes, {**box, unknown: enclose(end, end)})[-1] for end in side)
    return (first[1] <= 0 <= last[0]) or (last[1] <= 0 <= first[0])


def krawczyk(system: Sequence[Sequence[Node]], box: Box, unknowns: Sequence[str], matrix: Matrix) -> list[Interval]:
    """Enclose K = c - Y f(c, p) + (I - Y J)(X - c), which holds x - Y f(x, p) for all x in X and p in the box.

    f are the last nodes of `system`, x the unknowns, p the other variables, X and P their parts of the box, (c, d) its
    centre as `linearise` chooses it, and Y a matrix whose entries lie in `matrix`. For all x and p, each f_i(x, p) =
    f_i(c, d) + A_i (x - c) + B_i (p - d), with A_i and B_i in the interval gradient of f_i; this is what `linearise`
    guarantees, for the segment from (c, d) to (x, p) lies in the box. Together, with a matrix A in J that depends on
    x and p, and F the enclosure of f(c, d) + B (P - d):
        x - Y f(x, p) = c + (x - c) - Y (f(c, d) + B (p - d)) - Y A (x - c)   is in   c - Y F + (I - Y J)(X - c).
    Raises Undefined where something is not defined all over the box.
    """
    constant, jacobian = [], []
    for nodes in system:
        value, gradient = linearise(nodes, box)
        for name, (slope, middle) in gradient.items():
            if name not in unknowns:
                value = add(value, multiply(slope, (box[name][0] - middle, box[name][1] - middle)))
        constant.append(value)
        jacobian.append([gradient[name][0] if name in gradient else ZERO for name in unknowns])
    centre = [(box[name][0] + box[name][1]) // 2 for name in unknowns]
    result = []
    for i, row in enumerate(matrix):
        total = centre[i], centre[i]
        for y, value in zip(row, constant, strict=True):
            total = add(total, negate(multiply(y, value)))
        for j, name in enumerate(unknowns):
            entry = (ONE, ONE) if i == j else ZERO
            for y, slopes in zip(row, jacobian, strict=True):
                entry = add(entry, negate(multiply(y, slopes[j])))
            low, high = box[name]
            total = add(total, multiply(entry, (low - centre[j], high - centre[j])))
        result.append(total)
    return result


def _solve(system: Sequence[Sequence[Node]], sides: Sides, box: Box, unknowns: list[str], given: Any) -> None:
    """Check that for all values of the other variables in the box the system has a zero with the unknowns in it.

    With a preconditioner Y, K must lie in the interior of X. Then g(x) = x - Y f(x, p) is continuous and maps X into
    K, so into X, and has a fixed point there (Brouwer), where Y f = 0. And Y is regular, so f = 0: take any A in J, and
    let M = I - Y A. K contains a translate of M (X - c), whose i-th width is sum_j |M_ij| w_j for the widths w of X; it
    is at most the width of K_i, so below w_i. Hence M is smaller than 1 in the norm max_i |x_i| / w_i, its spectral
    radius is below 1, and Y A = I - M is regular. (All this holds for the exact X; the box encloses it.)
    Without unknowns nothing is to be shown. Without a preconditioner there is one unknown, see `crosses`.
    """
    if len(system) != len(unknowns) or len(unknowns) > MAX_UNKNOWNS:
        raise Malformed(f"proof: as many equations as unknowns are needed, at most {MAX_UNKNOWNS}")
    if given is None and len(unknowns) == 1:
        if not crosses(system[0], box, unknowns[0], sides[unknowns[0]]):
            raise Rejected(f"proof.box.{unknowns[0]}: the equation has no certain change of sign between its ends")
        return
    rows, size = [] if given is None else given, len(unknowns)
    if not isinstance(rows, list) or len(rows) != size or any(not isinstance(r, list) or len(r) != size for r in rows):
        raise Malformed("proof.preconditioner: not a square matrix of the size of the system")
    numbers = [[exact(y, "proof.preconditioner") for y in row] for row in rows]
    images = krawczyk(system, box, unknowns, [[enclose(y, y) for y in row] for row in numbers])
    for name, (low, high) in zip(unknowns, images, strict=True):
        if not sides[name][0] * ONE < low <= high < sides[name][1] * ONE:
            raise Rejected(f"proof.box.{name}: the Krawczyk operator does not map the box into its interior")


def _certain(formula: Formula, gaps: Mapping[Relation, Interval]) -> bool:
    """Whether a formula holds wherever the gaps lie in their intervals."""
    if isinstance(formula, Relation):
        return holds(formula, gaps[formula]) or (formula.equality and gaps[formula] == ZERO)
    each = (_certain(part, gaps) for part in formula.parts)
    return all(each) if formula.op == "and" else any(each)


def check_solution(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule solution: in `box` there is a point where the hypotheses and clauses hold and the conclusion does not.

    `equations` names relations (`relations_by_name`), as many as there are variables in `unknowns`. For all values of
    the other variables in the box there are values of the unknowns in it with left = right in each of them
    (`_solve`, with the optional `preconditioner`, rows of rationals); fix the others anywhere, and call the point x*.
    At x* the gap of a relation between two sides that were solved for, in either order, is exactly 0; the gap of any
    other lies in its enclosure over the box, where all terms of the statement are defined. By these each hypothesis
    and clause must hold, and the conclusion fail. The box lies within the bounds, by exact comparison, so x* does.
    """
    fields(proof, {"rule", "box", "equations", "unknowns"}, {"preconditioner"}, "proof")
    sides = read_box(statement, proof["box"])
    box = {name: enclose(*side) for name, side in sides.items()}
    named = relations_by_name(statement)
    equations = [named[name] for name in _chosen(proof, "equations", named)]
    unknowns = _chosen(proof, "unknowns", sides)
    values = evaluate(statement.nodes, box)
    _solve([extract(statement.nodes, r.gap) for r in equations], sides, box, unknowns, proof.get("preconditioner"))
    solved = {frozenset((r.left, r.right)) for r in equations}
    every = [
        *statement.hypotheses,
        *(r for c in statement.clauses for r in relations_of(c.formula)),
        statement.conclusion,
    ]
    gaps = {r: ZERO if frozenset((r.left, r.right)) in solved else values[r.gap] for r in every}
    assumed: list[tuple[str, Formula]] = [(h.name, h) for h in statement.hypotheses]
    for name, formula in assumed + [(c.name, c.formula) for c in statement.clauses]:
        if not _certain(formula, gaps):
            raise Rejected(f"proof.box: {name} does not hold all over the box")
    if not fails(statement.conclusion, gaps[statement.conclusion]):
        raise Rejected("proof.box: the conclusion does not fail all over the box")
