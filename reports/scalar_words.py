"""Words and short facts for what only the report on scalar networks has: its experiments and their plot."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from reports import plots
from reports.numbers import NOTHING, number

_ROUND_OFF = 2.0**-53


def of_depth(depth: int | None) -> str:
    """Return "every depth" or "depth D"."""
    return "every depth" if depth is None else f"depth {depth}"


def outcome(contradicted: bool) -> str:
    """Return the outcome of a numerical check for a table."""
    return "**contradicted**" if contradicted else "not contradicted"


def worst_rise(check: Mapping[str, Any]) -> str:
    """Return the largest relative rise of ``phi`` that a check of Theorem A saw, and the largest in error bars."""
    if check["steps_checked"] == 0:
        return NOTHING
    bars = number(check["worst_rise_in_error_bars"])
    return f"{number(check['worst_rise'])}; {bars} error bars of {number(check['error_bar'], 2)}"


def weights(values: Sequence[float]) -> str:
    """Return weights with four digits each, in parentheses."""
    return f"({', '.join(number(value, 4) for value in values)})"


def places(results: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return where the worst cases of the experiments were, with their names, leaving out those with no case."""
    found: list[tuple[str, Mapping[str, Any] | None]] = []
    experiment, one_step = results["experiment"], results["one_step"]
    if experiment is not None:
        found += [
            ("A, along trajectories", experiment["theorem_a"]["where"]),
            ("B", experiment["theorem_b"]["where"]),
            ("C, loss", experiment["theorem_c"]["loss_where"]),
            ("C, sharpness", experiment["theorem_c"]["phi_where"]),
        ]
    if one_step is not None:
        found.append(("A, single steps", one_step["theorem_a"]["where"]))
    return [(name, place) for name, place in found if place is not None]


def trajectory_facts(trajectory: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of the trajectory plot's caption.

    Returns
    -------
    dict
        ``steps`` shown; ``rises``, the steps among them in which ``|pi - 1|``, and so the loss, rose by more than
        rounding explains; the ``first`` and ``last`` of ``eta * phi``; ``limit``, which is ``2 / eta``.
    """
    last = plots.arrival(trajectory["loss"])
    errors = [abs(pi - 1.0) for pi in trajectory["product"][: last + 1]]
    noise = 8 * len(trajectory["weights"]) * _ROUND_OFF
    return {
        "steps": last,
        "rises": sum(after > before + noise for before, after in itertools.pairwise(errors)),
        "first": trajectory["eta_phi"][0],
        "last": trajectory["eta_phi"][last],
        "limit": 2.0 / trajectory["eta"],
    }
