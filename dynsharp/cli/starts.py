"""Where a command begins when the user gives no start: at or next to a fixed point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.sweeps.domain import violations
from dynsharp.symbolic.fixed_points import FixedPoint, fixed_points

if TYPE_CHECKING:
    from dynsharp.continuation import Branch

_KICKS = (1e-2, -1e-2, 1e-1, -1e-1)  # relative distances from the fixed point
_MEMBERS = tuple(float(c) for c in np.linspace(0.1, 4.9, 25))  # of families, per coordinate
_GENERIC = (0.1, 0.3, 0.5, 0.9)  # where no fixed point has a closed form
_STEPS, _SAMPLES, _MANY = 1000, 32, 300


def stable_start(
    map: DiscreteMap,
    parameter: str,
    values: Iterable[float],
    start: Mapping[str, float] | None,
    at: float | None,
) -> tuple[Mapping[str, float] | FixedPoint, float]:
    """Return the start that is given, or a fixed point where it is stable for one of the values.

    Raises
    ------
    InputError
        If only one of ``start`` and ``at`` is given, or no fixed point is stable.
    """
    if (start is None) != (at is None):
        lacking = "--at" if at is None else "--start"
        raise InputError(lacking, "nothing", "--start and --at together")
    if start is not None and at is not None:
        return start, at
    symbol = map.parameter(parameter)
    for p in fixed_points(map):
        if not p.relations and not p.family:
            condition = sp.And(p.exists, p.stable)
            if stable := [v for v in values if _holds(condition, symbol, v)]:
                return p, float(stable[len(stable) // 2])
    wants = "--start and --at: no fixed point was found stable there"
    raise InputError("--start", "nothing", wants)


def _holds(condition: Any, symbol: sp.Symbol, value: float) -> bool:
    try:
        return bool(condition.subs(symbol, sp.Rational(float(value))))
    except TypeError:  # a comparison of complex numbers: the point does not exist
        return False


def doubled(branch: Branch, doublings: int) -> list[Branch]:
    """Return a branch and the doubled cycles of it, one after the other, as many as asked for."""
    from dynsharp.bifurcations import kinds

    doubling = {k.name for k in kinds() if k.leaves.times == 2}
    found = [branch]
    while len(found) <= doublings:
        point = next((p for p in found[-1].special_points if p.kind in doubling), None)
        if point is None:
            break
        found.append(found[-1].switch(point))
    return found


def start_next_to(
    map: DiscreteMap, points: Sequence[FixedPoint], parameter: str, values: Any
) -> tuple[dict[str, Any], str]:
    """Return a start for each value of the parameter, and a sentence that says which.

    Every candidate (a fixed point or a member of a family, displaced a little) is iterated for a
    few steps at a sample of the values. Those that stay bounded most often come first, and each
    value takes the first that is in the domain, and bounded, there.

    Parameters
    ----------
    map
        The map, with all other parameters put in.
    points
        Its fixed points.
    parameter, values
        What is swept.

    Raises
    ------
    InputError
        If for some value no candidate is in the domain: the user has to give a start.
    """
    values = np.asarray(values, dtype=float)
    candidates = _candidates(map, points, parameter, values)
    usable = np.array(
        [
            np.isfinite(c).all(axis=0)
            & ~violations(map, dict(zip(_names(map), c, strict=True)) | {parameter: values})
            for _, c in candidates
        ]
    )
    sample = np.unique(np.linspace(0, len(values) - 1, _SAMPLES).astype(int))
    states = np.array([c[:, sample] for _, c in candidates])
    bounded = _bounded(map, parameter, states, values[sample])
    order = np.argsort(-(bounded & usable[:, sample]).sum(axis=1), kind="stable")
    if not usable.any(axis=0).all():
        bad = values[~usable.any(axis=0)][0]
        wants = "--start NAME=VALUE for every state variable: no fixed point to start from"
        raise InputError("--start", f"none, at {parameter} = {bad:g}", wants)
    nearest = np.abs(values[:, None] - values[sample]).argmin(axis=1)
    merit = 2 * usable[order] + (usable & bounded[:, nearest])[order]
    chosen = order[np.argmax(merit, axis=0)]
    start = np.array([candidates[c][1][:, i] for i, c in enumerate(chosen)]).T
    text = candidates[order[0]][0]
    if len(set(chosen)) > 1:
        text += "; elsewhere the nearest such start in the domain"
    return dict(zip(_names(map), start, strict=True)), text


def _names(map: DiscreteMap) -> list[str]:
    return [s.name for s in map.state]


def _candidates(
    map: DiscreteMap, points: Sequence[FixedPoint], parameter: str, values: Any
) -> list[tuple[str, Any]]:
    """Return (what it is, states × values) for displaced fixed points, then generic states."""
    direction = np.array([1.0 / (1 + i) for i in range(map.dimension)])[:, None]
    symbol = map.parameter(parameter)
    found: list[tuple[str, Any]] = []
    for p in points:
        if p.relations:
            continue
        state = sp.lambdify([symbol, *p.family], list(p.state.values()), "numpy")
        members = list(product(_MEMBERS, repeat=len(p.family)))[: _MANY // len(points)]
        for member in members:
            with np.errstate(all="ignore"):
                raw = [np.asarray(e, dtype=complex) for e in state(values + 0j, *member)]
            at = np.array([np.broadcast_to(e, values.shape) for e in raw])
            at = np.where(np.abs(at.imag) < 1e-12, at.real, np.nan)
            text = ", ".join(f"{x} = {e}" for x, e in p.state.items() if e != x)
            if member:
                text += ", " + ", ".join(
                    f"{c} = {v:g}" for c, v in zip(p.family, member, strict=True)
                )
            for kick in _KICKS:
                moved = at + kick * (1 + np.abs(at)) * direction
                found.append((f"the fixed point {text}, displaced by {kick:g}", moved))
    for value in _GENERIC:
        at = np.broadcast_to(value * direction, (map.dimension, len(values)))
        text = ", ".join(f"{x} = {v:g}" for x, v in zip(map.state, at[:, 0], strict=True))
        found.append((text, at.copy()))
    return found


def _bounded(map: DiscreteMap, parameter: str, states: Any, values: Any) -> Any:
    """Whether orbits of the states (candidates × variables × values) stay within bounds."""
    step = sp.lambdify([*map.state, map.parameter(parameter)], list(map.expressions), "numpy")
    x = np.moveaxis(states, 1, 0)
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            x = np.array([np.broadcast_to(e, x.shape[1:]) for e in step(*x, values)])
        return (np.abs(x) < 1e3).all(axis=0)
