r"""SGD that never settles: on data that cannot be interpolated noise drives it along the minima.

Near a minimum the mean gradient vanishes, the noise does not, and to first order in η the law of
`stochasticity_law` leaves, in the time τ = η²φ · (number of steps), for depth 2

    dC/dτ = v² tr Σ − uᵀΣu = t tr Σ − pᵀΣp/t,    t = v²,  p = uv = X⁺y,  C = Q/t − t,

with Σ of the residuals that no weights remove, the same at every minimum. Its only rest is
t² = pᵀΣp/tr Σ < Q: at a positive imbalance, whatever the data.

Own derivation from the law of one step in Yoo, Song, Yun, ICML 2025, arXiv:2506.06940.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from dynsharp.networks.chain_weights import gradient, sharpness
from paper_reproduction.chain.data import Problem, Samples
from paper_reproduction.chain.stochasticity_law import factor, noise_drift
from paper_reproduction.chain.stochasticity_runs import SEED, safe_step, turning_point
from paper_reproduction.chain.training import STATUS, Minibatches, train

__all__ = ["leading", "measure_drift", "rest", "settled"]

START = 1.1  # of the balanced minimum's weights: balanced, and not at rest
LENGTH = 4.0  # of a run, in the time √Q/(dC/dτ) of the drift at balance


def leading(samples: Samples, size: int, directions: int) -> Samples:
    """Return the first samples on so many leading singular directions of their X."""
    X = samples.X[:size]
    right = np.linalg.svd(X, full_matrices=False)[2][:directions]
    return Samples(samples.name, X @ right.T, samples.y[:size])


def covariance(problem: Problem) -> np.ndarray:
    """Return Σ at every minimum: that of the single samples' x (x·X⁺y − y)."""
    chain = problem.chain
    residual = problem.rows @ (chain.targets / chain.sigma) - problem.y
    single = problem.rows * residual[:, None]
    return np.asarray(np.cov(single, rowvar=False, bias=True).reshape(chain.rank, chain.rank))


def rest(problem: Problem) -> float:
    """Return the imbalance, over √Q, at which the drift of a chain of depth 2 vanishes."""
    chain = problem.chain
    p, noise = chain.targets / chain.sigma, covariance(problem)
    t = np.sqrt(p @ noise @ p / np.trace(noise))
    return float((chain.Q / t - t) / np.sqrt(chain.Q))


def rate(problem: Problem, C: float) -> float:
    """Return dC/dτ at the minimum with imbalance C."""
    u, v = problem.chain.minimum(C)
    single = problem.rows * (problem.rows @ u * v.prod() - problem.y)[:, None]
    return float(noise_drift(u, v, single)[0])


def measure_drift(
    samples: Samples, size: int, batch: int, share: float, seeds: int, points: int
) -> xr.Dataset:
    """Run SGD from next to the balanced minimum with η and η/2, drawn without replacement.

    Over ``eta`` (the half first) and ``time``: ``mean`` and ``error`` (1 standard error over the
    seeds) of C/√Q, ``sharpness`` (mean, of the minimum that gradient flow would reach from there).
    Over ``time``: ``drift``, C/√Q by the equation. ``diverged`` counts runs, ``u`` and ``v`` are
    one run's end.
    """
    problem = samples.problem(size, 2)
    chain, unit = problem.chain, np.sqrt(problem.chain.Q)
    u0, v0 = chain.minimum()
    phi, span = factor(batch, size, False), LENGTH * unit / rate(problem, 0.0)
    etas = share * safe_step(problem, u0, v0) * np.array([0.5, 1.0])
    # the same times for both η: four steps of the half are one of the whole
    segment = max(1, round(span / (points * phi * etas[1] ** 2)))
    mean, error, S, diverged = (np.zeros((2, points + 1)) for _ in range(4))
    S[:] = float(chain.sharpness_at_minimum(v0))
    for i, eta in enumerate(etas):
        u, v = (np.tile(START * w, (seeds, 1)) for w in (u0, v0))
        drawn = Minibatches(batch, np.random.default_rng([SEED, size, batch, i]))
        steps = segment * (4 if i == 0 else 1)
        for k in range(1, points + 1):
            out = train(
                problem, eta, u, v, steps, batches=drawn, every=steps, reach=0.0,
                measure_sharpness=False,
            )  # fmt: skip
            u, v = out["u"].to_numpy(), out["v"].to_numpy()
            diverged[i, k] = diverged[i, k - 1] + (out["status"] == STATUS.index("diverged")).sum()
            C = chain.imbalance(u, v)[:, 0]
            mean[i, k], error[i, k] = C.mean() / unit, C.std(ddof=1) / unit / np.sqrt(seeds)
            S[i, k] = np.mean([chain.gradient_flow_limit(*w)[2] for w in zip(u, v, strict=True)])
    tau = segment * phi * etas[1] ** 2 * np.arange(points + 1)
    solved = solve_ivp(
        lambda _, C: [rate(problem, C[0])], (0, tau[-1]), [0.0], t_eval=tau, rtol=1e-9, atol=1e-12
    )
    dims = ("eta", "time")
    return xr.Dataset(
        {
            "mean": (dims, mean),
            "error": (dims, error),
            "sharpness": (dims, S),
            "drift": ("time", solved.y[0] / unit),
            "diverged": int(diverged[:, -1].sum()),
            "u": ("mode", u[0]),
            "v": ("layer", v[0]),
        },
        {"eta": etas, "time": tau * rate(problem, 0.0) / unit},
        {
            "data": samples.name,
            "samples": size,
            "batch": batch,
            "seeds": seeds,
            "steps": 4 * segment * points,
            "rest": rest(problem),
            "turn": turning_point(chain),
            "units": "imbalance in sqrt(Q), time in that of the drift at balance",
        },
    )


def settled(samples: Samples, size: int, u: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    """Let gradient flow on X and y settle from an end of SGD: its sharpness, and the one taken.

    The first is measured by Lanczos where an integration in the original coordinates ends, the
    second is exact, from the conserved imbalance alone.
    """
    chain = samples.problem(size, 2).chain
    X, y = samples.X[:size], samples.y[:size]
    _, end, exact = chain.gradient_flow_limit(u, v)
    slowest = chain.samples / (end[0] ** 2 * chain.sigma[-1] ** 2)
    w = np.concatenate([chain.directions @ u, v])
    solution = solve_ivp(
        lambda _, w: -gradient(X, y, w), (0, 25 * slowest), w, "LSODA", rtol=1e-11, atol=1e-12
    )
    return sharpness(X, y, solution.y[:, -1]), exact
