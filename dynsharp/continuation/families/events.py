"""Events along a family of fixed points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.interpolate import KroghInterpolator
from scipy.optimize import brentq

from dynsharp.bifurcations import branch_point, flip, fold, neimark_sacker
from dynsharp.bifurcations.kind import LOCATED, Kind
from dynsharp.bifurcations.located import Located
from dynsharp.bifurcations.zeros import Chords, zeros
from dynsharp.normal_forms.family_flip import family_flip_form
from dynsharp.shooting.families import EPS, Member, distance, neighbour
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

FINEST = 1e-8  # length below which events are no longer separated
COUNTED = (flip.KIND, fold.KIND, neimark_sacker.KIND)
REPORTED = (flip.KIND, branch_point.KIND, neimark_sacker.KIND)  # where others cross, not folds
NODES = np.linspace(0.0, 1.0, 8)  # none in the middle, from which bisection came


def family_events(
    curve: Curve, a: Member, b: Member, index: int, axis: int
) -> Iterator[tuple[float, Located]]:
    """Yield the bifurcations between two members, and where on the chord they are.

    ``index`` is the number of the first one, ``axis`` the coordinate that is told.
    """
    counts = [[kind.count(m.mu, m.mu) for kind in COUNTED] for m in (a, b)]
    change = np.diff(counts, axis=0)[0]
    flips, ones, pairs = np.abs(change)
    if not change.any() or (pairs == 1 and flips + ones == 2):
        return
    chord = distance(curve, a.y, b.y)
    middle = None
    if flips + ones + pairs > 1 and np.linalg.norm(chord) > FINEST:
        middle = _between(curve, a, b, 0.5)
    if middle is not None:  # one after the other
        for offset, start, end in ((0.0, a, middle), (0.5, middle, b)):
            for t, event in family_events(curve, start, end, index, axis):
                yield offset + t / 2, event
        return
    for kind, changed in zip(REPORTED, change, strict=True):
        if changed:
            yield _event(curve, kind, (a, b), index, axis)


def _event(
    curve: Curve, kind: Kind, bracket: tuple[Member, Member], index: int, axis: int
) -> tuple[float, Located]:
    """Return what happens once between two members, and where on the chord."""
    a, b = bracket
    name = curve.map.state[axis].name
    low, high = sorted((float(a.y[axis]), float(b.y[axis])))
    found = _located(curve, a, b, kind)
    if found is None and kind is branch_point.KIND:
        found = _interpolated(curve, a, b)
    form, status = None, LOCATED
    if found is None:
        t, member, error = 0.0, a, high - low
        status = (
            f"not located between {name} = {low:.15g} and {high:.15g}; look with a smaller step"
        )
    else:
        t, member, off = found
        error = 64 * EPS * max(1.0, abs(float(member.y[axis]))) + off * (high - low)
        if kind is flip.KIND:
            form = family_flip_form(curve, member, axis)
        else:
            status = "located; there is no normal form for this event on a family"
    return t, _told(curve, kind, member, error, bracket, index, form, status)


def family_user_events(
    curve: Curve, members: list[Member], axis: int
) -> Iterator[tuple[float, Located]]:
    """Where functions of the user's vanish, and where on the chord that is."""
    if len(members) < 2:
        return
    Y, MU = np.array([m.y for m in members]), np.array([multipliers(m) for m in members])
    for event in curve.events:
        samples = event.values(curve, Y, MU)
        for column in range(samples.shape[1]):

            def test(m: Member, column: int = column, event: Any = event) -> float:
                return float(event.values(curve, m.y[None], multipliers(m)[None])[0, column])

            def noise(m: Member, column: int = column, event: Any = event) -> float:
                return event.rounding(curve, m.y, multipliers(m), column)

            def above(a: Member, b: Member, t: float) -> Member | None:
                return _between(curve, a, b, t)

            for zero in zeros(Chords(members, above, test, noise), samples[:, column]):
                a, b = zero.bracket
                member, i = zero.point or a, zero.index
                low, high = sorted(float(m.y[axis]) for m in (a, b))
                error = zero.error * (high - low) + 16 * EPS * abs(low)
                first, second = members[i].y, members[i + 1].y
                travelled, whole = (distance(curve, first, y) for y in (member.y, second))
                t = float(np.linalg.norm(travelled) / np.linalg.norm(whole))
                yield t, _told(curve, event, member, error, zero.bracket, i, None, zero.status)


def multipliers(member: Member) -> Array:
    """Return all multipliers at a member: those along the family, which are 1, first."""
    return np.concatenate([np.ones(member.basis.shape[1]), member.mu]).astype(complex)


def _told(
    curve: Curve,
    kind: Kind,
    member: Member,
    error: float,
    bracket: tuple[Member, Member],
    index: int,
    form: Any,
    status: str,
) -> Located:
    a, b = (_point(curve, m) for m in bracket)
    mu = multipliers(member)
    return Located(kind, member.y, mu, error, (a, b), index, form=form, status=status)


def _point(curve: Curve, m: Member) -> Point:
    """Return a member as a point of a curve; a family has no orientation."""
    tangent = curve.carried(m.y, np.append(m.direction * curve.scale, 0.0))
    return Point(m.y, tangent, multipliers(m), 0.0)


def _between(curve: Curve, a: Member, b: Member, t: float) -> Member | None:
    """Return the member above a point of the chord."""
    return neighbour(curve, a, t * distance(curve, a.y, b.y))


def _interpolated(curve: Curve, a: Member, b: Member) -> tuple[float, Member, float] | None:
    """Interpolate where another family crosses: there the kernel is larger, and no member is found.

    The product of μ − 1 over the multipliers across the family is smooth along it.
    """
    members = [_between(curve, a, b, t) for t in NODES]
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


def _located(curve: Curve, a: Member, b: Member, kind: Kind) -> tuple[float, Member, float] | None:
    """Solve for the fraction of the chord at which a multiplier is critical; last its error."""
    members: dict[float, Member] = {0.0: a, 1.0: b}

    def at(t: float) -> Member:
        if t not in members:
            member = _between(curve, a, b, t)
            if member is None:
                raise FloatingPointError
            members[t] = member
        return members[t]

    def test(t: float) -> float:
        mu = at(t).mu
        if kind is neimark_sacker.KIND:
            pair = mu[mu.imag > 0]
            return float(np.abs(pair[np.argmin(np.abs(np.abs(pair) - 1))]) - 1)
        return float(np.prod(mu + (1 if kind is flip.KIND else -1)).real)

    try:
        t = brentq(test, 0.0, 1.0, xtol=2 * EPS, rtol=4 * EPS)
    except (ValueError, FloatingPointError):
        return None
    return float(t), at(float(t)), 0.0
