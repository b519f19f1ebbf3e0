r"""Continuation along a family of fixed points: where I − DF is singular, on all of it.

At a fixed parameter the fixed points form a manifold with tangent space N = ker(A − I) of dimension
c. A step goes along a tangent τ and is corrected across the family,

    [A − I, U; Vᵀ, 0] [δ; ·] = [x − F(x); 0],

with U and V bases of the left and right kernel: the matrix is regular where the other multipliers
are not 1. For c = 1 the family is a curve. For c > 1 the way is that of steepest change of the
leading multiplier across the family, of derivative p·D²F(n_j, q) along n_j.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq

from dynsharp.continuation._assemble import Options, state_of
from dynsharp.continuation._curve import Array, Curve
from dynsharp.continuation._events import counts
from dynsharp.continuation._jets import Forms
from dynsharp.continuation._normal_forms import critical_pair, product
from dynsharp.continuation._result import Branch, SpecialPoint, same_rows
from dynsharp.numerical._domain import violations

__all__ = ["Member", "family_at", "followed_family"]

SMALL = 1e-7  # a singular value of A − I below this is zero
EXTENT = 10.0  # how far the family is followed each way, in units of the state at the start
FASTER = 4.0  # steps along a family are longer than along a parameter, by this factor
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Member:
    """A point of the family; tangents are in units of the scale."""

    y: Array
    basis: Array
    left: Array
    direction: Array
    mu: Array


def family_at(curve: Curve, y: Array) -> Member | None:
    """Return the member of a family at a fixed point; None where it is isolated (or a fold)."""
    left, basis = _kernels(curve, y)
    dimension = basis.shape[1]
    if not dimension:
        return None
    length = 1e-3
    for tangent in basis.T:
        moved = _corrected(curve, _shifted(curve, y, length * tangent), left, basis)
        if moved is None or _kernels(curve, moved)[1].shape[1] != dimension:
            return None
        travelled = float(tangent @ _distance(curve, y, moved))
        if not 0.5 * length < travelled < 1.5 * length:
            return None
    return _member(curve, y, None)


def followed_family(curve: Curve, start: Member, options: Options) -> Branch:
    """Follow the family both ways from a member."""
    forward, end = _way(curve, start, options)
    back, begin = _way(curve, replace(start, direction=-start.direction), options)
    members = [*(replace(m, direction=-m.direction) for m in back[:0:-1]), *forward]
    axis = int(np.argmax(np.abs(start.direction)))
    members, ends = (
        (members[::-1], (end, begin)) if start.direction[axis] < 0 else (members, (begin, end))
    )
    names = [s.name for s in curve.map.state]
    special, rows = [], list(members)
    for a, b in pairwise(members):
        for point, member in _events(curve, a, b, names[axis], axis):
            special.append(point)
            rows.insert(next(i for i, m in enumerate(rows) if m is b), member)
    Y = np.array([m.y for m in rows])
    dimension = start.basis.shape[1]
    MU = np.array([np.concatenate([np.ones(dimension), m.mu]) for m in rows])
    stable = np.array([bool((np.abs(m.mu) < 1).all()) for m in rows])
    for p in special:
        stable[same_rows(Y, p._y)] = False
    steps = np.diff(Y[:, :-1], axis=0) / np.tile(curve.scale, curve.period)
    lengths = np.linalg.norm(steps, axis=1) / np.sqrt(curve.period)
    failed = [
        f"{p.kind} near {p.parameter} = {p.value:.10g}: {p.status}"
        for p in special
        if p.status != "located"
    ]
    return Branch(
        curve.map,
        names[axis],
        {**curve.values, str(curve.parameter): float(start.y[-1])},
        curve.period,
        Y[:, axis].copy(),
        Y[:, :-1].reshape(len(Y), curve.period, curve.dimension),
        MU.astype(complex),
        stable,
        np.append(0.0, np.cumsum(lengths)),
        tuple(special),
        ends,
        "; ".join(failed) or "complete",
        tuple(_coordinates(start.basis, names)),
        curve,
    )


# ---- points ------------------------------------------------------------------------------------


def _shifted(curve: Curve, y: Array, move: Array) -> Array:
    """Move x_0, in units of the scale, and follow its orbit over a period."""
    n = curve.dimension
    x = y[:n] + move * curve.scale
    rows = [x]
    while len(rows) < curve.period:
        rows.append(curve.step(rows[-1], y[-1])[0])
    return np.append(np.concatenate(rows), y[-1])


def _distance(curve: Curve, a: Array, b: Array) -> Array:
    n = curve.dimension
    return (b[:n] - a[:n]) / curve.scale


def _matrix(curve: Curve, y: Array) -> Array:
    """DG in units of the scale."""
    return product(curve.jacobians(y)) * curve.scale / curve.scale[:, None]


def _kernels(curve: Curve, y: Array) -> tuple[Array, Array]:
    A = _matrix(curve, y)
    empty = np.empty((curve.dimension, 0))
    if not np.isfinite(A).all():
        return empty, empty
    left, values, right = np.linalg.svd(A - np.eye(curve.dimension))
    zero = values <= SMALL * max(1.0, values[0])
    return left[:, zero], right[zero].T


def _corrected(curve: Curve, y: Array, left: Array, basis: Array) -> Array | None:
    n, c = basis.shape
    before = np.inf
    for _ in range(20):
        A = _matrix(curve, y)
        image = curve.step(y[-1 - n : -1], y[-1])[0]
        defect = (image - y[:n]) / curve.scale
        if not (np.isfinite(A).all() and np.isfinite(defect).all()):
            return None
        system = np.block([[A - np.eye(n), left], [basis.T, np.zeros((c, c))]])
        try:
            delta = np.linalg.solve(system, np.append(-defect, np.zeros(c)))[:n]
        except np.linalg.LinAlgError:
            return None
        y, size = _shifted(curve, y, delta), float(np.linalg.norm(delta))
        if size <= 4 * EPS or (size <= 1e-9 and size > 0.3 * before):
            return y
        if size > 1e3:
            return None
        before = size
    return None


def _member(curve: Curve, y: Array, before: Member | None) -> Member | None:
    """Return the family's tangents, direction and transverse multipliers at a point."""
    left, basis = _kernels(curve, y)
    c = basis.shape[1]
    if c == 0 or (before is not None and c != before.basis.shape[1]):
        return None
    A = _matrix(curve, y)
    across = np.linalg.svd(basis.T)[2][c:].T
    mu = np.linalg.eigvals(across.T @ A @ across).astype(complex)
    if before is not None:
        mu = _matched(mu, before.mu)
    direction = basis[:, 0]
    if c > 1 and mu.size:
        gradient = _gradient(curve, y, A, basis, complex(mu[np.argmax(np.abs(mu))]))
        if np.linalg.norm(gradient) > 1e-9:
            direction = basis @ gradient / np.linalg.norm(gradient)
        elif before is not None:
            direction = basis @ (basis.T @ before.direction)
    elif before is not None and direction @ before.direction < 0:
        direction = -direction
    if before is not None and c > 1 and direction @ before.direction < 0:
        direction = -direction
    return Member(y, basis, left, direction, mu)


