"""What a person sees of `verify figures`: a line for each certificate, and the table of what is proved."""

import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.table import Table

from reports.bounds import interval
from verify.runs import View


def print_line(view: View, found: Mapping[str, Any]) -> None:
    """Print the line of an orbit or a region that has been certified."""
    view.progress.console.print(f"{found['name']:16} {words(found)}", highlight=False, soft_wrap=True)
    view.progress.advance(view.task)


def words(found: Mapping[str, Any]) -> str:
    """Say in a line what is proved of an orbit or a region."""
    if "areas" in found:
        low, high = found["area_of_S_eta"]
        return f"area of S_eta {low} to {high} of {found['area']}; convergence proved on {found['area_convergent']}"
    if found["eta_phi_limit"] is None:
        return f"{found['verdict']} {found['reason']}".rstrip()
    limit = interval((Fraction(found["eta_phi_limit"][0]), Fraction(found["eta_phi_limit"][1])))
    start = float(Fraction(found["eta_phi_start"][0]))
    falls = "; phi never rises" if found["monotone_from"] == 0 else ""
    return f"{found['verdict']}: eta phi from {start:.6f} to {limit}{falls}"


def print_table(data: Mapping[str, Any], console: Console) -> None:
    """Print what is proved of every orbit and region."""
    table = Table()
    for heading in ("name", "proved", "certificate"):
        table.add_column(heading, overflow="fold")
    for found in (*data["trajectories"], *data["regions"]):
        table.add_row(found["name"], words(found), found["certificate"])
    console.print(table)
    sys.stdout.flush()
