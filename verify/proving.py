"""`verify.prove`: relations between sympy expressions, decided over a box."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from verify.deciding import Decided, decide
from verify.encode import Bound, make_statement
from verify.kernel.statements import Statement
from verify.searching import Reach, local_workers

COMPARISONS = {
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
    sp.Equality: "=",
}


@dataclass(frozen=True)
class Proof:
    """The answer of `prove`: the statement, and everything that `Decided` has."""

    statement: Statement
    decided: Decided

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of `decided`: verdict, certificate, witness, boxes, leaves, ..."""
        return getattr(self.decided, name)

    def __bool__(self) -> bool:
        """Whether the statement is proved."""
        return self.decided.verdict == "proved"

    def __repr__(self) -> str:
        """Say it in a line."""
        d = self.decided
        parts = [d.verdict]
        if d.verdict == "proved":
            parts.append(f"by {d.rule}" + (f", {d.leaves} leaves" if d.leaves else ""))
        elif d.witness:
            parts.append("at " + ", ".join(f"{k} = {v}" for k, v in d.witness.items()))
        elif d.solution:
            parts.append("in " + ", ".join(f"{k} in [{a}, {b}]" for k, (a, b) in d.solution.items()))
        else:
            parts.append(f"{d.note or 'undecided'} ({d.undecided:.2g} of the domain)")
        return f"<{': '.join(parts)}>"


def _relation(relation: Any) -> tuple[Any, str, Any]:
    for kind, comparison in COMPARISONS.items():
        if isinstance(relation, kind):
            return relation.lhs, comparison, relation.rhs
    raise ValueError(f"not a relation between expressions (<, <=, >, >=, Eq): {relation}")


def prove(
    conclusion: Any,
    where: Any | Iterable[Any] = (),
    over: Mapping[Any, tuple[Bound, Bound]] | None = None,
    *,
    timeout: float = 60.0,
    precision: float = 1e-9,
    jobs: int = 1,
    seed: int = 0,
) -> Proof:
    """Prove or refute that `conclusion` holds wherever all of `where` do, over a box.

    Parameters
    ----------
    conclusion
        A sympy relation, such as `sp.sin(x) <= x`. sympy turns some relations into true or false at once; these are
        refused.
    where
        A relation, or several: the hypotheses.
    over
        Bounds by symbol: pairs of exact rationals (int, Fraction, sympy Rational, or a string such as "1/3"); None is
        no bound. Symbols that are not there have no bounds.
    timeout
        Seconds of search; the kernel's check comes on top.
    precision
        Width of the smallest boxes.
    jobs
        Processes for a long search.

    Returns
    -------
    Proof
        `verdict` is "proved", "refuted" or "unknown", `certificate` what the kernel accepted. It is true if proved.

    Raises
    ------
    ValueError
        For anything that is not a relation, a float, or a function that the kernel does not know.

    Examples
    --------
    >>> import sympy as sp
    >>> from verify import prove
    >>> x, y = sp.symbols("x y")
    >>> prove(x * y <= sp.Rational(1, 2), where=x**2 + y**2 <= 1, over={x: (-1, 1), y: (-1, 1)}).verdict
    'proved'
    >>> prove(sp.sin(x) < x, over={x: (0, 1)})
    <refuted: at x = 0>
    """
    hypotheses = [where] if isinstance(where, sp.Basic) else list(where)
    claimed = [_relation(r) for r in (conclusion, *hypotheses)]
    bounds = dict(over or {})
    free = {s for left, _, right in claimed for s in sp.sympify(left).free_symbols | sp.sympify(right).free_symbols}
    for symbol in sorted(free, key=str):
        bounds.setdefault(symbol, (None, None))
    named = {f"h{k}": relation for k, relation in enumerate(claimed[1:], start=1)}
    statement = make_statement(bounds, claimed[0], named)
    if jobs < 1 or timeout <= 0 or precision <= 0:
        raise ValueError("jobs, timeout and precision are positive")
    reach = Reach(seconds=timeout, precision=precision)
    with local_workers(jobs) as workers:
        return Proof(statement, decide(statement, reach, workers=workers, seed=seed))
