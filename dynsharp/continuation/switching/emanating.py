"""Which other branches leave from a special point, before they are followed.

At a flip the doubled cycle, at a branch point the branches that cross there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dynsharp.bifurcations.located import Located
from dynsharp.continuation.position import position
from dynsharp.continuation.switching.half_branches import branching
from dynsharp.continuation.track import Track
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

HALVINGS = 30
SOLVED = 1e-7  # residual, in units of the state, of a point through which branches pass


@dataclass(frozen=True)
class Emanating:
    """Another branch at a special point, before it is followed.

    Attributes
    ----------
    curve
        Of its cycles: of twice the period at a flip.
    event
        Where it begins.
    starts
        Points next to it with tangents that lead away: two if the branch passes through, one if it
        ends there.
    through
        Whether the special point lies on it; not where two branches pass each other at a distance.
    """

    curve: Curve
    event: Located
    starts: tuple[Point, ...]
    through: bool = True

    @property
    def begin(self) -> Array:
        """The special point as one of its cycles."""
        return _repeated(self.event)


def emanating(track: Track, event: Located) -> tuple[tuple[Emanating, ...], str]:
    """Return the other branches at an event, and "complete" or what may be missing.

    At a flip each doubled cycle comes twice: its two half-branches are its two phases.
    """
    curve = curve_beyond(track, event)
    where = f"{track.parameter} = {event.value:.15g}"
    if event.kind.leaves.times == 1:
        found, status = _crossing(track, event)
        text = f"no other branch was found next to {where}: {event.status}"
    else:
        found, status = _doubled(track.curve, curve, event)
        text = f"the doubled cycle was not found next to {where}: {event.form or event.status}"
    if found:
        return found, status
    return (), text if status == "complete" else f"{text}; {status}"


def curve_beyond(track: Track, event: Located) -> Curve:
    """Return the problem that the branches which leave from an event solve."""
    times, curve = event.kind.leaves.times, track.curve
    return curve if times == 1 else replace(curve, period=times * curve.period)


def _crossing(track: Track, event: Located) -> tuple[tuple[Emanating, ...], str]:
    curve = track.curve
    found = branching(curve, event.y)
    through = curve.residual(event.y) < SOLVED
    others: list[Emanating] = []
    for pair in found.pairs:
        inside = [h.start for h in pair if curve.span[0] <= h.start.value <= curve.span[1]]
        new = tuple(start for start in inside if position(track, start.y) is None)
        if through and new:
            others.append(Emanating(curve, event, new))
        others += [Emanating(curve, event, (start,), through=False) for start in new if not through]
    return tuple(others), found.status


def _doubled(curve: Curve, twice: Curve, event: Located) -> tuple[tuple[Emanating, ...], str]:
    begun = doubled_start(curve, event)
    if begun is not None:
        phases = (begun[0], _later(twice, begun[0]))
        return tuple(Emanating(twice, event, (start,)) for start in phases), "complete"
    found = branching(twice, _repeated(event))
    starts = [half.start for pair in found.pairs for half in pair]
    new = [start for start in starts if minimal_period(twice, start.y) == twice.period]
    return tuple(Emanating(twice, event, (start,)) for start in new), found.status


def doubled_start(curve: Curve, flip: Located) -> tuple[Point, float] | None:
    """Return a point of the doubled cycle near a simple flip, and its distance from it.

    The cycle is x_i ± ε q_i with q_i the critical direction carried along; the parameter follows
    from Newton's method at a fixed amplitude.
    """
    q = getattr(flip.form, "q", None)
    if q is None:
        return None
    twice = replace(curve, period=2 * curve.period)
    wave = curve.carried(flip.y, np.append(q, 0.0), rounds=2)
    wave /= twice.length(wave)
    # The doubled cycle's multiplier is about 1 − 4 b ε²: the first step moves it by a few percent.
    amplitude = 0.1 / np.sqrt(abs(flip.form.b)) if flip.form.b else 1e-3
    unit = float(np.linalg.norm(wave[: curve.dimension]))
    start = min(0.02, amplitude / unit)
    return _approached(twice, _repeated(flip), wave, start, within=2.0, ahead=0.8)


def beside(curve: Curve, y: Array, tangent: Array) -> Point | None:
    """Return a point of the branch with a tangent (of the whole cycle) at a branch point."""
    direction = tangent / curve.length(tangent)
    found = _approached(curve, y, direction, 1e-3, within=1.5, ahead=0.9)
    return None if found is None else found[0]


def _approached(
    curve: Curve, y: Array, direction: Array, distance: float, within: float, ahead: float
) -> tuple[Point, float] | None:
    """Return a point in a direction from y, at the greatest distance at which there is one.

    Newton's method must lead no further away than ``within`` distances, and the tangent ahead: its
    cosine with the direction is beyond ``ahead``.
    """
    for _ in range(HALVINGS):
        moved = curve.corrected(y + distance * direction, direction)
        if moved is not None and curve.length(moved - y) < within * distance:
            point = curve.point(moved, direction)
            if point is not None and curve.inner(point.tangent, direction) > ahead:
                return point, distance
        distance /= 2
    return None


def _repeated(event: Located) -> Array:
    """Return the cycle at an event as one of the longer period of what leaves from it."""
    return np.append(np.tile(event.y[:-1], event.kind.leaves.times), event.y[-1])


def _later(twice: Curve, point: Point) -> Point:
    """Return the same point of a doubled cycle half a period later."""
    half = twice.period // 2 * twice.dimension
    y, tangent = (np.append(np.roll(v[:-1], half), v[-1]) for v in (point.y, point.tangent))
    return Point(y, tangent, point.mu, point.sign)
