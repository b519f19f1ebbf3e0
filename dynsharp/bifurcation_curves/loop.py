"""Pseudo-arclength continuation of a bifurcation curve in two parameters, one point at a time.

Keller, *Numerical solution of bifurcation and nonlinear eigenvalue problems*, 1977. Lengths count
the state in units of its size at the start and the parameters in units of the spans.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dynsharp.bifurcation_curves.ends import Home, closing, collapses, ended, landed, leaves_between
from dynsharp.bifurcation_curves.newton import Failure, corrected
from dynsharp.bifurcation_curves.point import CurvePoint, nearest, shown
from dynsharp.continuation.steps import LARGEST_STATE, NEWTON_STEPS, STRAIGHT, lengthened
from dynsharp.types import Array

BENT = 0.3  # deviation of a chord from the mean of its tangents, as a fraction of their turn
PARALLEL = 0.01  # the same deviation that is allowed besides
ALIGNED = 0.9  # least cosine of the angle between critical vectors (planes) in a row
LEAST_STEP = 1e-10
FINEST = 1e-6  # step below which an excursion over the edge of the box is not looked for
CLOSING = 0.02  # of the greatest step: when a step is this small a cycle may be collapsing


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


def one_way(start: CurvePoint, options: Options) -> Iterator[Way]:
    """Follow the curve in the direction of the tangent; yields the same growing result."""
    way = Way([start])
    if end := ended(start):
        way.end = end
        yield way
        return
    step, home = options.step / 4, Home(start)
    bend = np.zeros_like(start.tangent)  # derivative of the tangent by arclength
    while len(way.points) < options.max_points:
        last = way.points[-1]
        new, reason, effort = _advanced(last, step, bend)
        if new is not None and (collapsed := collapses(last, new)) and step > 1e-5:
            new = None
        if new is not None and step > FINEST and leaves_between(last, new):
            new = None
        if new is None:
            bend = 0.0 * bend
            if step < CLOSING * options.step and (collapsed := closing(last, options.step)):
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
        way.end, edge = landed(last, new)
        if way.end:
            way.points += [edge] if edge is not None else []
            break
        if (phase := home.reached(last, new, step)) is not None:
            way.points.append(start if phase == 0 else new)
            way.end, way.closed = f"closed curve, back at the start at {shown(start)}", True
            break
        way.points.append(new)
        bend = (new.tangent - last.tangent) / np.linalg.norm(new.coordinates - last.coordinates)
        largest = float(np.max(np.abs(new.surface.cycle(new.y)) / new.surface.scale))
        if largest > LARGEST_STATE:
            way.end = f"the state grows beyond {LARGEST_STATE:g} times its size at {shown(new)}"
            break
        if effort <= 4:
            turn = float(new.tangent @ last.tangent)
            step = lengthened(step, options.step * max(1.0, largest), turn)
        yield way
    if not way.end:
        at = shown(way.points[-1])
        way.end = f"{options.max_points} points reached at {at}; allow more with max_points"
        way.failed = True
    yield way


def _advanced(last: CurvePoint, step: float, bend: Array) -> tuple[CurvePoint | None, str, int]:
    """Predict along an arc and correct across its tangent; why it failed, or how hard it was."""
    y, kappa = last.shifted(step * last.tangent + 0.5 * step**2 * bend)
    found = corrected(last.chart, y, kappa, near=last, normal=last.tangent, limit=NEWTON_STEPS)
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
    rest = nearest(new.rest, last.rest)
    return bool(np.all(np.abs(rest - last.rest) <= 0.2 + 0.3 * np.abs(np.abs(rest) - 1)))


def _stuck(last: CurvePoint, reason: str) -> str:
    if reason == "not finite":
        return f"the map or its derivatives are not finite beyond {shown(last)}: its domain ends"
    return (
        f"Newton's method fails beyond {shown(last)} for every step down to {LEAST_STEP:g}: the "
        "curve is not smooth there, or several cross; start again on the other side"
    )
