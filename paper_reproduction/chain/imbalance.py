"""Claim chain.6: unbalanced initialisation, and where the sharpness stops falling with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from dynsharp.networks.chain_weights import gradient, sharpness
from dynsharp.systems import ChainOnData
from paper_reproduction.chain.data import (
    Samples,
    balanced_start,
    gaussian,
    power_law,
    real,
    tumours,
)
from paper_reproduction.chain.flow import DRIFT, gradient_flow
from paper_reproduction.chain.imbalance_figure import draw
from paper_reproduction.chain.minima import flattest
from paper_reproduction.claim import Check, Claim

__all__ = ["Curve", "curve", "judge", "run"]

SEED = 606
SMALL = 0.2  # length of the shorter of u and v at the start, of the balanced minimum's
RANGE = (-3.0, 12.0)  # of the imbalance, in units of √Q
FINE = 1e-4  # the minimum of S is bracketed within this share of √Q


@dataclass(frozen=True, eq=False)
class Curve:
    """Sharpness against imbalance on one set of data.

    Attributes
    ----------
    name, chain
        The data, and the chain of depth 2 on them.
    C, S, lower, upper
        Imbalances, the exact sharpness of the minimum with each, and its bounds.
    turn, least
        C* where S is least, and S there.
    trained
        Imbalances of starts, sharpness where gradient flow from them ends, and its drift.
    """

    name: str
    chain: ChainOnData
    C: np.ndarray
    S: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    turn: float
    least: float
    trained: np.ndarray

    @property
    def balanced(self) -> float:
        """Sharpness of the balanced minimum."""
        return at(self.chain, 0.0)

    @property
    def falls_then_rises(self) -> bool:
        """Whether S falls up to C* and rises from there on, at all C and closely around C*."""
        near = FINE * np.sqrt(self.chain.Q)
        around = [at(self.chain, c) for c in (self.turn - near, self.turn, self.turn + near)]
        change = np.diff(self.S)
        left, right = self.C[1:] <= self.turn, self.C[:-1] >= self.turn
        bracketed = around[1] < min(around[0], around[2])
        return bool(bracketed and (change[left] < 0).all() and (change[right] > 0).all())


def at(chain: ChainOnData, C: float) -> float:
    """Sharpness of the minimum of imbalance C = ‖u‖² − v²."""
    return float(chain.sharpness_at_minimum(chain.minimum(C)[1]))


def start(
    chain: ChainOnData, C: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return u in a random direction and v with ‖u‖² − v² = C, the shorter of them small."""
    u, _ = balanced_start(chain, 1.0, random)
    small = SMALL**2 * np.sqrt(chain.Q)
    length = np.sqrt(max(C, 0.0) + small)
    return length * u / np.linalg.norm(u), np.sqrt([max(-C, 0.0) + small])


def curve(samples: Samples, size: int, points: int, flows: int) -> Curve:
    """Compute S over C exactly, and by gradient flow from unbalanced starts."""
    chain = samples.problem(size, 2).chain
    unit = np.sqrt(chain.Q)
    (v,), least = flattest(chain)
    turn = chain.Q / v**2 - v**2
    C = np.linspace(RANGE[0], max(RANGE[1], 2 * turn / unit), points) * unit
    bounds = np.array([chain.bounds_at(c) for c in C])
    random = np.random.default_rng([SEED, size])
    trained = []
    for c in np.linspace(C[0], C[-1], flows):
        flow = gradient_flow(chain, *start(chain, c, random))
        arrived = float(flow["sharpness"][-1]) if flow.attrs["status"] == "converged" else np.nan
        trained.append((c, arrived, flow.attrs["drift"]))
    S = np.array([at(chain, c) for c in C])
    lower, upper = bounds.T
    return Curve(samples.name, chain, C, S, lower, upper, turn, least, np.array(trained))


def in_original_coordinates(samples: Samples, size: int, C: float) -> tuple[float, float, float]:
    """Train u, v on X and y themselves by gradient flow: sharpness at the end, exactly, drift.

    Nothing of singular values is known to it: the sharpness is measured by Lanczos on differences
    of the gradient.
    """
    chain = samples.problem(size, 2).chain
    X, y = samples.X[:size], samples.y[:size]
    u, v = start(chain, C, np.random.default_rng([SEED, size]))
    w = np.concatenate([chain.directions @ u, v])
    slowest = chain.samples / (chain.minimum(C)[1][0] ** 2 * chain.sigma[-1] ** 2)
    solution = solve_ivp(
        lambda _, w: -gradient(X, y, w), (0, 25 * slowest), w, "LSODA", rtol=1e-11, atol=1e-12
    )
    end = solution.y[:, -1]
    square = (end[:-1] @ end[:-1] - end[-1] ** 2) - (w[:-1] @ w[:-1] - w[-1] ** 2)
    return sharpness(X, y, end), at(chain, C), float(abs(square) / (end[:-1] @ end[:-1]))


