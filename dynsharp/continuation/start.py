"""From what the user gives to a first point of the branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.problem import Curve
from dynsharp.shooting.singular import nearest
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.types import Array

TRANSIENTS = (0, 100, 2000)  # steps of the map before Newton's method, if it fails without
DIRECT = 30  # Newton steps
EXACT, FAR = 1e-14, 1e-6  # residual of a solution, relative to the state; no step from one
EQUILIBRATIONS = 8
RANK = 1e-9  # relative size of a singular value that counts as zero


@dataclass(frozen=True)
class Start:
    """A cycle near the guess, or None and the sentence that says why there is none."""

    y: Array | None
    status: str = ""


def starting_state(map: DiscreteMap, start: Any, period: int, values: Mapping[str, float]) -> Array:
    """Return the state to start from, 1 × n or period × n.

    Raises
    ------
    InputError
        If a variable is missing or unknown, or a value is no number.
    """
    if isinstance(start, FixedPoint):
        if start.family:
            free = ", ".join(s.name for s in start.family)
            raise InputError("start", "a family of fixed points", f"a state: give {free} a number")
        known = {p: sp.Float(values[p.name], 30) for p in map.parameters}
        state = {x.name: sp.sympify(e).subs(known) for x, e in start.state.items()}
        if not all(e.is_number for e in state.values()):
            raise InputError(
                "start", "a fixed point without closed form", "a dictionary of numbers"
            )
        if any(abs(sp.im(e)) > 1e-9 for e in state.values()):
            raise InputError(
                "start",
                f"a fixed point that is not real at these parameters {values}",
                "one that exists there",
            )
        start = {name: float(sp.re(e)) for name, e in state.items()}
    if not isinstance(start, Mapping):
        raise InputError(
            "start", repr(start), "a dictionary {state variable: number} or FixedPoint"
        )
    names = [s.name for s in map.state]
    given = {str(k): v for k, v in start.items()}
    if unknown := set(given) - set(names):
        raise InputError(
            "start", f"{sorted(unknown)}", f"the state {', '.join(names)} of {map.name}"
        )
    if missing := [n for n in names if n not in given]:
        raise InputError("start", f"no value for {', '.join(missing)}", "a number for each")
    columns = []
    for name in names:
        try:
            x = np.atleast_1d(np.asarray(given[name], dtype=float))
        except (TypeError, ValueError) as error:
            raise InputError(f"start[{name!r}]", repr(given[name]), "a number") from error
        if x.shape not in ((1,), (period,)) or not np.isfinite(x).all():
            wants = "a finite number" + f", or {period} of them along the cycle" * (period > 1)
            raise InputError(f"start[{name!r}]", repr(given[name]), wants)
        columns.append(x)
    length = max(len(x) for x in columns)
    return np.column_stack([np.broadcast_to(x, (length,)) for x in columns])


def null_direction(D: Array) -> tuple[Array, bool]:
    """Return the null vector of a full-rank n × (n + 1) matrix, and whether it is not of full rank.

    Rows and columns are brought to like norms first (Ruiz 2001): units do not matter.
    """
    columns = np.ones(D.shape[1])
    for _ in range(EQUILIBRATIONS):
        rows = np.linalg.norm(D, axis=1)
        D = D / np.sqrt(np.where(rows > 0, rows, 1.0))[:, None]
        norms = np.linalg.norm(D, axis=0)
        factors = 1 / np.sqrt(np.where(norms > 0, norms, 1.0))
        D, columns = D * factors, columns * factors
    _, singular, right = np.linalg.svd(D)
    return right[-1] * columns, bool(singular[-1] <= RANK * singular[0])


def solved(curve: Curve, states: Array, value: float) -> Start:
    """Newton's method for a cycle near a state, at a fixed parameter.

    It is tried from the orbit of the guess, then from where that orbit goes.
    """
    with np.errstate(all="ignore"):
        return _solved(curve, states, value)


def _solved(curve: Curve, states: Array, value: float) -> Start:
    status = ""
    for transient in TRANSIENTS:
        guess = _orbit(curve, states, value, transient)
        if guess is None or not curve.linearised(guess).finite:
            return Start(None, status or _lost(curve, states, value))
        y = _near(curve, guess)
        if y is None:
            status = status or (
                f"the start is not near a solution at {curve.parameter} = {value:.6g}: Newton's "
                "method does not converge; start closer by, or where the map settles"
            )
        elif (found := minimal_period(curve, y)) != curve.period:
            status = (
                f"the start leads to a cycle of period {found} instead of {curve.period} at "
                f"{curve.parameter} = {value:.6g}: give all points of the cycle, or start elsewhere"
            )
        else:
            return Start(y)
        if len(states) > 1:
            break
    return Start(None, status)


def _lost(curve: Curve, states: Array, value: float) -> str:
    return (
        f"the map is not finite at the start {states[0].tolist()} or on its orbit, at "
        f"{curve.parameter} = {value:.6g}: start elsewhere"
    )


def _orbit(curve: Curve, states: Array, value: float, transient: int) -> Array | None:
    """Return the points of a cycle as given, or the orbit of one."""
    if len(states) == curve.period and transient == 0:
        rows = states
    else:
        rows = curve.orbit(states[0], value, curve.period, transient)
    return np.append(rows.ravel(), value) if np.all(np.abs(rows) < 1e150) else None


def _near(curve: Curve, y: Array) -> Array | None:
    found = curve.corrected(y, curve.upward, limit=DIRECT)
    exact = curve.residual(y) <= EXACT * max(1.0, float(np.max(np.abs(y[:-1]))))
    if exact and (found is None or np.max(np.abs(found - y)) > FAR):
        return y  # on a family of solutions a step is rounding over a pivot that vanishes
    if found is None:
        found = nearest(curve, y)
    if found is None:
        return None
    size = np.max(np.abs(found[:-1]))
    near = curve.residual(found) <= 1e-8 and size <= 1e3 * (1 + np.max(np.abs(y[:-1])))
    return found if near else None
