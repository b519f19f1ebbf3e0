"""The path of a cascade in double precision: from flip to doubled cycle to its flip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from dynsharp.arguments import checked_number
from dynsharp.bifurcations.crossings import between
from dynsharp.bifurcations.events import located_events
from dynsharp.bifurcations.kind import LOCATED
from dynsharp.bifurcations.located import Located
from dynsharp.continuation.fixed_points import continue_fixed_point
from dynsharp.continuation.loop import FULL, pieces
from dynsharp.continuation.rows import joined
from dynsharp.continuation.steps import LARGEST_STATE
from dynsharp.continuation.switching.emanating import beside, doubled_start
from dynsharp.map import DiscreteMap, Name
from dynsharp.shooting.problem import Curve, Point, Points

GREATEST_STEP, LEAST_STEP = 0.01, 1e-15
PIECE, PIECES = 32, 60  # points between two looks for the next flip, and how many looks
REACHES = (1.0, 4.0, 20.0)  # half widths of the span in which the first flip is looked for


def first_flip(
    map: DiscreteMap, parameter: Name, start: Any, at: float, period: int, fixed: Any
) -> tuple[Located | None, Curve | None, str]:
    """Return the flip nearest to a start along its branch, its problem, and "complete".

    None and the sentence that says why there is none.
    """
    value = checked_number("at", at)
    status, curve = "", None
    for reach in REACHES:
        half = reach * max(1.0, abs(value))
        track = continue_fixed_point(
            map, parameter, start, at, (value - half, value + half), period=period, fixed=fixed
        ).track
        curve = track.curve
        if track.family:
            return None, curve, "the start lies on a family of fixed points: it has no cascade"
        flips = [
            (i, event)
            for i, event in zip(track.places, track.events, strict=True)
            if event.kind.leaves.times == 2 and event.status == LOCATED
        ]
        if flips:
            home = track.S[np.argmin(np.abs(track.values - value))]
            _, nearest = min(flips, key=lambda flip: abs(track.S[flip[0]] - home))
            return nearest, curve, "complete"
        status = track.status
    if status in ("", "complete"):
        reach = REACHES[-1] * max(1.0, abs(value))
        status = f"no flip within {reach:g} of {parameter} = {value:g}: start on another branch"
    return None, curve, status


def next_level(curve: Curve, flip: Located) -> tuple[Curve, Located, Point | None, int] | str:
    """Follow the doubled cycle to its flip.

    Returns its curve, the flip, the superstable point before it and the critical multiplier's
    column, or the sentence that says why there is none.
    """
    begun = doubled_start(curve, flip)
    twice, name = replace(curve, period=2 * curve.period), curve.parameter
    where = f"period {twice.period} after {name} = {flip.value:.12g}"
    if begun is None:
        return f"the doubled cycle was not found: {where}"
    point, step = begun
    rows: list[Points] = []
    control, everywhere = (LEAST_STEP, GREATEST_STEP, LARGEST_STATE, PIECE), (-np.inf, np.inf)
    for _ in range(PIECES):
        piece = joined([*pieces(twice, point, step, *control, everywhere)])
        rows.append(piece)
        found = located_events(twice, piece)
        leaves = [e.kind.leaves.times for e in found]
        if 2 in leaves:
            event = found[leaves.index(2)]
            if event.status != LOCATED:
                return f"{where}: {event.status}"
            column = int(np.argmin(np.abs(event.mu + 1)))
            return twice, event, _middle(twice, joined(rows), column), column
        if 1 in leaves:  # the cycle splits: on with one of its halves
            event, side = found[leaves.index(1)], None
            if event.tangents:
                side = beside(twice, event.y, twice.carried(event.y, event.tangents[1]))
            if side is None:
                return f"{where}: the cycle meets a branch point that could not be passed"
            point, rows = side, []
            step = twice.length(side.y - event.y)
            continue
        if found:
            return (
                f"{where}: the cycle has a {found[0].kind.name} at "
                f"{name} = {found[0].bracket[0].value:.12g} before it flips"
            )
        if piece.code != FULL or len(piece) < 2:
            return f"{where}: no flip before {name} = {piece[-1].value:.12g}"
        point, step = piece[-1], twice.length(piece[-1].y - piece[-2].y)
    return f"{where}: no flip within {PIECES * PIECE} points"


def _middle(curve: Curve, points: Points, column: int) -> Point | None:
    """Return the last point where the real part of the critical multiplier falls through zero."""
    real = points.MU[:, column].real
    changes = np.flatnonzero((real[1:] < 0) & (real[:-1] >= 0))
    if changes.size == 0:
        return None
    a, b = points[int(changes[-1])], points[int(changes[-1]) + 1]
    found: dict[float, Point] = {0.0: a, 1.0: b}

    def test(t: float) -> float:
        if t not in found:
            point = between(curve, a, b, t)
            if point is None:
                raise FloatingPointError
            found[t] = point
        return float(found[t].mu[column].real)

    try:
        t = brentq(test, 0.0, 1.0, xtol=1e-9)
    except (ValueError, RuntimeError, FloatingPointError):
        return None
    test(t)
    return found[t]
