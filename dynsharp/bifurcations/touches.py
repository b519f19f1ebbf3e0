"""Where a distance, which is nowhere negative, comes down to zero on a branch and rises again.

Distances of multipliers from a critical value, or singular values. On the points of a branch such a
place is seen by the lines through neighbouring ones; it is looked at closer and closer, and located
from a little way off, where rounding does not matter, by what changes its sign with the side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dynsharp.bifurcations.crossings import between
from dynsharp.bifurcations.kind import EPS, ROUNDINGS, Place, Tested
from dynsharp.bifurcations.together import interpolated
from dynsharp.bifurcations.zeros import SPLIT, approached
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.types import Array

VANISHES = 1e-7  # a distance, next to where it is least, that is zero
REACH = 1.5  # lengths of the chord that a line is extended by
BESIDE = 1e-4  # how far, along the branch, the points on either side are
LINEAR = 0.1  # relative deviation of a distance from one that vanishes linearly


def touching(d: Array, S: Array) -> Array:
    """Return for each chord whether a distance, known at points, may come down to zero above it.

    It may if it does on the line through the two points before, or through those after.
    """
    step = np.diff(S)
    with np.errstate(all="ignore"):
        falls, rises = d[:-2] - d[1:-1], d[2:] - d[1:-1]
        before = (falls > 0) & (d[1:-1] * step[:-1] <= REACH * falls * step[1:])
        after = (rises > 0) & (d[1:-1] * step[1:] <= REACH * rises * step[:-1])
    return np.append(False, before) | np.append(after, False)


def sides(
    curve: Curve, points: Points, i: int, distance: Callable[[Point], float], zero: float
) -> tuple[Point, Point] | None:
    """Return points on both sides of where a distance vanishes on the chord after a point."""

    def step(a: Point, b: Point, t: float) -> Point | None:
        return between(curve, a, b, t)

    first, last = points[i], points[i + 1]
    middle = step(first, last, SPLIT)
    if middle is None:
        return None
    _, nearest = approached((first, middle, last), step, distance, lambda a, b: False)
    if not distance(nearest) < zero:
        return None
    chord = last.y - first.y
    return beside(curve, nearest, chord / curve.length(chord))


def beside(curve: Curve, point: Point, direction: Array) -> tuple[Point, Point] | None:
    """Return the points of the branch at `BESIDE` before and after a point."""
    found = []
    for s in (-BESIDE, BESIDE):
        y = curve.corrected(point.y + s * direction, direction)
        found.append(None if y is None else curve.point(y, direction, point.mu))
    a, b = found
    return None if a is None or b is None else (a, b)


def on_row(curve: Curve, points: Points, i: int, place: Place) -> bool:
    """Whether a place on the chord after a point is not beyond an end of the row."""
    first, last = points[i], points[i + 1]
    for end, beside, outer in ((first, last, i == 0), (last, first, i == len(points) - 2)):
        beyond = curve.inner(place.point.y - end.y, beside.y - end.y) < 0
        if outer and beyond and abs(place.point.value - end.value) > place.uncertainty:
            return False
    return True


def chord_of(curve: Curve, points: Points, i: int, y: Array) -> int:
    """Return the chord of a point found on that after a point, or by rounding on one next to it."""
    where = points.S[i] + curve.inner(y - points.Y[i], points.T[i])
    return int(np.clip(np.searchsorted(points.S, where) - 1, 0, len(points) - 2))


def touches(
    curve: Curve, points: Points, kind: Tested, column: int, values: Array
) -> Iterator[tuple[int, tuple[Point, Point], Place]]:
    """Yield where a function that is nowhere negative vanishes: chord, bracket and place."""

    def at(some: list[Point]) -> Array:
        Y, MU = np.array([p.y for p in some]), np.array([p.mu for p in some])
        return kind.values(curve, Y, MU)[:, column]

    def signed(some: list[Point], nodes: Array) -> tuple[Array, float] | None:
        d = at(some)
        slopes = d / np.abs(nodes)
        if not slopes.min() > (1 - LINEAR) * slopes.max():
            return None
        noise = [kind.rounding(curve, p.y, p.mu, column) for p in (some[2], some[3])]
        noise.append(ROUNDINGS * EPS * float(np.abs(some[2].mu).max()))
        return np.sign(nodes) * d, max(noise)

    for i in [int(k) for k in np.flatnonzero(touching(values, points.S))]:
        bracket = sides(curve, points, i, lambda p: float(at([p])[0]), VANISHES)
        place = None if bracket is None else interpolated(curve, *bracket, signed)
        if bracket is not None and place is not None and on_row(curve, points, i, place):
            yield chord_of(curve, points, i, place.point.y), bracket, place
