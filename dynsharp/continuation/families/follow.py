"""Continuation along a family of fixed points, both ways from a member."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from dynsharp.continuation.assemble import Options
from dynsharp.continuation.branch import Branch, same_rows
from dynsharp.continuation.families.events import family_events, family_user_events
from dynsharp.shooting.families import (
    Member,
    coordinates,
    corrected,
    distance,
    member_at,
    shifted,
)
from dynsharp.shooting.problem import Curve
from dynsharp.sweeps.domain import violations
from dynsharp.types import Array

__all__ = ["followed_family"]

EXTENT = 10.0  # how far the family is followed each way, in units of the state at the start
FASTER = 4.0  # steps along a family are longer than along a parameter, by this factor


def followed_family(curve: Curve, start: Member, options: Options) -> Branch:
    """Follow the family both ways from a member."""
    forward, end = _way(curve, start, options)
    back, begin = _way(curve, replace(start, direction=-start.direction), options)
    members = [*(replace(m, direction=-m.direction) for m in back[:0:-1]), *forward]
    axis = int(np.argmax(np.abs(start.direction)))
    members, ends = (
        (members[::-1], (end, begin)) if start.direction[axis] < 0 else (members, (begin, end))
    )
    names = [s.name for s in curve.map.state]
    found = [*family_user_events(curve, members, names[axis], axis)]
    for i, (a, b) in enumerate(pairwise(members)):
        found += [(i, *rest) for rest in family_events(curve, a, b, names[axis], axis)]
    found.sort(key=lambda item: item[:2])
    special, rows = [point for _, _, point, _ in found], list(members)
    for i, _, _, member in reversed(found):
        rows.insert(i + 1, member)
    Y = np.array([m.y for m in rows])
    dimension = start.basis.shape[1]
    MU = np.array([np.concatenate([np.ones(dimension), m.mu]) for m in rows])
    stable = np.array([bool((np.abs(m.mu) < 1).all()) for m in rows])
    for p in special:
        if p.bifurcation:
            stable[same_rows(Y, p._y)] = False
    steps = np.diff(Y[:, :-1], axis=0) / np.tile(curve.scale, curve.period)
    lengths = np.linalg.norm(steps, axis=1) / np.sqrt(curve.period)
    failed = [
        f"{p.kind} near {p.parameter} = {p.value:.10g}: {p.status}"
        for p in special
        if p.status != "located"
    ]
    return Branch(
        curve.map,
        names[axis],
        {**curve.values, str(curve.parameter): float(start.y[-1])},
        curve.period,
        Y[:, axis].copy(),
        Y[:, :-1].reshape(len(Y), curve.period, curve.dimension),
        MU.astype(complex),
        stable,
        np.append(0.0, np.cumsum(lengths)),
        tuple(special),
        ends,
        "; ".join(failed) or "complete",
        tuple(coordinates(start.basis, names)),
        curve,
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
        moved = shifted(curve, inside.y, t * chord)
        y = corrected(curve, moved, inside.left, inside.basis)
        member = member_at(curve, y, inside) if y is not None else None
        if member is None or _outside(curve, member.y[None])[0]:
            high = t
        else:
            low, last = t, member
    return [
        *members[:first],
        last,
    ], f"the domain of {curve.map.name} ends at {_shown(curve, last.y)}"


def _unbounded_way(curve: Curve, start: Member, options: Options) -> tuple[list[Member], str]:
    greatest = FASTER * options.step
    members, length, step = [start], 0.0, greatest
    while len(members) < options.max_points:
        last = members[-1]
        y = corrected(curve, shifted(curve, last.y, step * last.direction), last.left, last.basis)
        member = member_at(curve, y, last) if y is not None else None
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
