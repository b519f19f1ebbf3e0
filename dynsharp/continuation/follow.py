"""The points of a branch in one direction or both, and why it ends where it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from dynsharp.bifurcations.branch_point import PERFECT, branch_point
from dynsharp.continuation import loop
from dynsharp.continuation.loop import pieces
from dynsharp.continuation.rows import appended, first, joined, reversed_points
from dynsharp.continuation.steps import LARGEST_STATE
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.types import Array

LEAST_STEP = 1e-13
SHORTER = 8.0  # factor by which steps are shortened where two branches pass each other
SOLVED = 1e-13  # residual, in units of the state, of a point that Newton's method cannot correct


@dataclass(frozen=True)
class Options:
    """Control of a run: first and greatest step, greatest number of points."""

    step: float = 0.01
    first: float | None = None
    max_points: int = 20_000


@dataclass(frozen=True)
class Way:
    """Points in one direction, why they end, and whether that is a failure."""

    points: Points
    end: str
    failed: bool = False
    closed: bool = False


def one_way(curve: Curve, start: Point, options: Options) -> Way:
    """Follow a branch in the direction of the tangent at the start.

    Where a step has jumped to another branch that passes close by, it is taken back and the place
    is passed with shorter ones.
    """
    step = min(options.first or options.step / 4, options.step)
    points = _followed(curve, start, step, options.step, options.max_points)
    shorter = options.step
    while (jump := _jump(curve, points)) is not None and shorter > 1e-6:
        shorter /= SHORTER
        kept = first(points, max(jump, 1))
        slow = _followed(curve, kept[-1], shorter, shorter, int(6 * SHORTER))
        points = joined([kept, slow])
        if points.code == loop.FULL and len(points) < options.max_points:
            left = options.max_points - len(points) + 1
            points = joined([points, _followed(curve, points[-1], shorter, options.step, left)])
    at = f"{curve.parameter} = {points[-1].value:.10g}"
    match points.code:
        case loop.BOUNDARY:
            return _landed(curve, points, options)
        case loop.CLOSED:
            return Way(points, f"closed curve, back at the start at {at}", closed=True)
        case loop.UNBOUNDED:
            return Way(points, f"the state grows beyond {LARGEST_STATE:g} times its size at {at}")
        case loop.NOT_FINITE:
            text = f"the map or its multipliers are not finite beyond {at}: its domain ends there"
            return Way(points, text, failed=True)
        case loop.UNDERFLOW:
            text = (
                f"Newton's method fails beyond {at} for every step down to {LEAST_STEP:g}: "
                "the branch is not smooth there, or several cross; start again on the other side"
            )
            return Way(points, text, failed=True)
    text = f"{options.max_points} points reached at {at}; allow more with max_points"
    return Way(points, text, failed=True)


def _followed(curve: Curve, start: Point, first: float, greatest: float, limit: int) -> Points:
    return joined(list(pieces(curve, start, first, LEAST_STEP, greatest, LARGEST_STATE, limit)))


def _jump(curve: Curve, points: Points) -> int | None:
    """Return where a step went to a branch that does not meet the one before, if any did."""
    for i in np.flatnonzero(points.SIGN[1:] * points.SIGN[:-1] < 0):
        a, b = points[int(i)], points[int(i) + 1]
        near = branch_point(curve, 0.5 * (a.y + b.y))
        if near is not None and near.beta > PERFECT:
            return int(i)
    return None


def both_ways(curve: Curve, start: Point, options: Options) -> tuple[Points, tuple[str, str], str]:
    """Follow a branch in both directions: its points in a row, both ends, the status."""
    forward = one_way(curve, start, options)
    if forward.closed:
        points = appended(curve, forward.points, start)
        return points, (forward.end, forward.end), "complete"
    backward = one_way(curve, start.reversed(), options)
    points = joined([reversed_points(backward.points), forward.points])
    failures = [w.end for w in (backward, forward) if w.failed]
    return points, (backward.end, forward.end), "; ".join(failures) or "complete"


def _landed(curve: Curve, points: Points, options: Options) -> Way:
    """Put the last point on the edge of the span that the next step would cross."""
    name = curve.parameter
    step = options.first or options.step / 4
    if len(points) > 1:
        step = 1.5 * float(points.S[-1] - points.S[-2])
    for _ in range(60):
        last = points[-1]
        if last.value in curve.span:
            return Way(points, f"the span ends at {name} = {last.value:.10g}")
        point = _on_edge(curve, last, step)
        if point is not None:
            longer = appended(curve, points, point)
            return Way(longer, f"the span ends at {name} = {point.value:.10g}")
        more = list(pieces(curve, last, step / 2, LEAST_STEP, step / 2, LARGEST_STATE, 4))
        points, step = joined([points, *more]), step / 2
        if points.code not in (loop.BOUNDARY, loop.FULL):
            break
    text = f"the branch could not be followed from {name} = {points[-1].value:.15g} to the edge"
    return Way(points, f"{text} of the span", failed=True)


def _on_edge(curve: Curve, last: Point, step: float) -> Point | None:
    """Return where a step from the last point crosses an edge of the span; None if it does not."""

    def ahead(s: float) -> Array:
        y = curve.corrected(last.y + s * last.tangent, last.tangent)
        if y is None:
            raise FloatingPointError
        return y

    low, high = curve.span
    try:
        beyond = ahead(step)
        if low <= beyond[-1] <= high or curve.length(beyond - last.y) > 1.5 * step:
            return None
        edge = high if beyond[-1] > high else low
    except FloatingPointError:
        return None
    try:
        s = brentq(lambda s: float(ahead(s)[-1] - edge) if s else last.value - edge, 0, step)
        y = ahead(float(s))
    except (FloatingPointError, ValueError):  # next to a branch point on the edge
        chord = beyond - last.y
        y = last.y + (edge - last.value) / chord[-1] * chord
    y[-1] = edge
    exact = curve.corrected(y, curve.upward, limit=8)
    if exact is not None and curve.length(exact - y) < 1e-3 * step:  # not at a fold on the edge
        y = exact
        y[-1] = edge
    point = curve.point(y, last.tangent, last.mu)
    if point is None and curve.residual(y) < SOLVED:  # on a branch point the tangent is not unique
        mu = curve.multipliers(y, last.mu)
        return Point(y, last.tangent, mu, last.sign) if np.isfinite(mu).all() else None
    near = point is not None and curve.inner(point.tangent, last.tangent) > 0.9
    return point if near else None
