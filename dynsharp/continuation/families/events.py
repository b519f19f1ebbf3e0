"""Special points along a family of fixed points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.interpolate import KroghInterpolator
from scipy.optimize import brentq

from dynsharp.bifurcations import branch_point, flip, fold, neimark_sacker
from dynsharp.bifurcations.zeros import Chords, zeros
from dynsharp.continuation.branch import SpecialPoint
from dynsharp.normal_forms.family_flip import FamilyFlipForm, family_flip_form
from dynsharp.shooting.families import (
    EPS,
    Member,
    corrected,
    distance,
    member_at,
    shifted,
)
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["family_events", "family_user_events"]

FINEST = 1e-8  # length below which events are no longer separated
COUNTED = (flip.KIND, fold.KIND, neimark_sacker.KIND)
REPORTED = (flip.KIND, branch_point.KIND, neimark_sacker.KIND)  # where others cross, not folds
NODES = np.linspace(0.0, 1.0, 8)  # none in the middle, from which bisection came


def family_events(
    curve: Curve, a: Member, b: Member, name: str, axis: int
) -> Iterator[tuple[float, SpecialPoint, Member]]:
    """Yield the special points between two members: where, what, and the member there."""
    flips, ones, pairs = np.diff([[k.count(m.mu, m.mu) for k in COUNTED] for m in (a, b)], axis=0)[
        0
    ]
    if not (flips or ones or pairs) or (abs(pairs) == 1 and abs(flips) + abs(ones) == 2):
        return
    chord = distance(curve, a.y, b.y)
    middle = None
    if abs(flips) + abs(ones) + abs(pairs) > 1 and np.linalg.norm(chord) > FINEST:
        y = corrected(curve, shifted(curve, a.y, 0.5 * chord), a.left, a.basis)
        middle = member_at(curve, y, a) if y is not None else None
    if middle is not None:  # one after the other
        for offset, start, end in ((0.0, a, middle), (0.5, middle, b)):
            for t, point, member in family_events(curve, start, end, name, axis):
                yield offset + t / 2, point, member
        return
    low, high = sorted((float(a.y[axis]), float(b.y[axis])))
    for kind, changed in (("flip", flips), ("branch", ones), ("neimark-sacker", pairs)):
        if not changed:
            continue
        found = _located(curve, a, b, kind) or _interpolated(curve, a, b, kind)
        t, member, off = found or (0.0, a, 0.0)
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
        error = 64 * EPS * max(1.0, abs(float(member.y[axis]))) + off * (high - low)
        error = high - low if found is None else error
        point = _special(curve, member, (kind, name), axis, error, (low, high), form, status)
        yield t, point, member


def family_user_events(
    curve: Curve, members: list[Member], name: str, axis: int
) -> Iterator[tuple[int, float, SpecialPoint, Member]]:
    """Where functions of the user's vanish."""

    def above(a: Member, b: Member, t: float) -> Member | None:
        y = corrected(curve, shifted(curve, a.y, t * distance(curve, a.y, b.y)), a.left, a.basis)
        return member_at(curve, y, a) if y is not None else None

    if len(members) < 2:
        return
    Y, MU = np.array([m.y for m in members]), np.array([_multipliers(m) for m in members])
    for event in curve.events:
        samples = event.values(curve, Y, MU)
        for column in range(samples.shape[1]):

            def test(m: Member, column: int = column, event: Any = event) -> float:
                return float(event.values(curve, m.y[None], _multipliers(m)[None])[0, column])

            def noise(m: Member, column: int = column, event: Any = event) -> float:
                return event.rounding(curve, m.y, _multipliers(m), column)

            for zero in zeros(Chords(members, above, test, noise), samples[:, column]):
                a, b = zero.bracket
                member = zero.point or a
                low, high = sorted(float(m.y[axis]) for m in (a, b))
                error = zero.error * (high - low) + 16 * EPS * abs(low)
                kinds = event.name, name
                point = _special(curve, member, kinds, axis, error, (low, high), None, zero.status)
                first, second = members[zero.index].y, members[zero.index + 1].y
                part, whole = (distance(curve, first, y) for y in (member.y, second))
                t = float(np.linalg.norm(part) / np.linalg.norm(whole))
                yield zero.index, t, point, member


def _multipliers(member: Member) -> Array:
    return np.concatenate([np.ones(member.basis.shape[1]), member.mu]).astype(complex)


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
    mu = _multipliers(member)
    return SpecialPoint(
        *names,
        float(member.y[axis]),
        error,
        curve.named(member.y),
        mu[np.argsort(-np.abs(mu), kind="stable")],
        form,
        bracket,
        curve.period,
        status,
        member.y,
        _curve=curve,
    )


def _interpolated(
    curve: Curve, a: Member, b: Member, kind: str
) -> tuple[float, Member, float] | None:
    """Interpolate where another family crosses: there the kernel is larger, and no member is found.

    The product of μ − 1 over the multipliers across the family is smooth along it.
    """
    chord = distance(curve, a.y, b.y)
    if kind != "branch":
        return None
    members = []
    for t in NODES:
        y = corrected(curve, shifted(curve, a.y, t * chord), a.left, a.basis)
        members.append(member_at(curve, y, a) if y is not None else None)
    known = [(t, m) for t, m in zip(NODES, members, strict=True) if m is not None]
    if len(known) < len(NODES) - 1:
        return None
    nodes = np.array([t for t, _ in known])
    rows = np.array([m.y for _, m in known])
    values = np.array([float(np.prod(m.mu - 1).real) for _, m in known])
    product, fewer = (KroghInterpolator(nodes[k:], values[k:]) for k in (0, 1))
    if not values[0] * values[-1] < 0:
        return None
    t = float(brentq(lambda s: float(product(s)), nodes[0], nodes[-1]))
    slope = abs(values[-1] - values[0])
    off = abs(float(fewer(t))) / slope
    y = np.asarray(KroghInterpolator(nodes, rows)(t))
    nearest = min(known, key=lambda item: abs(item[0] - t))[1]
    mu = np.asarray(KroghInterpolator(nodes, np.array([m.mu for _, m in known]))(t))
    return t, replace(nearest, y=y, mu=mu), off


def _located(curve: Curve, a: Member, b: Member, kind: str) -> tuple[float, Member, float] | None:
    """Solve for the fraction of the chord at which a multiplier is critical; last its error."""
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
    return float(t), at(float(t)), 0.0
