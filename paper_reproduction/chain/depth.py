"""Claim chain.3: the depth sets the sharpness at the end of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from dynsharp.networks.chain_weights import sharpness
from dynsharp.systems import ChainOnData
from paper_reproduction.chain.data import Samples, balanced_start
from paper_reproduction.chain.depth_figure import draw
from paper_reproduction.chain.difficulty import sources
from paper_reproduction.chain.flow import DRIFT, gradient_flow
from paper_reproduction.claim import Check, Claim

__all__ = ["always_falls", "judge", "lower_bound_error", "measure", "run", "scaled"]

SEED = 2025
DEPTHS = range(2, 13)
_TOLERANCE = 100 * DRIFT  # of what a flow ends with


@dataclass(frozen=True, eq=False)
class Runs:
    """What was measured on one set of data.

    Attributes
    ----------
    name
        Source and number of samples.
    theory
        Over ``depth``: ``exact``, ``lower``, ``upper`` and ``predicted`` sharpness of the balanced
        minimum, and ``error``, the bound of `lower_bound_error`. Scalars ``Q`` and ``samples``.
    flow
        Over the depths at which gradient flow was integrated: ``sharpness`` where it ended,
        ``original`` there from X and y by Lanczos, ``drift``, ``arrived``.
    """

    name: str
    theory: xr.Dataset
    flow: xr.Dataset


def lower_bound_error(chain: ChainOnData) -> float:
    r"""Bound how far the sharpness of the balanced minimum is above its lower bound.

    N S is the top eigenvalue of a diag(σ²) + b d dᵀ, a = V² and b = Σ 1/v². Let B be that matrix
    without the first row and column, and c what they hold off the diagonal: by the Schur complement
    N S = N S_low + cᵀ(N S − B)⁻¹c, hence with δ² = Σ_{i>1} d_i² and λ_max(B) ≤ aσ₂² + bδ²

        N (S − S_low) ≤ b² d₁² δ² / (a(σ₁² − σ₂²) + b(d₁² − δ²)),

    infinite unless the denominator is positive.
    """
    _, v = chain.minimum()
    a, b = v.prod() ** 2, np.sum(1 / v**2)
    first, rest = chain.targets[0] ** 2, np.sum(chain.targets[1:] ** 2)
    second = chain.sigma[1] ** 2 if chain.rank > 1 else 0.0
    room = a * (chain.sigma[0] ** 2 - second) + b * (first - rest)
    return float(b**2 * first * rest / room / chain.samples) if room > 0 else np.inf


def always_falls(depth: int) -> float:
    r"""Return the Q below which one more layer makes every balanced minimum flatter.

    N S_D = Q^{−1/D} λ_max(Q diag(σ²) + (D − 1) d dᵀ), and the eigenvalue grows by a factor of at
    most D/(D − 1) from D to D + 1: S falls if Q^{1/(D(D+1))} is below the inverse of that. It
    grows, whatever the data, if Q ≥ 1.
    """
    return float((1 - 1 / depth) ** (depth * (depth + 1)))


def scaled(chain: ChainOnData, Q: float) -> ChainOnData:
    """Return the chain with its inputs in the unit that makes the difficulty Q."""
    return replace(chain, sigma=chain.sigma * np.sqrt(chain.Q / Q))


def measure(name: str, samples: Samples, size: int, flow_depths: Sequence[int]) -> Runs:
    """Return theory at every depth, and gradient flow at some, on the first ``size`` samples."""
    problem = samples.problem(size, 2)
    chains = [replace(problem.chain, depth=D) for D in DEPTHS]
    lower, upper = np.array([c.sharpness_bounds for c in chains]).T
    columns = {
        "exact": [2 / c.eta_c for c in chains],
        "lower": lower,
        "upper": upper,
        "predicted": [c.predicted_sharpness for c in chains],
        "error": [lower_bound_error(c) for c in chains],
    }
    theory = xr.Dataset({k: ("depth", x) for k, x in columns.items()}, {"depth": list(DEPTHS)})
    random = np.random.default_rng([SEED, size])
    ends: dict[str, list[float]] = {"sharpness": [], "original": [], "drift": [], "arrived": []}
    for D in flow_depths:
        chain = replace(problem.chain, depth=D)
        flow = gradient_flow(chain, *balanced_start(chain, 0.4, random))
        u, v = flow["u"].to_numpy(), flow["v"].to_numpy()
        w = np.concatenate([chain.directions @ u, v])
        ends["sharpness"].append(float(flow["sharpness"][-1]))
        ends["original"].append(sharpness(samples.X[:size], samples.y[:size], w))
        ends["drift"].append(flow.attrs["drift"])
        ends["arrived"].append(flow.attrs["status"] == "converged")
    flow = xr.Dataset({k: ("depth", x) for k, x in ends.items()}, {"depth": list(flow_depths)})
    sizes = {"Q": problem.chain.Q, "samples": size, "rank": problem.chain.rank}
    return Runs(f"{name}, N = {size}", theory.assign(sizes), flow)


def signs(chain: ChainOnData, difficulties: np.ndarray) -> xr.Dataset:
    """Return log S_{D+1}/S_D over depth and the difficulty that a change of units gives."""
    S = np.array(
        [[2 / replace(scaled(chain, Q), depth=D).eta_c for Q in difficulties] for D in DEPTHS]
    )
    return xr.Dataset(
        {"growth": (("depth", "Q"), np.diff(np.log(S), axis=0))},
        {"depth": list(DEPTHS)[:-1], "Q": difficulties},
    )


def judge(runs: Sequence[Runs], maps: Sequence[xr.Dataset]) -> tuple[Check, ...]:
    """Hold theory, flows and changes of units against the claim."""
    off, original, drift, flows, inside = 0.0, 0.0, 0.0, 0, 0
    for r in runs:
        at = r.theory.sel(depth=r.flow["depth"])
        off = max(off, float(abs(r.flow["sharpness"] / at["exact"] - 1).max()))
        original = max(original, float(abs(r.flow["original"] / r.flow["sharpness"] - 1).max()))
        drift = max(drift, float(r.flow["drift"].max()))
        flows += r.flow.sizes["depth"]
        between = (r.flow["sharpness"] >= at["lower"] * (1 - _TOLERANCE)) & (
            r.flow["sharpness"] <= at["upper"] * (1 + _TOLERANCE)
        )
        inside += int((between & r.flow["arrived"]).sum())
    grows = {r.name: bool((np.diff(r.theory["exact"]) > 0).all()) for r in runs}
    must, may_not, seen = [], [], []
    for m in maps:
        fall = xr.DataArray([always_falls(int(D)) for D in m["depth"]], dims="depth")
        must.append((m["growth"] > 0).where(m["Q"] >= 1, True).all().item())
        may_not.append((m["growth"] < 0).where(m["Q"] < fall, True).all().item())
        seen.append(bool((m["growth"] > 0).all()))
    excess = [
        (r.theory["exact"] - r.theory["lower"] * (1 + 1e-12)) / r.theory["error"] for r in runs
    ]
    position = np.concatenate([_position(r.theory) for r in runs])
    return (
        Check(
            f"Gradient flow ends at the exact sharpness to {_TOLERANCE:.0e}, between both bounds, "
            f"in all {flows} runs, with its invariants kept to {DRIFT:.0e}",
            f"largest difference {off:.1e}, drift {drift:.1e}; {inside} arrive within bounds",
            off <= _TOLERANCE and inside == flows and drift <= DRIFT,
        ),
        Check(
            "The sharpness there, from X and y by Lanczos on differences of the gradient, is the "
            "same to 1e-6 (the differences' relative step is 1e-5)",
            f"largest difference {original:.1e}",
            original <= 1e-6,
        ),
        Check(
            f"The sharpness grows with every layer from D = {DEPTHS[0]} to {DEPTHS[-1]} wherever "
            "Q ≥ 1, whatever the data: N S_D = Q^(−1/D) λ_max(Q diag(σ²) + (D − 1)ddᵀ)",
            f"in all {sum(r.theory['Q'].item() >= 1 for r in runs)} data sets with Q ≥ 1 as they "
            f"are, and in {sum(must)} of {len(must)} over all units with Q ≥ 1",
            all(must) and all(grows[r.name] for r in runs if r.theory["Q"].item() >= 1),
        ),
        Check(
            "It falls with one more layer wherever Q < (1 − 1/D)^(D(D+1)), whatever the data",
            f"{sum(may_not)} of {len(may_not)} data sets over all such units",
            all(may_not),
        ),
        Check(
            "The sharpness grows with every layer on all the data as they are",
            f"{sum(grows.values())} of {len(grows)}"
            + "".join(f"; not on {k}" for k, yes in grows.items() if not yes),
            all(grows.values()),
            required=False,
        ),
        Check(
            "It grows with every layer in whatever unit the inputs are measured",
            f"in {sum(seen)} of {len(seen)} data sets",
            all(seen),
            required=False,
        ),
        Check(
            "The lower bound is as tight as its error bound b²d₁²δ²/(a(σ₁² − σ₂²) + b(d₁² − δ²)) "
            "says, at every depth, to 1e-12",
            f"the error is at most {max(float(e.max()) for e in excess):.3g} of its bound",
            max(float(e.max()) for e in excess) <= 1,
        ),
        Check(
            "The exact value is nearer to the lower than to the upper bound",
            f"in {np.mean(position < 0.5):.0%} of cases; it lies at {position.min():.2g} to "
            f"{position.max():.2g} of the way, median {np.median(position):.2g}",
            bool(np.all(position < 0.5)),
            required=False,
        ),
    )


def _position(theory: xr.Dataset) -> np.ndarray:
    """Where the exact value lies between the lower bound (0) and the upper (1)."""
    gap = theory["upper"] - theory["lower"]
    real = (gap > 1e-9 * theory["upper"]).to_numpy()
    return ((theory["exact"] - theory["lower"]) / gap).to_numpy()[real]


def run(quick: bool, data: Path | None = None) -> Claim:
    """Compute, judge and draw."""
    draws = sources(data, np.random.default_rng(SEED))
    random = np.random.default_rng([SEED, 1])
    kept = {name: new(random) for name, new in draws.items()}
    sizes = (8, 32) if quick else (8, 16, 32, 128)
    flow_depths = (2, 5) if quick else tuple(range(2, 11))
    runs = [
        measure(name, samples, size, flow_depths)
        for name, samples in kept.items()
        for size in sorted({min(n, len(samples.y)) for n in sizes})
    ]
    difficulties = np.geomspace(1e-4, 1e2, 31 if quick else 181)
    maps = [signs(s.problem(min(32, len(s.y)), 2).chain, difficulties) for s in kept.values()]
    names = xr.DataArray([r.name for r in runs], dims="case", name="case")
    theory = xr.concat([r.theory for r in runs], names)
    flow = xr.concat([r.flow for r in runs], names)
    chart = xr.concat(maps, xr.DataArray(list(kept), dims="source", name="source"))
    first = next(iter(kept))
    return Claim(
        "At fixed data the sharpness at the end of training grows with the depth D, between the "
        "bounds of the theory.",
        "chain paper, the effect of depth",
        f"Data: {', '.join(kept)}, first N = {', '.join(map(str, sizes))} in an order of seed "
        f"{SEED}; theory for D = {DEPTHS[0]} to {DEPTHS[-1]}, gradient flow for D = "
        f"{', '.join(map(str, flow_depths))} from a balanced start with 0.4 of the minimum's "
        f"weights; units of the inputs such that Q is {difficulties[0]:g} to {difficulties[-1]:g}, "
        "N = 32.",
        judge(runs, maps),
        draw(theory, flow, chart),
        "Above: sharpness of the balanced minimum against depth: exact (line), where gradient flow "
        "ended (marks), both bounds (band), Ŝ_D (dashed). Below left: how far the exact value is "
        "above the lower bound, against the bound of that by the Schur complement (where there is "
        f"one), for all data and depths. Below right: growth by one more layer on {first} in other "
        "units of the inputs: above Q = 1 (dashed) S always grows, below (1 − 1/D)^(D(D+1)) "
        "(dotted) it always falls, on the line it does neither.",
        {"theory": theory, "flow": flow, "units": chart},
        "With every layer wherever Q ≥ 1. Data with Q < 1 (inputs that are large in their unit) "
        "can have a sharpness that falls with depth at first, and always have below "
        f"Q = (1 − 1/D)^(D(D+1)), {always_falls(2):.3g} at D = 2. The lower bound is tight where "
        "(D − 1)d₁² is small against Q(σ₁² − σ₂²), for hard data, and where y is along e₁; for "
        "easy data with targets in many directions the exact value comes near the upper bound.",
    )
