"""Onto the other curves through a point of codimension two, and those that are born there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynsharp.bifurcation_curves._assemble import Settings, empty, followed
from dynsharp.bifurcation_curves._point import CurvePoint, Failure, corrected
from dynsharp.bifurcation_curves._result import BifurcationCurve, Codim2Point
from dynsharp.bifurcation_curves._surface import Surface
from dynsharp.bifurcation_curves._unfoldings import Start, emanating
from dynsharp.errors import InputError

__all__ = ["switched"]

# kinds of the curves of the same cycle through a point, by its kind
THROUGH = {
    "1:1": ("fold", "neimark-sacker"),
    "1:2": ("flip", "neimark-sacker"),
    "fold-flip": ("fold", "flip"),
    "fold-neimark-sacker": ("fold", "neimark-sacker"),
    "flip-neimark-sacker": ("flip", "neimark-sacker"),
}
FARTHEST = 0.5  # of the way to the codimension-2 point that Newton's method may move a prediction


def switched(
    curve: BifurcationCurve, at: Codim2Point, kind: str | None, period: int | None
) -> BifurcationCurve:
    """Follow another curve from a point of codimension two."""
    if not any(at is p for p in curve.special_points):
        raise InputError("point", at, "one of curve.special_points")
    settings: Settings = curve._settings
    P = curve.period
    same = [(k, P) for k in THROUGH.get(at.kind, ()) if k != curve.kind]
    if at.kind == "double-neimark-sacker":
        same = [("neimark-sacker", P)]
    wanted = [c for c in same if kind in (None, c[0]) and period in (None, c[1])]
    if wanted:
        return _through(settings, at, wanted[0][0], curve.kind)
    born, status = _born(settings, at)
    known = [(s.kind, s.period) for s in born]
    chosen = [s for s in born if kind in (None, s.kind) and period in (None, s.period)]
    if not chosen:
        named = [f"{k} of period {p}" for k, p in dict.fromkeys(same + known)]
        wants = f"one of: {', '.join(named)}" if named else "a point from which other curves start"
        note = "" if status == "complete" else f" ({status})"
        argument = "kind" if kind is not None or period is not None else "point"
        asked = f"{kind or 'any curve'}" + (f" of period {period}" if period else "")
        raise InputError(argument, f"{asked} at a {at.kind} point", wants + note)
    return _away(settings, at, chosen[0])


def _through(settings: Settings, at: Codim2Point, kind: str, before: str) -> BifurcationCurve:
    """Follow a curve of the same cycle, both ways."""
    kappa = 0.0
    if kind == "neimark-sacker" and at.kind in ("1:1", "1:2"):
        kappa = 2.0 if at.kind == "1:1" else -2.0
    elif kind == "neimark-sacker":
        others = at.multipliers[2 if before == kind else 1 :]
        pairs = others[others.imag > 0]
        mu = pairs[np.argmin(np.abs(np.abs(pairs) - 1))]
        kappa = float(2 * mu.real / abs(mu))
    surface = settings.surface
    start = corrected(surface, kind, at._y, kappa)
    if isinstance(start, Failure):
        return empty(
            settings, kind, f"no regular {kind} curve goes through this point ({start.reason})"
        )
    return followed(settings, start[0])


def _born(settings: Settings, at: Codim2Point) -> tuple[list[Start], str]:
    """Curves of longer cycles that start at the point, and what failed."""
    surface = settings.surface
    if len(surface.parameters) == 1:
        return [], "on a family of fixed points nothing is predicted"
    curve, y = surface.curve(at._y)
    with np.errstate(all="ignore"):
        unfolding = emanating(at.kind, curve, y, surface.parameters[1].name)
    return [s for s in unfolding.starts if s.period > surface.period], unfolding.status


def _away(settings: Settings, at: Codim2Point, begin: Start) -> BifurcationCurve:
    """Follow a curve that is born at the point, away from it."""
    surface = replace(settings.surface, period=begin.period)
    settings = replace(settings, surface=surface)
    start = _started(surface, at, begin)
    if start is None:
        return empty(
            settings,
            begin.kind,
            f"the {begin.kind} curve of the cycle of period {begin.period} was not found next to "
            f"the {at.kind} point: Newton's method does not converge from its prediction",
        )
    curve = followed(settings, start, both=False)
    where = ", ".join(f"{n} = {v:.10g}" for n, v in zip(at.parameters, at.values, strict=True))
    return replace(curve, ends=(f"born at the {at.kind} point {where}", curve.ends[1]))


def _started(surface: Surface, at: Codim2Point, begin: Start) -> CurvePoint | None:
    """Return the point of the curve near its prediction, with the tangent away from its birth."""
    found = corrected(surface, begin.kind, begin.y, begin.kappa or 0.0, limit=20)
    if isinstance(found, Failure):
        return None
    point = found[0]
    count = len(surface.parameters)
    birth = np.append(np.tile(at._y[:-count], begin.period // at.period), at._y[-count:])
    scale = np.append(np.tile(surface.scale, begin.period), surface.units[-count:])
    moved, distance = ((point.y - y) / scale for y in (begin.y, birth))
    if np.linalg.norm(moved) > FARTHEST * np.linalg.norm(distance):
        return None
    ahead = surface.head(begin.tangent) / surface.units
    return point if point.tangent[: len(ahead)] @ ahead > 0 else point.reversed()
