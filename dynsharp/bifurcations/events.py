"""Finding the special points of a branch: what changed between two points, and where.

Between neighbouring points are compared the numbers of real multipliers below −1, of real ones
above 1, of complex pairs outside the unit circle, and the orientation of the bordered system. A
change of one kind is an event and located; several at once are separated by bisection; a multiplier
that comes close and turns around is looked at more closely. What cannot be separated or located is
returned as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from scipy.interpolate import KroghInterpolator
from scipy.optimize import brentq

from dynsharp.bifurcations.branch_points import BranchPoint, branch_point
from dynsharp.bifurcations.crossings import EPS, ROUNDINGS, Crossing, between, crossing
from dynsharp.bifurcations.user_events import KINDS, zeros
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.types import Array

__all__ = ["Event", "counts", "events"]

INDISTINCT = 1e-10  # a multiplier this close to the unit circle counts as on it
FINEST = 1e-8  # length below which events are no longer separated
NODES, WIDTHS = 6, (1e-2, 3e-3, 1e-3, 3e-4)  # for an interpolation across several at once

Change: TypeAlias = tuple[int, int, int, bool]  # flips, folds, pairs, orientation


@dataclass(frozen=True)
class Event:
    """Something that happens on the branch between two points.

    Attributes
    ----------
    kind
        "flip", "fold", "neimark-sacker" or "branch"; the name of an event of the user's.
    index
        It lies after the point of this number.
    bracket
        The points between which it lies.
    crossing, branching
        Where it was located, as a crossing or as a branch point; both None if it was not.
    count
        How many multipliers cross together.
    status
        "located", or what a user's function does there instead of vanishing.
    """

    kind: str
    index: int
    bracket: tuple[Point, Point]
    crossing: Crossing | None = None
    branching: BranchPoint | None = None
    count: int = 1
    status: str = "located"

    @property
    def bifurcation(self) -> bool:
        """Whether it is not an event of the user's."""
        return self.kind in KINDS


def events(curve: Curve, points: Points) -> list[Event]:
    """Return what happens along a row of points, in order."""
    if len(points) < 2:
        return []
    table = np.column_stack([*counts(points.MU), points.SIGN > 0])
    changed = (table[1:] != table[:-1]).any(axis=1)
    found: list[Event] = []
    for i in np.flatnonzero(changed):
        found += _separate(curve, points[int(i)], points[int(i) + 1], int(i))
    for i in np.flatnonzero(_nearing(points.MU) & ~changed[:-1] & ~changed[1:]):
        a, m, b = (points[int(i) + k] for k in range(3))
        found += _approach(curve, a, m, b, int(i))
    found += _of_user(curve, points)
    return sorted(found, key=lambda event: event.index)


def _of_user(curve: Curve, points: Points) -> Iterator[Event]:
    def above(index: int, t: float) -> Point | None:
        return between(curve, points[index], points[index + 1], t)

    def y_above(index: int, t: float) -> Array | None:
        point = above(index, t)
        return None if point is None else point.y

    for event in curve.events:
        for zero in zeros(partial(event.along, curve), points.Y, y_above):
            a, b = points[zero.index], points[zero.index + 1]
            point = above(zero.index, zero.t) if 0 < zero.t < 1 else (a, b)[round(zero.t)]
            error = zero.error * abs(b.value - a.value) + ROUNDINGS * EPS * abs(a.value)
            where = Crossing(point or a, error, True)
            yield Event(event.name, zero.index, (a, b), crossing=where, status=zero.status)


def counts(MU: Array) -> tuple[Array, Array, Array]:
    """Numbers of real multipliers below −1, of real ones above 1, of pairs outside the circle."""
    real = MU.imag == 0
    return (
        (real & (MU.real < -1 - INDISTINCT)).sum(axis=-1),
        (real & (MU.real > 1 + INDISTINCT)).sum(axis=-1),
        ((MU.imag > 0) & (np.abs(MU) > 1 + INDISTINCT)).sum(axis=-1),
    )


def _change(a: Point, b: Point) -> Change:
    before, after = counts(a.mu), counts(b.mu)
    flips, folds, pairs = (int(y) - int(x) for x, y in zip(before, after, strict=True))
    return flips, folds, pairs, a.sign * b.sign < 0


def _nearing(MU: Array) -> Array:
    """Triples of points in the middle of which a multiplier is nearest to the unit circle.

    A parabola through three points can reach zero only if the distance in the middle is not large
    against how much it changes.
    """
    outside = np.abs(MU) - 1
    side, d = np.sign(outside), np.abs(outside)
    same = (side[1:-1] == side[:-2]) & (side[1:-1] == side[2:]) & (d[1:-1] > INDISTINCT)
    least = (d[1:-1] <= d[:-2]) & (d[1:-1] <= d[2:])
    reaches = d[1:-1] < np.maximum(d[:-2], d[2:]) - d[1:-1]
    return np.asarray((same & least & reaches).any(axis=1))


