"""Whether a solution, a branch or a special point is one that was met before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dynsharp.bifurcations.located import Located
from dynsharp.branch_tree.nodes import Place, place_of
from dynsharp.continuation.families.identity import connected
from dynsharp.continuation.position import position
from dynsharp.continuation.scales import scale_of
from dynsharp.continuation.track import Track, with_event
from dynsharp.shooting.families import family_at
from dynsharp.shooting.identity import same_solution
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

NEAR = 1e-5  # distance, in units of the curve, of two branch points that are the same
SAMPLES = (0.21, 0.53, 0.84)  # fractions of a new branch that tell whether it is a known one


def number_of(tracks: Sequence[Track], period: int, y: Array) -> int | None:
    """Return the number of the branch that a cycle lies on; None if it is on none."""
    for i, t in enumerate(tracks):
        if t.period == period and not t.family and position(t, y) is not None:
            return i
    return None


def on_family(tracks: Sequence[Track], curve: Curve, y: Array) -> bool:
    """Whether a cycle belongs to a family that was followed."""
    curve = replace(curve, scale=scale_of(curve.states(y)))
    member = None
    for t in tracks:
        if not t.family or t.period != curve.period or t.Y[0, -1] != y[-1]:
            continue
        member = member or family_at(curve, y)
        if member is not None and connected(curve, member, t.Y[len(t) // 2]):
            return True
    return False


def repeats(tracks: Sequence[Track], new: Track) -> bool:
    """Whether a branch along the parameter is one that is there already."""
    if new.family or len(new) <= 4:
        return False
    rows = [new.Y[int(f * len(new))] for f in SAMPLES]
    same = [t for t in tracks if t.period == new.period and not t.family]
    return any(sum(position(t, y) is not None for y in rows) >= 2 for t in same)


def passes(track: Track, place: Place) -> bool:
    """Whether a branch along the parameter begins, ends or has a special point at a place."""
    if track.family or not len(track):
        return False
    ys = [track.Y[0], track.Y[-1], *(e.y for e in track.events)]
    return any(place.same(place_of(track, y)) for y in ys)


def crossed_by(track: Track, event: Located) -> Track:
    """Put a branch point among the points of a branch through it that does not show it by itself.

    (Several multipliers that touch 1 together leave no trace in their numbers.)
    """
    place = position(track, event.y)
    if place is None or any(same_solution(track.curve, e.y, event.y, NEAR) for e in track.events):
        return track
    return with_event(track, event, place)
