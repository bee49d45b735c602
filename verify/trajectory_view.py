"""What a person sees of certified limits: a line and the data of a start, the table, the plot."""

import hashlib
import math
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

from verify.limits import checker
from verify.limits.certificate import Bounds, LimitCertificate
from verify.limits.checker import LimitVerdict
from verify.limits.orbit import State
from verify.provers.limit_search import approximate
from verify.runs import spinner

STYLE = {"converges": "green", "undecided": "bold yellow"}
OTHER = "cyan"
POINTS = 600

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


def interval(bounds: Bounds) -> str:
    """Write bounds with as many decimals as their width calls for, rounded outward."""
    width = bounds[1] - bounds[0]
    places = 12 if width == 0 else min(30, max(2, 2 + len(str(int(1 / width)))))
    low, high = (bounds[0] * 10**places).__floor__(), (bounds[1] * 10**places).__ceil__()
    return f"[{_decimal(low, places)}, {_decimal(high, places)}]"


def _decimal(scaled: int, places: int) -> str:
    text = str(abs(scaled)).rjust(places + 1, "0")
    return f"{'-' if scaled < 0 else ''}{text[:-places]}.{text[-places:]}"


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


def series(states: Sequence[State], eta: Fraction) -> dict[str, list[float]]:
    """Return step, loss, eta times the sharpness and eta phi at up to POINTS states, for a plot (not rigorous)."""
    import numpy as np

    last = len(states) - 1
    chosen = sorted({round(last * k / POINTS) for k in range(POINTS + 1)} | set(range(min(last, 100) + 1)))
    result: dict[str, list[float]] = {name: [] for name in ("step", "loss", "sharpness", "eta_phi")}
    for number in chosen:
        state, unit = states[number], 1 << states[number].bits
        try:
            w = np.array([c / unit for c in state.centre])
            error = (math.prod(state.centre) - unit ** len(w)) / unit ** len(w)
            p, bounds = 1 + error, checker.sharpness(state, eta)
        except (OverflowError, ValueError):
            continue
        if max(abs(error), *abs(w)) > 1e100:
            continue
        v = 1 / w
        hessian = p * (2 * p - 1) * np.outer(v, v) - np.diag(p * error * v * v)
        result["step"].append(number)
        result["loss"].append(error * error / 2)
        result["sharpness"].append(float(eta) * float(np.linalg.eigvalsh(hessian)[-1]))
        result["eta_phi"].append(approximate(bounds[0]) if bounds is not None else math.nan)
    return result


def plot_bytes(row: Row, states: Sequence[State]) -> bytes:
    """Return a PNG of loss, sharpness and GFS sharpness against the step, with the edge 2 and the proved limit."""
    import numpy as np

    from reports.plots import BLUE, GREEN, GREY, RED, limit_line, new_figure, png_bytes, style

    values = series(states, row.claim.problem.eta)
    steps, loss = values["step"], np.asarray(values["loss"])
    with style():
        figure = new_figure(7.2, 5.4)
        top, bottom = figure.subplots(2, 1, sharex=True)
        marks: dict[str, Any] = {"marker": ".", "markersize": 3.5} if len(steps) <= 150 else {}
        top.plot(steps, np.where(loss > 0, loss, np.nan), color=BLUE, lw=1.1, **marks)
        if (loss > 0).any():
            top.set_yscale("log")
        top.set_ylabel("loss $L$")
        label = r"$\eta\,\lambda_{\max}(\nabla^2 L)$"
        bottom.plot(steps, values["sharpness"], color=GREEN, lw=0.9, label=label, **marks)
        bottom.plot(steps, values["eta_phi"], color=RED, lw=1.6, label=r"GFS sharpness $\eta\,\varphi$", **marks)
        limit_line(bottom, 2.0, "$2$")
        if row.shown is not None and row.shown.limit is not None:
            height = float(row.shown.limit[0])
            bottom.axhline(height, color=GREY, lw=1.0, ls=":", label=r"$\eta\lim\varphi$, proved")
        if np.nanmax([4.0, *values["sharpness"], *values["eta_phi"]]) > 100:
            bottom.set_yscale("symlog", linthresh=4.0)
        bottom.set_xlabel("gradient descent step")
        bottom.legend(loc="best")
        for axes in (top, bottom):
            axes.margins(y=0.10)
        figure.align_ylabels([top, bottom])
    digest = hashlib.sha256(repr(values).encode()).hexdigest()
    return png_bytes(figure, f"{row.claim.problem.digest()} {digest}")
