"""Claims: what must hold, how it is to be shown, and what it rests on; and the graph they form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from verify.kernel.statements import Statement

Kind: TypeAlias = Literal["lemma", "argument", "theorem", "neighbour"]
Method: TypeAlias = Literal["algebra", "bisection", "given", "argument", "falsify"]
Verdict: TypeAlias = Literal["proved", "refuted", "unknown"]
Tier: TypeAlias = Literal["kernel", "solvers", "argument", "none"]

TIERS: tuple[Tier, ...] = ("kernel", "solvers", "argument", "none")
EVERY_DEPTH = "every depth"


@dataclass(frozen=True)
class Claim:
    """One claim of a theorem.

    Parameters
    ----------
    identifier, title
        A short name such as "A2", and what it says in a few words.
    words, formula
        The statement in words (Markdown) and in symbols (LaTeX, may be empty).
    source
        Where the claim comes from.
    scope, varies
        "every depth" or "depth D"; whether the claim speaks of the depth that was asked for.
    kind
        "lemma" (a formal statement), "argument" (a written step), "theorem" (what the chain is for) or "neighbour" (a
        false claim next to a true one, which must never be proved).
    rests_on
        Identifiers of the claims it uses.
    statement
        The formal statement of a lemma or neighbour.
    method
        How a proof is searched for: "algebra" (identity or combination), "bisection", "given" (`proof` is the proof
        object, derived elsewhere), "falsify" (neighbours; `proof` is a known counterexample, if any), "argument".
    proof, hints
        Proof object for "given"; extra squares for "algebra".
    argument
        The written proof, in full (Markdown), of an argument or theorem.
    """

    identifier: str
    title: str
    words: str
    formula: str = ""
    source: str = "this project"
    scope: str = EVERY_DEPTH
    kind: Kind = "lemma"
    rests_on: tuple[str, ...] = ()
    statement: Statement | None = None
    method: Method = "algebra"
    proof: Mapping[str, Any] | None = None
    hints: tuple[Any, ...] = ()
    argument: str = ""
    varies: bool = False

    def __post_init__(self) -> None:
        """Check that the parts fit the kind. Raises ValueError."""
        written = self.kind in ("argument", "theorem")
        if written != bool(self.argument) or written == (self.statement is not None):
            raise ValueError(f"claim {self.identifier}: a written step has an argument, any other claim a statement")


@dataclass(frozen=True)
class ClaimGraph:
    """Claims in an order in which each rests on earlier ones only.

    `shared` and `own` name the folders of the committed proofs: of the claims that do not depend on the depth asked
    for, and of those that do.

    Raises ValueError for a repeated identifier or a claim that rests on one that does not come before it.
    """

    claims: tuple[Claim, ...]
    shared: str = "every-depth"
    own: str = ""
    by_identifier: Mapping[str, Claim] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the claims and check the order."""
        known: dict[str, Claim] = {}
        for claim in self.claims:
            missing = [i for i in claim.rests_on if i not in known]
            if missing or claim.identifier in known:
                raise ValueError(f"claim {claim.identifier}: repeated, or rests on later or unknown claims {missing}")
            known[claim.identifier] = claim
        object.__setattr__(self, "by_identifier", known)

    def closure(self, roots: Iterable[str]) -> tuple[str, ...]:
        """Return the identifiers of `roots` and of all they rest on, in the order of the graph."""
        stack = list(roots)
        wanted = set(stack)
        while stack:
            new = set(self.by_identifier[stack.pop()].rests_on) - wanted
            wanted |= new
            stack += new
        return tuple(c.identifier for c in self.claims if c.identifier in wanted)

    def restricted(self, roots: Iterable[str]) -> "ClaimGraph":
        """Return the graph of `roots`, all they rest on, and the neighbours of these with their companions."""
        kept = set(self.closure(roots))
        beside = [c for c in self.claims if c.kind == "neighbour" and set(c.rests_on) & kept]
        kept |= set(self.closure(i for c in beside for i in c.rests_on))
        kept |= {c.identifier for c in beside}
        return replace(self, claims=tuple(c for c in self.claims if c.identifier in kept))


@dataclass(frozen=True)
class Outcome:
    """What became of one claim: its own verdict and tier, and what it cost.

    `certificate` is the certificate as a JSON object; `witness` the point of a counterexample; `note` what is left.
    """

    identifier: str
    verdict: Verdict
    tier: Tier
    rule: str = "none"
    certificate: Mapping[str, Any] | None = None
    boxes: int = 0
    leaves: int = 0
    prover_seconds: float = 0.0
    kernel_seconds: float = 0.0
    solvers: Sequence[Mapping[str, Any]] = ()
    note: str = ""

    @property
    def witness(self) -> Mapping[str, str]:
        """The point of a counterexample, or of a solution whose box is one point; empty otherwise."""
        proof = self.certificate["proof"] if self.certificate is not None else {}
        if self.rule == "solution" and all(low == high for low, high in proof["box"].values()):
            return {name: low for name, (low, _) in proof["box"].items()}
        point: Mapping[str, str] = proof["point"] if self.rule == "counterexample" else {}
        return point


def combined(graph: ClaimGraph, outcomes: Mapping[str, Outcome], identifier: str) -> tuple[Verdict, Tier]:
    """Return verdict and tier of a claim together with all it rests on.

    Refuted is a claim only when it is so itself; a claim that rests on one that is not proved is unknown. The tier of a
    proof is the lowest among all it rests on. A neighbour rests on its companions in name only.
    """
    own = outcomes[identifier]
    if own.verdict != "proved" or graph.by_identifier[identifier].kind == "neighbour":
        return own.verdict, own.tier
    involved = [outcomes[i] for i in graph.closure([identifier])]
    if any(o.verdict != "proved" for o in involved):
        return "unknown", "none"
    return "proved", max((o.tier for o in involved), key=TIERS.index)


def missing_below(graph: ClaimGraph, outcomes: Mapping[str, Outcome], identifier: str) -> str:
    """Return, in words, which claims that this one rests on are not proved (empty: all are)."""
    below = [i for i in graph.closure([identifier]) if i != identifier]
    open_ = [f"{i}, which is {outcomes[i].verdict}" for i in below if outcomes[i].verdict != "proved"]
    return f"rests on {'; '.join(open_)}" if open_ else ""
