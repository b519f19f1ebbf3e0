"""Special points along a family of fixed points."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import brentq

from dynsharp.continuation._curve import Array, Curve
from dynsharp.continuation._events import counts
from dynsharp.continuation._family_form import FamilyFlipForm, family_flip_form
from dynsharp.continuation._members import (
    EPS,
    Member,
    corrected,
    distance,
    member_at,
    shifted,
)
from dynsharp.continuation._result import SpecialPoint
from dynsharp.continuation._special import state_of
from dynsharp.continuation._user_events import zeros

__all__ = ["family_events", "family_user_events"]


def family_events(
    curve: Curve, a: Member, b: Member, name: str, axis: int
) -> Iterator[tuple[float, SpecialPoint, Member]]:
    before, after = (np.array(counts(m.mu)) for m in (a, b))
    flips, ones, pairs = after - before
    if not (flips or ones or pairs) or (abs(pairs) == 1 and abs(flips) + abs(ones) == 2):
        return
    low, high = sorted((float(a.y[axis]), float(b.y[axis])))
    for kind, changed in (("flip", flips), ("branch", ones), ("neimark-sacker", pairs)):
        if not changed:
            continue
        found = _located(curve, a, b, kind)
        t, member = found or (0.0, a)
        status = "located"
        form: FamilyFlipForm | None = None
        if found is None:
            status = (
                f"not located between {name} = {low:.15g} and {high:.15g}; look with a smaller step"
            )
        elif kind == "flip":
            form = family_flip_form(curve, member, axis)
        else:
            status = "located; there is no normal form for this event on a family"
        error = high - low if found is None else 64 * EPS * max(1.0, abs(float(member.y[axis])))
        point = _special(curve, member, (kind, name), axis, error, (low, high), form, status)
        yield t, point, member


def family_user_events(
    curve: Curve, members: list[Member], name: str, axis: int
) -> Iterator[tuple[int, float, SpecialPoint, Member]]:
    """Where functions of the user's vanish."""

    def above(index: int, t: float) -> Member | None:
        a, b = members[index], members[index + 1]
        if t in (0.0, 1.0):
            return b if t else a
        y = corrected(curve, shifted(curve, a.y, t * distance(curve, a.y, b.y)), a.left, a.basis)
        return member_at(curve, y, a) if y is not None else None

    def y_above(index: int, t: float) -> Array | None:
        member = above(index, t)
        return None if member is None else member.y

    Y = np.array([m.y for m in members])
    for event in curve.events if len(members) > 1 else ():
        for zero in zeros(partial(curve.of_user, event), Y, y_above):
            bracket = sorted(float(members[zero.index + i].y[axis]) for i in (0, 1))
            member = above(zero.index, zero.t) or members[zero.index]
            error = zero.error * (bracket[1] - bracket[0]) + 16 * EPS * abs(bracket[0])
            kinds = event.name, name
            low, high = bracket
            point = _special(curve, member, kinds, axis, error, (low, high), None, zero.status)
            yield zero.index, zero.t, point, member


def _special(
    curve: Curve,
    member: Member,
    names: tuple[str, str],
    axis: int,
    error: float,
    bracket: tuple[float, float],
    form: Any,
    status: str,
) -> SpecialPoint:
    mu = np.concatenate([np.ones(member.basis.shape[1]), member.mu])
    return SpecialPoint(
        *names,
        float(member.y[axis]),
        error,
        state_of(curve, member.y),
        mu[np.argsort(-np.abs(mu), kind="stable")],
        form,
        bracket,
        curve.period,
        status,
        member.y,
        _curve=curve,
    )


def _located(curve: Curve, a: Member, b: Member, kind: str) -> tuple[float, Member] | None:
    """Solve for the fraction of the chord at which a multiplier is critical."""
    chord = distance(curve, a.y, b.y)
    members: dict[float, Member] = {0.0: a, 1.0: b}

    def at(t: float) -> Member:
        if t not in members:
            y = corrected(curve, shifted(curve, a.y, t * chord), a.left, a.basis)
            member = member_at(curve, y, a) if y is not None else None
            if member is None:
                raise FloatingPointError
            members[t] = member
        return members[t]

    def test(t: float) -> float:
        mu = at(t).mu
        if kind == "neimark-sacker":
            pair = mu[mu.imag > 0]
            return float(np.abs(pair[np.argmin(np.abs(np.abs(pair) - 1))]) - 1)
        return float(np.prod(mu + (1 if kind == "flip" else -1)).real)

    try:
        t = brentq(test, 0.0, 1.0, xtol=2 * EPS, rtol=4 * EPS)
    except (ValueError, FloatingPointError):
        return None
    return float(t), at(float(t))
