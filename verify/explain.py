"""`verify explain`: one claim's statement, its proof, and what it rests on."""

from pathlib import Path
from typing import Any

from rich.console import Console

from verify.claims import Claim, ClaimGraph
from verify.files import certificate_path
from verify.kernel.checker import check_file
from verify.kernel.errors import KernelError
from verify.proofs import proof_folder
from verify.theorems.scalar import scalar_graph
from verify.theorems.squared_regression import regression_graph
from verify.trees import count_tree

SCALAR_SETTING = """\
Setting: weights w_1, ..., w_D > 0, pi their product, L = (pi - 1)^2 / 2. A step is w_i^+ = w_i - r / w_i with
r = eta pi (pi - 1). z_i = w_i^2. Gradient flow keeps all z_i - z_j; the curve of w is all points with the same
differences, one for each product. z*_i = z_i + s > 0 is its point with product 1 (the gradient-flow solution, GFS),
phi(w) = sum 1 / z*_i the sharpness there. a = eta phi, alpha_i = 1 / (phi z*_i), t = phi (z_i - z*_i), e = pi - 1.
"""
REGRESSION_SETTING = """\
Setting: data X (N x d), y; weights u+, u-; beta = u+^2 - u-^2, L = |X beta - y|^2 / (2N), g = X^T (X beta - y) / N. A
step multiplies u+_i by 1 - 2 eta g_i and u-_i by 1 + 2 eta g_i. Gradient flow keeps u+_i u-_i and moves
log(u+_i / u-_i) in the row space of X. The gradient-flow solution (GFS) is the point of zero loss that it reaches, and
phi(w) = (4/N) lambda_max(X diag(u+^2 + u-^2) X^T) there, the largest eigenvalue of the Hessian.
"""
METHODS = {
    "identity": "identity: both sides are the same rational function, by exact polynomial arithmetic",
    "combination": "combination: multiplier * (conclusion) is this sum of nonnegative terms",
    "bisection": "bisection: interval evaluation on the boxes of a tree that covers the domain",
    "substitution": "substitution: an instance of a lemma",
    "counterexample": "counterexample: at this rational point the hypotheses hold and the conclusion does not",
}


def explain_claim(identifier: str, depth: int | None, console: Console | None = None) -> None:
    """Print the claim. Raises ValueError when there is no claim of that name."""
    console = console or Console(highlight=False, soft_wrap=True)
    graphs = {SCALAR_SETTING: scalar_graph(depth), REGRESSION_SETTING: regression_graph()}
    setting = next((text for text, graph in graphs.items() if identifier in graph.by_identifier), None)
    if setting is None:
        names = [name for graph in graphs.values() for name in graph.by_identifier]
        raise ValueError(f"no claim {identifier[:40]!r}; there are: {', '.join(names)}")
    graph = graphs[setting]
    claim = graph.by_identifier[identifier]
    console.print(f"[bold]{claim.identifier}[/]: {claim.title} ({claim.kind}, {claim.scope}; source: {claim.source})\n")
    console.print(setting, markup=False)
    console.print(claim.words, markup=False)
    if claim.formula:
        console.print(f"\n    {claim.formula}", markup=False)
    if claim.statement is not None:
        console.print(f"\n[bold]Formal statement[/] (digest {claim.statement.digest()}):\n")
        console.print(claim.statement.text(), markup=False)
        _explain_proof(claim, graph, console)
    else:
        console.print("\n[bold]Written proof[/] (checked by no program):\n")
        console.print(claim.argument, markup=False)
    _explain_tree(claim, graph, console)


def _explain_proof(claim: Claim, graph: ClaimGraph, console: Console) -> None:
    """Re-check the proof that comes with this package and print what it consists of."""
    path: Path = certificate_path(proof_folder(graph, claim), claim.identifier)
    try:
        certificate, verdict = check_file(path)
    except KernelError as error:
        console.print(f"[bold]Proof[/]: none comes with this package ({error})", markup=True)
        return
    if claim.statement is None or certificate.digest != claim.statement.digest():
        console.print("[bold]Proof[/]: the one that comes with this package is for another statement")
        return
    proof = certificate.proof
    console.print(f"[bold]Proof[/] ({verdict}, re-checked by the kernel just now): {METHODS[proof['rule']]}")
    for line in proof_lines(proof):
        console.print(f"    {line}", markup=False)


def proof_lines(proof: dict[str, Any]) -> list[str]:
    """Return a proof object as lines of text."""
    if proof["rule"] == "bisection":
        return [str(count_tree(proof["tree"]))]
    if proof["rule"] == "counterexample":
        return [f"{name} = {value}" for name, value in proof["point"].items()]
    lines = []
    parts = [(f"denominator {k} > 0", sums) for k, sums in enumerate(proof.get("denominators", []), start=1)]
    for part, summands in [*parts, *((part, proof.get(part, [])) for part in ("multiplier", "sum"))]:
        for summand in summands:
            factors = [f"({name})" for name in summand.get("facts", [])]
            factors += [f"{summand['square']}^2"] if "square" in summand else []
            lines.append(f"{part}: {' * '.join([summand['coefficient'], *factors])}")
    for item in proof.get("equalities", []):
        lines.append(f"equality: ({item['fact']}) * {item['multiplier']}")
    return lines


def _explain_tree(claim: Claim, graph: ClaimGraph, console: Console) -> None:
    """Print the claims that this one rests on, directly and not."""
    below = [i for i in graph.closure([claim.identifier]) if i != claim.identifier]
    if not below:
        console.print("\nIt rests on no other claim.")
        return
    console.print(f"\n[bold]Rests on[/] {', '.join(claim.rests_on)}; with all that these rest on:")
    for identifier in below:
        other = graph.by_identifier[identifier]
        kind = "written argument" if other.kind in ("argument", "theorem") else other.scope
        console.print(f"    {identifier:10} {other.title} ({kind})", markup=False)
