"""The gaps of a statement's relations in floating point: at many points at once, with gradients."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from verify.kernel.statements import Statement

Array: TypeAlias = npt.NDArray[np.float64]


def needed_nodes(statement: Statement) -> list[int]:
    """Return the nodes that some relation's gap depends on, in ascending order."""
    needed = {r.gap for r in (*statement.hypotheses, statement.conclusion)}
    for index in range(len(statement.nodes) - 1, -1, -1):
        if index in needed:
            needed.update(statement.nodes[index].args)
    return sorted(needed)


class Evaluator:
    """Evaluates the gaps of the hypotheses and, last, of the conclusion."""

    def __init__(self, statement: Statement) -> None:
        self.nodes = statement.nodes
        self.needed = needed_nodes(statement)
        self.gap_nodes = [r.gap for r in (*statement.hypotheses, statement.conclusion)]
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
                case unknown:
                    raise ValueError(f"no evaluation of {unknown!r}")
        return values

    def gaps(self, points: Array) -> Array:
        """Return the gaps at `points` (shape (points, variables)), shape (points, hypotheses + 1); nan if undefined."""
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
        return []

    def gradients(self, point: Array) -> Array:
        """Return the gradients of the gaps at one point, shape (hypotheses + 1, variables); 0 where not finite."""
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
