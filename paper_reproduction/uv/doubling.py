"""Flips of training itself: at which step sizes the period of a network in training doubles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import sympy as sp
import xarray as xr

import dynsharp as ds
from dynsharp.continuation import Cascade
from dynsharp.systems import UVNetwork
from dynsharp.types import Array
from paper_reproduction.uv.edge_of_stability import bisect
from paper_reproduction.uv.theory import critical_step, reduced, reduced_fixed_points
from paper_reproduction.uv.training import Lanes

__all__ = ["continued_flips", "feigenbaum", "map_cascade", "measured_flips", "ratios", "returns"]

ROUNDING = float(np.finfo(float).eps)
# A deviation from the cycle is multiplied by |μ| a turn. Where |μ| = 1 its square falls as 1/n; the
# share by which |μ|ⁿ may spoil that law over n turns before the sign of its bend tells.
RESOLUTION = 0.1
FEWEST = 8


@cache
def map_cascade(doublings: int) -> Cascade:
    """Return the cascade of the reduced map, continued and refined by dynsharp."""
    return ds.cascade(reduced(), "rho", {"F": 0.5}, 0.5, doublings, digits=16)


@cache
def continued_flips(count: int) -> tuple[tuple[float, float], ...]:
    """Return value and uncertainty of the first flips, from branch to doubled branch."""
    branch = ds.continue_fixed_point(reduced(), "rho", {"F": 0.5}, 0.5, (0.2, 2.0))
    found: list[tuple[float, float]] = []
    for n in range(count):
        last = found[-1][0] if found else 0.0
        flip = min(
            (p for p in branch.special_points if p.kind == "flip" and p.value > last),
            key=lambda p: p.value,
        )
        found.append((float(flip.value), float(flip.uncertainty)))
        if n + 1 < count:
            branch = branch.switch(flip)
    return tuple(found)


def superstable(doublings: int) -> Array:
    """Return where the cycles of period 1, 2, 4, … are superstable: one before each flip."""
    (F,), (rho,) = reduced().state, reduced().parameters
    flipping = next(
        p
        for p in reduced_fixed_points()
        if any(t.kind == "flip" for t in ds.thresholds(p, rho)) and p.state[F] != 0
    )
    (first,) = sp.solve(flipping.multipliers[0], rho)
    return np.array([float(first), *(float(v) for v in map_cascade(doublings).superstable)])


def returns(networks: Sequence[UVNetwork], eta: Array, period: int, turns: int) -> Array:
    """Whether each network settles on a cycle of that period and not on its double.

    With a the largest change of Δf over a period: at the flip 1/a² grows linearly with the number
    of turns, below it ever faster, above it levels off. By training alone.
    """
    lanes, sizes, done = Lanes.of(networks, eta), [], 0
    for share in (2, 3, 4):
        until = period * (turns * share // 4)
        lanes.advance(until - done)
        df, _ = lanes.record(2 * period)
        done = until + 2 * period
        sizes.append(np.abs(df[period:] - df[:period]).max(axis=0))
    first, middle, last = sizes
    scale = np.array([abs(net.y) for net in networks])
    with np.errstate(divide="ignore", invalid="ignore"):
        faster = 1 / last**2 + 1 / first**2 > 2 / middle**2
    return np.asarray((last <= 1e3 * ROUNDING * scale) | (faster & (last < 0.9 * first)))


def measured_flips(networks: Sequence[UVNetwork], doublings: int, turns: int) -> xr.Dataset:
    """Bisect for the flips of periods 1, 2, 4, … in training, in units of η_c.

    The shortest cycles are given more turns, `FEWEST` times ``turns`` steps: the first steps of
    training, until it is near the cycle, follow no law.
    The brackets reach from where the cycle is superstable to where the doubled one is. The
    tolerance is what the turns resolve: a share `RESOLUTION` of |μ|ⁿ, where μ changes along the
    parameter by one between the superstable value and the flip, and half the bracket.
    """
    cascade, centres = map_cascade(doublings + 1), superstable(doublings + 1)
    unit = np.array([critical_step(net.y, net.g) for net in networks])
    exact = np.array([float(v) for v in cascade.thresholds[:doublings]])
    scale = exact - centres[:doublings]  # over which the multiplier changes from 0 to −1
    rho, tolerance = np.empty((2, doublings, len(networks)))
    for n, (low, high) in enumerate(pairwise(centres[: doublings + 1])):
        period = cascade.periods[n]
        count = turns * max(1, FEWEST // period)
        width = 0.1 * RESOLUTION * scale[n] / count

        def settles(value: Array, period: int = period, count: int = count) -> Array:
            return returns(networks, value * unit, period, count)

        ones = np.ones(len(networks))
        rho[n], half = bisect(settles, low * ones, high * ones, width / high)
        tolerance[n] = half + RESOLUTION * scale[n] / count
    return xr.Dataset(
        {
            "measured": (("period", "network"), rho),
            "tolerance": (("period", "network"), tolerance),
            "exact": ("period", exact),
            "exact_error": ("period", [v.error for v in cascade.thresholds[:doublings]]),
        },
        {"period": np.array(cascade.periods[:doublings], np.int32)},
        {"turns": turns},
    )


def ratios(flips: Array, error: Array) -> tuple[Array, Array]:
    """Return the ratios of successive distances, and what the errors of the flips add to them."""
    gaps, spread = np.diff(flips), error[1:] + error[:-1]
    value = gaps[:-1] / gaps[1:]
    return value, value * (spread[:-1] / gaps[:-1] + spread[1:] / gaps[1:])


def feigenbaum(flips: Array, error: Array) -> tuple[float, float]:
    """Return δ from at least five flips, with an error.

    The last three ratios are extrapolated as a geometric sequence (Aitken). The error is the
    correction, which bounds the next one, and the errors of the flips carried through.
    """

    def extrapolated(values: Array) -> float:
        r = ratios(values, np.zeros_like(values))[0][-3:]
        return float(r[2] - (r[2] - r[1]) ** 2 / (r[2] - 2 * r[1] + r[0]))

    value = extrapolated(flips)
    carried = sum(abs(extrapolated(flips + step) - value) for step in np.diag(error) if step.any())
    return value, float(carried + abs(value - ratios(flips, error)[0][-1]))
