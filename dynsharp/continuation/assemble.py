"""From the points of a branch to its track: what happens on it is found and put in its place."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dynsharp.bifurcations.events import located_events
from dynsharp.bifurcations.kind import LOCATED
from dynsharp.bifurcations.located import Located
from dynsharp.continuation.track import Track, part
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.problem import Curve, Points


def assembled(curve: Curve, points: Points, ends: tuple[str, str], status: str) -> Track:
    """Find the events, put them among the points, and make the track."""
    Y, MU, S = points.Y, points.MU, points.S
    found = sorted(((_along(curve, points, e), e) for e in located_events(curve, points)), key=_by)
    new: list[tuple[float, Located]] = []  # points that are not there yet
    known: list[tuple[int, int]] = []  # the number of a point, and how many new ones are before it
    for s, event in found:
        if (i := _point_of(points, event)) is not None:
            known.append((0, i))
        else:
            if not new or not np.array_equal(new[-1][1].y, event.y):
                new.append((s, event))
            known.append((1, len(new) - 1))
    order = np.array([e.index + 1 for _, e in new], int)
    if new:
        Y = np.insert(Y, order, np.array([e.y for _, e in new]), axis=0)
        MU = np.insert(MU, order, np.array([e.mu for _, e in new]), axis=0)
        S = np.insert(S, order, [s for s, _ in new])
    places = [int(order[i]) + i if n else i + int((order <= i).sum()) for n, i in known]
    stable = np.asarray((np.abs(MU) < 1).all(axis=1))
    events = tuple(e for _, e in found)
    stable[[i for e, i in zip(events, places, strict=True) if e.kind.critical]] = False
    if np.array_equal(Y[0], Y[-1]):  # closed
        stable[[0, -1]] = stable[[0, -1]].all()
    unlocated = [
        f"{e.kind.name} near {curve.parameter} = {e.value:.10g}: {e.status}"
        for e in events
        if e.status != LOCATED
    ]
    status = "; ".join([s for s in [status] if s != "complete"] + unlocated) or "complete"
    track = Track(curve, Y, MU, stable, S - S[0], events, tuple(places), ends, status)
    return _without_repetition(track)


def _along(curve: Curve, points: Points, event: Located) -> float:
    """Return the arclength of an event."""
    i = event.index
    return min(float(points.S[i]) + curve.length(event.y - points.Y[i]), float(points.S[i + 1]))


def _by(item: tuple[float, Located]) -> float:
    return item[0]


def _point_of(points: Points, event: Located) -> int | None:
    """Return the number of the point that an event lies on; None if it is between two."""
    near = (event.index, event.index + 1)
    return next((i for i in near if np.array_equal(points.Y[i], event.y)), None)


def _without_repetition(track: Track) -> Track:
    """Cut a branch of cycles where these collapse onto shorter ones: beyond, they come again."""
    curve = track.curve
    shorter = {
        i: (event, period)
        for event, i in zip(track.events, track.places, strict=True)
        if event.kind.leaves.times == 1
        and (period := minimal_period(curve, event.y)) < curve.period
    }
    if not shorter:
        return track
    # the longest piece between such points is kept
    first, last = max(pairwise([0, *shorter, len(track) - 1]), key=lambda e: e[1] - e[0])
    ends = list(track.ends)
    for end, i in enumerate((first, last)):
        if i in shorter:
            event, period = shorter[i]
            ends[end] = (
                f"the cycle collapses onto one of period {period} at "
                f"{curve.parameter} = {event.value:.10g}"
            )
    return part(track, first, last, (ends[0], ends[1]))
