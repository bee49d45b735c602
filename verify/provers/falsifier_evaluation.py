"""The gaps of a statement's relations in floating point: at many points at once, with gradients."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from verify.kernel.statements import Relation, Statement, relations_of

Array: TypeAlias = npt.NDArray[np.float64]

# Value of a function, and its derivative from the argument x and the value y.
FUNCTIONS: Mapping[str, tuple[Callable[..., Any], Callable[[Array, Array], Any]]] = {
    "abs": (np.abs, lambda x, y: np.sign(x)),
    "exp": (np.exp, lambda x, y: y),
    "log": (np.log, lambda x, y: 1 / x),
    "sin": (np.sin, lambda x, y: np.cos(x)),
    "cos": (np.cos, lambda x, y: -np.sin(x)),
    "tan": (np.tan, lambda x, y: 1 + y * y),
    "asin": (np.arcsin, lambda x, y: 1 / np.sqrt(1 - x * x)),
    "acos": (np.arccos, lambda x, y: -1 / np.sqrt(1 - x * x)),
    "atan": (np.arctan, lambda x, y: 1 / (1 + x * x)),
    "sinh": (np.sinh, lambda x, y: np.cosh(x)),
    "cosh": (np.cosh, lambda x, y: np.sinh(x)),
    "tanh": (np.tanh, lambda x, y: 1 - y * y),
}


def relations(statement: Statement) -> tuple[Relation, ...]:
    """Return the hypotheses, the relations of the clauses, and last the conclusion."""
    inner = (r for c in statement.clauses for r in relations_of(c.formula))
    return (*statement.hypotheses, *inner, statement.conclusion)


def needed_nodes(statement: Statement) -> list[int]:
    """Return the nodes that some relation's gap depends on, in ascending order."""
    needed = {r.gap for r in relations(statement)}
    for index in range(len(statement.nodes) - 1, -1, -1):
        if index in needed:
            needed.update(statement.nodes[index].args)
    return sorted(needed)


class Evaluator:
    """Evaluates the gaps of `relations`: of the hypotheses, of the clauses and, last, of the conclusion."""

    def __init__(self, statement: Statement) -> None:
        self.nodes = statement.nodes
        self.needed = needed_nodes(statement)
        self.gap_nodes = [r.gap for r in relations(statement)]
        self.column = {v.name: i for i, v in enumerate(statement.variables)}

    def _values(self, points: Array) -> dict[int, Array]:
        """Return each node's value at each point, shape (points,); nan where undefined."""
        values: dict[int, Array] = {}
        for index in self.needed:
            node = self.nodes[index]
            a = [values[i] for i in node.args]
            match node.op:
                case "const":
                    values[index] = np.full(len(points), float(node.value))
                case "var":
                    values[index] = points[:, self.column[node.name]]
                case "+":
                    values[index] = a[0] + a[1]
                case "-":
                    values[index] = a[0] - a[1]
                case "*":
                    values[index] = a[0] * a[1]
                case "/":
                    values[index] = a[0] / np.where(a[1] == 0, np.nan, a[1])
                case "neg":
                    values[index] = -a[0]
                case "^":
                    values[index] = a[0] ** node.exponent
                case "sqrt":
                    values[index] = np.sqrt(a[0])
                case "min":
                    values[index] = np.minimum(a[0], a[1])
                case "max":
                    values[index] = np.maximum(a[0], a[1])
                case function if function in FUNCTIONS:
                    values[index] = FUNCTIONS[function][0](a[0])
                case unknown:
                    raise ValueError(f"no evaluation of {unknown!r}")
        return values

    def gaps(self, points: Array) -> Array:
        """Return the gaps at `points` (shape (points, variables)), shape (points, relations); nan if undefined."""
        with np.errstate(all="ignore"):
            values = self._values(points)
            return np.stack([values[g] for g in self.gap_nodes], axis=1)

    def _partials(self, index: int, values: dict[int, Array]) -> list[Array]:
        node, one = self.nodes[index], np.ones_like(values[index])
        a = [values[i] for i in node.args]
        match node.op:
            case "+":
                return [one, one]
            case "-":
                return [one, -one]
            case "*":
                return [a[1], a[0]]
            case "/":
                return [one / a[1], -values[index] / a[1]]
            case "neg":
                return [-one]
            case "^":
                return [node.exponent * a[0] ** max(node.exponent - 1, 0)]
            case "sqrt":
                return [0.5 / values[index]]
            case "min" | "max":
                first = (a[0] < a[1]) == (node.op == "min")
                return [np.where(first, one, 0.0), np.where(first, 0.0, one)]
            case function if function in FUNCTIONS:
                return [np.broadcast_to(FUNCTIONS[function][1](a[0], values[index]), one.shape)]
        return []

    def gradients(self, point: Array) -> Array:
        """Return the gradients of the gaps at one point, shape (relations, variables); 0 where not finite.

        At a kink of "abs", "min" or "max" it is one of the generalised gradients.
        """
        result = np.zeros((len(self.gap_nodes), len(self.column)))
        with np.errstate(all="ignore"):
            values = self._values(point[None, :])
            partials = {index: [float(p[0]) for p in self._partials(index, values)] for index in self.needed}
        for row, gap in enumerate(self.gap_nodes):
            adjoint = {gap: 1.0}
            for index in reversed(self.needed):
                outer = adjoint.pop(index, 0.0)
                if not outer:
                    continue
                node = self.nodes[index]
                if node.op == "var":
                    result[row, self.column[node.name]] += outer
                for argument, partial in zip(node.args, partials[index], strict=True):
                    adjoint[argument] = adjoint.get(argument, 0.0) + outer * partial
        return np.nan_to_num(result, nan=0.0, posinf=0.0, neginf=0.0)
