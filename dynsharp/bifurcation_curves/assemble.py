"""From a start to a bifurcation curve: both directions, points of codimension two, arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from dynsharp.bifurcation_curves.locate import Zero, vanishes, zeros
from dynsharp.bifurcation_curves.loop import Options, Way, one_way, shown
from dynsharp.bifurcation_curves.point import CurvePoint
from dynsharp.bifurcation_curves.result import BifurcationCurve, Codim2Point
from dynsharp.bifurcation_curves.surface import Surface
from dynsharp.bifurcations.codim2 import Codim2Kind, CurveTest, codim2_form, kinds
from dynsharp.normal_forms.along_curves import cubic, lyapunov, quadratic
from dynsharp.normal_forms.critical_form import Codim2Form
from dynsharp.progress import ProgressBar
from dynsharp.types import Array

__all__ = ["Settings", "empty", "followed"]

EPS = float(np.finfo(float).eps)
ROUNDINGS = 16  # roundings of the last bit that enter the estimate of an error
MULTIPLE = 1e-6  # distance of a multiplier from ±1 at a point that was located
AT_END = 1e-9  # of κ = ±2 at the end of a Neimark–Sacker curve


@dataclass(frozen=True)
class Settings:
    """The problem and the control of a run: enough to go on from it."""

    surface: Surface
    parameters: tuple[str, str]
    options: Options


def followed(settings: Settings, start: CurvePoint, both: bool = True) -> BifurcationCurve:
    """Follow the curve through a point, both ways or only along its tangent."""
    if not start.plane.regular:
        return empty(
            settings,
            start.kind,
            f"several families of cycles cross at {shown(start)}: it is a branch point in both "
            "parameters, which a symmetry or an invariant set of the map keeps; there is no fold, "
            "follow the branch points with continue_fixed_point at several values",
        )
    axis = settings.surface.names.index(settings.parameters[0])
    if both and start.tangent[axis] < 0:
        start = start.reversed()
    label = f"{start.kind} curve in ({', '.join(settings.parameters)})"
    begin = Way([start], f"start at {shown(start)}")
    forward, interrupted = _run(start, settings.options, label)
    if both and not (forward.closed or interrupted):
        begin, interrupted = _run(start.reversed(), settings.options, label)
    if forward.closed:
        begin = replace(begin, end=forward.end)
    points = [*(p.reversed() for p in begin.points[:0:-1]), *forward.points]
    failures = [w.end for w in (begin, forward) if w.failed]
    return _assembled(settings, points, (begin.end, forward.end), failures)


def empty(settings: Settings, kind: str, status: str) -> BifurcationCurve:
    """Return the curve without points: the start failed."""
    surface = settings.surface
    n, P = surface.dimension, surface.period
    return BifurcationCurve(
        surface.map,
        settings.parameters,
        dict(surface.values),
        kind,
        P,
        np.empty((0, 2)),
        np.empty((0, P, n)),
        np.empty((0, n), complex),
        np.empty(0),
        np.empty(0),
        (),
        ("no start", "no start"),
        status,
        settings,
    )


def _run(start: CurvePoint, options: Options, label: str) -> tuple[Way, bool]:
    """Follow one direction with a progress bar; Ctrl-C leaves what is there."""
    way = Way([start])
    with ProgressBar(label, None) as bar:
        try:
            for way in one_way(start, options):
                bar.update(len(way.points) / options.max_points)
        except KeyboardInterrupt:
            way.end, way.failed = f"interrupted at {shown(way.points[-1])}", True
            return way, True
    return way, False


# ---- special points ----------------------------------------------------------------------------


def _assembled(
    settings: Settings, points: list[CurvePoint], ends: tuple[str, str], failures: list[str]
) -> BifurcationCurve:
    surface, kind = settings.surface, points[0].kind
    family = len(surface.parameters) == 1
    found: list[tuple[int, float, CurvePoint | None, Codim2Point]] = []
    notes: list[str] = []
    for what, test in [(k, t) for k in kinds() for t in k.tests if t.curve == kind]:
        if len(points[0].rest) < test.others or (family and not test.on_families):
            continue
        values = [test.value(p) for p in points]
        if vanishes(values):
            notes.append(f"the test for {what.name} points vanishes all along the curve")
            continue
        for zero in zeros(points, values, test.value):
            if zero.point is None or test.genuine(zero.point):
                found.append(_found(settings, what, zero, points, test))
    found += _at_ends(settings, points)
    found.sort(key=lambda item: item[:2])
    rows = list(points)
    for index, _, point, _ in reversed(found):
        if point is not None:
            rows.insert(index + 1, point)
    rows = [p for k, p in enumerate(rows) if k == 0 or p is not rows[k - 1]]
    specials = tuple(s for *_, s in found)
    failures += [
        f"{s.kind} near {_at(s.parameters, s.values)}: {s.status}"
        for s in specials
        if s.status != "located"
    ]
    distances = [np.linalg.norm(q.coordinates - p.coordinates) for p, q in pairwise(rows)]
    axes = [surface.names.index(name) for name in settings.parameters]
    return BifurcationCurve(
        surface.map,
        settings.parameters,
        dict(surface.values),
        kind,
        surface.period,
        np.array([surface.head(p.y)[axes] for p in rows]),
        np.array([surface.cycle(p.y) for p in rows]),
        _matched(rows),
        np.array([np.nan if family else _coefficient(p) for p in rows]),
        np.append(0.0, np.cumsum(distances)),
        specials,
        ends,
        "; ".join(failures + notes) or "complete",
        settings,
    )


def _found(
    settings: Settings,
    what: Codim2Kind,
    zero: Zero,
    points: list[CurvePoint],
    test: CurveTest | None = None,
) -> tuple[int, float, CurvePoint | None, Codim2Point]:
    """Return the index before it, its distance from there, the point, and what is reported."""
    surface = settings.surface
    a, b = zero.bracket
    axes = [surface.names.index(name) for name in settings.parameters]
    ends = [surface.head(p.y)[axes] for p in (a, b)]
    form: Codim2Form | None = None
    status = "located"
    if zero.point is None:
        low, high = (_at(settings.parameters, e) for e in ends)
        status = (
            f"not located between {low} and {high}: the curve cannot be computed in between; "
            "look with a smaller step"
        )
        point, spread = a, np.abs(ends[1] - ends[0])
    else:
        point = zero.point
        values = surface.head(point.y)[axes]
        along = np.abs((point.tangent * point.units)[axes])
        units = point.units[axes]
        rounding = ROUNDINGS * EPS * np.maximum(np.abs(values), units)
        spread = along * zero.error + zero.error**2 * units + rounding
        apart = 0.0
        if test is not None and test.multiplier is not None:
            apart = float(np.min(np.abs(point.rest - test.multiplier)))
        if apart > MULTIPLE:
            status = (
                "not located to rounding: several multipliers meet here, as symmetries make them, "
                f"and none is nearer than {apart:.1e}; the uncertainty is the extent of the bracket"
            )
            spread = np.abs(ends[1] - ends[0])
        else:
            form = _form(surface, what.name, point)
    values = surface.head(point.y)[axes]
    special = Codim2Point(
        what.name,
        settings.parameters,
        (float(values[0]), float(values[1])),
        (float(spread[0]), float(spread[1])),
        _state(surface, point.y),
        point.multipliers,
        form,
        ((float(ends[0][0]), float(ends[0][1])), (float(ends[1][0]), float(ends[1][1]))),
        surface.period,
        status,
        point.y,
        surface,
    )
    away = point.coordinates - points[zero.index].coordinates
    return zero.index, float(np.linalg.norm(away)), zero.point, special


def _form(surface: Surface, kind: str, point: CurvePoint) -> Codim2Form:
    curve, y = surface.curve(point.y)
    try:
        with np.errstate(all="ignore"):
            return codim2_form(kind, curve, y)
    except np.linalg.LinAlgError:
        return Codim2Form(kind, status="the linear systems of the normal form are singular")


def _at_ends(
    settings: Settings, points: list[CurvePoint]
) -> list[tuple[int, float, CurvePoint | None, Codim2Point]]:
    """Return the points at which the curve ends because κ does."""
    found: list[tuple[int, float, CurvePoint | None, Codim2Point]] = []
    for index in sorted({0, len(points) - 1}):
        point = points[index]
        for what in kinds():
            if any(k == point.kind and abs(point.kappa - end) < AT_END for k, end in what.ends):
                beside = points[1 if index == 0 else index - 1] if len(points) > 1 else point
                zero = Zero(index, (beside, point), point, ROUNDINGS * EPS)
                _, _, _, special = _found(settings, what, zero, points)
                found.append((index - 1, np.inf, None, special))
    return found


def _coefficient(point: CurvePoint) -> float:
    """Return the normal-form coefficient b of the bifurcation; NaN where it has none."""
    if point.kind == "neimark-sacker":
        return lyapunov(point)[0]
    pairing = float(point.left[:, 0] @ point.right[:, 0])
    value, factor = (quadratic(point)[0], 2) if point.kind == "fold" else (cubic(point)[0], 6)
    return value / (factor * pairing) if pairing != 0 else float("nan")


def _state(surface: Surface, y: Array) -> dict[str, object]:
    x = surface.cycle(y)
    return {
        s.name: float(x[0, i]) if surface.period == 1 else x[:, i].copy()
        for i, s in enumerate(surface.map.state)
    }


def _matched(points: list[CurvePoint]) -> Array:
    """Multipliers of all points, each in the column of the nearest one before."""
    rows: list[Array] = []
    for point in points:
        mu = point.multipliers
        fixed = len(mu) - len(point.rest)
        if rows:
            left = list(mu[fixed:])
            for k in range(fixed, len(mu)):
                mu[k] = left.pop(int(np.argmin(np.abs(np.array(left) - rows[-1][k]))))
        rows.append(mu)
    return np.array(rows)


def _at(names: tuple[str, str], values: Array | tuple[float, float]) -> str:
    return ", ".join(f"{n} = {v:.10g}" for n, v in zip(names, values, strict=True))
