"""Commands of SMT-LIB 2: declarations, definitions, assertions and the declared status."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from verify.kernel.errors import Malformed
from verify.smt2.expressions import Definition, Expressions, expect, is_symbol, sort_of
from verify.smt2.lexer import Atom, Place, Sequence, Sexpr, SmtError, read_script, show
from verify.smt2.names import Names
from verify.smt2.operations import Bool, Real, Value

STATUS = ("sat", "unsat", "unknown")
UNSUPPORTED = (
    "push", "pop", "reset", "reset-assertions", "check-sat-assuming", "declare-sort", "define-sort", "declare-datatype",
    "declare-datatypes", "define-fun-rec", "define-funs-rec", "minimize", "maximize", "assert-soft", "define-ode",
)  # fmt: skip
ANSWERS = (
    "get-model", "get-value", "get-info", "get-option", "get-unsat-core", "get-proof", "get-assertions",
    "get-assignment", "get-unsat-assumptions", "echo", "set-option",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assertion:
    """An asserted gate, its place, the name it has in the file, and whether it is a declared bound."""

    gate: int
    place: Place
    label: str | None
    declared: bool = False


def is_mark(sexpr: Sexpr, text: str) -> bool:
    """Whether an expression is a bracket or a comma."""
    return isinstance(sexpr, Atom) and (sexpr.kind, sexpr.text) == ("mark", text)


class Script:
    """What the commands of a file declare and assert; `sorts` has the variables in order, by their statement names."""

    def __init__(self, text: str) -> None:
        self.expressions = Expressions()
        self.names = Names()
        self.sorts: dict[str, str] = {}
        self.assertions: list[Assertion] = []
        self.status: str | None = None
        self._checked = ""
        for command in read_script(text):
            self._run(command)
        if all(a.declared for a in self.assertions):
            raise SmtError(Place(1, 1), "nothing is asserted")

    def _run(self, command: Sequence) -> None:
        head = command.items[0] if command.items else command
        if not isinstance(head, Atom) or head.kind != "symbol":
            raise SmtError(head, f"a command is expected, not {show(head)}")
        name = head.text
        commands: dict[str, tuple[Callable[[Sequence], None], str, int]] = {
            "assert": (self._assert, "(assert formula)", 2),
            "declare-const": (self._declare, "(declare-const name sort)", 3),
            "declare-fun": (
                self._declare_fun,
                "(declare-fun name () sort) or, with bounds, (... sort [lower, upper])",
                0,
            ),
            "define-const": (self._define_const, "(define-const name sort expression)", 4),
            "define-fun": (self._define, "(define-fun name ((parameter sort) ...) sort expression)", 5),
        }
        if name in ("check-sat", "exit"):
            if len(command.items) != 1:
                raise SmtError(command, f"{name} takes no arguments")
            self._checked = self._checked or name
        elif name == "set-info":
            self._set_info(command)
        elif name == "set-logic":
            if len(command.items) != 2 or not is_symbol(command.items[1]):
                raise SmtError(command, "set-logic is written (set-logic name)")
        elif name in commands:
            if self._checked:
                raise SmtError(command, f"unsupported: {name} after {self._checked}")
            run, written, length = commands[name]
            if length and len(command.items) != length:
                raise SmtError(command, f"{name} is written {written}")
            try:
                run(command)
            except Malformed as error:
                raise SmtError(command, str(error)) from None
        elif name not in ANSWERS:
            kind = "unsupported" if name in UNSUPPORTED else "unknown"
            raise SmtError(head, f"{kind} command {show(head)}")

    def _set_info(self, command: Sequence) -> None:
        items = command.items
        if not 2 <= len(items) <= 3 or not isinstance(items[1], Atom) or items[1].kind != "keyword":
            raise SmtError(command, "set-info is written (set-info :attribute value)")
        if items[1].text != ":status":
            return
        value = items[2] if len(items) == 3 else items[1]
        if not isinstance(value, Atom) or value.text not in STATUS or self.status not in (None, value.text):
            raise SmtError(value, f"the status is one of {', '.join(STATUS)}, given once; this is {show(value)}")
        self.status = value.text

    def _sort(self, sexpr: Sexpr) -> str:
        if isinstance(sexpr, Atom) and is_symbol(sexpr) and sexpr.text in ("Real", "Bool"):
            return sexpr.text
        raise SmtError(sexpr, f"unsupported sort {show(sexpr)}: only Real and Bool")

    def _assert(self, command: Sequence) -> None:
        body = command.items[1]
        value = self.expressions.evaluate(body)
        expect(body, value, "Bool")
        assert isinstance(value, Bool)
        self.assertions.append(Assertion(value.gate, command, self._label(body)))

    def _label(self, body: Sexpr) -> str | None:
        if not isinstance(body, Sequence) or not isinstance(body.items[0], Atom) or body.items[0].text != "!":
            return None
        labels = [
            name.text
            for attribute, name in pairwise(body.items[2:])
            if isinstance(attribute, Atom) and isinstance(name, Atom) and attribute.text == ":named"
        ]
        return labels[0] if labels else None

    def _declare(self, command: Sequence) -> None:
        self._variable(command.items[1], self._sort(command.items[2]))

    def _variable(self, symbol: Sexpr, sort: str) -> Value:
        written = self.expressions.new_name(symbol)
        name = self.names.of_variable(written)
        value = self.expressions.variable(name, sort)
        self.expressions.declare(symbol, value)
        self.sorts[name] = sort
        return value

    def _declare_fun(self, command: Sequence) -> None:
        match command.items[1:]:
            case [symbol, Sequence(items=()), sort]:
                self._variable(symbol, self._sort(sort))
            case [symbol, Sequence(items=()), sort, opened, lower, comma, upper, closed] if (
                is_mark(opened, "[") and is_mark(comma, ",") and is_mark(closed, "]")
            ):
                if self._sort(sort) != "Real":
                    raise SmtError(sort, "unsupported: bounds of a Bool")
                ends = [(">=", self._number(lower)), ("<=", self._number(upper))]
                value = self._variable(symbol, "Real")
                assert isinstance(value, Real)
                for comparison, end in ends:
                    gate = self.expressions.operations.compare(comparison, [value, end]).gate
                    self.assertions.append(Assertion(gate, command, None, declared=True))
            case [symbol, Sequence(), _]:
                raise SmtError(symbol, f"unsupported: a function that is declared but not defined: {show(symbol)}")
            case _:
                raise SmtError(
                    command, "declare-fun is written (declare-fun name () sort) or (... sort [lower, upper])"
                )

    def _number(self, sexpr: Sexpr) -> Real:
        value = self.expressions.evaluate(sexpr)
        if not isinstance(value, Real) or self.expressions.operations.number(value) is None:
            raise SmtError(sexpr, f"a bound is a rational constant, not {show(sexpr)}")
        return value

    def _result(self, command: Sequence, symbol: Sexpr, value: Value, sort: str) -> None:
        if sort_of(value) != sort:
            raise SmtError(command.items[-1], f"{show(symbol)} is declared a {sort} and defined as a {sort_of(value)}")

    def _define_const(self, command: Sequence) -> None:
        _, symbol, sort, body = command.items
        wanted, value = self._sort(sort), self.expressions.evaluate(body)
        self._result(command, symbol, value, wanted)
        self.expressions.declare(symbol, value)

    def _define(self, command: Sequence) -> None:
        _, symbol, listed, sort, body = command.items
        if not isinstance(listed, Sequence):
            raise SmtError(listed, f"a list of parameters is expected, not {show(listed)}")
        parameters: dict[str, str] = {}
        for parameter in listed.items:
            if not isinstance(parameter, Sequence) or len(parameter.items) != 2:
                raise SmtError(parameter, f"a parameter is written (name sort), not {show(parameter)}")
            name = self.expressions.new_name(parameter.items[0])
            if name in parameters:
                raise SmtError(parameter, f"a parameter twice: {show(parameter.items[0])}")
            parameters[name] = self._sort(parameter.items[1])
        wanted = self._sort(sort)
        # the body is checked with parameters of its own, called "<name>", which no variable of a statement can be
        scope = {n: [self.expressions.variable(f"<{n}>", s)] for n, s in parameters.items()}
        value = self.expressions.evaluate(body, scope)
        self._result(command, symbol, value, wanted)
        self.expressions.declare(symbol, value)
        if parameters:
            text = self.expressions.new_name(symbol)
            self.expressions.definitions[text] = Definition(tuple(parameters.items()), wanted, body)
            del self.expressions.values[text]
