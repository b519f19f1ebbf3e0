r"""Where SGD ends on data that can be interpolated: predicted from gradient flow, and measured.

C_i = ‖u‖² − v_i² decides at which minimum a run ends, and gradient flow conserves it. To first
order in η the changes of C that `stochasticity_law` states add up to an integral along the flow:

    E[S(η, B)] = S(flow) + η (a + φ b) + ...,   φ = 1/B or (N − B)/(B(N − 1)),
    a = Σ_i ∂S/∂C_i ∫ (V/v_i)² (v_i²‖h‖² − (u·h)²) dt        (descent: `step_size.initial_slope`)
    b = Σ_i ∂S/∂C_i ∫ (V/v_i)² (v_i² tr Σ − uᵀΣu) dt          (noise)

The law of one step is from Yoo, Song, Yun, ICML 2025, arXiv:2506.06940.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.integrate import simpson

from dynsharp.systems import ChainOnData
from paper_reproduction.chain.data import Problem, Samples
from paper_reproduction.chain.flow import integrate
from paper_reproduction.chain.minima import flattest
from paper_reproduction.chain.step_size import initial_slope, start
from paper_reproduction.chain.stochasticity_law import factor, noise_drift
from paper_reproduction.chain.training import STATUS, Minibatches, train

__all__ = ["SCHEMES", "Case", "measure", "noise_slope", "safe_step", "turning_point", "window"]

SCHEMES = {"without": False, "with": True}  # replacement
SEED = 808
REACH = 1e-3  # residual over the targets where a run ends: C moves by about its square from there


@dataclass(frozen=True, eq=False)
class Case:
    """SGD with many batch and step sizes on one set of data, all from one start.

    Attributes
    ----------
    source, size, depth
        The data, N and D.
    imbalance
        C₀ over Q^{1/D} of the start, the same for all layers.
    limit, flattest
        Sharpness at the end of gradient flow, and of the flattest minimum.
    descent, noise
        The slopes a and b, from gradient flow alone.
    moved
        How far noise moves each C_i in all, per unit of ηφ, from gradient flow alone; layers' mean.
    turn
        C* over Q^{1/D}, the imbalance of the flattest minimum.
    drift
        Of the invariants along the flow.
    runs
        ``final`` (scheme, batch, eta, seed) is the sharpness of the minimum that gradient flow
        would reach from where the run ended; ``status`` indexes `STATUS`; ``full`` (eta) is the
        final sharpness of full-batch descent; ``factor`` (scheme, batch) is φ; ``share`` (eta) is η
        over the largest step that no single sample makes unstable.
    """

    source: str
    size: int
    depth: int
    imbalance: float
    limit: float
    flattest: float
    descent: float
    noise: float
    moved: float
    turn: float
    drift: float
    runs: xr.Dataset

    @property
    def name(self) -> str:
        """The case in words."""
        start = f", C = {self.imbalance:.3g} Q^(1/D)" if self.imbalance else ""
        return f"{self.source}, N = {self.size}, D = {self.depth}{start}"

    def crosses(self, eta: float) -> bool:
        """Whether noise at B = 1 is predicted to carry C past C*, where S ceases to fall or rise.

        On either side of C* the sharpness is monotone in C.
        """
        end = self.imbalance + eta * self.moved
        return (self.imbalance - self.turn) * (end - self.turn) <= 0

    @property
    def noise_slopes(self) -> xr.Dataset:
        """Measured b over (scheme, batch): ``value``, ``error`` (1 standard error), ``correction``.

        (S − S(full batch))/(ηφ) = b + O(η) is extrapolated to η = 0 from the two least η, the first
        half of the second; how much halving η changes it bounds what is left. Batches without noise
        (φ = 0) are NaN.
        """
        r = self.runs.isel(eta=slice(2))
        ratio = (r["final"] - r["full"]) / (r["eta"] * r["factor"].where(r["factor"] > 0))
        half, double = ratio.mean("seed").transpose("eta", ...)
        variance = ratio.var("seed", ddof=1) / r.sizes["seed"]
        error = np.sqrt(4 * variance.isel(eta=0) + variance.isel(eta=1))
        return xr.Dataset(
            {"value": 2 * half - double, "error": error, "correction": abs(half - double)}
        ).drop_vars(["eta", "share"], errors="ignore")


def noise_slope(problem: Problem, u0: np.ndarray, v0: np.ndarray) -> tuple[float, float, float]:
    """Return b, the mean over i of its integrals in units of Q^{1/D}, and the flow's drift."""
    chain = problem.chain
    solution = integrate(chain, u0, v0)
    u, v = solution.y[: chain.rank].T, solution.y[chain.rank :].T
    residual = (u @ problem.rows.T) * v.prod(axis=1, keepdims=True) - problem.y
    rate = noise_drift(u, v, residual[..., None] * problem.rows)
    moved = simpson(rate, x=solution.t, axis=0)
    C = chain.imbalance(u0, v0)
    drift = np.abs(chain.imbalance(u[-1], v[-1]) - C).max() / (u[-1] @ u[-1])
    return (
        float(sharpness_gradient(chain, C) @ moved),
        float(moved.mean() / chain.Q ** (1 / chain.depth)),
        float(drift),
    )


