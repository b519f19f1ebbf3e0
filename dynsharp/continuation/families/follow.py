"""Continuation along a family of fixed points, both ways from a member."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from dynsharp.bifurcations.kind import LOCATED
from dynsharp.continuation.families.events import family_events, family_user_events, multipliers
from dynsharp.continuation.follow import Options
from dynsharp.continuation.track import Track
from dynsharp.shooting.families import Member, coordinates, distance, neighbour
from dynsharp.shooting.problem import Curve
from dynsharp.sweeps.domain import violations
from dynsharp.types import Array

EXTENT = 10.0  # how far the family is followed each way, in units of the state at the start
FASTER = 4.0  # steps along a family are longer than along a parameter, by this factor


def followed_family(curve: Curve, start: Member, options: Options) -> Track:
    """Follow the family both ways from a member."""
    forward, end = _way(curve, start, options)
    back, begin = _way(curve, replace(start, direction=-start.direction), options)
    members = [*(replace(m, direction=-m.direction) for m in back[:0:-1]), *forward]
    axis = int(np.argmax(np.abs(start.direction)))
    members, ends = (
        (members[::-1], (end, begin)) if start.direction[axis] < 0 else (members, (begin, end))
    )
    found = [*family_user_events(curve, members, axis)]
    for i, (a, b) in enumerate(pairwise(members)):
        found += family_events(curve, a, b, i, axis)
    found.sort(key=lambda item: (item[1].index, item[0]))
    events = tuple(event for _, event in found)
    after = [event.index + 1 for event in events]
    places = tuple(k + i for k, i in enumerate(after))
    Y, MU = np.array([m.y for m in members]), np.array([multipliers(m) for m in members])
    if events:
        Y = np.insert(Y, after, np.array([e.y for e in events]), axis=0)
        MU = np.insert(MU, after, np.array([e.mu for e in events]), axis=0)
    stable = np.asarray((np.abs(MU[:, start.basis.shape[1] :]) < 1).all(axis=1))
    stable[[i for e, i in zip(events, places, strict=True) if e.kind.critical]] = False
    names = [s.name for s in curve.map.state]
    steps = np.diff(Y[:, :-1], axis=0) / np.tile(curve.scale, curve.period)
    lengths = np.linalg.norm(steps, axis=1) / np.sqrt(curve.period)
    failed = [
        f"{e.kind.name} near {names[axis]} = {e.y[axis]:.10g}: {e.status}"
        for e in events
        if e.status != LOCATED
    ]
    return Track(
        curve,
        Y,
        MU,
        stable,
        np.append(0.0, np.cumsum(lengths)),
        events,
        places,
        ends,
        "; ".join(failed) or "complete",
        tuple(coordinates(start.basis, names)),
        axis,
    )


def _way(curve: Curve, start: Member, options: Options) -> tuple[list[Member], str]:
    """Members in the direction of the start's, up to where the map's domain ends."""
    members, end = _unbounded_way(curve, start, options)
    Y = np.array([m.y for m in members])
    outside = _outside(curve, Y)
    if outside[0] or not outside.any():
        return members, end
    first = int(np.argmax(outside))
    inside, beyond = members[first - 1], members[first]
    low, high, chord = 0.0, 1.0, distance(curve, inside.y, beyond.y)
    last = inside
    for _ in range(40):  # onto the edge of the domain
        t = 0.5 * (low + high)
        member = neighbour(curve, inside, t * chord)
        if member is None or _outside(curve, member.y[None])[0]:
            high = t
        else:
            low, last = t, member
    end = f"the domain of {curve.map.name} ends at {_shown(curve, last.y)}"
    return [*members[:first], last], end


def _unbounded_way(curve: Curve, start: Member, options: Options) -> tuple[list[Member], str]:
    greatest = FASTER * options.step
    members, length, step = [start], 0.0, greatest
    while len(members) < options.max_points:
        last = members[-1]
        member = neighbour(curve, last, step * last.direction)
        good = member is not None and member.direction @ last.direction > 0.96
        if good and member is not None and _smooth(last.mu, member.mu):
            members.append(member)
            length += step
            step = min(greatest, 1.5 * step)
            if length >= EXTENT:
                return members, f"{EXTENT:g} lengths of the state from the start"
        else:
            step /= 2
            if step < 1e-9:
                at = _shown(curve, last.y)
                if not good and member is not None:
                    return members, f"the leading multiplier is extremal on the family at {at}"
                return members, f"the family changes its dimension, or ends, at {at}"
    return members, f"{options.max_points} points reached; allow more with max_points"


def _smooth(before: Array, after: Array) -> bool:
    """Whether no multiplier moved so far that it may have crossed the unit circle unseen."""
    allowed = 0.2 + 0.3 * np.abs(np.abs(after) - 1)
    return bool((np.abs(after - before) <= allowed).all())


def _outside(curve: Curve, Y: Array) -> Array:
    values: dict[str, Any] = {**curve.values, str(curve.parameter): Y[:, -1]}
    values |= {s.name: Y[:, i] for i, s in enumerate(curve.map.state)}
    return np.broadcast_to(violations(curve.map, values), (len(Y),))


def _shown(curve: Curve, y: Array) -> str:
    return ", ".join(f"{s.name} = {x:.6g}" for s, x in zip(curve.map.state, y, strict=False))
