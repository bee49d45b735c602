"""A realistic ``results.json`` of the squared regression model, with runs computed here by gradient descent."""

import copy
import functools
import itertools
from decimal import Decimal
from fractions import Fraction

import numpy as np
from reports_example import PAPER, PROJECT, claim, theorem_line, written

GAUSSIAN, ONE_SAMPLE = "Gaussian, N = 5, d = 20, seed 0", "One sample, d = 5"
FACTORS, SEEDS, STEPS, CERTIFIED_STEPS = (0.9, 1.03, 1.2), (0, 1), 200, 40
ERROR_BAR = 2e-13


def gfs_sharpness(x: np.ndarray, y: np.ndarray, plus: np.ndarray, minus: np.ndarray) -> float:
    """Return the GFS sharpness by Newton's method on the dual."""
    p, q, nu = plus**2, minus**2, np.zeros(len(y))
    for _ in range(60):
        grown, shrunk = p * np.exp(x.T @ nu), q * np.exp(-x.T @ nu)
        hessian = (x * (grown + shrunk)) @ x.T
        step = np.linalg.solve(hessian, x @ (grown - shrunk) - y)
        nu -= step * min(1.0, 1.0 / np.abs(x.T @ step).max(initial=1.0))
    return 4.0 / len(y) * np.linalg.eigvalsh(hessian)[-1]


def sharpness(x: np.ndarray, y: np.ndarray, plus: np.ndarray, minus: np.ndarray) -> float:
    """Return the largest eigenvalue of the Hessian at the weights."""
    g = x.T @ (x @ (plus**2 - minus**2) - y) / len(y)
    jacobian = np.hstack([2 * x * plus, -2 * x * minus])
    return np.linalg.eigvalsh(jacobian.T @ jacobian / len(y) + np.diag(np.concatenate([2 * g, -2 * g])))[-1]


