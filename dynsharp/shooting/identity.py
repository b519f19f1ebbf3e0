"""Which cycles are the same, and what the minimal period of a cycle is: one rule for both.

A cycle is its points in order; where it begins means nothing. Two cycles are the same if some
cyclic shift of one agrees with the other in every coordinate of every point, to a tolerance in
units of each state variable. A divisor d of the period is a period if the cycle shifted by d agrees
with itself in this sense; the least one is the minimal period.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

SAME = 1e-7  # distance of two solutions, in units of the problem, that are the same
RETURN = 1e-5  # distance to the first return, relative to the size of the cycle, that is none
DECIMALS = 12  # of a coordinate that decide where a cycle begins


def same_cycle(a: Array, b: Array, units: Array, tolerance: float) -> bool:
    """Say whether two cycles (period × n) agree up to a cyclic shift.

    Parameters
    ----------
    a, b
        Points in order; cycles of different periods are different.
    units
        Unit of each state variable.
    tolerance
        Greatest difference of a coordinate, in its unit.
    """
    if a.shape != b.shape:
        return False
    shifts = np.flatnonzero(np.abs((b - a[0]) / units).max(axis=1) <= tolerance)
    turned = (np.arange(len(a)) + shifts[:, None]) % len(a)
    return bool((np.abs((b[turned] - a) / units).max(axis=(1, 2)) <= tolerance).any())


def same_solution(problem: Curve, a: Array, b: Array, tolerance: float = SAME) -> bool:
    """Say whether two solutions of a problem are the same cycle at the same parameter."""
    low, high = problem.span
    near = abs(float(a[-1] - b[-1])) <= tolerance * (high - low)
    states = problem.states(a), problem.states(b)
    return near and same_cycle(*states, problem.scale, tolerance)


def minimal_periods(cycles: Array, units: Array, tolerance: ArrayLike) -> NDArray[np.int64]:
    """Return the minimal period of each cycle (m × period × n), as one of the period's divisors.

    ``tolerance`` is the greatest distance of two points that are one, in units, for all or each.
    """
    period = cycles.shape[1]
    result = np.full(len(cycles), period)
    for d in range(period - 1, 0, -1):
        if period % d == 0:
            apart = np.abs((np.roll(cycles, -d, axis=1) - cycles) / units).max(axis=(1, 2))
            result[apart <= tolerance] = d
    return result


def minimal_period(problem: Curve, y: Array) -> int:
    """Return the minimal period of a solution; the tolerance is relative to its own size.

    A cycle that has just left one of half its period is small: it counts as soon as it is above
    rounding.
    """
    x = problem.states(y) / problem.scale
    size = float(np.max(np.abs(x - x.mean(axis=0))))
    return int(minimal_periods(x[None], np.ones(x.shape[1]), RETURN * (size + RETURN))[0])


def canonical(cycles: Array) -> Array:
    """Shift cycles (m × period × n): the least point first, by the first coordinate to decide."""
    rounded = np.round(cycles, DECIMALS)
    least = np.ones(cycles.shape[:2], bool)
    for x in np.moveaxis(rounded, 2, 0):
        left = np.where(least, x, np.inf)
        least &= left == left.min(axis=1, keepdims=True)
    turned = (least.argmax(axis=1)[:, None] + np.arange(cycles.shape[1])) % cycles.shape[1]
    return np.take_along_axis(cycles, turned[:, :, None], axis=1)
