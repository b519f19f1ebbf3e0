"""Onto the other branch at a flip or a branch point."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dynsharp.continuation._assemble import (
    Options,
    appended,
    assembled,
    empty,
    joined,
    one_way,
    reversed_points,
)
from dynsharp.continuation._curve import Array, Curve, Point, Points
from dynsharp.continuation._result import Branch, SpecialPoint
from dynsharp.errors import InputError

__all__ = ["beside", "carried", "doubled_start", "switched"]

HALVINGS = 30


def switched(branch: Branch, at: SpecialPoint, step: float | None) -> Branch:
    """Follow the doubled cycle at a flip, the other branch at a branch point."""
    curve = branch._curve
    assert curve is not None
    if branch.family:
        raise InputError("special_point", at, "a point of a branch along a parameter, not a family")
    options = Options() if step is None else Options(step)
    return _doubled(curve, at, options) if at.kind == "flip" else _other(curve, at, options)


def _doubled(curve: Curve, at: SpecialPoint, options: Options) -> Branch:
    twice = replace(curve, period=2 * curve.period)
    begun = doubled_start(curve, at)
    if begun is None:
        return empty(
            twice,
            f"the doubled cycle was not found next to {at.parameter} = {at.value:.15g}: "
            f"{at.normal_form or at.status}",
        )
    start, distance = begun
    way = one_way(twice, start, replace(options, first=min(distance, options.step)))
    at_flip = f"the flip at {at.parameter} = {at.value:.10g}"
    branch = assembled(twice, way.points, (at_flip, way.end), way.end if way.failed else "complete")
    first = np.append(np.tile(at._y[:-1], 2), at._y[-1])
    point = twice.point(first, start.tangent, start.mu)
    mu = start.mu if point is None else point.mu
    return replace(
        branch,
        values=np.append(at.value, branch.values),
        states=np.concatenate([twice.states(first)[None], branch.states]),
        multipliers=np.vstack([mu, branch.multipliers]),
        stable=np.append(False, branch.stable),
        arclength=np.append(0.0, branch.arclength + twice.length(start.y - first)),
    )


def doubled_start(curve: Curve, at: SpecialPoint) -> tuple[Point, float] | None:
    """Return a point of the doubled cycle near a flip, and its distance from it.

    The cycle is x_i ± ε q_i with q_i the critical direction carried along; the parameter follows
    from Newton's method at a fixed amplitude.
    """
    form = at.normal_form
    q = getattr(form, "q", None)
    if q is None:
        return None
    twice = replace(curve, period=2 * curve.period)
    wave = carried(curve, at._y, np.append(q, 0.0), rounds=2)
    wave /= twice.length(wave)
    # The doubled cycle's multiplier is about 1 − 4 b ε²: the first step moves it by a few percent.
    amplitude = 0.1 / np.sqrt(abs(form.b)) if form.b else 1e-3
    unit = float(np.linalg.norm(wave[: curve.dimension]))
    distance = min(0.02, amplitude / unit)
    base = np.append(np.tile(at._y[:-1], 2), at._y[-1])
    for _ in range(HALVINGS):
        y = twice.corrected(base + distance * wave, wave)
        if y is not None and twice.length(y - base) < 2 * distance:
            point = twice.point(y, wave)
            if point is not None and twice.inner(point.tangent, wave) > 0.8:
                return point, distance
        distance /= 2
    return None


def _other(curve: Curve, at: SpecialPoint, options: Options) -> Branch:
    if len(at._tangents) < 2:
        return empty(curve, f"there is no second branch to switch to: {at.status}")
    tangent = carried(curve, at._y, at._tangents[1])
    ways = []
    for direction in (-tangent, tangent):
        start = beside(curve, at._y, direction)
        if start is None:
            return empty(
                curve,
                f"the other branch was not found next to {at.parameter} = {at.value:.15g}: "
                "Newton's method does not converge on it",
            )
        ways.append(one_way(curve, start, options))
    back, forward = ways
    points: Any = appended(reversed_points(back.points), forward.points[0])
    points = joined([points, _shifted(forward.points, float(points.S[-1]))])
    failures = [w.end for w in ways if w.failed]
    ends = (back.end, forward.end)
    return assembled(curve, points, ends, "; ".join(failures) or "complete")


def beside(curve: Curve, y: Array, tangent: Array) -> Point | None:
    """Return a point of the branch with a tangent (of the whole cycle) at a branch point."""
    direction = tangent / curve.length(tangent)
    distance = 1e-3
    for _ in range(HALVINGS):
        moved = curve.corrected(y + distance * direction, direction)
        if moved is not None and curve.length(moved - y) < 1.5 * distance:
            point = curve.point(moved, direction)
            if point is not None and curve.inner(point.tangent, direction) > 0.9:
                return point
        distance /= 2
    return None


def carried(curve: Curve, y: Array, head: Array, rounds: int = 1) -> Array:
    """Carry a direction (x_0, p) along the cycle, so many times round."""
    curve.linearised(y)
    J, Fp = curve._work[0].copy(), curve._work[1].copy()
    x, p = head[:-1], head[-1]
    rows = []
    for i in range(rounds * curve.period):
        rows.append(x)
        x = J[i % curve.period] @ x + Fp[i % curve.period] * p
    return np.append(np.concatenate(rows), p)


def _shifted(points: Points, by: float) -> Points:
    return replace(points, S=points.S + by)
