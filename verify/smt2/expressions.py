"""Values of SMT-LIB expressions: scopes, `let`, definitions and the sorts of arguments. Nothing here recurses."""

from collections.abc import Generator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from verify.kernel.errors import Malformed
from verify.smt2.lexer import Atom, Place, Sequence, Sexpr, SmtError, number, show
from verify.smt2.operations import NAMES, Bool, Operations, Real, Value, plain

MAX_STEPS = 1_000_000
RESERVED = ("!", "_", "as", "exists", "forall", "lambda", "let", "match", "par")
CORE = (
    "true",
    "false",
    "not",
    "and",
    "or",
    "xor",
    "=>",
    "=",
    "distinct",
    "ite",
    "+",
    "-",
    "*",
    "/",
    "<=",
    "<",
    ">=",
    ">",
)
UNSUPPORTED = ("atan2", "arctan2", "div", "mod", "to_int", "is_int", "select", "store", "sec", "csc", "cot")
LOGICAL = ("not", "and", "or", "xor", "=>")

Scope: TypeAlias = dict[str, list[Value]]
Evaluation: TypeAlias = Generator[tuple[Sexpr, Scope], Value, Value]


@dataclass(frozen=True, slots=True)
class Definition:
    """A function defined by the file: parameters with their sorts, the sort of the result, the body."""

    parameters: tuple[tuple[str, str], ...]
    sort: str
    body: Sexpr


def sort_of(value: Value) -> str:
    """Return "Real" or "Bool"."""
    return "Real" if isinstance(value, Real) else "Bool"


def expect(place: Place, value: Value, sort: str) -> None:
    """Raise SmtError unless the value is of the sort."""
    if sort_of(value) != sort:
        raise SmtError(place, f"a {sort} is expected, this is a {sort_of(value)}")


def is_symbol(sexpr: Sexpr) -> bool:
    """Whether an expression is a symbol, quoted or not."""
    return isinstance(sexpr, Atom) and sexpr.kind in ("symbol", "quoted")


