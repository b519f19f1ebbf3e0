"""Whether the end of a run is settled, periodic, chaotic or neither, from what was recorded.

Neighbours: Rosenstein, Collins, De Luca, *Physica D* 65 (1993) 117; recurrence: Eckmann,
Kamphorst, Ruelle, *Europhys. Lett.* 4 (1987) 973.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from dynsharp.types import Array

MOST = 4000  # records among which neighbours are sought
AHEAD = 4  # records over which they are followed
STILL = 1e-9  # relative spread below which a variable does not move: rounding
RECURS = 1e-5  # how far records may be from a cycle that is reached, in units of their spread
NOISY = 0.3  # how far from their cycle noisy records may be, in units of their spread
PREDICTED = 0.2  # how far those after neighbours may be apart, in units of the typical distance


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


def motion(series: Array, max_period: int) -> Motion:
    """Classify the motion of a stretch of records (variables along the first axis)."""
    x = _normalised(series)
    if x.shape[0] == 0:
        return Motion("periodic", 1)
    n = x.shape[1]
    away = np.array(
        [np.sqrt(np.mean(_distance(x, lag) ** 2)) for lag in range(1, min(max_period, n // 3) + 1)]
    )
    # The least lag after which records come back as close as after any.
    period = int(np.argmax(away <= max(1.5 * away.min(), RECURS))) + 1
    if away[period - 1] <= RECURS:
        return Motion("periodic", _reduced(x, period))
    if lag := _settling(x, min(max_period, n // 12)):
        return Motion("periodic", lag)
    if away[period - 1] < NOISY and _is_noise(x, period):
        return Motion("periodic", period)
    return _neighbours(x)


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


def _normalised(series: Array) -> Array:
    """Return the variables that move, centred, in units of their standard deviation."""
    spread = series.std(axis=1)
    moving = spread > STILL * np.abs(series).max(axis=1)
    centred = series[moving] - series[moving].mean(axis=1)[:, None]
    return centred / spread[moving][:, None]


def _distance(x: Array, lag: int) -> Array:
    return np.sqrt(((x[:, lag:] - x[:, :-lag]) ** 2).sum(axis=0))


def _reduced(x: Array, period: int) -> int:
    """Return the least divisor of the period that only a decaying transient tells from it."""
    divisors = [d for d in range(1, period) if period % d == 0]
    return next((d for d in divisors if _dies_out(_distance(x, d))), period)


def _settling(x: Array, most: int) -> int:
    """Return the least lag at which records come back ever closer than at other lags; 0 if none."""
    end = x[:, -max(x.shape[1] // 4, 2 * most + 1) :]
    away = np.array([np.sqrt(np.mean(_distance(end, lag) ** 2)) for lag in range(1, most + 1)])
    close = np.flatnonzero(away < NOISY * np.median(away)) if most > 1 else range(most)
    return next((int(k) + 1 for k in close if _dies_out(_distance(x, int(k) + 1))), 0)


def _dies_out(distance: Array) -> bool:
    return _decays(np.cumsum(distance))


def _is_noise(x: Array, period: int) -> bool:
    """Whether what keeps the records from their cycle is noise.

    It is none if it predicts itself: if the records that follow neighbours are closer than those
    that follow records of the same phase.
    """
    n = x.shape[1]
    if n // period < 8:
        return True
    i, j = _pairs(x)
    if not len(i):
        return True
    following, whole = x[:, 2:], (n - 2) // period * period
    other = (i + period * np.random.default_rng(0).integers(1, n // period, len(i))) % whole
    near = np.linalg.norm(following[:, i] - following[:, j], axis=0)
    far = np.linalg.norm(following[:, i] - following[:, other], axis=0)
    return bool(np.median(near) > 0.5 * np.median(far))


def _pairs(x: Array) -> tuple[Array, Array]:
    """Return each point with its nearest neighbour; a point is two consecutive records.

    Neighbours in time are none. Both points have ``AHEAD`` records after them.
    """
    points = np.concatenate([x[:, :-1], x[:, 1:]]).T
    usable = len(points) - AHEAD
    index = np.asarray(cKDTree(points[:usable]).query(points[:usable], k=min(8, usable))[1])
    i = np.arange(usable)
    apart = np.abs(index - i[:, None]) > 2
    has = apart.any(axis=1)
    return i[has], index[i, np.argmax(apart, axis=1)][has]


def _neighbours(x: Array) -> Motion:
    """Follow pairs of nearest neighbours: whether they predict each other, and whether they part.

    A point is two consecutive records. It is predictable if the records that follow those of
    neighbours are much closer than those of random pairs; then the slope of the mean logarithm of
    the distance is the largest Lyapunov exponent. Blocks of points give its standard error.
    """
    n = min(x.shape[1], MOST)
    x = x[:, -n:]
    if n < 40:
        return Motion("irregular")
    i, j = _pairs(x)
    if len(i) < 16:
        return Motion("irregular")
    points = np.concatenate([x[:, :-1], x[:, 1:]])
    gaps = np.array(
        [np.linalg.norm(points[:, i + m] - points[:, j + m], axis=0) for m in range(AHEAD + 1)]
    )
    random = np.random.default_rng(0).permutation(len(i))
    typical = float(np.median(np.linalg.norm(points[:, i] - points[:, i[random]], axis=0)))
    error = float(np.median(np.linalg.norm(x[:, i + 2] - x[:, j + 2], axis=0)))
    if error > PREDICTED * typical:
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
    # On a torus some lag brings all records back close; else what is deterministic is chaotic.
    lags = range(1, n // 3)
    returns = min(float(np.sqrt(np.mean(_distance(x, lag) ** 2))) for lag in lags) < NOISY
    kind = "quasi-periodic" if returns and not rate > max(3 * error, 0.01) else "chaotic"
    return Motion(kind, 0, rate, error)
