"""Claim chain.1: progressive sharpening and the edge of stability on real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from dynsharp.networks.chain_weights import gradient
from paper_reproduction.chain.data import Samples, balanced_start, real
from paper_reproduction.chain.flow import DRIFT, gradient_flow
from paper_reproduction.chain.minima import flattest
from paper_reproduction.chain.minimalist_figure import AT, BELOW, BEYOND, JUST, Cell, draw, tables
from paper_reproduction.chain.training import STATUS, Minibatches, train
from paper_reproduction.claim import Check, Claim

__all__ = ["judge", "measure", "run"]

SEED = 2506
SHARE = 0.4  # of the minimum's weights at the start
HOVER = 0.05  # the mean sharpness hovers at 2/η within this share of it, as in training_regime
RUNS = 8  # of SGD


def measure(samples: Samples, size: int, depth: int, iterates: int) -> Cell:
    """Run gradient flow, gradient descent below, at and beyond the edge, and SGD from one start."""
    random = np.random.default_rng([SEED, size, depth])
    problem = samples.problem(size, depth)
    chain = problem.chain
    start = balanced_start(chain, SHARE, random)
    *_, limit = chain.gradient_flow_limit(*start)
    _, flat = flattest(chain)
    steps = {
        BELOW: 1 / limit,
        AT: 2 / np.sqrt(flat * limit),
        JUST: 2 * 1.05 / flat,
        BEYOND: 2 * 1.2 / flat,
    }
    descent = train(problem, list(steps.values()), *start, iterates, reach=1e-6)
    batches = Minibatches(max(1, size // 4), random)
    sgd = train(
        problem,
        np.full(RUNS, steps[BELOW]),
        *start,
        iterates,
        batches=batches,
        every=5,
        reach=1e-6,
    )
    ends = xr.concat([sgd[["u", "v"]], descent[["u", "v"]].isel(run=[0])], "run")
    landing = [
        chain.gradient_flow_limit(u, v)[2]
        for u, v in zip(ends["u"].data, ends["v"].data, strict=True)
    ]
    flow = gradient_flow(chain, *start)
    return Cell(depth, size, limit, flat, flow, descent, sgd, steps, np.array(landing))


def in_weight_space(samples: Samples, size: int, depth: int, steps: int) -> float:
    """Largest difference of the loss, relative to the first, from training on X and y as they are.

    The same descent below the edge, with u in the original coordinates and nothing known of
    singular values.
    """
    problem = samples.problem(size, depth)
    chain = problem.chain
    u, v = balanced_start(chain, SHARE, np.random.default_rng([SEED, size, depth]))
    eta = 1 / chain.gradient_flow_limit(u, v)[2]
    own = train(problem, eta, u, v, steps, measure_sharpness=False)["loss"][0].to_numpy()
    X, y = samples.X[:size], samples.y[:size]
    w = np.concatenate([chain.directions @ u, v])
    losses = []
    for _ in range(len(own)):
        losses.append(np.mean((X @ w[: X.shape[1]] * w[X.shape[1] :].prod() - y) ** 2) / 2)
        w = w - eta * gradient(X, y, w)
    floor = chain.unreachable / (2 * size)
    return float(np.nanmax(np.abs(np.array(losses) - floor - own)) / losses[0])


UNSTABLE = {"catapult", "edge of stability", "divergence"}


def _calm(phases: list[str]) -> bool:
    return "progressive sharpening" in phases and not UNSTABLE & set(phases)


def _held(phases: list[str]) -> bool:
    first = next((i for i, name in enumerate(phases) if name in UNSTABLE), 0)
    return "progressive sharpening" in phases[:first] and "convergence" in phases[first:]


def _edge(phases: list[str]) -> bool:
    return phases[-1] == "edge of stability"


def judge(cells: list[Cell], weight_space: float, steps: int) -> tuple[Check, ...]:
    """Hold the cells against the claim."""
    n = len(cells)
    drift = max(c.flow.attrs["drift"] for c in cells)
    ended = sum(c.flow.attrs["status"] == "converged" for c in cells)
    rise = [float(c.flow["sharpness"][-1] / c.flow["sharpness"][0]) for c in cells]
    off = max(float(abs(c.flow["sharpness"][-1] / c.limit - 1)) for c in cells)
    stays = [float(c.scaled(BELOW).max()) for c in cells]
    crossed = sum(c.crossing(AT) is not None for c in cells)
    hover = np.array([c.hovering(AT) for c in cells])
    beyond = [STATUS[int(x)] for c in cells for x in c.descent["status"][2:]]
    noisy = [c.rise_of_sgd for c in cells]
    named = [
        rule(c.phases(which))
        for c in cells
        for which, rule in ((BELOW, _calm), (AT, _held), (JUST, _edge), (BEYOND, _edge))
    ]
    z = [(c.landing[-1] - c.landing_sgd[0]) / c.landing_sgd[1] for c in cells]
    rounding = 10 * steps * float(np.finfo(float).eps)
    return (
        Check(
            f"Training X and y as they are gives the same losses over {steps} steps, to rounding: "
            f"10 ε a step, {rounding:.0e} of the first loss",
            f"largest difference {weight_space:.1e}",
            weight_space <= rounding,
        ),
        Check(
            f"Gradient flow arrives in all {n} cases with ‖u‖² − v² kept to {DRIFT:.0e} of ‖u‖²",
            f"{ended} arrive; largest drift {drift:.1e}",
            bool(ended == n and drift <= DRIFT),
        ),
        Check(
            "It ends where its conserved quantities say: sharpness to 1e-6, a hundred times the "
            "drift that is allowed",
            f"largest relative difference {off:.1e}",
            off <= 100 * DRIFT,
        ),
        Check(
            "Gradient flow sharpens in every case: more at the end than at the start",
            f"by factors of {min(rise):.3g} to {max(rise):.3g}",
            bool(min(rise) > 1),
        ),
        Check(
            "SGD with a quarter of the samples a batch sharpens in every run too, η = 1/S(flow)",
            f"by factors of {min(noisy):.3g} or more",
            min(noisy) > 1,
            required=all(c.size <= c.flow.sizes["mode"] for c in cells),  # else noise stays
        ),
        Check(
            "Gradient descent with η = 1/S(flow), half of the edge, never reaches 2/η",
            f"largest sharpness {max(stays):.3g} of 2/η",
            max(stays) < 1,
        ),
        Check(
            "With 2/η between the sharpness of the flattest minimum and that of the flow (their "
            "geometric mean) it crosses 2/η in every case, and its mean from there "
            f"on is within {HOVER:.0%} of 2/η: the edge of stability",
            f"{crossed} of {n} cross; the means are {np.nanmin(hover):.4f} to "
            f"{np.nanmax(hover):.4f} of 2/η",
            bool(crossed == n and np.all(np.abs(hover - 1) <= HOVER)),
        ),
        Check(
            "With 2/η below that of the flattest minimum (by 1.05 and 1.2) no run converges",
            ", ".join(f"{beyond.count(s)} {s}" for s in STATUS if s in beyond),
            STATUS[0] not in beyond,
        ),
        Check(
            "`training_regime` names them so from loss, sharpness and η alone: below the edge "
            "progressive sharpening and no instability; at the edge progressive sharpening, an "
            "instability (catapult or edge of stability), convergence; beyond it edge of stability "
            "to the end",
            f"{sum(named)} of {len(named)} runs",
            all(named),
            required=False,
        ),
        Check(
            "SGD heads for a flatter minimum than gradient descent of the same η, in every case, "
            f"by 3 standard errors of {RUNS} runs",
            f"{sum(x > 3 for x in z)} of {n}; z from {min(z):.1f} to {max(z):.1f}",
            min(z) > 3,
            required=False,
        ),
    )


def run(quick: bool, data: Path | None = None) -> Claim:
    """Compute, judge and draw."""
    samples = real(data, np.random.default_rng(SEED))
    sizes = sorted({min(n, len(samples.y)) for n in ((8, 16) if quick else (8, 16, 32))})
    depths = range(2, 5 if quick else 7)
    iterates = 1500 if quick else 16_000
    cells = [measure(samples, n, d, iterates) for n in sizes for d in depths]
    largest = [c for c in cells if c.size == sizes[-1]]
    drawn = tables(largest, cells)
    steps = 300
    checks = judge(cells, in_weight_space(samples, sizes[-1], depths[-1], steps), steps)
    where = (
        "The edge is held only by step sizes with 2/η above the sharpness of the flattest minimum "
        "that the data have, "
        + ", ".join(
            f"{min(s):.2f} to {max(s):.2f} of the flow's for N = {n}"
            for n in sizes
            for s in [[c.flattest / c.limit for c in cells if c.size == n]]
        )
        + ": easy data leave little room, and a larger step keeps oscillating about no minimum."
    )
    return Claim(
        "The minimalist model (one neuron a layer) shows progressive sharpening and the edge of "
        "stability on real data, under gradient flow, gradient descent and SGD.",
        "chain paper, the minimalist model",
        f"{samples.name}: the first N = {', '.join(map(str, sizes))} in an order of seed {SEED}; "
        f"depths {depths[0]} to {depths[-1]}; balanced start with {SHARE} of the minimum's weights "
        f"in a random direction; at most {iterates:,} steps, less if the residual is 1e-6 of the "
        f"targets; SGD: {RUNS} runs, B = N/4 without replacement.",
        checks,
        draw(drawn),
        f"N = {sizes[-1]} of {samples.name}; one line a depth. Left: gradient flow. Middle: "
        "gradient descent at the edge, with 2/η the geometric mean of the sharpness at the end of "
        "the flow and at the flattest minimum. Right: SGD of half the flow's edge, η = 1/S(flow), "
        f"batch N/4, mean of {RUNS} runs with their range. Below: the mean sharpness after "
        "the crossing, for every N and depth, against how far the flattest minimum is below.",
        drawn,
        where,
    )