def judge(curves: list[Curve], original: np.ndarray) -> tuple[Check, ...]:
    """Hold the curves against the claim; ``original`` has rows (measured, exact, drift)."""
    measured, exact, drift = original.T
    off = np.max(np.abs(measured / exact - 1))
    flows = [c.trained for c in curves]
    misses = max(
        float(np.max(np.abs(c.trained[:, 1] / [at(c.chain, x) for x in c.trained[:, 0]] - 1)))
        for c in curves
    )
    drifts = max(float(t[:, 2].max()) for t in flows)
    slack = 1 + 1e-12  # rounding of an eigenvalue
    inside = all((c.lower <= c.S * slack).all() and (c.upper * slack >= c.S).all() for c in curves)
    widest = max(float(np.max(c.upper / c.lower)) for c in curves)
    turns = [c.turn / np.sqrt(c.chain.Q) for c in curves]
    gains = [c.least / c.balanced for c in curves]
    far = [float(c.S[-1] / c.least) for c in curves]
    count = sum(map(len, flows))
    return (
        Check(
            "Gradient flow on X and y as they are keeps ‖u‖² − v² to 1e-8 and ends at the exact "
            "sharpness of its imbalance, to 1e-6: central differences with a relative step of 1e-5",
            f"{len(original)} runs; drift {drift.max():.1e}, largest difference {off:.1e}",
            bool(off <= 1e-6 and drift.max() <= DRIFT),
        ),
        Check(
            f"So does gradient flow from all {count} unbalanced starts, to 100 times the drift",
            f"drift {drifts:.1e}, largest difference {misses:.1e}",
            bool(misses <= 100 * DRIFT and drifts <= DRIFT),
        ),
        Check(
            "(1/N)[σ₁²v² + d₁²/v²] ≤ S ≤ (1/N)[σ₁²v² + ‖d‖²/v²] at every C",
            f"holds; the bounds are up to a factor {widest:.3g} apart"
            if inside
            else "violated at some C",
            inside,
        ),
        Check(
            "S is not monotone in C: it falls up to one value C* and rises from there on, on every "
            "set of data; C* from the flattest minimum, bracketed to 1e-4 √Q",
            "C*/√Q = " + ", ".join(f"{t:.4g}" for t in turns) + "; S at the end of the range over "
            "its least: " + ", ".join(f"{f:.3g}" for f in far),
            all(c.falls_then_rises for c in curves),
        ),
        Check(
            "Around balance more imbalance means less sharpness: C* > 0",
            "least sharpness over that of the balanced minimum: "
            + ", ".join(f"{g:.3g}" for g in gains),
            min(turns) > 0,
        ),
    )


def run(quick: bool, data: Path | None = None) -> Claim:
    """Compute, judge and draw."""
    random = np.random.default_rng(SEED)
    own = real(data, random)
    sets = [own, gaussian(64, 64, random), power_law(64, 64, 1.0, random), tumours(random)]
    size = min(16, len(own.y))
    points, flows = (60, 6) if quick else (600, 16)
    curves = [curve(s, size, points, flows) for s in sets]
    unit = np.sqrt(curves[0].chain.Q)
    original = np.array([in_original_coordinates(own, size, c * unit) for c in (-1.0, 0.0, 3.0)])
    tables = {f"data_{i}": _table(c) for i, c in enumerate(curves)}
    turns = ", ".join(f"{c.turn / np.sqrt(c.chain.Q):.2f}" for c in curves)
    return Claim(
        "With two layers the sharpness where training ends falls with the imbalance C = ‖u‖² − v² "
        "of the start while C is small, and rises again once C is large.",
        "chain paper, unbalanced initialisation (depth 2)",
        f"Depth 2, the first N = {size} samples of: {'; '.join(s.name for s in sets)}. S exactly "
        f"at {points} imbalances from {RANGE[0]:g}√Q to {RANGE[1]:g}√Q or beyond 2C*; gradient "
        f"flow from {flows} starts each (u in a random direction, the shorter of u and v "
        f"{SMALL} of the balanced minimum's; seed {SEED}), and from three on X and y themselves.",
        judge(curves, original),
        draw(tables),
        "Sharpness at the end of training over that of the balanced minimum, against the imbalance "
        "in units of √Q, on four sets of data. Line: exact; shaded: between the bounds; circles: "
        "gradient flow; the diamond is C*, where the flattest minimum is.",
        tables,
        f"S falls with C up to C*/√Q = {turns} and rises beyond, on these data.",
    )


def _table(c: Curve) -> xr.Dataset:
    unit, S = np.sqrt(c.chain.Q), c.balanced
    return xr.Dataset(
        {
            "sharpness": ("imbalance", c.S / S),
            "lower": ("imbalance", c.lower / S),
            "upper": ("imbalance", c.upper / S),
            "trained": ("start", c.trained[:, 1] / S),
        },
        {"imbalance": c.C / unit, "start": c.trained[:, 0] / unit},
        {
            "data": c.name,
            "units": "imbalance in sqrt(Q), sharpness in that of the balanced minimum",
            "turn": c.turn / unit,
            "least": c.least / S,
        },
    )