def _gradient(curve: Curve, y: Array, A: Array, basis: Array, mu: complex) -> Array:
    """Return the derivative of |μ| along each tangent."""
    q, p = critical_pair(A, mu)
    forms, s = Forms(curve, y), curve.scale
    u = np.append(q * s, 0.0)
    changes = [(p / s) @ forms.second(u, np.append(e * s, 0.0)) for e in basis.T]
    return np.array([(np.conj(mu) * d).real for d in changes]) / max(abs(mu), 1e-300)


def _matched(mu: Array, before: Array) -> Array:
    left = list(mu)
    return np.array([left.pop(int(np.argmin(np.abs(np.array(left) - m)))) for m in before])


def _way(curve: Curve, start: Member, options: Options) -> tuple[list[Member], str]:
    """Members in the direction of the start's, up to where the map's domain ends."""
    members, end = _unbounded_way(curve, start, options)
    Y = np.array([m.y for m in members])
    outside = _outside(curve, Y)
    if outside[0] or not outside.any():
        return members, end
    first = int(np.argmax(outside))
    inside, beyond = members[first - 1], members[first]
    low, high, chord = 0.0, 1.0, _distance(curve, inside.y, beyond.y)
    last = inside
    for _ in range(40):  # onto the edge of the domain
        t = 0.5 * (low + high)
        moved = _shifted(curve, inside.y, t * chord)
        y = _corrected(curve, moved, inside.left, inside.basis)
        member = _member(curve, y, inside) if y is not None else None
        if member is None or _outside(curve, member.y[None])[0]:
            high = t
        else:
            low, last = t, member
    return [
        *members[:first],
        last,
    ], f"the domain of {curve.map.name} ends at {_shown(curve, last.y)}"


