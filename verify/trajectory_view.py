"""What a person sees of certified limits: a line and the data of a start, the table, the plot."""

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from reports.bounds import interval
from verify.limits.certificate import Bounds, LimitCertificate
from verify.limits.checker import LimitVerdict
from verify.limits.orbit import State
from verify.orbit_series import series
from verify.provers.limit_search import approximate
from verify.runs import spinner

STYLE = {"converges": "green", "undecided": "bold yellow"}
OTHER = "cyan"

Show: TypeAlias = Callable[[str], Callable[[int, int], None]]


@dataclass(frozen=True)
class Row:
    """What became of one start; `shown` is None where the checker accepts no verdict, see `reason`."""

    name: str
    weights: tuple[Fraction, ...]
    claim: LimitCertificate
    shown: LimitVerdict | None
    reason: str
    seconds: float
    check_seconds: float
    certificate: Path

    @property
    def verdict(self) -> str:
        """The verdict, "undecided" where the checker accepts none."""
        return self.claim.verdict if self.shown is not None else "undecided"

    @property
    def assumption(self) -> str:
        """Where the orbit is with respect to S_eta, as far as it is proved."""
        claim = self.claim if self.shown is not None else None
        if claim is None:
            return "unknown"
        if claim.inside_from == 0:
            return "inside"
        start = "outside" if claim.outside is not None else "unknown"
        return start if claim.inside_from is None else f"{start}, inside from step {claim.inside_from}"

    def words(self) -> str:
        """Say in a line what is proved."""
        claim, shown = self.claim, self.shown
        if shown is None:
            return self.reason
        if claim.verdict == "outside":
            return "the start is not in S_eta; nothing is proved of its limit"
        if claim.verdict == "reaches zero":
            return f"a weight is exactly 0 after step {claim.step}"
        if claim.verdict == "diverges":
            return f"the loss tends to infinity: from step {claim.step} on |pi| grows by the factor 4 at least"
        assert shown.limit is not None
        parts = [f"eta lim phi in {interval(shown.limit)}"]
        if claim.monotone_from is not None:
            parts.append(
                "phi falls in every step"
                if claim.monotone_from == 0
                else f"phi falls in every step from {claim.monotone_from} on"
            )
        if claim.edge is not None:
            parts.append("starts at or below the edge" if claim.edge == 0 else f"at the edge from step {claim.edge} on")
        return "; ".join(parts)

    def data(self) -> dict[str, Any]:
        """Return the row as plain data; bounds are exact rationals, rounded outward to 30 places."""
        claim, shown = self.claim, self.shown
        known: dict[str, Any] = {}
        if shown is not None:
            names = ("step", "inside_from", "monotone_from", "edge", "premise")
            known = {name: getattr(claim, name) for name in names if getattr(claim, name) is not None}
            known["eta_phi_start"] = _pair(shown.first)
            known["outside"] = claim.outside is not None
        if shown is not None and shown.limit is not None:
            signs = [1 if w > 0 else -1 for w in self.weights]
            known["eta_phi_limit"] = _pair(shown.limit)
            known["point"] = [_pair(b if s > 0 else (-b[1], -b[0])) for b, s in zip(shown.point, signs, strict=True)]
            known["rate_at_most"] = None if shown.rate is None else _rounded(shown.rate, True)
        return {
            "name": self.name,
            "eta": str(claim.problem.eta),
            "weights": [str(w) for w in self.weights],
            "verdict": self.verdict,
            "assumption": self.assumption,
            "reason": self.reason,
            **known,
            "bits": claim.bits,
            "seconds": round(self.seconds, 3),
            "check_seconds": round(self.check_seconds, 3),
            "certificate": str(self.certificate),
        }


def _rounded(value: Fraction, up: bool, places: int = 30) -> str:
    scaled = value * 10**places
    return str(Fraction(scaled.__ceil__() if up else scaled.__floor__(), 10**places))


def _pair(bounds: Bounds | None) -> list[str] | None:
    return None if bounds is None else [_rounded(bounds[0], False), _rounded(bounds[1], True)]


@contextmanager
def live_view(console: Console) -> Iterator[Show]:
    """Show how far the search is, while the block runs; return a function of the name of a start."""
    with spinner(console) as say:
        yield lambda name: lambda done, most: say(f"{name}: step {done:,} of at most {most:,}")


def print_row(console: Console, row: Row) -> None:
    """Print the line of a start."""
    line = Text.assemble((f"{row.verdict:12}", STYLE.get(row.verdict, OTHER)), f" {row.name} {row.words()}")
    console.print(line, highlight=False, soft_wrap=True)


def print_table(rows: Sequence[Row], folder: Path) -> None:
    """Print the table of verdicts, and the counts."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table()
    left = ("start", "weights", "verdict", "S_eta")
    for heading in (*left, "eta phi at start", "edge at", "eta lim phi", "steps", "bits", "search s", "check s"):
        table.add_column(heading, justify="left" if heading in left else "right", overflow="fold")
    for row in rows:
        shown, claim = row.shown, row.claim
        first = f"{approximate(shown.first[0]):.6g}" if shown is not None and shown.first is not None else ""
        limit = interval(shown.limit) if shown is not None and shown.limit is not None else ""
        table.add_row(
            row.name,
            escape(_short(",".join(map(str, row.weights)))),
            f"[{STYLE.get(row.verdict, OTHER)}]{row.verdict}[/]",
            row.assumption,
            first,
            "" if shown is None or claim.edge is None else str(claim.edge),
            limit,
            f"{claim.step:,}",
            str(claim.bits),
            f"{row.seconds:.2f}",
            f"{row.check_seconds:.2f}",
        )
    console.print(table)
    verdicts = ("converges", "diverges", "reaches zero", "outside", "undecided")
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in verdicts}
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    console.print(f"{len(rows)} initialisations: {words}", highlight=False)
    console.print(f"certificates: {folder}", highlight=False, soft_wrap=True)
    sys.stdout.flush()


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def plot_bytes(row: Row, states: Sequence[State]) -> bytes:
    """Return a PNG of loss, sharpness and GFS sharpness against the step, with the edge 2 and the proved limit."""
    from reports.limit_plots import trajectory_figure
    from reports.plots import png_bytes

    values = series(states, row.claim.problem.eta)
    figure = trajectory_figure([{"series": values, "eta_phi_limit": row.data().get("eta_phi_limit")}])
    digest = hashlib.sha256(repr(values).encode()).hexdigest()
    return png_bytes(figure, f"{row.claim.problem.digest()} {digest}")
