"""The runs of claim chain.2: growth of Q, and gradient flow of models on many problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from dynsharp.systems import chain_on_data
from paper_reproduction.chain.correlation import Correlation, correlate
from paper_reproduction.chain.data import Problem, balanced_start, gaussian
from paper_reproduction.chain.difficulty import FEATURES, Draw, expected, grow, smallest_increment
from paper_reproduction.chain.flow import gradient_flow
from paper_reproduction.chain.networks import Network, flow_end

__all__ = [
    "GAUSSIAN_SIZES",
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
GAUSSIAN_SIZES = (4, 8, 16, 32, 48, 80, 96, 128)  # where the mean of Q is held against theory
_DRAWS = 60  # for it
_ORDERS = 2  # of each data set, in which Q is followed sample by sample


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
    relative: bool = False,
) -> Series:
    """Run gradient flow of a fully connected network on every problem.

    The weights have variance gain²/fan-in at the start, or Q^{1/2D} times that if ``relative``:
    the length of each layer in a balanced minimum, whatever the units of the data. In the
    coordinates of `Problem`: of the inputs' space only what X spans enters, and the weights of the
    rest stay where they are. A linear network gets the reachable part of the targets.
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
                unit = problem.chain.Q ** (0.5 / depth) if relative else 1.0
                w0 = network.start(gain * unit, random)
                end = flow_end(network, w0, X, y, reach, 1e7)
                rows.append(_row(source, problem, end.sharpness, end.status == "converged"))
    kind = "tanh" if smooth else "linear"
    start = "small start" if relative else f"gain {gain:g}"
    return Series(f"{kind} network, $D$ = {depth}, {start}", depth, _table(rows))


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
        Mean of Q for Gaussian data minus what is expected, in standard errors, at sizes away from
        N = d, near which the variance of Q is huge or infinite.
    """

    drawn: xr.Dataset
    worst: float
    z: np.ndarray


def measure_growth(draws: Mapping[str, Draw], count: int, points: int) -> Growth:
    """Draw every data set ``count`` times and follow Q."""
    random = np.random.default_rng([SEED, 0])
    parts, worst = [], np.inf
    for new in draws.values():
        grown = grow(new, count, points, random)
        Q, size = grown["Q"].to_numpy(), grown["size"].to_numpy()
        low, median, high = np.quantile(Q, (0.1, 0.5, 0.9), axis=0)
        columns = {"low": low, "median": median, "high": high}
        parts.append(xr.Dataset({k: ("size", c) for k, c in columns.items()}, {"size": size}))
        for _ in range(_ORDERS):
            least, error = smallest_increment(new(random))
            worst = min(worst, least / error)
    index = xr.DataArray(list(draws), dims="source", name="source")
    return Growth(xr.concat(parts, index, join="outer"), worst, _gaussian_means(random))


def _gaussian_means(random: np.random.Generator) -> np.ndarray:
    """Return the deviations of the means of Q, over independent draws, in standard errors."""
    z = []
    for size in GAUSSIAN_SIZES:
        draws = (gaussian(size, FEATURES, random) for _ in range(_DRAWS))
        Q = np.array([chain_on_data(s.X, s.y, 2).Q for s in draws])
        error = Q.std(ddof=1) / np.sqrt(_DRAWS)
        z.append((Q.mean() - expected(np.array(size), FEATURES)) / error)
    return np.array(z)
