"""Terms over exact rationals, as a table of nodes in which every node refers to earlier ones only.

A table shares equal subterms, so its size is that of the formula's graph and every pass over it is one loop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from verify.kernel.errors import Malformed

MAX_NODES = 100_000
MAX_EXPONENT = 64
MAX_NUMBER_BITS = 1329  # 400 digits
FUNCTIONS = ("abs", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
UNARY = ("neg", "sqrt", "^", *FUNCTIONS)
OPERATIONS = ("+", "-", "*", "/", "min", "max", *UNARY)


@dataclass(frozen=True, slots=True)
class Node:
    """One node: op in {"const", "var"} or OPERATIONS; args are indices of earlier nodes.

    `value` is the rational of a "const"; `name` that of a "var"; `exponent` the natural number of a "^".
    """

    op: str
    args: tuple[int, ...] = ()
    value: Fraction = Fraction(0)
    name: str = ""
    exponent: int = 0


@dataclass
class TermTable:
    """A growing table of nodes; equal nodes are stored once and addressed by their index."""

    nodes: list[Node] = field(default_factory=list)
    _index: dict[Node | str, int] = field(default_factory=dict)

    def add(self, node: Node) -> int:
        """Return the index of `node`, storing it if new. Raises Malformed beyond MAX_NODES nodes."""
        return self._place(node, node)

    def _place(self, key: Node | str, node: Node) -> int:
        found = self._index.get(key)
        if found is None:
            if len(self.nodes) >= MAX_NODES:
                raise Malformed(f"more than {MAX_NODES} terms")
            found = self._index[key] = len(self.nodes)
            self.nodes.append(node)
        return found

    def const(self, value: Fraction | int) -> int:
        """Index of the rational constant `value`. Raises Malformed beyond MAX_NUMBER_BITS bits."""
        number = Fraction(value)
        if max(number.numerator.bit_length(), number.denominator.bit_length()) > MAX_NUMBER_BITS:
            raise Malformed(f"a number of more than {MAX_NUMBER_BITS} bits")
        return self._place(str(number), Node("const", value=number))  # keyed by text: numbers can be made to collide

    def var(self, name: str) -> int:
        """Index of the variable `name`."""
        return self.add(Node("var", name=name))

    def apply(self, op: str, args: Iterable[int], exponent: int = 0) -> int:
        """Index of `op` applied to earlier nodes; "+", "*", "min" and "max" of several arguments fold to the left.

        Raises Malformed for an unknown operation, a wrong number of arguments or an exponent outside
        0 .. MAX_EXPONENT.
        """
        indices = tuple(args)
        if op == "-" and len(indices) == 1:
            op = "neg"
        if op not in OPERATIONS or len(indices) < 1 or (len(indices) == 1) != (op in UNARY):
            raise Malformed(f"operation {op!r} with {len(indices)} arguments")
        if not 0 <= exponent <= MAX_EXPONENT:
            raise Malformed(f"exponent {exponent} outside 0..{MAX_EXPONENT}")
        if len(indices) == 1:
            value = self.nodes[indices[0]].value
            negated_const = op == "neg" and self.nodes[indices[0]].op == "const"
            return self.const(-value) if negated_const else self.add(Node(op, indices, exponent=exponent))
        result = indices[0]
        for argument in indices[1:]:
            left, right = self.nodes[result], self.nodes[argument]
            if op == "/" and left.op == right.op == "const" and right.value:
                result = self.const(left.value / right.value)
            else:
                result = self.add(Node(op, (result, argument)))
        return result


def extract(nodes: Sequence[Node], root: int) -> tuple[Node, ...]:
    """Return the table of `root` alone: the nodes it depends on, renumbered, itself last."""
    wanted, stack = {root}, [root]
    while stack:
        new = set(nodes[stack.pop()].args) - wanted
        wanted |= new
        stack += new
    place = {old: new for new, old in enumerate(sorted(wanted))}
    return tuple(replace(nodes[old], args=tuple(place[i] for i in nodes[old].args)) for old in place)
