"""Words and facts for the page of figures on scalar networks; every number is one of a certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from reports.bounds import decimal, interval
from reports.figures_consistency import EDGE, bounds
from reports.markdown import code, escape, link
from reports.numbers import NOTHING, counted, size
from reports.region_plots import percent, region_name

_PLACES = 6
_MUCH = Fraction(1, 100)
"""Share of a box that is too much to be left undecided without a warning."""

__all__ = ["percent", "region_name"]


def shown(results: Mapping[str, Any], figure: str) -> list[Mapping[str, Any]]:
    """Return the orbits of a figure that are proved to converge: the others cannot be drawn as what it says."""
    return [orbit for orbit in results["trajectories"] if orbit["figure"] == figure and orbit["verdict"] == "converges"]


def alerts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader must see first, as pairs of a GitHub alert kind and one paragraph of Markdown."""
    found = []
    if results["missing"]:
        names = ", ".join(escape(name) for name in results["missing"])
        found.append(("WARNING", f"**The run was interrupted.** Missing: {names}."))
    for orbit in results["trajectories"]:
        if orbit["verdict"] != "converges":
            found.append(
                (
                    "WARNING",
                    f"**{escape(orbit['name'])}: {orbit['verdict']}**, not shown. {escape(orbit['reason'])}".rstrip(),
                )
            )
    for region in results["regions"]:
        if Fraction(region["areas"]["u"]) >= _MUCH * Fraction(region["area"]):
            words = f"**{escape(region['name'])}: {percent(region, 'u')} of the box is undecided**, for want of time."
            found.append(("WARNING", words))
    return found


def limit(orbit: Mapping[str, Any]) -> str:
    """Return the proved bounds on ``eta lim phi``, rounded outward."""
    found = bounds(orbit["eta_phi_limit"])
    return NOTHING if found is None else interval(found)


def start(orbit: Mapping[str, Any]) -> str:
    """Return ``eta phi`` at the start, rounded to the nearest."""
    found = bounds(orbit["eta_phi_start"])
    return NOTHING if found is None else decimal(found[0] + Fraction(1, 2 * 10**_PLACES), _PLACES, up=False)


def along(orbit: Mapping[str, Any]) -> str:
    """Say where ``eta phi`` starts, and from where on it is at most 2."""
    edge, begin = orbit["edge"], f"$`\\eta\\varphi`$ is {start(orbit)} at the start"
    if not edge:
        return begin
    if orbit["monotone_from"] == 0:
        return f"{begin}, above 2 before step {edge}, at most 2 from then on"
    return f"{begin}, at most 2 from step {edge} on"


def weights(orbit: Mapping[str, Any]) -> str:
    """Return the start as exact numbers in parentheses."""
    return code(f"({', '.join(orbit['weights'])})")


def certificate(found: Mapping[str, Any]) -> str:
    """Return a link to a certificate, with its size."""
    path = found["certificate"]
    name = escape(path.rpartition("/")[2])
    return f"[{name}]({link(path)}) ({size(found['certificate_bytes'])})"


def membership(orbit: Mapping[str, Any]) -> str:
    """Say from where on an orbit is proved to be in S_eta."""
    number = orbit["inside_from"]
    if number is None:
        return "whether it enters $`S_\\eta`$ is not shown"
    return "the start lies in $`S_\\eta`$" if number == 0 else f"it is in $`S_\\eta`$ from step {number} on"


def fall(orbit: Mapping[str, Any]) -> str:
    """Say from where on phi is proved not to rise."""
    number = orbit["monotone_from"]
    if number is None:
        return "whether $`\\varphi`$ falls is not shown"
    return "$`\\varphi`$ rises in no step" if number == 0 else f"$`\\varphi`$ rises in no step from {number} on"


def step(number: int | None) -> str:
    """Return the number of a step for a table; a dash where nothing is proved."""
    return NOTHING if number is None else str(number)


def cells(region: Mapping[str, Any]) -> int:
    """Return the number of cells of a region."""
    return sum(region["cells"].values())


def above_the_edge(orbits: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the orbits that are proved to start above the edge."""
    return [orbit for orbit in orbits if Fraction((orbit["eta_phi_start"] or ["0"])[0]) > EDGE]


def hull(orbits: Sequence[Mapping[str, Any]]) -> str:
    """Return bounds within which the limits of all the orbits lie."""
    pairs = [pair for orbit in orbits if (pair := bounds(orbit["eta_phi_limit"])) is not None]
    low, high = min(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    return f"[{decimal(low, _PLACES, up=False)}, {decimal(high, _PLACES, up=True)}]"


def steps_to(orbit: Mapping[str, Any]) -> str:
    """Return the number of steps that a certificate encloses."""
    return counted(orbit["step"], "step")


def commands(results: Mapping[str, Any]) -> str:
    """Return the commands that repeat the run, re-check its certificates and write the page again."""
    lines = (
        (results["command"], "draw it all again"),
        ("python -m verify check FOLDER/certificates", "re-check the certificates, with the checkers alone"),
        ("python -m verify explain theorem-B --depth all", "a theorem and its proof"),
        ("python -m reports FOLDER", "write this page again from results.json"),
    )
    width = max(len(command) for command, _ in lines)
    return "\n".join(f"{command:<{width}}  # {purpose}" for command, purpose in lines)
