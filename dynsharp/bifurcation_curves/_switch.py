"""Onto the other curves through a point of codimension two."""

from __future__ import annotations

from dataclasses import replace

from dynsharp.bifurcation_curves._assemble import empty, followed
from dynsharp.bifurcation_curves._point import Failure, corrected
from dynsharp.bifurcation_curves._result import BifurcationCurve, Codim2Point
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
KAPPA = {"1:1": 2.0, "1:2": -2.0}


def switched(
    curve: BifurcationCurve, at: Codim2Point, kind: str | None, period: int | None
) -> BifurcationCurve:
    """Follow another curve through a point of codimension two."""
    if not any(at is p for p in curve.special_points):
        raise InputError("point", at, "one of curve.special_points")
    settings = curve._settings
    same = [k for k in THROUGH.get(at.kind, ()) if k != curve.kind]
    chosen = kind or (same[0] if same else None)
    if chosen not in same or period not in (None, curve.period):
        raise InputError("kind", repr(kind), f"one of {same} at a {at.kind} point")
    assert chosen is not None
    kappa = KAPPA.get(at.kind, 0.0)
    if chosen == "neimark-sacker" and at.kind not in KAPPA:
        pair = next(m for m in at.multipliers if m.imag > 0)
        kappa = float(2 * pair.real / abs(pair))
    settings = replace(settings, surface=at._surface)
    start = corrected(settings.surface, chosen, at._y, kappa)
    if isinstance(start, Failure):
        return empty(
            settings, chosen, f"no regular {chosen} curve goes through this point ({start.reason})"
        )
    return followed(settings, start[0])