def _approach(curve: Curve, a: Point, m: Point, b: Point, index: int) -> Iterator[Event]:
    """Look closer and closer at where a multiplier turns round, while it may still cross."""

    def distance(point: Point) -> float:
        return float(np.min(np.abs(np.abs(point.mu) - 1)))

    while curve.length(b.y - a.y) > FINEST:
        left, right = between(curve, a, m, 0.5), between(curve, m, b, 0.5)
        if left is None or right is None:
            return
        row = [a, left, m, right, b]
        if any(_kind(_change(p, q)) != "nothing" for p, q in pairwise(row)):
            for k, (p, q) in enumerate(pairwise(row)):
                yield from _separate(curve, p, q, index + k // 2)
            return
        k = min(range(1, 4), key=lambda i: distance(row[i]))
        a, m, b = row[k - 1 : k + 2]
        if distance(m) > max(distance(a), distance(b)) - distance(m):
            return


def _separate(curve: Curve, a: Point, b: Point, index: int) -> Iterator[Event]:
    change = _change(a, b)
    kind = _kind(change)
    if kind == "nothing":
        return
    if kind != "several":
        yield _located(curve, a, b, kind, index)
        return
    middle = None
    if curve.length(b.y - a.y) > FINEST:
        middle = between(curve, a, b, 0.5)
    if middle is None:
        yield from _together(curve, a, b, change, index)
        return
    for start, end in ((a, middle), (middle, b)):
        yield from _separate(curve, start, end, index)


def _kind(change: Change) -> str:
    flips, folds, pairs, turned = change
    match abs(flips), abs(folds), abs(pairs), turned:
        case 0, 0, 0, False:
            return "nothing"
        case 0, (0 | 1), 0, True:
            return "branch"
        case 1, 0, 0, False:
            return "flip"
        case 0, 1, 0, False:
            return "fold"
        case 0, 0, 1, False:
            return "neimark-sacker"
        case (2, 0, 1, False) if flips == -2 * pairs:  # a pair outside the circle becomes real
            return "nothing"
        case (0, 2, 1, False) if folds == -2 * pairs:
            return "nothing"
    return "several"


def _located(curve: Curve, a: Point, b: Point, kind: str, index: int) -> Event:
    if kind != "branch":
        return Event(kind, index, (a, b), crossing=crossing(curve, a, b, kind))
    low, high = a, b
    for _ in range(8):  # from ever closer by
        middle = between(curve, low, high, 0.5)
        guess = middle.y if middle is not None else 0.5 * (low.y + high.y)
        found = branch_point(curve, guess)
        if found is not None and _inside(curve, low, high, found.y):
            return Event(kind, index, (a, b), branching=found)
        if middle is None:
            break
        if low.sign * middle.sign < 0:
            high = middle
        else:
            low = middle
    return Event(kind, index, (low, high))


def _inside(curve: Curve, a: Point, b: Point, y: Array) -> bool:
    """Whether a point lies above the chord from a to b, and not far from it."""
    chord = b.y - a.y
    length = curve.length(chord)
    t = curve.inner(y - a.y, chord) / length**2
    return -0.01 <= t <= 1.01 and curve.length(y - a.y - t * chord) <= length


def _together(curve: Curve, a: Point, b: Point, change: Change, index: int) -> Iterator[Event]:
    """Events that no step separates: multipliers that cross together, as symmetries make them."""
    flips, folds, pairs, turned = change
    kinds = {"flip": abs(flips), "branch" if turned or abs(folds) > 1 else "fold": abs(folds)}
    kinds["neimark-sacker"] = abs(pairs) if not (flips or folds) else 0
    if turned and not folds:
        kinds["branch"] = 1
    for kind, count in kinds.items():
        if count:
            alone = crossing(curve, a, b, kind) if count == 1 and kind != "branch" else None
            where = alone or _mean_crossing(curve, a, b, kind, count)
            where = where or Crossing(a, abs(b.value - a.value), False)
            yield Event(kind, index, (a, b), crossing=where, count=count)


def _mean_crossing(curve: Curve, a: Point, b: Point, kind: str, count: int) -> Crossing | None:
    """Return where the mean of several multipliers crosses, which is smooth where they meet.

    It is interpolated from points at a distance, since next to a branch point the branch itself is
    known badly, and that at several distances; the difference of two degrees estimates the error.
    (Kato, *Perturbation Theory for Linear Operators*, II.2: the mean over a group of eigenvalues is
    analytic, the single ones need not be.)
    """
    chord, many = b.y - a.y, 2 * count if kind == "neimark-sacker" else count
    length, critical = curve.length(chord), -1.0 if kind == "flip" else 1.0
    nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    best: Crossing | None = None
    for width in WIDTHS:
        row = [between(curve, a, b, 0.5 + width / length * node) for node in nodes]
        points = [point for point in row if point is not None]
        if len(points) < NODES:
            continue
        MU = np.array([point.mu for point in points])
        size = np.abs(MU) if kind == "neimark-sacker" else MU.real
        beyond = np.sort(size - critical, axis=1)
        group = np.argsort(np.abs(beyond).mean(axis=0))[:many]
        values = beyond[:, group].mean(axis=1)
        if not values[0] * values[-1] < 0:
            continue
        at = _zero(nodes, values)
        apart = abs(at - _zero(nodes[1:-1], values[1:-1])) if values[1] * values[-2] < 0 else 1.0
        slope = abs(values[-1] - values[0]) / (nodes[0] - nodes[-1])
        y = np.asarray(KroghInterpolator(nodes, np.array([point.y for point in points]))(at))
        off = width / length * (ROUNDINGS * EPS / slope + apart)
        error = off * abs(chord[-1]) + ROUNDINGS * EPS * abs(y[-1])
        if best is None or error < best.uncertainty:
            there = Point(y, chord / length, curve.multipliers(y, a.mu), a.sign)
            best = Crossing(there, float(error), True)
    return best


def _zero(nodes: Array, values: Array) -> float:
    """Zero of the polynomial through values, between the outermost nodes."""
    mean = KroghInterpolator(nodes, values)
    return float(brentq(lambda t: float(mean(t)), nodes[-1], nodes[0]))
