"""From a start to a branch: both directions, ends, special points put in their places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from dynsharp.bifurcations.branch_point import PERFECT, branch_point
from dynsharp.bifurcations.events import located_events
from dynsharp.continuation import loop as _follow
from dynsharp.continuation.branch import Branch, SpecialPoint, same_rows, special_point
from dynsharp.continuation.loop import pieces
from dynsharp.continuation.rows import appended, first, joined, reversed_points
from dynsharp.continuation.steps import LARGEST_STATE
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.types import Array

__all__ = [
    "Options",
    "appended",
    "assembled",
    "both_ways",
    "empty",
    "joined",
    "one_way",
    "reversed_points",
]

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
        if points.code == _follow.FULL and len(points) < options.max_points:
            left = options.max_points - len(points) + 1
            points = joined([points, _followed(curve, points[-1], shorter, options.step, left)])
    at = f"{curve.parameter} = {points[-1].value:.10g}"
    match points.code:
        case _follow.BOUNDARY:
            return _landed(curve, points, options)
        case _follow.CLOSED:
            return Way(points, f"closed curve, back at the start at {at}", closed=True)
        case _follow.UNBOUNDED:
            return Way(points, f"the state grows beyond {LARGEST_STATE:g} times its size at {at}")
        case _follow.NOT_FINITE:
            text = f"the map or its multipliers are not finite beyond {at}: its domain ends there"
            return Way(points, text, failed=True)
        case _follow.UNDERFLOW:
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
        points = appended(forward.points, start)
        return points, (forward.end, forward.end), "complete"
    backward = one_way(curve, start.reversed(), options)
    points = joined([reversed_points(backward.points), forward.points])
    failures = [w.end for w in (backward, forward) if w.failed]
    return points, (backward.end, forward.end), "; ".join(failures) or "complete"


def assembled(curve: Curve, points: Points, ends: tuple[str, str], status: str) -> Branch:
    """Find the special points, put them among the points, and make the branch."""
    Y, MU, S = points.Y, points.MU, points.S
    found: list[tuple[float, SpecialPoint, Array]] = []
    unlocated: list[str] = []
    cut = False
    unstable: list[Array] = []
    for event in located_events(curve, points):
        special, mu = special_point(curve, event), event.mu
        a = points[event.index]
        position = float(S[event.index]) + curve.length(special._y - a.y)
        position = min(position, float(S[event.index + 1]))
        found.append((position, special, mu))
        if special.status != "located":
            unlocated.append(
                f"{special.kind} near {curve.parameter} = {special.value:.10g}: {special.status}"
            )
        if event.kind.critical:
            unstable.append(event.y)
        if event.kind.name == "branch" and minimal_period(curve, special._y) < curve.period:
            cut = True
    found.sort(key=lambda item: item[0])
    specials = [s for _, s, _ in found]
    new = [item for item in found if not same_rows(points.Y, item[1]._y).any()]
    if new:
        order = np.searchsorted(S, [p for p, _, _ in new], side="right")
        Y = np.insert(Y, order, np.array([s._y for _, s, _ in new]), axis=0)
        MU = np.insert(MU, order, np.array([mu for _, _, mu in new]), axis=0)
        S = np.insert(S, order, [p for p, _, _ in new])
    stable = np.asarray((np.abs(MU) < 1).all(axis=1))
    for y in unstable:
        stable[same_rows(Y, y)] = False
    branch = Branch(
        curve.map,
        str(curve.parameter),
        dict(curve.values),
        curve.period,
        Y[:, -1],
        Y[:, :-1].reshape(len(Y), curve.period, curve.dimension),
        MU,
        stable,
        S - S[0],
        tuple(specials),
        ends,
        "; ".join([s for s in [status] if s != "complete"] + unlocated) or "complete",
        _curve=curve,
    )
    return _without_repetition(branch) if cut else branch


def empty(curve: Curve, status: str) -> Branch:
    """Return the branch without points: the start failed."""
    n = curve.dimension
    return Branch(
        curve.map,
        str(curve.parameter),
        dict(curve.values),
        curve.period,
        np.empty(0),
        np.empty((0, curve.period, n)),
        np.empty((0, n), complex),
        np.empty(0, bool),
        np.empty(0),
        (),
        ("no start", "no start"),
        status,
        _curve=curve,
    )


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
            longer = appended(points, point)
            longer.S[-1] = points.S[-1] + curve.length(point.y - last.y)
            return Way(longer, f"the span ends at {name} = {point.value:.10g}")
        more = list(pieces(curve, last, step / 2, LEAST_STEP, step / 2, LARGEST_STATE, 4))
        points, step = joined([points, *more]), step / 2
        if points.code not in (_follow.BOUNDARY, _follow.FULL):
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


def _without_repetition(branch: Branch) -> Branch:
    """Cut a branch of cycles where these collapse onto shorter ones: beyond, they come again."""
    curve = branch._curve
    assert curve is not None
    short = [
        (i, p)
        for p in branch.special_points
        if p.kind == "branch" and minimal_period(curve, p._y) < curve.period
        for i in branch.where(p)
    ]
    # the longest piece between such points is kept
    edges = [0, *(int(i) for i, _ in short), len(branch) - 1]
    first, last = max(pairwise(edges), key=lambda e: e[1] - e[0])
    part = slice(first, last + 1)
    ends = list(branch.ends)
    for i, p in short:
        text = (
            f"the cycle collapses onto one of period {minimal_period(curve, p._y)} at "
            f"{branch.parameter} = {p.value:.10g}"
        )
        if i == first:
            ends[0] = text
        if i == last:
            ends[1] = text
    inside = [p for p in branch.special_points if any(first < i < last for i in branch.where(p))]
    return replace(
        branch,
        values=branch.values[part],
        states=branch.states[part],
        multipliers=branch.multipliers[part],
        stable=branch.stable[part],
        arclength=branch.arclength[part] - branch.arclength[first],
        special_points=tuple(inside),
        ends=(ends[0], ends[1]),
    )