class Expressions:
    """Evaluates expressions; `values` and `definitions` are the names declared so far."""

    def __init__(self) -> None:
        self.operations = Operations()
        self.values: dict[str, Value] = {}
        self.definitions: dict[str, Definition] = {}
        self.steps = 0

    def new_name(self, sexpr: Sexpr) -> str:
        """Return a symbol that may be declared. Raises SmtError for anything else and for a name that is taken."""
        if not isinstance(sexpr, Atom) or not is_symbol(sexpr):
            raise SmtError(sexpr, f"a symbol is expected, not {show(sexpr)}")
        if sexpr.text in CORE or (sexpr.kind == "symbol" and sexpr.text in RESERVED):
            raise SmtError(sexpr, f"a reserved name: {show(sexpr)}")
        return sexpr.text

    def evaluate(self, expression: Sexpr, scope: Scope | None = None) -> Value:
        """Return the value of an expression. Raises SmtError at the place of the fault."""
        stack: list[tuple[Sexpr, Evaluation]] = []
        request: tuple[Sexpr, Scope] | None = (expression, scope or {})
        value: Value | None = None
        while request is not None or stack:
            place = request[0] if request is not None else stack[-1][0]
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise SmtError(place, f"the definitions expand to more than {MAX_STEPS} expressions")
            try:
                if request is None:
                    assert value is not None
                    request = stack[-1][1].send(value)
                elif isinstance(request[0], Atom):
                    value, request = self._atom(request[0], request[1]), None
                else:
                    stack.append((request[0], self._sequence(request[0], request[1])))
                    request = next(stack[-1][1])
            except StopIteration as done:
                value, request = done.value, None
                stack.pop()
            except Malformed as error:
                raise SmtError(place, str(error)) from None
        assert value is not None
        return value

    def _atom(self, atom: Atom, scope: Scope) -> Value:
        if atom.kind == "number":
            return self.operations.constant(number(atom))
        if is_symbol(atom):
            if atom.text in scope:
                return scope[atom.text][-1]
            if atom.text in self.values:
                return self.values[atom.text]
            if atom.text in ("true", "false"):
                return Bool(int(atom.text == "true"))
            if atom.text in ("pi", "real.pi"):
                one = self.operations.constant(1)
                return self.operations.arithmetic(
                    "*", [self.operations.constant(4), self.operations.unary("atan", one)]
                )
            if self._is_function(atom.text):
                raise SmtError(atom, f"a function without arguments: {show(atom)}")
            raise SmtError(atom, f"undeclared symbol {show(atom)}")
        raise SmtError(atom, f"an expression is expected, not {show(atom)}")

    def _is_function(self, name: str) -> bool:
        return (
            name in self.definitions or name in CORE or name in NAMES or name in ("min", "max", "^", "pow", "to_real")
        )

    def _sequence(self, sequence: Sequence, scope: Scope) -> Evaluation:
        head = sequence.items[0] if sequence.items else sequence
        if not isinstance(head, Atom) or not is_symbol(head):
            raise SmtError(head, f"not a function: {show(head)}")
        name = head.text
        if head.kind == "symbol" and name in RESERVED:
            if name == "let":
                return (yield from self._let(sequence, scope))
            if name == "!":
                return (yield from self._annotated(sequence, scope))
            raise SmtError(sequence, f"unsupported: {name}")
        if name in scope or (name in self.values and name not in self.definitions):
            raise SmtError(head, f"not a function: {show(head)}")
        if not self._is_function(name):
            raise SmtError(head, f"{'unsupported' if name in UNSUPPORTED else 'unknown'} function {show(head)}")
        arguments: list[Value] = []
        for item in sequence.items[1:]:
            arguments.append((yield item, scope))
        if name in self.definitions:
            definition = self.definitions[name]
            self._check(sequence, arguments, [sort for _, sort in definition.parameters])
            inner = {p: [a] for (p, _), a in zip(definition.parameters, arguments, strict=True)}
            return (yield definition.body, inner)
        return self._apply(sequence, name, arguments)

    def _let(self, sequence: Sequence, scope: Scope) -> Evaluation:
        if len(sequence.items) != 3 or not isinstance(sequence.items[1], Sequence) or not sequence.items[1].items:
            raise SmtError(sequence, "let is written (let ((name expression) ...) expression)")
        bound: dict[str, Value] = {}
        for binding in sequence.items[1].items:
            if not isinstance(binding, Sequence) or len(binding.items) != 2:
                raise SmtError(binding, f"a binding is written (name expression), not {show(binding)}")
            name = self.new_name(binding.items[0])
            if name in bound:
                raise SmtError(binding, f"bound twice in one let: {show(binding.items[0])}")
            bound[name] = yield binding.items[1], scope
        for name, value in bound.items():
            scope.setdefault(name, []).append(value)
        result = yield sequence.items[2], scope
        for name in bound:
            scope[name].pop()
            if not scope[name]:
                del scope[name]
        return result

    def _annotated(self, sequence: Sequence, scope: Scope) -> Evaluation:
        items = sequence.items
        if len(items) < 3 or not isinstance(items[2], Atom) or items[2].kind != "keyword":
            raise SmtError(sequence, "an annotation is written (! expression :attribute value ...)")
        value = yield items[1], scope
        if isinstance(items[-1], Atom) and items[-1].text == ":named":
            raise SmtError(items[-1], ":named without a name")
        for attribute, name in pairwise(items[2:]):
            if isinstance(attribute, Atom) and (attribute.kind, attribute.text) == ("keyword", ":named"):
                if scope:
                    raise SmtError(name, f":named inside let or define-fun is unsupported: {show(name)}")
                self.declare(name, value)
        return value

    def declare(self, name: Sexpr, value: Value) -> str:
        """Give a new global name to a value. Raises SmtError when the name is taken."""
        text = self.new_name(name)
        if text in self.values or text in self.definitions:
            raise SmtError(name, f"declared before: {show(name)}")
        self.values[text] = value
        return text

    def _check(self, sequence: Sequence, arguments: list[Value], sorts: list[str]) -> None:
        if len(arguments) != len(sorts):
            raise SmtError(sequence, f"{show(sequence.items[0])} takes {len(sorts)} arguments, not {len(arguments)}")
        for place, argument, sort in zip(sequence.items[1:], arguments, sorts, strict=True):
            expect(place, argument, sort)

    def _apply(self, sequence: Sequence, name: str, arguments: list[Value]) -> Value:
        """Apply a function of the theory after a check of its arguments' number and sorts."""
        o, count = self.operations, len(arguments)
        if name == "ite":
            self._check(sequence, arguments, ["Bool", *[sort_of(arguments[1])] * 2] if count == 3 else ["Bool"] * 3)
            assert isinstance(arguments[0], Bool)
            return o.choice(arguments[0], arguments[1], arguments[2])
        logical = name in LOGICAL or (name in ("=", "distinct") and count > 0 and isinstance(arguments[0], Bool))
        exact = 1 if name in (*NAMES, "not", "to_real") else 2 if name in ("^", "pow") else None
        least = 1 if name in ("and", "or", "+", "*", "-") else 2
        if exact is None and count < least:
            raise SmtError(sequence, f"{show(sequence.items[0])} takes at least {least} arguments, not {count}")
        self._check(sequence, arguments, ["Bool" if logical else "Real"] * (count if exact is None else exact))
        if logical:
            return self._logical(name, [a for a in arguments if isinstance(a, Bool)])
        reals = [a for a in arguments if isinstance(a, Real)]
        if name in NAMES:
            return o.unary(NAMES[name], reals[0])
        if name in ("^", "pow"):
            return o.power(reals[0], reals[1])
        if name in ("<=", "<", ">=", ">"):
            return o.compare(name, reals)
        if name in ("=", "distinct"):
            return o.equal(reals) if name == "=" else o.distinct(reals)
        return reals[0] if name == "to_real" else o.arithmetic(name, reals)

    def _logical(self, name: str, values: list[Bool]) -> Value:
        o, gates = self.operations, [v.gate for v in values]
        match name:
            case "not":
                return Bool(o.formulas.negation(gates[0]))
            case "and":
                return Bool(o.formulas.conjunction(gates))
            case "or":
                return Bool(o.formulas.disjunction(gates))
            case "xor":
                return o.xor(values)
            case "=>":
                return o.implies(values)
            case "=":
                return o.equal(values)
        return o.distinct(values)

    def variable(self, name: str, sort: str) -> Value:
        """Return a new variable of the term table as a value of the sort."""
        node = self.operations.terms.var(name)
        return plain(node) if sort == "Real" else Bool(self.operations.formulas.boolean(node))
