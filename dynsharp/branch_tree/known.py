"""Whether a solution, a branch or a special point is one that was met before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dynsharp.branch_tree.nodes import Place, place_of
from dynsharp.continuation.families.identity import connected
from dynsharp.continuation.position import position
from dynsharp.continuation.start import scale_of
from dynsharp.continuation.track import Track
from dynsharp.shooting.families import family_at
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["number_of", "on_family", "passes", "repeats"]

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
