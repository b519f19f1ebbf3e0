"""Onto the other curves through a point of codimension two, and those that are born there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynsharp.bifurcation_curves.along import Settings
from dynsharp.bifurcation_curves.codim2_point import Codim2Point
from dynsharp.bifurcation_curves.newton import Failure, corrected
from dynsharp.bifurcation_curves.point import Chart, CurvePoint
from dynsharp.bifurcation_curves.track import Track, empty, followed
from dynsharp.bifurcations.codim2 import emanating, kind_of
from dynsharp.bifurcations.kind import Kind
from dynsharp.bifurcations.registry import kind_named
from dynsharp.errors import InputError
from dynsharp.normal_forms.unfoldings import Start

DISTANCES = (0.05, 0.01, 0.002)  # amplitudes of the predictions, in units of the normal form's
FARTHEST = 0.5  # of the way to the codimension-2 point that Newton's method may move a prediction


def switched(
    settings: Settings,
    at: Codim2Point,
    before: str,
    kind: str | None,
    period: int | None,
    which: int,
) -> Track:
    """Follow another curve from a point of codimension two of a curve of kind ``before``."""
    others = [condition.kind for condition in kind_of(at.kind).through]
    if before in others:
        others.remove(before)
    same = [(k, at.period) for k in others]
    if at.status == "located":
        for k, p in same:
            if kind in (None, k) and period in (None, p):
                return _through(settings, at, k, before)
    known, status = [], "complete"
    for distance in DISTANCES:
        born, status = _born(settings, at, distance)
        known += [(s.kind, s.period) for s in born]
        chosen = [s for s in born if kind in (None, s.kind) and period in (None, s.period)]
        if which < len(chosen):
            found = _started(settings, at, chosen[which])
            if found is not None:
                return _away(*found, at)
    if any(kind in (None, k) and period in (None, p) for k, p in known):
        return empty(
            settings,
            kind or known[0][0],
            f"the curve was not found next to the {at.kind} point: Newton's method does not "
            f"converge from its predictions at amplitudes {DISTANCES}",
        )
    named = [f"{k} of period {p}" for k, p in dict.fromkeys(same + known)]
    wants = f"one of: {', '.join(named)}" if named else "a point from which other curves start"
    note = "" if status == "complete" else f" ({status})"
    argument = "kind" if kind is not None or period is not None else "point"
    asked = f"{kind or 'any curve'}" + (f" of period {period}" if period else "")
    raise InputError(argument, f"{asked} at a {at.kind} point ({at.status})", wants + note)


def _through(settings: Settings, at: Codim2Point, kind: str, before: str) -> Track:
    """Follow a curve of the same cycle, both ways."""
    what, y = _kind(kind), settings.unknowns(at)
    chart = Chart(settings.surface, what)
    edges = [e.kappa for e in kind_of(at.kind).ends if e.curve == kind]
    kappa = edges[0] if edges else what.kappa(at.multipliers[_kind(before).borders :])
    start = corrected(chart, y, kappa)
    if isinstance(start, Failure):
        status = f"no regular {kind} curve goes through this point ({start.reason})"
        return empty(settings, kind, status)
    return followed(settings, start[0])


def _born(settings: Settings, at: Codim2Point, distance: float) -> tuple[list[Start], str]:
    """Curves of longer cycles that start at the point, and what failed."""
    surface = settings.surface
    if surface.is_family:
        return [], "on a family of fixed points nothing is predicted"
    if at.status != "located":
        return [], at.status
    curve, y = surface.curve(settings.unknowns(at))
    second = surface.parameters[1].name
    with np.errstate(all="ignore"):
        unfolding = emanating(at.kind, curve, y, second, distance=distance)
    return [s for s in unfolding.starts if s.period > surface.period], unfolding.status


def _started(
    settings: Settings, at: Codim2Point, begin: Start
) -> tuple[Settings, CurvePoint] | None:
    """Return the point of the curve near its prediction, with the tangent away from its birth."""
    surface = replace(settings.surface, period=begin.period)
    chart = Chart(surface, _kind(begin.kind))
    found = corrected(chart, begin.y, begin.kappa or 0.0, limit=20)
    if isinstance(found, Failure):
        return None
    point = found[0]
    count = len(surface.parameters)
    here = settings.unknowns(at)
    birth = np.append(np.tile(here[:-count], begin.period // at.period), here[-count:])
    scale = np.append(np.tile(surface.scale, begin.period), surface.units[-count:])
    moved, distance = ((point.y - y) / scale for y in (begin.y, birth))
    if np.linalg.norm(moved) > FARTHEST * np.linalg.norm(distance):
        return None
    wide, wanted = (
        np.linalg.norm(x - np.roll(x, -at.period, axis=0))
        for x in map(surface.cycle, (point.y, begin.y))
    )
    if wide < FARTHEST * wanted:  # collapsed onto the shorter cycle
        return None
    ahead = surface.head(begin.tangent) / surface.units
    if point.tangent[: len(ahead)] @ ahead < 0:
        point = point.reversed()
    return replace(settings, surface=surface), point


def _away(settings: Settings, start: CurvePoint, at: Codim2Point) -> Track:
    """Follow a curve that is born at the point, away from it."""
    curve = followed(settings, start, both=False)
    return replace(curve, ends=(f"born at the {at.kind} point {at.place}", curve.ends[1]))


def _kind(name: str) -> Kind:
    """Return the kind of a curve that emanates."""
    kind = kind_named(name)
    if kind is None or not kind.borders:
        raise InputError("kind", repr(name), "a kind of point that can be followed")
    return kind
