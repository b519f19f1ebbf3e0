"""Where a function vanishes along a row of points: brackets, then Brent's method on the curve.

The function is known at the points of the row; between two of them its zero is found on points of
the curve itself, solved for at every trial (Brent 1973). Where it comes close to zero and turns
round it is looked at closer and closer, while it may still cross.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

import numpy as np
from scipy.optimize import brentq

from dynsharp.bifurcations.kind import EPS, LOCATED, ROUNDINGS
from dynsharp.types import Array

NEAR = 1e-6  # fraction of a bracket over which the slope is measured
SPLIT = 0.47  # of a chord: not in its middle, where symmetries put what cannot be computed
FINEST = 1e-8  # length of a bracket, in chords, below which two zeros are not told apart

P = TypeVar("P")
P_co = TypeVar("P_co", covariant=True)
Between = Callable[[P, P, float], P | None]


class Row(Protocol[P_co]):
    """Points in a row."""

    def __getitem__(self, i: int, /) -> P_co: ...


@dataclass(frozen=True)
class Chords(Generic[P]):
    """A row of points of a curve, and the function whose zeros are sought.

    Attributes
    ----------
    points
        The row.
    between
        Solves for the point of the curve above the chord from one to another, at a fraction of it;
        None where there is none.
    test
        The function; NaN where it has no value.
    noise
        Its rounding error at a point.
    """

    points: Row[P]
    between: Between[P]
    test: Callable[[P], float]
    noise: Callable[[P], float]


@dataclass(frozen=True)
class Zero(Generic[P]):
    """A zero of a function along a row.

    Attributes
    ----------
    index
        It lies after the point of this number.
    bracket
        Points between which it was looked for.
    point
        Where it is; None if it was not located.
    error
        Of its position, in units of the bracket.
    status
        "located", or what the function does there instead of vanishing.
    """

    index: int
    bracket: tuple[P, P]
    point: P | None
    error: float = 1.0
    status: str = LOCATED


def may_vanish(before: Array, here: Array, after: Array) -> Array:
    """Whether a parabola through three distances from zero, least in the middle, may reach zero.

    It can only if the one in the middle is not large against how much it changes.
    """
    least = (here <= before) & (here <= after)
    return np.asarray(least & (2 * here < np.maximum(before, after)))


def approached(
    row: tuple[P, P, P],
    between: Between[P],
    distance: Callable[[P], float],
    crosses: Callable[[P, P], bool],
) -> tuple[list[tuple[int, P, P]], P]:
    """Look closer and closer at where something comes near zero, until it is seen to cross.

    Returns the pieces on which it crosses, each with the number (0 or 1) of the chord of ``row``
    that it lies on, and the point nearest to zero; no pieces if it turns round before.
    """
    points, places = list(row), [0.0, 1.0, 2.0]
    near = [distance(p) for p in points]
    while places[2] - places[0] > FINEST:
        shares = SPLIT, 1 - SPLIT
        beside = [between(points[k], points[k + 1], t) for k, t in enumerate(shares)]
        for k, point in enumerate(beside):
            if point is None:
                return [], points[int(np.argmin(near))]
            points.insert(2 * k + 1, point)
            near.insert(2 * k + 1, distance(point))
            start, end = places[2 * k : 2 * k + 2]
            places.insert(2 * k + 1, start + shares[k] * (end - start))
        pieces = [
            (int(place >= 1), p, q)
            for place, (p, q) in zip(places, pairwise(points), strict=False)
            if crosses(p, q)
        ]
        if pieces:
            return pieces, points[2]
        k = min(range(1, 4), key=lambda i: near[i])
        part = slice(k - 1, k + 2)
        points, near, places = points[part], near[part], places[part]
        if not 2 * min(near) < max(near):
            break
    return [], points[int(np.argmin(near))]


def zeros(chords: Chords[P], values: Array) -> Iterator[Zero[P]]:
    """Yield where a function, of which these are the values at the points, vanishes."""
    points, positive, finite = chords.points, values > 0, np.isfinite(values)
    both = finite[1:] & finite[:-1]
    changes = both & (positive[1:] != positive[:-1])
    for i in np.flatnonzero(changes):
        yield from _bracketed(chords, int(i), points[int(i)], points[int(i) + 1])
    if not finite.any():
        text = "not located: the function is finite nowhere on the branch"
        yield Zero(0, (points[0], points[1]), None, status=text)
    for i in np.flatnonzero(finite[1:] != finite[:-1]):
        where = "beyond" if finite[i] else "before"
        text = f"no zero: the function is not finite {where} this point"
        yield Zero(int(i), (points[int(i)], points[int(i) + 1]), None, status=text)
    size = np.abs(values)
    quiet = both[1:] & both[:-1] & ~changes[1:] & ~changes[:-1] & (size[1:-1] > 0)
    for i in np.flatnonzero(quiet & may_vanish(size[:-2], size[1:-1], size[2:])):
        a, m, b = (points[int(i) + k] for k in range(3))
        pieces, _ = approached((a, m, b), chords.between, _distance(chords), _crosses(chords))
        for k, p, q in pieces:
            yield from _bracketed(chords, int(i) + k, p, q)


def _distance(chords: Chords[P]) -> Callable[[P], float]:
    return lambda point: abs(chords.test(point))


def _crosses(chords: Chords[P]) -> Callable[[P, P], bool]:
    return lambda p, q: chords.test(p) * chords.test(q) < 0


def _bracketed(chords: Chords[P], index: int, a: P, b: P) -> Iterator[Zero[P]]:
    """Yield the zeros between two points at which the function has different signs."""
    known: dict[float, tuple[P, float]] = {0.0: (a, chords.test(a)), 1.0: (b, chords.test(b))}

    def at(t: float) -> float:
        if t not in known:
            point = chords.between(a, b, t)
            value = np.nan if point is None else chords.test(point)
            if point is None or np.isnan(value):
                raise FloatingPointError
            known[t] = point, value
        return known[t][1]

    try:
        for t in sorted(_roots(at, 0.0, 1.0)):
            yield _settled(chords, index, (a, b), at, t, known[t][0])
    except (FloatingPointError, ValueError):
        text = "not located: the branch could not be solved for, or the function is not finite"
        yield Zero(index, (a, b), None, status=text)


def _settled(
    chords: Chords[P],
    index: int,
    bracket: tuple[P, P],
    at: Callable[[float], float],
    t: float,
    point: P,
) -> Zero[P]:
    """Return a zero with its error: what is left of the function and its rounding, over its slope.

    A function that is as large there as next to it jumps or has a pole.
    """
    low, high = max(t - NEAR, 0.0), min(t + NEAR, 1.0)
    ends = at(low), at(high)
    here, noise = abs(at(t)), chords.noise(point)
    if not here <= noise and here > 0.1 * max(map(abs, ends)):
        text = "the function changes its sign without a zero: it jumps or has a pole here"
        return Zero(index, bracket, point, 4 * EPS, text)
    slope = abs(ends[1] - ends[0]) / (high - low)
    error = (noise + here) / slope if slope > 0 else 1.0
    return Zero(index, bracket, point, min(error, 1.0) + ROUNDINGS * EPS)


def _roots(at: Callable[[float], float], low: float, high: float) -> Iterator[float]:
    """Yield a root between two places of different sign, and others if the halves show them."""
    ends = at(low), at(high)
    t = low if ends[0] == 0 else high if ends[1] == 0 else 0.0
    if ends[0] and ends[1]:
        t = float(brentq(at, low, high, xtol=EPS, rtol=4 * EPS))
    at(t)
    yield t
    for edge in (low, high):
        middle, beside = 0.5 * (t + edge), t + NEAR * (edge - t)
        if abs(edge - t) > FINEST and at(middle) * at(edge) < 0:
            yield from _roots(at, edge, middle)
            if at(middle) * at(beside) < 0:
                yield from _roots(at, middle, beside)
