"""Whether the end of a run is settled, periodic, chaotic or neither, from what was recorded.

Neighbours: Rosenstein, Collins, De Luca, *Physica D* 65 (1993) 117; recurrence: Eckmann,
Kamphorst, Ruelle, *Europhys. Lett.* 4 (1987) 973.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from dynsharp.training._log import Array

__all__ = ["Motion", "decays", "motion"]

MOST = 4000  # records that the neighbours are sought among: their number squared is not


@dataclass(frozen=True)
class Motion:
    """What kind of motion a stretch of records is.

    ``kind`` is "periodic", "chaotic", "quasi-periodic" or "irregular"; ``period`` the number of
    records after which it recurs (0: it does not); ``growth`` the mean logarithmic growth of the
    distance of neighbours, per record, with its standard error (NaN where it was not measured).
    """

    kind: str
    period: int = 0
    growth: float = float("nan")
    standard_error: float = float("nan")

    @property
    def deterministic(self) -> bool:
        """Whether the next record follows from the present ones."""
        return self.kind != "irregular"


def motion(series: Array, max_period: int, noise: Array) -> Motion:
    """Classify the motion of a stretch of records (variables along the first axis).

    ``noise`` is the standard deviation of the noise on each variable.
    """
    x, level = _normalised(series, noise)
    if x.shape[0] == 0:
        return Motion("periodic", 1)
    period = _period(x, max_period, level)
    return Motion("periodic", period) if period else _neighbours(x)


def decays(series: Array) -> bool:
    """Whether the steps |x(t + 1) − x(t)| of every variable decay to zero.

    Near a flip the amplitude h follows h' = −μh − ch³, for which y = 1/h² obeys y' = 2μy + 2c: the
    increments of y grow (h decays exponentially), stay (algebraically, at the flip itself) or
    shrink, if h settles on a cycle. So the amplitude must fall from block to block, and the
    increments of y must not shrink.
    """
    return all(_decays(x) for x in series if np.ptp(x) > 0)


def _decays(x: Array) -> bool:
    steps = np.diff(x)
    blocks = int(np.clip(len(steps) // 12, 4, 8))
    size = len(steps) // blocks // 2 * 2
    if size < 2:
        return False
    parts = steps[-blocks * size :].reshape(blocks, size)
    h = np.sqrt(np.mean(parts * parts, axis=1))
    if h[-1] == 0:
        return True
    if not (np.diff(h) < 0).all():
        return False
    y, middle = (h[0] / h) ** 2, blocks // 2
    before, after = (y[middle] - y[0]) / middle, (y[-1] - y[middle]) / (blocks - 1 - middle)
    return bool(after >= 0.9 * before)


def _normalised(series: Array, noise: Array) -> tuple[Array, Array]:
    """Return the variables that move, in units of their standard deviation, and their noise."""
    spread = series.std(axis=1)
    size = np.abs(series).max(axis=1)
    moving = spread > 1e-12 * size
    scale = spread[moving][:, None]
    return (series[moving] - series[moving].mean(axis=1)[:, None]) / scale, (
        noise[moving] / spread[moving]
    )


def _distance(x: Array, lag: int) -> Array:
    return np.sqrt(((x[:, lag:] - x[:, :-lag]) ** 2).sum(axis=0))


def _period(x: Array, max_period: int, noise: Array) -> int:
    """Return the least lag at which the records recur, 0 if there is none.

    They recur if they come back much closer than they move, and no other lag brings them back
    closer than rounding and noise explain. A lag that only its transient tells from its half is
    halved.
    """
    n = x.shape[1]
    lags = range(1, min(max_period, n // 3) + 1)
    away = np.array([np.sqrt(np.mean(_distance(x, lag) ** 2)) for lag in lags])
    floor = 3 * float(np.sqrt(2 * np.sum(noise**2)))
    recurs = away < max(0.02, floor)
    if floor > 0.5 or not recurs.any():
        return _settling(x, max_period)
    best = float(away[recurs].min())
    enough = recurs & (away <= max(2 * best, floor, 1e-9))
    period = int(np.argmax(enough)) + 1
    while period % 2 == 0 and _decays_to_zero(_distance(x, period // 2)):
        period //= 2
    return period


def _settling(x: Array, max_period: int) -> int:
    """Return the least lag at which the records come back ever closer, 0 if there is none."""
    n = x.shape[1]
    for lag in range(1, min(max_period, n // 12) + 1):
        if _decays_to_zero(_distance(x, lag)):
            return lag
    return 0


def _decays_to_zero(distance: Array) -> bool:
    return _decays(np.cumsum(distance))


def _neighbours(x: Array) -> Motion:
    """Follow pairs of nearest neighbours: whether they predict each other, and whether they part.

    A point is two consecutive records. It is predictable if the records that follow those of
    neighbours are much closer than those of random pairs; then the slope of the mean logarithm of
    the distance is the largest Lyapunov exponent. Blocks of points give its standard error.
    """
    ahead, n = 4, min(x.shape[1], MOST)
    x = x[:, -n:]
    if n < 40:
        return Motion("irregular")
    points = np.concatenate([x[:, :-1], x[:, 1:]]).T
    usable = len(points) - ahead
    tree = cKDTree(points[:usable])
    near = min(8, usable)
    index = np.asarray(tree.query(points[:usable], k=near)[1])
    i = np.arange(usable)
    apart = np.abs(index - i[:, None]) > 2
    has = apart.any(axis=1)
    j = index[i, np.argmax(apart, axis=1)]
    i, j = i[has], j[has]
    gaps = np.array(
        [np.sqrt(((points[i + m] - points[j + m]) ** 2).sum(axis=1)) for m in range(ahead + 1)]
    )
    random = np.random.default_rng(0).permutation(len(i))
    typical = float(np.median(np.linalg.norm(points[i] - points[i[random]], axis=1)))
    newest = x[:, i + 2] - x[:, j + 2]
    error = float(np.median(np.sqrt((newest**2).sum(axis=0))))
    if error > 0.2 * typical:
        return Motion("irregular")
    # Once a pair is as far apart as the attractor allows, it parts no more.
    close = (gaps[:-1] > 0) & (gaps[1:] > 0) & (gaps[:-1] < 0.1 * typical)
    close[0] = False  # the first step aligns the pair with the direction that grows
    growth = np.log(np.where(close, gaps[1:], 1.0) / np.where(close, gaps[:-1], 1.0))
    blocks = np.array_split(np.arange(len(i)), 8)
    means = np.array([growth[:, b][close[:, b]].mean() for b in blocks if close[:, b].any()])
    if len(means) < 2:
        return Motion("irregular")
    rate = float(means.mean())
    error = float(means.std(ddof=1) / np.sqrt(len(means)))
    kind = "chaotic" if rate > 3 * error and rate > 0.01 else "quasi-periodic"
    return Motion(kind, 0, rate, error)
