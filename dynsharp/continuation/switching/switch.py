"""Onto the other branches at a flip or a branch point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynsharp.continuation.assemble import assembled
from dynsharp.continuation.follow import Options, both_ways, one_way
from dynsharp.continuation.rows import first
from dynsharp.continuation.switching.emanating import Emanating, curve_beyond, emanating
from dynsharp.continuation.track import Track, begun_at, empty, part, through
from dynsharp.normal_forms.branch_point import branch_form
from dynsharp.shooting.problem import Curve, Point, Points


def switched(
    track: Track, number: int, step: float | None, which: int | None = None
) -> tuple[tuple[Track, ...], int]:
    """Follow the other branches at an event of that number, or one of them; and their number.

    If there is none, one track without points says why.
    """
    event = track.events[number]
    ways, status = emanating(track, event)
    if not ways:
        return (empty(curve_beyond(track, event), status),), 0
    options = Options() if step is None else Options(step)
    chosen = ways if which is None else ways[which : which + 1]
    found = [followed(way, options) for way in chosen]
    if status != "complete":
        found = [replace(t, status=_both(t.status, status)) for t in found]
    return tuple(found), len(ways)


def _both(one: str, other: str) -> str:
    return other if one == "complete" else f"{one}; {other}"


def followed(way: Emanating, options: Options) -> Track:
    """Follow a branch that leaves from a special point."""
    if not way.through:
        return assembled(way.curve, *both_ways(way.curve, way.starts[0], options))
    if len(way.starts) == 1:
        return _from_end(way, options)
    return _from_both_sides(way, options)


def _from_end(way: Emanating, options: Options) -> Track:
    """Follow a branch that begins at the special point, which becomes its first point."""
    side, event = _side(way, way.starts[0], options), way.event
    began = f"the {event.kind.marker.label} at {side.parameter} = {event.value:.10g}"
    return replace(begun_at(side, way.begin), ends=(began, side.ends[1]))


def _from_both_sides(way: Emanating, options: Options) -> Track:
    """Follow a branch that passes through the special point."""
    back, forward = (_side(way, start, options) for start in way.starts)
    if forward.ends[1].startswith("closed"):  # it has come back through the special point
        back = replace(part(back, 0, 0, (back.ends[1], back.ends[1])), status="complete")
    event = way.event
    if len(event.tangents) == 2:  # as it is seen from here
        along, other = event.tangents[::-1]
        form = branch_form(way.curve, event.y, other, along)
        event = replace(event, form=form, tangents=(along, other))
    return through(back, event, forward)


def _side(way: Emanating, start: Point, options: Options) -> Track:
    """Follow one half-branch."""
    curve = way.curve
    distance = curve.length(start.y - way.begin)
    run = one_way(curve, start, replace(options, first=min(distance, options.step)))
    points = _up_to_collapse(curve, run.points)
    return assembled(curve, points, ("", run.end), run.end if run.failed else "complete")


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