def data_arrays(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return features and targets."""
    rng = np.random.default_rng(0)
    if name == ONE_SAMPLE:
        return np.array([[1.0, -1.0, 1.0, 1.0, -1.0]]), np.array([1.0])
    x = rng.standard_normal((5, 20))
    return x, x @ np.repeat([1.0, 0.0, -1.0, 0.0], [2, 9, 1, 8])


@functools.cache
def descend(name: str, factor: float, seed: int) -> dict:
    """Return a trajectory of gradient descent: loss, sharpness and eta * phi of each state."""
    x, y = data_arrays(name)
    plus, minus = 0.5 * (1.0 + 0.1 * np.random.default_rng(seed).standard_normal((2, x.shape[1])))
    eta = factor * 2.0 / gfs_sharpness(x, y, plus, minus)
    lists: dict[str, list[float]] = {"loss": [], "sharpness": [], "eta_phi": []}
    for _ in range(STEPS + 1):
        residual = x @ (plus**2 - minus**2) - y
        lists["loss"].append(float(residual @ residual) / (2 * len(y)))
        lists["sharpness"].append(float(sharpness(x, y, plus, minus)))
        lists["eta_phi"].append(float(eta * gfs_sharpness(x, y, plus, minus)))
        g = x.T @ residual / len(y)
        assert np.abs(2 * eta * g).max() < 1.0
        plus, minus = plus * (1 - 2 * eta * g), minus * (1 + 2 * eta * g)
    return {"data": name, "eta_factor": factor, "eta": float(eta), "scale": 0.5, "seed": seed, **lists}


def run_record(name: str, factor: float, seed: int) -> dict:
    """Return the record of a run."""
    trajectory = descend(name, factor, seed)
    loss, eta_phi = np.array(trajectory["loss"]), np.array(trajectory["eta_phi"])
    rises = eta_phi[1:] / eta_phi[:-1] - 1.0
    worst = int(np.argmax(rises))
    return {
        **{key: trajectory[key] for key in ("data", "eta_factor", "eta", "scale", "seed")},
        "steps": STEPS,
        "outcome": "converged" if loss[-1] < 1e-24 else "stopped",
        "eta_phi_start": float(eta_phi[0]),
        "eta_phi_end": float(eta_phi[-1]),
        "loss_start": float(loss[0]),
        "loss_end": float(loss[-1]),
        "loss_increases": int((loss[1:] > loss[:-1] + 1e-15).sum()),
        "phi_steps": STEPS,
        "worst_rise": float(rises[worst]),
        "worst_rise_in_error_bars": float(rises[worst] / ERROR_BAR),
        "error_bar": ERROR_BAR,
        "worst_step": worst + 1,
        "rises": int((rises > ERROR_BAR).sum()),
        "sign_changes": 0,
        "phi_rises_after_sign_change": 0,
    }


def diverged_record() -> dict:
    """Return the record of a run that diverged at once."""
    return {
        **run_record(GAUSSIAN, 1.2, 0),
        "eta_factor": 1.6,
        "steps": 3,
        "outcome": "diverged",
        "eta_phi_start": 3.2,
        "eta_phi_end": None,
        "loss_end": None,
        "loss_increases": 2,
        "phi_steps": 0,
        "worst_step": 0,
        **dict.fromkeys(("worst_rise", "worst_rise_in_error_bars", "error_bar")),
        "sign_changes": 2,
        "phi_rises_after_sign_change": 1,
    }


def experiment() -> dict:
    """Return the experiment: all runs, and the full trajectories of one start."""
    runs = [run_record(name, factor, seed) for name in (GAUSSIAN, ONE_SAMPLE) for factor in FACTORS for seed in SEEDS]
    runs.append(diverged_record())
    bars = [run["worst_rise_in_error_bars"] if run["phi_steps"] else -np.inf for run in runs]
    return {
        "steps": STEPS,
        "seed": 0,
        "eta_factors": [*FACTORS, 1.6],
        "scales": [0.5],
        "runs": runs,
        "monotone_runs": len(runs),
        "worst_run": int(np.argmax(bars)),
        "trajectories": [descend(GAUSSIAN, factor, 0) for factor in FACTORS],
        "observation_contradicted": False,
        "theorem_contradicted": False,
    }


def panel(title: str, rising: list[list[int]], tested: list[list[int]]) -> dict:
    """Return a panel of the map; the worst rise in a cell follows from whether a step rises."""

    def cells(rise: float, fall: float) -> list[list[float | None]]:
        return [
            [(rise if up else fall) if all_ else None for up, all_ in zip(*rows, strict=True)]
            for rows in zip(rising, tested, strict=True)
        ]

    return {
        "title": title,
        "rows": {"label": r"$\eta\varphi$ before the step", "values": [1.0 + k / 4 for k in range(len(tested))]},
        "columns": {"label": "samples N", "values": [float(k + 1) for k in range(len(tested[0]))]},
        "tested": tested,
        "rising": rising,
        "worst_rise": cells(3e-4, -1e-6),
        "worst_in_error_bars": cells(2.5e9, -40.0),
    }


def step_map() -> dict:
    """Return a map of two panels: 48 and 12 cells, one of them without a step."""
    first = [[0, (3 * k * j) % 17, k * j, 2 * k * j, 0, (k + j) % 3] for j in range(8) for k in [j]]
    tested = [[100] * 6 for _ in range(8)]
    tested[7][5], first[7][5] = 0, 0
    return {
        "seed": 0,
        "samples_per_cell": 100,
        "panels": [
            panel("Gaussian data, d = 8", first, tested),
            panel("One sample, $|x_i|$ in [1, r]", [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 0, 0]], [[100] * 3] * 4),
        ],
        "examples": [{"panel": 0, "text": "x = (1, 2), y = 1, eta = 0.3: phi rises by a factor of 1.0003."}],
        "theorem_contradicted": False,
    }


def certified() -> dict:
    """Return a certified run: the start of the trajectory with the factor 1.2, in narrow enclosures."""
    trajectory = descend(GAUSSIAN, 1.2, 0)
    values = [Decimal(value) for value in trajectory["eta_phi"][: CERTIFIED_STEPS + 1]]
    width = Decimal("1e-17")
    falls = [float(before - after - 2 * width) for before, after in itertools.pairwise(values)]
    return {
        "data": GAUSSIAN,
        "samples": 5,
        "features": 20,
        "eta_factor": 1.2,
        "eta": str(Fraction(trajectory["eta"])),
        "seed": 0,
        "steps_asked": CERTIFIED_STEPS,
        "steps_proved": CERTIFIED_STEPS,
        "steps_refuted": 0,
        "steps_unknown": 0,
        "first_refuted": None,
        "first_unknown": None,
        "sign_changes": 0,
        "reason": "",
        "eta_phi": [[f"{value - width:.20f}", f"{value + width:.20f}"] for value in values],
        "smallest_fall": f"{min(falls) / trajectory['eta'] * 0.9:.12e}",
        "loss_increases": 17,
        "state_bits": 400,
        "phi_bits": 160,
        "seconds": 1.234,
        "check_seconds": 0.521,
        "certificate": "certificates/trajectory.json.gz",
        "certificate_bytes": 34567,
        "digest": "cd" * 32,
        "tier": "kernel",
    }


def rises() -> list[dict]:
    """Return two proved rises: one in small integers, one in a run of the experiment."""
    shown = {"step": 0, "rises": 1, "sign_change": False, "loss_increases": False, "digest": "ef" * 32}
    return [
        {
            "data": "X = [1 -2 0; -1 1 1], y = (3, 6), all weights 1",
            "eta_factor": None,
            "scale": None,
            "seed": None,
            "eta": "1/24",
            "rise": "6.43e-4",
            "eta_phi": ["1.759754899704", "1.759754899705"],
            "largest_move": "0.250000000000",
            "certificate": "certificates/rise-below-the-edge.json",
            **shown,
        },
        {
            "data": GAUSSIAN,
            "eta_factor": 1.2,
            "scale": 0.5,
            "seed": 1,
            "eta": "3593209834867995/36028797018963968",
            "rise": "1.25e-6",
            "eta_phi": ["2.059754899704", "2.059754899705"],
            "largest_move": "1.071000000000",
            "certificate": "certificates/rise-in-run-1.json",
            **shown,
            "sign_change": True,
            "loss_increases": None,
            "step": 2,
        },
    ]


def claims() -> list[dict]:
    """Return the claims of Theorem R, much abridged, and two planted false claims."""
    return [
        claim("R2.1", "A mass between 0 and the root grows", formula=r"\xi(\xi-\xi_0)D\le0", source=PROJECT),
        written("R2", "The second moment does not grow", "Sum [R2.1](#R2.1) over the masses.", rests_on=["R2.1"]),
        written(
            "theorem-R",
            "A step that keeps the signs never increases the GFS sharpness",
            "By [R2](#R2), block by block.",
            kind="theorem",
            words="Let the row space of $X$ be spanned by vectors with disjoint supports. Then "
            "$\\varphi(w^+)\\le\\varphi(w)$.",
            formula=r"\lvert 2\eta g_i \rvert < 1 \;\Rightarrow\; \varphi(w^+)\le\varphi(w)",
            scope="every N and d",
            rests_on=["R2"],
        ),
        claim(
            "R2.false",
            "Theorem R without disjoint supports",
            kind="neighbour",
            words="Two samples, $d=3$: $\\varphi(w^+)\\le\\varphi(w)$.",
            verdict="refuted",
            rule="counterexample",
            witness={"p1": "28", "h": "1/6"},
        ),
        claim(
            "R.false",
            "Theorem R with weights that change sign",
            kind="neighbour",
            verdict="refuted",
            rule="counterexample",
            witness={"z": "1/2"},
        ),
    ]


@functools.cache
def _parts() -> tuple[dict, dict, dict]:
    return experiment(), step_map(), certified()


def regression_results() -> dict:
    """Return valid results that a test may change."""
    found = claims()
    measured, cells, proved = copy.deepcopy(_parts())
    return {
        "schema": 2,
        "model": "regression",
        "command": "python -m verify regression",
        "question": {
            "data": "all",
            "samples": 5,
            "features": 20,
            "eta_factor": None,
            "steps": STEPS,
            "seed": 0,
            "certify": True,
        },
        "versions": {"gd-verify": "0.1.0", "python": "3.11.7"},
        "seconds": 21.5,
        "theorems": [theorem_line("theorem-R", found)],
        "claims": found,
        "identities": [
            {
                "name": "product-step",
                "statement": "a step takes A_i to A_i (1 - 4 eta^2 g_i^2)",
                "source": PAPER,
                "holds": True,
            }
        ],
        "data_sets": [
            {
                "name": GAUSSIAN,
                "kind": "gaussian",
                "samples": 5,
                "features": 20,
                "rank": 5,
                "description": "Standard normal entries; a sparse teacher makes the targets.",
                "covered": False,
            },
            {
                "name": ONE_SAMPLE,
                "kind": "file",
                "samples": 1,
                "features": 5,
                "rank": 1,
                "description": "Entries 1 and -1, target 1.",
                "covered": True,
            },
        ],
        "experiment": measured,
        "map": cells,
        "rises": rises(),
        "certified": proved,
    }
