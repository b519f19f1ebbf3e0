"""Pseudo-arclength continuation of a bifurcation curve in two parameters, one point at a time.

Keller, *Numerical solution of bifurcation and nonlinear eigenvalue problems*, 1977. Lengths count
the state in units of its size at the start and the parameters in units of the spans.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dynsharp.bifurcation_curves.point import CurvePoint, Failure, corrected
from dynsharp.types import Array

__all__ = ["Options", "Way", "between", "one_way"]

STRAIGHT = 0.96  # least cosine of the angle between two tangents in a row: 16 degrees
BENT = 0.3  # deviation of a chord from the mean of its tangents, as a fraction of their turn
PARALLEL = 0.01  # the same deviation that is allowed besides
ALIGNED = 0.9  # least cosine of the angle between critical vectors (planes) in a row
LEAST_STEP = 1e-10
NEWTON_STEPS = 8
UNBOUNDED = 1e4  # the state, in units of its scale at the start, beyond which a curve is left
FINEST = 1e-6  # step below which an excursion over the edge of the box is not looked for
CLOSING = 0.02  # of the greatest step: when a step is this small a cycle may be collapsing
COLLAPSED = 1e-6  # distance of two points of a cycle, in units of the state, that are the same
ENDED = 1e-9  # of κ beyond ±2: a start at a resonance


@dataclass(frozen=True)
class Options:
    """Control of a run: greatest step, greatest number of points in each direction."""

    step: float = 0.01
    max_points: int = 5_000


@dataclass
class Way:
    """Points in one direction, why they end, and whether that is a failure."""

    points: list[CurvePoint]
    end: str = ""
    failed: bool = False
    closed: bool = False


def between(a: CurvePoint, b: CurvePoint, t: float) -> CurvePoint | None:
    """Return the point of the curve above the chord from a to b at the fraction t."""
    chord = b.coordinates - a.coordinates
    y, kappa = (1 - t) * a.y + t * b.y, (1 - t) * a.kappa + t * b.kappa
    near = a if t < 0.5 else b
    normal = chord / np.linalg.norm(chord)
    found = corrected(a.surface, a.kind, y, kappa, near=near, normal=normal)
    return None if isinstance(found, Failure) else found[0]


def one_way(start: CurvePoint, options: Options) -> Iterator[Way]:
    """Follow the curve in the direction of the tangent; yields the same growing result."""
    way = Way([start])
    if abs(start.kappa) > 2 - ENDED and start.kappa * start.tangent[-1] > 0:
        way.end = f"the {_resonance(start.kappa)} resonance at {shown(start)}"
        yield way
        return
    step, home = options.step / 4, _Home(start)
    bend = np.zeros_like(start.tangent)  # derivative of the tangent by arclength
    while len(way.points) < options.max_points:
        last = way.points[-1]
        new, reason, effort = _advanced(last, step, bend)
        if new is not None and (collapsed := _collapses(last, new)) and step > 1e-5:
            new = None
        if new is not None and step > FINEST and _leaves_between(last, new):
            new = None
        if new is None:
            bend = 0.0 * bend
            if step < CLOSING * options.step and (collapsed := _closing(last, options.step)):
                way.end = f"the cycle collapses onto one of period {collapsed} near {shown(last)}"
                break
            step /= 2
            if step < LEAST_STEP:
                way.end, way.failed = _stuck(last, reason), True
                break
            continue
        if collapsed:
            way.end = f"the cycle collapses onto one of period {collapsed} near {shown(new)}"
            break
        if _landed(way, new):
            break
        if (phase := home.reached(last, new, step)) is not None:
            way.points.append(start if phase == 0 else new)
            way.end, way.closed = f"closed curve, back at the start at {shown(start)}", True
            break
        way.points.append(new)
        bend = (new.tangent - last.tangent) / np.linalg.norm(new.coordinates - last.coordinates)
        largest = float(np.max(np.abs(new.surface.cycle(new.y)) / new.surface.scale))
        if largest > UNBOUNDED:
            way.end = f"the state grows beyond {UNBOUNDED:g} times its size at {shown(new)}"
            break
        if effort <= 4 and new.tangent @ last.tangent > 0.5 * (1 + STRAIGHT):
            step = min(options.step * max(1.0, largest), 1.5 * step)
        yield way
    if not way.end:
        at = shown(way.points[-1])
        way.end = f"{options.max_points} points reached at {at}; allow more with max_points"
        way.failed = True
    yield way


def _advanced(last: CurvePoint, step: float, bend: Array) -> tuple[CurvePoint | None, str, int]:
    """Predict along an arc and correct across its tangent; why it failed, or how hard it was."""
    y, kappa = last.shifted(step * last.tangent + 0.5 * step**2 * bend)
    found = corrected(
        last.surface, last.kind, y, kappa, near=last, normal=last.tangent, limit=NEWTON_STEPS
    )
    if isinstance(found, Failure):
        return None, found.reason, 0
    new, effort = found
    turned = new.tangent @ last.tangent < STRAIGHT or not _arc(last, new)
    if turned or (step > 1e4 * LEAST_STEP and not _smooth(last, new)):
        return None, "turns", 0
    return new, "", effort


def _arc(last: CurvePoint, new: CurvePoint) -> bool:
    """Whether both points lie on one arc, of which the chord has the mean of the directions.

    If a step has jumped to another curve that runs nearby, it has not.
    """
    chord = new.coordinates - last.coordinates
    mean = last.tangent + new.tangent
    apart = np.linalg.norm(chord / np.linalg.norm(chord) - mean / np.linalg.norm(mean))
    return bool(apart <= BENT * np.linalg.norm(new.tangent - last.tangent) + PARALLEL)


def _smooth(last: CurvePoint, new: CurvePoint) -> bool:
    """Whether critical vectors and multipliers moved so little that no event may go unseen."""
    for one, two in ((last.right, new.right), (last.left, new.left)):
        cosines = one.T @ two
        if (abs(cosines[0, 0]) if cosines.size == 1 else np.linalg.norm(cosines, -2)) < ALIGNED:
            return False
    left = list(new.rest)
    for m in last.rest:
        nearest = left.pop(int(np.argmin(np.abs(np.array(left) - m))))
        if abs(nearest - m) > 0.2 + 0.3 * abs(abs(nearest) - 1):
            return False
    return True


def _collapses(last: CurvePoint, new: CurvePoint) -> int:
    """Return the shorter period that the cycle goes through in this step, or 0."""
    surface = new.surface
    P = surface.period
    if P == 1:
        return 0
    a, b = (surface.cycle(p.y) / surface.scale for p in (last, new))
    for d in (d for d in range(1, P) if P % d == 0):
        shift = np.roll(np.arange(P), -d)
        one, two = a - a[shift], b - b[shift]
        if np.vdot(one, two) < 0 or np.abs(two).max() < COLLAPSED * (1 + np.abs(b).max()):
            return d
    return 0


def _closing(last: CurvePoint, step: float) -> int:
    """Return the shorter period onto which the cycle collapses within a few steps, or 0.

    Curves of the shorter cycle pass there, so that Newton's method fails in front of it.
    """
    surface = last.surface
    ahead, _ = last.shifted(1e-6 * last.tangent)
    a, b = (surface.cycle(y) / surface.scale for y in (last.y, ahead))
    for d in (d for d in range(1, surface.period) if surface.period % d == 0):
        shift = np.roll(np.arange(surface.period), -d)
        here = a - a[shift]
        change = (b - b[shift] - here) / 1e-6
        length = -float(np.vdot(here, change) / np.vdot(change, change))
        if 0 < length < 4 * step and np.linalg.norm(here + length * change) < 0.3 * np.linalg.norm(
            here
        ):
            return d
    return 0


def _stuck(last: CurvePoint, reason: str) -> str:
    if reason == "not finite":
        return f"the map or its derivatives are not finite beyond {shown(last)}: its domain ends"
    return (
        f"Newton's method fails beyond {shown(last)} for every step down to {LEAST_STEP:g}: the "
        "curve is not smooth there, or several cross; start again on the other side"
    )


# ---- ends --------------------------------------------------------------------------------------


def _landed(way: Way, new: CurvePoint) -> bool:
    """Put the last point on the edge of the box, or of −2 ≤ κ ≤ 2, if the new one is beyond."""
    last = way.points[-1]
    surface = new.surface
    limits = [(surface.names.index(name), *edges) for name, edges in surface.box.items()]
    if new.kind == "neimark-sacker":
        limits.append((len(surface.names), -2.0, 2.0))
    before, after = (p.coordinates * p.units for p in (last, new))
    crossed = []
    for i, low, high in limits:
        edge = low if after[i] < low else high if after[i] > high else None
        if edge is not None:
            crossed.append(((edge - before[i]) / (after[i] - before[i]), i, edge))
    if not crossed:
        return False
    t, i, edge = min(crossed)
    chord = new.coordinates - last.coordinates
    normal = np.eye(len(chord))[i]
    y, kappa = (1 - t) * last.y + t * new.y, (1 - t) * last.kappa + t * new.kappa
    found = corrected(surface, new.kind, y, kappa, near=last, normal=normal)
    if i == len(surface.names):
        end = f"the {_resonance(edge)} resonance, beyond which the pair is real (a neutral saddle)"
    else:
        end = f"the span ends at {surface.names[i]} = {edge:.10g}"
    if isinstance(found, Failure) or found[0].tangent @ last.tangent < STRAIGHT:
        way.end = end.replace("ends at", "ends near")
        return True
    way.end = end
    if t > 0:
        count = len(surface.parameters)
        if surface.dimension <= i < len(surface.names):  # a parameter: exactly there
            found[0].y[i - surface.dimension - count] = edge
        way.points.append(found[0])
    return True


def _leaves_between(last: CurvePoint, new: CurvePoint) -> bool:
    """Whether the curve turns round outside the box in a step from inside.

    Hermite's cubic says where to look.
    """
    surface = new.surface
    t = np.linspace(0, 1, 17)
    a, b = last.coordinates, new.coordinates
    length = float(np.linalg.norm(b - a))
    for name, edges in surface.box.items():
        i = surface.names.index(name)
        low, high = np.array(edges) / surface.units[i]
        start, end = length * last.tangent[i], length * new.tangent[i]
        if start * end < 0:
            turn = (b[i] - a[i]) * t**2 * (3 - 2 * t)
            x = a[i] + turn + t * (1 - t) * (start * (1 - t) - end * t)
            k = int(np.argmin(x) if start < 0 else np.argmax(x))
            reach = x[k] + 0.5 * (x[k] - (min if start < 0 else max)(a[i], b[i]))  # at most
            if not low <= reach <= high:
                middle = between(last, new, float(t[k]))
                if middle is None or not low <= middle.coordinates[i] <= high:
                    return True
    return False


def _resonance(kappa: float) -> str:
    return "1:1" if kappa > 0 else "1:2"


class _Home:
    """Where the curve began, with every cyclic shift of the cycle."""

    def __init__(self, start: CurvePoint) -> None:
        surface, n = start.surface, start.surface.dimension
        y, _ = start.shifted(1e-6 * start.tangent)
        count = len(surface.parameters)
        heads = [
            np.column_stack([surface.cycle(full), np.tile(full[-count:], (surface.period, 1))])
            for full in (start.y, y)
        ]
        self.places = heads[0] / surface.units
        self.tangents = (heads[1] - heads[0]) / (1e-6 * surface.units)
        self.size = n + count
        self.travelled = 0.0

    def reached(self, last: CurvePoint, new: CurvePoint, step: float) -> int | None:
        """Return the shift with which the step from the last point to the new one passes there."""
        a, b = (p.coordinates[: self.size] for p in (last, new))
        self.travelled += float(np.linalg.norm(b - a))
        if self.travelled < 4 * step:
            return None
        chord = b - a
        away = self.places - a
        along = away @ chord / (chord @ chord)
        apart = np.linalg.norm(away - along[:, None] * chord, axis=1)
        passed = (along > 0) & (along <= 1) & (apart < 0.2 * np.linalg.norm(chord))
        shifts = np.flatnonzero(passed & (self.tangents @ chord > 0))
        return int(shifts[0]) if shifts.size else None


def shown(point: CurvePoint) -> str:
    """Return the parameters of a point, in words."""
    surface = point.surface
    values = dict(zip(surface.names, surface.head(point.y), strict=True))
    return ", ".join(f"{name} = {values[name]:.10g}" for name in surface.box)
