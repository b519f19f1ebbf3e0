"""Where a bifurcation curve ends: at the box, the range of κ, its start, a shorter cycle."""

from __future__ import annotations

import numpy as np

from dynsharp.bifurcation_curves.newton import Failure, between, corrected
from dynsharp.bifurcation_curves.point import CurvePoint, shown
from dynsharp.bifurcations.codim2 import kinds
from dynsharp.bifurcations.kind import Kind
from dynsharp.continuation.steps import STRAIGHT

COLLAPSED = 1e-6  # distance of two points of a cycle, in units of the state, that are the same
ENDED = 1e-9  # of κ from the end of its range: a start there


# ---- the box and the range of κ ----------------------------------------------------------------


def _end_of_kappa(kind: Kind, kappa: float) -> tuple[str, str]:
    """Return what is at an end of the range of κ, and what is beyond."""
    for end in (e for k in kinds() for e in k.ends if (e.curve, e.kappa) == (kind.name, kappa)):
        return end.where, f"{end.where}, beyond which {end.beyond}"
    return (f"κ = {kappa:g}, where {kind.name} points end",) * 2


def ended(start: CurvePoint) -> str:
    """Return what ends the curve at its start already, in the direction of the tangent."""
    if start.chart.with_kappa:
        for edge, outwards in zip(start.kind.limits(start.kappa), (-1, 1), strict=True):
            beyond = outwards * (start.kappa - edge) > -ENDED
            if beyond and outwards * start.tangent[-1] > 0:
                return f"{_end_of_kappa(start.kind, edge)[0]} at {shown(start)}"
    return ""


def landed(last: CurvePoint, new: CurvePoint) -> tuple[str, CurvePoint | None]:
    """Return what ends the curve in this step, if anything, and the point there, if it is new."""
    surface, chart = new.surface, new.chart
    limits = [(surface.names.index(name), *edges) for name, edges in surface.box.items()]
    if chart.with_kappa:
        limits.append((len(surface.names), *new.kind.limits(last.kappa)))
    before, after = (p.coordinates * chart.units for p in (last, new))
    crossed = []
    for i, low, high in limits:
        edge = low if after[i] < low else high if after[i] > high else None
        if edge is not None:
            crossed.append(((edge - before[i]) / (after[i] - before[i]), i, edge))
    if not crossed:
        return "", None
    t, i, edge = min(crossed)
    normal = np.eye(len(before))[i]
    y, kappa = (1 - t) * last.y + t * new.y, (1 - t) * last.kappa + t * new.kappa
    found = corrected(chart, y, kappa, near=last, normal=normal)
    lost = isinstance(found, Failure) or found[0].tangent @ last.tangent < STRAIGHT
    if i == len(surface.names):
        end = _end_of_kappa(new.kind, edge)[1]
    else:
        end = f"the span ends {'near' if lost else 'at'} {surface.names[i]} = {edge:.10g}"
    if isinstance(found, Failure) or lost or t <= 0:
        return end, None
    if surface.dimension <= i < len(surface.names):  # a parameter: exactly there
        found[0].y[i - surface.dimension - len(surface.parameters)] = edge
    return end, found[0]


def leaves_between(last: CurvePoint, new: CurvePoint) -> bool:
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


# ---- a shorter cycle, and the start --------------------------------------------------------------


def collapses(last: CurvePoint, new: CurvePoint) -> int:
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


def closing(last: CurvePoint, step: float) -> int:
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


class Home:
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
