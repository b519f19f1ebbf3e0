"""Onto the other branches at a flip or a branch point."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.continuation.assemble import Options, assembled, both_ways, empty, one_way
from dynsharp.continuation.branch import Branch, SpecialPoint
from dynsharp.continuation.rows import first
from dynsharp.continuation.switching.branching import branching
from dynsharp.continuation.switching.membership import position, row
from dynsharp.errors import InputError
from dynsharp.normal_forms.branch_point import branch_form
from dynsharp.shooting.identity import minimal_period, same_solution
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.types import Array

__all__ = ["WayOut", "beside", "doubled_start", "marked", "switched", "ways_out"]

HALVINGS = 30
NEAR = 1e-5  # distance, in units of the curve, of two branch points that are the same
SOLVED = 1e-7  # residual, in units of the state, of a point through which branches pass


@dataclass(frozen=True)
class WayOut:
    """Another branch at a special point, before it is followed.

    Attributes
    ----------
    curve
        Of its cycles: of twice the period at a flip.
    point
        Where it begins.
    arms
        Points next to it with tangents that lead away: two if the branch passes through, one if it
        ends there.
    through
        Whether the special point lies on it; not where two branches pass each other at a distance.
    """

    curve: Curve
    point: SpecialPoint
    arms: tuple[Point, ...]
    through: bool = True

    def followed(self, options: Options | None = None) -> Branch:
        """Follow it."""
        options = options or Options()
        if not self.through:
            return assembled(self.curve, *both_ways(self.curve, self.arms[0], options))
        if len(self.arms) == 1:
            return _from_end(self, options)
        return _from_both_sides(self, options)


def switched(
    branch: Branch, at: SpecialPoint, step: float | None, which: int | None = None
) -> tuple[tuple[Branch, ...], int]:
    """Follow the other branches at a special point, or one of them; return also their number.

    If there is none, one branch without points says why.
    """
    options = Options() if step is None else Options(step)
    ways, status = ways_out(branch, at)
    if not ways:
        return (empty(_curve_beyond(branch, at), status),), 0
    chosen = ways if which is None else ways[which : which + 1]
    found = [way.followed(options) for way in chosen]
    if status != "complete":
        found = [replace(b, status=_both(b.status, status)) for b in found]
    return tuple(found), len(ways)


def _both(one: str, other: str) -> str:
    return other if one == "complete" else f"{one}; {other}"


def ways_out(branch: Branch, at: SpecialPoint) -> tuple[tuple[WayOut, ...], str]:
    """Return the other branches at a flip or branch point, and "complete" or what may be missing.

    At a flip each doubled cycle comes twice: its two half-branches are its two phases.

    Raises
    ------
    InputError
        If the branch is a family of fixed points: its coordinate is no parameter.
    """
    if branch.family:
        raise InputError("special_point", at, "a point of a branch along a parameter, not a family")
    curve = _curve_beyond(branch, at)
    where = f"{at.parameter} = {at.value:.15g}"
    if at.kind == "flip":
        found, status = _doubled(branch, curve, at)
        text = f"the doubled cycle was not found next to {where}: {at.normal_form or at.status}"
    else:
        found, status = _others(branch, curve, at)
        text = f"no other branch was found next to {where}: {at.status}"
    if found:
        return found, status
    return (), text if status == "complete" else f"{text}; {status}"


def _curve_beyond(branch: Branch, at: SpecialPoint) -> Curve:
    curve = branch._curve
    assert curve is not None
    return replace(curve, period=2 * curve.period) if at.kind == "flip" else curve


def _others(branch: Branch, curve: Curve, at: SpecialPoint) -> tuple[tuple[WayOut, ...], str]:
    found = branching(curve, at._y)
    through = curve.residual(at._y) < SOLVED
    ways: list[WayOut] = []
    for pair in found.arms:
        inside = [a.start for a in pair if curve.span[0] <= a.start.value <= curve.span[1]]
        new = tuple(start for start in inside if position(branch, start.y) is None)
        if through and new:
            ways.append(WayOut(curve, at, new))
        ways += [WayOut(curve, at, (arm,), through=False) for arm in new if not through]
    return tuple(ways), found.status


def _doubled(branch: Branch, twice: Curve, at: SpecialPoint) -> tuple[tuple[WayOut, ...], str]:
    curve = branch._curve
    assert curve is not None
    begun = doubled_start(curve, at)
    if begun is not None:
        arm, _ = begun
        return tuple(WayOut(twice, at, (a,)) for a in (arm, _later(twice, arm))), "complete"
    found = branching(twice, _twice(at))
    arms = [arm.start for pair in found.arms for arm in pair]
    new = [arm for arm in arms if minimal_period(twice, arm.y) == twice.period]
    return tuple(WayOut(twice, at, (arm,)) for arm in new), found.status


def doubled_start(curve: Curve, at: SpecialPoint) -> tuple[Point, float] | None:
    """Return a point of the doubled cycle near a simple flip, and its distance from it.

    The cycle is x_i ± ε q_i with q_i the critical direction carried along; the parameter follows
    from Newton's method at a fixed amplitude.
    """
    form = at.normal_form
    q = getattr(form, "q", None)
    if q is None:
        return None
    twice = replace(curve, period=2 * curve.period)
    wave = curve.carried(at._y, np.append(q, 0.0), rounds=2)
    wave /= twice.length(wave)
    # The doubled cycle's multiplier is about 1 − 4 b ε²: the first step moves it by a few percent.
    amplitude = 0.1 / np.sqrt(abs(form.b)) if form.b else 1e-3
    unit = float(np.linalg.norm(wave[: curve.dimension]))
    distance = min(0.02, amplitude / unit)
    base = _twice(at)
    for _ in range(HALVINGS):
        y = twice.corrected(base + distance * wave, wave)
        if y is not None and twice.length(y - base) < 2 * distance:
            point = twice.point(y, wave)
            if point is not None and twice.inner(point.tangent, wave) > 0.8:
                return point, distance
        distance /= 2
    return None


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


def _twice(at: SpecialPoint) -> Array:
    return np.append(np.tile(at._y[:-1], 2), at._y[-1])


def _later(twice: Curve, point: Point) -> Point:
    """Return the same point of a doubled cycle half a period later."""
    half = twice.period // 2 * twice.dimension
    y, tangent = (np.append(np.roll(v[:-1], half), v[-1]) for v in (point.y, point.tangent))
    return Point(y, tangent, point.mu, point.sign)


# ---- following ---------------------------------------------------------------------------------


def _from_end(way: WayOut, options: Options) -> Branch:
    """Follow a branch that begins at the special point, which becomes its first point."""
    side = _side(way, way.arms[0], options)
    name = "flip" if way.point.kind == "flip" else "branch point"
    began = f"the {name} at {way.point.parameter} = {way.point.value:.10g}"
    extended = _put_first(side, way.point, _at(way))
    return replace(extended, ends=(began, side.ends[1]))


def _from_both_sides(way: WayOut, options: Options) -> Branch:
    """Follow a branch that passes through the special point."""
    back, forward = (_side(way, arm, options) for arm in way.arms)
    if forward.ends[1].startswith("closed"):  # it has come back through the special point
        back = _first_points(back, 1)
    at = way.point
    if len(at._tangents) == 2:  # as it is seen from here
        along, other = at._tangents[::-1]
        form = branch_form(way.curve, at._y, other, along)
        at = replace(at, normal_form=form, _tangents=(along, other))
    after = _put_first(forward, at, at._y)
    length = float(back.arclength[-1]) + way.curve.length(way.arms[0].y - at._y)
    failures = [b.status for b in (back, forward) if b.status != "complete"]
    columns = _matched(back.multipliers[0], after.multipliers[0])
    return replace(
        after,
        values=np.append(back.values[::-1], after.values),
        states=np.concatenate([back.states[::-1], after.states]),
        multipliers=np.vstack([back.multipliers[::-1], after.multipliers[:, columns]]),
        stable=np.append(back.stable[::-1], after.stable),
        arclength=np.append(back.arclength[-1] - back.arclength[::-1], length + after.arclength),
        special_points=(*back.special_points[::-1], at, *after.special_points),
        ends=(back.ends[1], forward.ends[1]),
        status="; ".join(failures) or "complete",
    )


def _side(way: WayOut, start: Point, options: Options) -> Branch:
    """Follow one arm."""
    curve = way.curve
    distance = curve.length(start.y - _at(way))
    followed = one_way(curve, start, replace(options, first=min(distance, options.step)))
    points = _up_to_collapse(curve, followed.points)
    status = followed.end if followed.failed else "complete"
    return assembled(curve, points, ("", followed.end), status)


def _up_to_collapse(curve: Curve, points: Points) -> Points:
    """Leave out what comes after the cycles have collapsed onto half their period: it repeats.

    There x_i − x_{i+P/2} passes through zero; one point beyond is kept for the event to be found.
    """
    if curve.period % 2:
        return points
    half = curve.period // 2 * curve.dimension
    wave = points.Y[:, :half] - points.Y[:, half:-1]
    reversed_at = np.flatnonzero(np.sum(wave[1:] * wave[:-1], axis=1) < 0)
    return first(points, int(reversed_at[0]) + 2) if reversed_at.size else points


def _at(way: WayOut) -> Array:
    return _twice(way.point) if way.point.kind == "flip" else way.point._y


def _put_first(branch: Branch, at: SpecialPoint, y: Array) -> Branch:
    """Put the point where a branch begins before its others; it is at its own special point."""
    curve = branch._curve
    assert curve is not None
    mu = np.linalg.eigvals(product(curve.jacobians(y))).astype(complex)
    distance = curve.length(row(branch, 0) - y)
    return replace(
        branch,
        values=np.append(at.value, branch.values),
        states=np.concatenate([curve.states(y)[None], branch.states]),
        multipliers=np.vstack([mu[_matched(branch.multipliers[0], mu)], branch.multipliers]),
        stable=np.append(False, branch.stable),
        arclength=np.append(0.0, branch.arclength + distance),
    )


def marked(branch: Branch, at: SpecialPoint) -> Branch:
    """Put a branch point among the points of a branch through it that does not show it by itself.

    (Several multipliers that touch 1 together leave no trace in their numbers.)
    """
    curve = branch._curve
    assert curve is not None
    place = position(branch, at._y)
    if place is None or any(same_solution(curve, p._y, at._y, NEAR) for p in branch.special_points):
        return branch
    i = int(np.ceil(place)) or 1
    before = row(branch, i - 1)
    along = float(branch.arclength[i - 1]) + curve.length(at._y - before)
    mu = at.multipliers[_matched(branch.multipliers[i - 1], at.multipliers)]
    later = [bool(branch.arclength[branch.where(p)[0]] > along) for p in branch.special_points]
    n = later.index(True) if any(later) else len(later)
    here = branch.where(at)
    if here:  # it is one of the points already
        stable = branch.stable.copy()
        stable[here] = False
        specials = (*branch.special_points[:n], at, *branch.special_points[n:])
        return replace(branch, stable=stable, special_points=specials)
    return replace(
        branch,
        values=np.insert(branch.values, i, at.value),
        states=np.insert(branch.states, i, curve.states(at._y), axis=0),
        multipliers=np.insert(branch.multipliers, i, mu, axis=0),
        stable=np.insert(branch.stable, i, False),
        arclength=np.insert(branch.arclength, i, along),
        special_points=(*branch.special_points[:n], at, *branch.special_points[n:]),
    )


def _first_points(branch: Branch, count: int) -> Branch:
    part = slice(count)
    return replace(
        branch,
        values=branch.values[part],
        states=branch.states[part],
        multipliers=branch.multipliers[part],
        stable=branch.stable[part],
        arclength=branch.arclength[part],
        special_points=(),
        ends=(branch.ends[1], branch.ends[1]),
        status="complete",
    )


def _matched(before: Array, mu: Array) -> list[int]:
    """Return the order in which multipliers follow those of a neighbouring point."""
    left = list(range(mu.size))
    return [left.pop(int(np.argmin(np.abs(mu[left] - m)))) for m in before]
