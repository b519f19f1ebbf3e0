"""Points of codimension two along a row of points of a bifurcation curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dynsharp.bifurcation_curves.codim2_point import Codim2Point
from dynsharp.bifurcation_curves.locate import located, vanishes
from dynsharp.bifurcation_curves.loop import Options
from dynsharp.bifurcation_curves.point import CurvePoint
from dynsharp.bifurcation_curves.surface import Surface
from dynsharp.bifurcations.codim2 import Codim2Kind, CurveTest, codim2_form, kinds
from dynsharp.bifurcations.kind import EPS, LOCATED, ROUNDINGS
from dynsharp.bifurcations.zeros import Zero
from dynsharp.normal_forms.critical_form import Codim2Form
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

MULTIPLE = 1e-6  # distance of a multiplier from its critical value at a point that was located
AT_END = 1e-9  # of κ from the end of a curve


@dataclass(frozen=True)
class Settings:
    """The problem and the control of a run: enough to go on from it."""

    surface: Surface
    parameters: tuple[str, str]
    options: Options

    def values(self, y: Array) -> Array:
        """Return both parameters at y."""
        names = self.surface.names
        return self.surface.head(y)[[names.index(name) for name in self.parameters]]

    def unknowns(self, at: Codim2Point) -> Array:
        """Return y = (x_0, ..., x_{P−1}, parameters) at a point."""
        x = np.column_stack([np.atleast_1d(at.state[s.name]) for s in self.surface.map.state])
        values = dict(zip(at.parameters, at.values, strict=True))
        return np.append(x.ravel(), [values[p.name] for p in self.surface.parameters])


@dataclass(frozen=True)
class _Found:
    """What is reported after the point of that number; itself a point of the curve, if new."""

    index: int
    distance: float
    special: Codim2Point
    point: CurvePoint | None = None


def found_along(
    settings: Settings, points: list[CurvePoint]
) -> tuple[list[CurvePoint], tuple[Codim2Point, ...], list[str]]:
    """Return the points with those of codimension two among them, these, and what to note."""
    found, notes = [*_at_ends(settings, points)], []
    name, family = points[0].kind.name, settings.surface.is_family
    for what, test in [(k, t) for k in kinds() for t in k.tests if t.curve == name]:
        if len(points[0].rest) < test.others or (family and not test.on_families):
            continue
        values = [test.value(p) for p in points]
        if vanishes(values):
            notes.append(f"the test for {what.name} points vanishes all along the curve")
            continue
        for zero in located(points, values, test.value):
            if zero.point is None or test.genuine(zero.point):
                special = _reported(settings, what, zero, test)
                away = (zero.point or zero.bracket[0]).coordinates - points[zero.index].coordinates
                distance = float(np.linalg.norm(away))
                found.append(_Found(zero.index, distance, special, zero.point))
    found.sort(key=lambda f: (f.index, f.distance))
    rows = list(points)
    for f in reversed(found):
        if f.point is not None:
            rows.insert(f.index + 1, f.point)
    rows = [p for k, p in enumerate(rows) if k == 0 or p is not rows[k - 1]]
    return rows, tuple(f.special for f in found), notes


def _at_ends(settings: Settings, points: list[CurvePoint]) -> Iterator[_Found]:
    """Yield the points at which the curve ends because κ does."""
    for index in sorted({0, len(points) - 1}):
        point = points[index]
        for what in kinds():
            if any(
                e.curve == point.kind.name and abs(point.kappa - e.kappa) < AT_END
                for e in what.ends
            ):
                beside = points[1 if index == 0 else index - 1] if len(points) > 1 else point
                zero = Zero(index, (beside, point), point, ROUNDINGS * EPS)
                yield _Found(index - 1, np.inf, _reported(settings, what, zero))


def _reported(
    settings: Settings, what: Codim2Kind, zero: Zero[CurvePoint], test: CurveTest | None = None
) -> Codim2Point:
    """Return what is said of a zero of a test, or of an end."""
    surface, point = settings.surface, zero.point or zero.bracket[0]
    curve, y = surface.curve(point.y)
    low, high = (settings.values(p.y) for p in zero.bracket)
    values, extent = settings.values(point.y), np.abs(high - low)
    form, status, spread = None, zero.status, extent
    apart = 0.0
    if zero.point is not None and test is not None and test.multiplier is not None:
        apart = float(np.min(np.abs(point.rest - test.multiplier)))
    if zero.point is None:
        one, two = (_at(settings.parameters, v) for v in (low, high))
        status = (
            f"not located between {one} and {two}: the curve cannot be computed in between; "
            "look with a smaller step"
        )
    elif status != LOCATED:
        pass
    elif apart > MULTIPLE:
        status = (
            "not located to rounding: several multipliers meet here, as symmetries make them, "
            f"and none is nearer than {apart:.1e}; the uncertainty is the extent of the bracket"
        )
    else:
        axes = [surface.names.index(name) for name in settings.parameters]
        units, along = point.chart.units[axes], np.abs((point.tangent * point.chart.units)[axes])
        rounding = ROUNDINGS * EPS * np.maximum(np.abs(values), units)
        spread = along * zero.error + zero.error**2 * units + rounding
        form = _form(what.name, curve, y)
    return Codim2Point(
        what.name,
        settings.parameters,
        _pair(values),
        _pair(spread),
        curve.named(y),
        point.multipliers,
        form,
        (_pair(low), _pair(high)),
        surface.period,
        status,
    )


def _form(kind: str, curve: Curve, y: Array) -> Codim2Form:
    try:
        with np.errstate(all="ignore"):
            return codim2_form(kind, curve, y)
    except np.linalg.LinAlgError:
        return Codim2Form(kind, status="the linear systems of the normal form are singular")


def _pair(values: Array) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _at(names: tuple[str, str], values: Array) -> str:
    return ", ".join(f"{n} = {v:.10g}" for n, v in zip(names, values, strict=True))
