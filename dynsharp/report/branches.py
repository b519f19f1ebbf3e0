"""Branches and cascades for the command line: where they begin, and their numbers as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.branch_tree import BifurcationDiagram
from dynsharp.continuation import Branch, Cascade, cascade, continue_fixed_point
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.fixed_points import FixedPoint, fixed_points
from dynsharp.symbolic.thresholds import thresholds

__all__ = ["branches", "branches_as_dict", "cascade_as_dict", "diagram_as_dict", "doublings"]


def branches(
    map: DiscreteMap,
    parameter: str,
    span: Sequence[float],
    *,
    start: Mapping[str, float] | None = None,
    at: float | None = None,
    doublings: int = 0,
) -> list[Branch]:
    """Follow a fixed point over a span, then the doubled cycles from flip to flip.

    Without a start it is a fixed point that is stable somewhere in the span, there.

    Raises
    ------
    InputError
        If only one of ``start`` and ``at`` is given, no fixed point is stable in the span, or the
        span is empty.
    """
    if not span[0] < span[1]:
        raise InputError("--span", f"{span[0]:g} {span[1]:g}", "two values, the lesser first")
    begin, where = _beginning(map, parameter, start, at, np.linspace(span[0], span[1], 201))
    found = [continue_fixed_point(map, parameter, begin, where, span)]
    while len(found) <= doublings:
        flips = [p for p in found[-1].special_points if p.kind == "flip"]
        if not flips:
            break
        found.append(found[-1].switch(flips[0]))
    return found


def doublings(
    map: DiscreteMap,
    parameter: str,
    number: int,
    digits: int,
    *,
    start: Mapping[str, float] | None = None,
    at: float | None = None,
) -> Cascade:
    """Follow the period-doubling cascade of a fixed point that has a flip.

    Without a start it begins a little before the first exact flip.

    Raises
    ------
    InputError
        If only one of ``start`` and ``at`` is given, or no flip has a closed form.
    """
    near = []
    if start is None:
        for p in fixed_points(map):
            flips = [t.value for t in thresholds(p, parameter) if t.kind == "flip"]
            near += [float(v) * (1 + s) for v in flips if v.is_real for s in (-0.02, 0.02)]
    begin, where = _beginning(map, parameter, start, at, np.array(near))
    return cascade(map, parameter, begin, where, number, digits)


def _beginning(
    map: DiscreteMap,
    parameter: str,
    start: Mapping[str, float] | None,
    at: float | None,
    values: Any,
) -> tuple[Mapping[str, float] | FixedPoint, float]:
    """Return the start that is given, or a fixed point where it is stable for one of the values."""
    if (start is None) != (at is None):
        raise InputError(
            "--at" if at is None else "--start", "nothing", "--start and --at together"
        )
    if start is not None and at is not None:
        return start, at
    symbol = map.parameter(parameter)
    for p in fixed_points(map):
        if not p.relations and not p.family:
            stable = [v for v in values if _holds(sp.And(p.exists, p.stable), symbol, v)]
            if stable:
                return p, float(stable[len(stable) // 2])
    raise InputError(
        "--start", "nothing", "--start and --at: no fixed point was found stable there"
    )


def _holds(condition: Any, symbol: sp.Symbol, value: float) -> bool:
    try:
        return bool(condition.subs(symbol, sp.Rational(float(value))))
    except TypeError:  # a comparison of complex numbers: the point does not exist
        return False


def branches_as_dict(found: Sequence[Branch]) -> list[dict[str, Any]]:
    """Return the special points of each branch as plain data."""
    return [
        {
            "period": b.period,
            "points": int(b.to_dataset().sizes["point"]),
            "status": b.status,
            "special_points": [
                {
                    "kind": s.kind,
                    "value": s.value,
                    "uncertainty": s.uncertainty,
                    "state": {x: np.asarray(v).tolist() for x, v in s.state.items()},
                    "criticality": getattr(s.normal_form, "criticality", None),
                    "status": s.status,
                }
                for s in b.special_points
            ],
        }
        for b in found
    ]


def diagram_as_dict(found: BifurcationDiagram) -> dict[str, Any]:
    """Return the branches of a diagram as plain data, with where each comes from."""
    rows = branches_as_dict(found.branches)
    return {
        "branches": [
            row | {"from": o.text, "stable": _stable(b)}
            for row, b, o in zip(rows, found.branches, found.origins, strict=True)
        ],
        "not_followed": [str(u) for u in found.unfollowed],
        "status": found.status,
    }


def _stable(branch: Branch) -> list[tuple[float, float]]:
    """Ranges of the parameter in which a branch is stable."""
    pieces = [piece[branch.parameter] for piece in branch.segments(stable=True)]
    return [(float(p.min()), float(p.max())) for p in pieces]


def cascade_as_dict(found: Cascade) -> dict[str, Any]:
    """Return the cascade as plain data; numbers of many digits as text, with their error bounds."""

    def plain(estimate: Any) -> dict[str, Any]:
        text = str(estimate).split(" ± ")[0]
        return {"value": text, "error": estimate.error if np.isfinite(estimate.error) else None}

    return {
        "parameter": found.parameter,
        "periods": list(found.periods),
        "thresholds": [plain(e) for e in found.thresholds],
        "superstable": [plain(e) for e in found.superstable],
        "ratios": [plain(e) for e in found.ratios],
        "accumulation": plain(found.accumulation),
        "delta": plain(found.delta),
        "alpha": plain(found.alpha),
        "status": found.status,
    }