def sharpness_gradient(chain: ChainOnData, C: np.ndarray) -> np.ndarray:
    """Return ∂S/∂C_i at the minimum with these imbalances, by central differences."""
    step = 1e-4 * chain.Q ** (1 / chain.depth)

    def sharpness(c: np.ndarray) -> float:
        return float(chain.sharpness_at_minimum(chain.minimum(c)[1]))

    return np.array(
        [(sharpness(C + e) - sharpness(C - e)) / (2 * step) for e in step * np.eye(len(C))]
    )


def safe_step(problem: Problem, u: np.ndarray, v: np.ndarray) -> float:
    """Return the largest η with which no sample, taken alone, is unstable at any of the states.

    One sample's loss has the sharpness ‖∇f‖² = V²(‖x‖² + (x·u)² Σ 1/v_i²) along its gradient.
    """
    V, others = v.prod(axis=-1, keepdims=True), (1 / v**2).sum(axis=-1, keepdims=True)
    length = (problem.rows**2).sum(axis=1)
    return float(2 / np.max(V**2 * (length + (u @ problem.rows.T) ** 2 * others)))


def turning_point(chain: ChainOnData) -> float:
    """Return C* over Q^{1/D}, the imbalance (one for all layers) of the flattest minimum."""
    v, _ = flattest(chain)
    return float((chain.Q / v.prod() ** 2 - v[0] ** 2) / chain.Q ** (1 / chain.depth))


def window(samples: Samples, size: int, imbalances: np.ndarray) -> xr.Dataset:
    """Scan the start's C/√Q at depth 2: what noise does to C (``moved``) and S (``slope``).

    Both from gradient flow alone, per unit of ηφ, in units of √Q and of S(flow) at η = 2/S(flow);
    C* is added to the imbalances.
    """
    problem = samples.problem(size, 2)
    chain, rows = problem.chain, []
    turn = turning_point(chain)
    imbalances = np.union1d(imbalances, turn)
    for c in imbalances:
        u, v = _start(chain, c)
        limit = chain.gradient_flow_limit(u, v)[2]
        slope, moved, drift = noise_slope(problem, u, v)
        rows.append((slope * 2 / limit**2, moved * 2 / limit, drift))
    slope, moved, drifts = np.array(rows).T
    return xr.Dataset(
        {"slope": ("imbalance", slope), "moved": ("imbalance", moved), "drift": drifts.max()},
        {"imbalance": imbalances},
        {"data": samples.name, "samples": size, "turn": turn},
    )


def _start(chain: ChainOnData, imbalance: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng([SEED, chain.samples, chain.depth])
    return start(chain, imbalance, random)


def measure(
    name: str,
    samples: Samples,
    size: int,
    depth: int,
    imbalance: float,
    *,
    sizes: Sequence[int],
    shares: Sequence[float],
    seeds: int,
    steps: int,
) -> Case:
    """Train with η = share · `safe_step`, for each share; the first is half of the second."""
    problem = samples.problem(size, depth)
    chain = problem.chain
    u0, v0 = _start(chain, imbalance)
    *_, limit = chain.gradient_flow_limit(u0, v0)
    along = integrate(chain, u0, v0).y.T
    etas = np.array(shares) * safe_step(problem, along[:, : chain.rank], along[:, chain.rank :])
    descent, _ = initial_slope(chain, u0, v0)
    noise, moved, drift = noise_slope(problem, u0, v0)
    shape = (len(SCHEMES), len(sizes), len(etas), seeds)
    final, status = np.empty(shape), np.empty(shape, dtype=int)
    for i, replacement in enumerate(SCHEMES.values()):
        for j, B in enumerate(sizes):
            random = np.random.default_rng([SEED, size, depth, i, B])
            drawn = Minibatches(B, random, replacement)
            out = _ends(problem, np.repeat(etas, seeds), u0, v0, steps, drawn)
            final[i, j], status[i, j] = (part.reshape(shape[2:]) for part in out)
    full, settled = _ends(problem, etas, u0, v0, steps, None)
    phi = [[factor(B, size, r) for B in sizes] for r in SCHEMES.values()]
    dims = ("scheme", "batch", "eta", "seed")
    runs = xr.Dataset(
        {
            "final": (dims, final),
            "status": (dims, status),
            "full": ("eta", full),
            "settled": ("eta", settled),
            "factor": (dims[:2], phi),
        },
        {"scheme": list(SCHEMES), "batch": list(sizes), "eta": etas, "share": ("eta", [*shares])},
    )
    return Case(
        name, size, depth, imbalance, limit, flattest(chain)[1], descent, noise, moved,
        turning_point(chain), drift, runs,
    )  # fmt: skip


def _ends(
    problem: Problem,
    eta: np.ndarray,
    u0: np.ndarray,
    v0: np.ndarray,
    steps: int,
    drawn: Minibatches | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sharpness each run heads for, infinite if it diverged, and its status."""
    out = train(
        problem, eta, u0, v0, steps, batches=drawn, every=20, reach=REACH, measure_sharpness=False
    )
    diverged = out["status"].to_numpy() == STATUS.index("diverged")
    S = [
        np.inf if bad else problem.chain.gradient_flow_limit(u, v)[2]
        for u, v, bad in zip(out["u"].to_numpy(), out["v"].to_numpy(), diverged, strict=True)
    ]
    return np.array(S), out["status"].to_numpy()
