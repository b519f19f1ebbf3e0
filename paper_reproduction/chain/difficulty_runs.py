"""The runs of claim chain.2: growth of Q, and gradient flow of models on many problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from paper_reproduction.chain.correlation import Correlation, correlate
from paper_reproduction.chain.data import Problem, balanced_start
from paper_reproduction.chain.difficulty import FEATURES, Draw, expected, grow, smallest_increment
from paper_reproduction.chain.flow import gradient_flow
from paper_reproduction.chain.networks import Network, flow_end

__all__ = [
    "SEED",
    "WIDTH",
    "Growth",
    "Series",
    "measure_chain",
    "measure_growth",
    "measure_network",
]

SEED = 610
WIDTH = 8  # of a hidden layer
_ORDERS = 3  # of each data set, in which Q is followed sample by sample


@dataclass(frozen=True)
class Series:
    """One model on many problems, a flow each.

    Attributes
    ----------
    name
        The model, in words.
    depth
        Its D.
    table
        Over ``problem``: ``source``, ``samples``, ``Q``, ``predicted`` Ŝ_D, ``lower``, ``upper``,
        ``exact`` (the balanced chain's), ``measured`` and ``arrived`` (whether the flow did).
    """

    name: str
    depth: int
    table: xr.Dataset

    @cached_property
    def correlation(self) -> Correlation:
        """Ŝ against the measured sharpness, over the problems whose flow arrived."""
        own = self.table.isel(problem=np.flatnonzero(self.table["arrived"]))
        return correlate(own["predicted"].to_numpy(), own["measured"].to_numpy(), SEED)


def _row(source: str, problem: Problem, measured: float, arrived: bool) -> dict[str, object]:
    chain = problem.chain
    lower, upper = chain.sharpness_bounds
    return {
        "source": source,
        "samples": chain.samples,
        "Q": chain.Q,
        "predicted": chain.predicted_sharpness,
        "lower": lower,
        "upper": upper,
        "exact": 2 / chain.eta_c,
        "ratio": (chain.depth - 1) * np.sum(chain.targets**2) / (chain.sigma[0] ** 2 * chain.Q),
        "measured": measured,
        "arrived": arrived,
    }


def _table(rows: Sequence[Mapping[str, object]]) -> xr.Dataset:
    return xr.Dataset({k: ("problem", np.array([r[k] for r in rows])) for k in rows[0]})


def measure_chain(
    draws: Mapping[str, Draw], sizes: Sequence[int], orders: int, depth: int
) -> tuple[Series, float]:
    """Run gradient flow of the minimalist model on every problem; with the largest drift."""
    rows, drift = [], 0.0
    random = np.random.default_rng([SEED, depth])
    for source, new in draws.items():
        for samples in (new(random) for _ in range(orders)):
            for size in sizes:
                problem = samples.problem(min(size, len(samples.y)), depth)
                flow = gradient_flow(problem.chain, *balanced_start(problem.chain, 0.4, random))
                arrived = flow.attrs["status"] == "converged"
                rows.append(_row(source, problem, float(flow["sharpness"][-1]), arrived))
                drift = max(drift, flow.attrs["drift"])
    return Series(f"minimalist model, $D$ = {depth}", depth, _table(rows)), drift


def measure_network(
    draws: Mapping[str, Draw],
    sizes: Sequence[int],
    orders: int,
    depth: int,
    smooth: bool,
    gain: float,
) -> Series:
    """Run gradient flow of a fully connected network on every problem.

    In the coordinates of `Problem`: of the inputs' space only what X spans enters, and the weights
    of the rest stay where they are. A linear network gets the reachable part of the targets.
    """
    rows = []
    random = np.random.default_rng([SEED, depth, smooth, round(100 * gain)])
    reach = 1e-2 if smooth else 1e-3
    for source, new in draws.items():
        for samples in (new(random) for _ in range(orders)):
            for size in sizes:
                problem = samples.problem(min(size, len(samples.y)), depth)
                X = problem.rows
                y = problem.y if smooth else X @ np.linalg.lstsq(X, problem.y)[0]
                network = Network((X.shape[1], *[WIDTH] * (depth - 1)), smooth)
                end = flow_end(network, network.start(gain, random), X, y, reach, 1e7)
                rows.append(_row(source, problem, end.sharpness, end.status == "converged"))
    kind = "tanh" if smooth else "linear"
    return Series(f"{kind} network, $D$ = {depth}, gain {gain:g}", depth, _table(rows))


@dataclass(frozen=True)
class Growth:
    """How Q grows with the number of samples.

    Attributes
    ----------
    drawn
        ``median``, ``low`` and ``high`` (the range of 80% of draws) of Q over (source, size).
    worst
        Smallest increment of Q by one more sample while the data can be interpolated, over the
        rounding of Q.
    z
        Mean of Q for Gaussian data minus what is expected, in standard errors, for |N − d| ≥ 8:
        nearer to N = d the variance of Q is huge or infinite.
    """

    drawn: xr.Dataset
    worst: float
    z: np.ndarray


def measure_growth(draws: Mapping[str, Draw], count: int, points: int) -> Growth:
    """Draw every data set ``count`` times and follow Q."""
    random = np.random.default_rng([SEED, 0])
    parts, worst, z = [], np.inf, np.zeros(0)
    for source, new in draws.items():
        grown = grow(new, count, points, random)
        Q, size = grown["Q"].to_numpy(), grown["size"].to_numpy()
        low, median, high = np.quantile(Q, (0.1, 0.5, 0.9), axis=0)
        columns = {"low": low, "median": median, "high": high}
        parts.append(xr.Dataset({k: ("size", c) for k, c in columns.items()}, {"size": size}))
        for _ in range(_ORDERS):
            least, error = smallest_increment(new(random))
            worst = min(worst, least / error)
        if source == "Gaussian":
            error_of_mean = Q.std(axis=0, ddof=1) / np.sqrt(count)
            z = (Q.mean(axis=0) - expected(size, FEATURES)) / error_of_mean
            z = z[np.abs(size - FEATURES) >= 8]
    index = xr.DataArray(list(draws), dims="source", name="source")
    return Growth(xr.concat(parts, index, join="outer"), worst, z)