def _unbounded_way(curve: Curve, start: Member, options: Options) -> tuple[list[Member], str]:
    greatest = FASTER * options.step
    members, length, step = [start], 0.0, greatest
    while len(members) < options.max_points:
        last = members[-1]
        y = _corrected(curve, _shifted(curve, last.y, step * last.direction), last.left, last.basis)
        member = _member(curve, y, last) if y is not None else None
        good = member is not None and member.direction @ last.direction > 0.96
        if good and member is not None and _smooth(last.mu, member.mu):
            members.append(member)
            length += step
            step = min(greatest, 1.5 * step)
            if length >= EXTENT:
                return members, f"{EXTENT:g} lengths of the state from the start"
        else:
            step /= 2
            if step < 1e-9:
                at = _shown(curve, last.y)
                if not good and member is not None:
                    return members, f"the leading multiplier is extremal on the family at {at}"
                return members, f"the family changes its dimension, or ends, at {at}"
    return members, f"{options.max_points} points reached; allow more with max_points"


def _smooth(before: Array, after: Array) -> bool:
    """Whether no multiplier moved so far that it may have crossed the unit circle unseen."""
    allowed = 0.2 + 0.3 * np.abs(np.abs(after) - 1)
    return bool((np.abs(after - before) <= allowed).all())


def _outside(curve: Curve, Y: Array) -> Array:
    values: dict[str, Any] = {**curve.values, str(curve.parameter): Y[:, -1]}
    values |= {s.name: Y[:, i] for i, s in enumerate(curve.map.state)}
    return np.broadcast_to(violations(curve.map, values), (len(Y),))


def _shown(curve: Curve, y: Array) -> str:
    return ", ".join(f"{s.name} = {x:.6g}" for s, x in zip(curve.map.state, y, strict=False))


def _coordinates(basis: Array, names: list[str]) -> Iterator[str]:
    """State variables over which the family is a graph."""
    rows = basis.copy()
    for _ in range(basis.shape[1]):
        i = int(np.argmax(np.linalg.norm(rows, axis=1)))
        yield names[i]
        pivot = rows[i] / np.linalg.norm(rows[i])
        rows = rows - np.outer(rows @ pivot, pivot)


# ---- events ------------------------------------------------------------------------------------


def _events(
    curve: Curve, a: Member, b: Member, name: str, axis: int
) -> Iterator[tuple[SpecialPoint, Member]]:
    before, after = (np.array(counts(m.mu)) for m in (a, b))
    flips, ones, pairs = after - before
    if not (flips or ones or pairs) or (abs(pairs) == 1 and abs(flips) + abs(ones) == 2):
        return
    low, high = sorted((float(a.y[axis]), float(b.y[axis])))
    for kind, changed in (("flip", flips), ("branch", ones), ("neimark-sacker", pairs)):
        if not changed:
            continue
        found = _located(curve, a, b, kind)
        status, member = "located", found or a
        form = None
        if found is None:
            status = (
                f"not located between {name} = {low:.15g} and {high:.15g}; look with a smaller step"
            )
        elif kind == "flip" and curve.period == 1:
            form = _form(curve, found)
        else:
            status = "located; there is no normal form for this event on a family"
        mu = np.concatenate([np.ones(a.basis.shape[1]), member.mu])
        point = SpecialPoint(
            kind,
            name,
            float(member.y[axis]),
            high - low if found is None else 64 * EPS * max(1.0, abs(float(member.y[axis]))),
            state_of(curve, member.y),
            mu[np.argsort(-np.abs(mu), kind="stable")],
            form,
            (low, high),
            curve.period,
            status,
            member.y,
            _curve=curve,
        )
        yield point, member


def _located(curve: Curve, a: Member, b: Member, kind: str) -> Member | None:
    """Solve for the fraction of the chord at which a multiplier is critical."""
    chord = _distance(curve, a.y, b.y)
    members: dict[float, Member] = {0.0: a, 1.0: b}

    def at(t: float) -> Member:
        if t not in members:
            y = _corrected(curve, _shifted(curve, a.y, t * chord), a.left, a.basis)
            member = _member(curve, y, a) if y is not None else None
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
    return at(float(t))


def _form(curve: Curve, member: Member) -> Any:
    from dynsharp.symbolic.family_flip import family_flip_at

    n, names = curve.dimension, [s.name for s in curve.map.state]
    state = dict(zip(names, member.y[:n].tolist(), strict=True))
    values = {**curve.values, str(curve.parameter): float(member.y[-1])}
    family = list(_coordinates(member.basis, names))
    return family_flip_at(curve.map, state, values, family)
