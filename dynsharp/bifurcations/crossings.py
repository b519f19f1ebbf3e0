"""Where a multiplier crosses the unit circle: Newton along the branch, with a bracket.

The defining system is that of the branch together with one scalar equation g = 0. On the branch it
is one equation in one unknown, the position t on the chord of the bracket, and Newton's method for
the whole system becomes t ← t − g/g', with the exact g' from the second derivatives of the map:

- flip, fold: [A ∓ I, b; cᵀ, 0] [v; g] = [0; 1], so that g = 0 iff ±1 is a multiplier, simple or
  not, and g' = −w·D²G(τ, v) with the left solution w and the tangent τ (Govaerts, *Numerical
  Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000, chapter 4);
- Neimark–Sacker: g = |μ|² − 1, g' = 2 Re μ̄ p·D²G(τ, q).

Bisection replaces a step that leaves the bracket.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from dynsharp.bifurcations.kind import EPS, LOCATED, ROUNDINGS, Place
from dynsharp.compiled.elimination import product
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

STEPS = 60
STAGNANT = 1e-3  # a Newton step, in chords, that no longer shrinks below this is rounding

INDISTINCT = 1e-10  # a multiplier this close to the unit circle counts as on it
UNLOCATED = (
    "not located to rounding: two multipliers meet here, or the map is not smooth; the uncertainty "
    "is the width of the bracket"
)

# a test function at a point: its value, its derivative by arclength, the rounding error of it
Test: TypeAlias = Callable[[Point], tuple[float, float, float]]


def between(curve: Curve, a: Point, b: Point, t: float) -> Point | None:
    """Return the point of the branch above the chord from a to b at the fraction t."""
    chord = b.y - a.y
    y = curve.corrected(a.y + t * chord, chord)
    if y is None:
        return None
    point = curve.point(y, chord, a.mu)
    return point if point is None or np.isfinite(point.mu).all() else None


def crossing(
    curve: Curve, a: Point, b: Point, test_near: Callable[[Curve, Point], Test], share: float
) -> Place | None:
    """Return where a test function vanishes on the piece of the branch from a to b.

    ``test_near`` makes it, at a point nearby: in the middle, or where the multipliers' secant says
    (``share`` of the chord), should another one be nearer to critical in the middle. None if
    neither can be computed.
    """
    place = None
    for start in dict.fromkeys((0.5, share)):
        point = between(curve, a, b, start)
        if point is None or not np.any(b.y - a.y):
            continue
        try:
            place = _newton(curve, a, b, test_near(curve, point), start, point)
        except np.linalg.LinAlgError:
            continue
        if place.status == LOCATED:
            break
    return place


def _newton(curve: Curve, a: Point, b: Point, test: Test, start: float, point: Point) -> Place:
    """Newton's method from a share of the chord, with a bracket."""
    chord = b.y - a.y
    length = curve.length(chord)
    ends = test(a)[0], -test(b)[0]
    side = max(ends, key=abs)  # its sign is that of g before the event; the lesser may be rounding
    low, high, t = 0.0, 1.0, start
    before = np.inf
    for _ in range(STEPS):
        g, slope, noise = test(point)
        rate = slope * length / (curve.inner(point.tangent, chord) / length)  # dg/dt
        if g * side > 0:
            low = t
        else:
            high = t
        move = -g / rate if rate != 0.0 else np.inf
        limit = noise / abs(rate) if rate != 0.0 else 0.0
        stagnant = abs(move) <= STAGNANT and abs(move) >= 0.5 * before
        if stagnant or abs(move) <= max(limit, EPS):
            error = limit + (4 if stagnant else 1) * abs(move)
            return Place(point, _uncertainty(curve, point, error, length))
        slack = 1e-6  # samples closer than this to the event may be on either side by rounding
        if not low - slack <= t + move <= high + slack:
            if high - low <= 4 * EPS:
                break
            move, before = 0.5 * (low + high) - t, np.inf
        else:
            before = abs(move)
        following = between(curve, a, b, t + move)
        if following is None:
            break
        t, point = t + move, following
    return Place(point, extent(curve, a, b), UNLOCATED)


def extent(curve: Curve, a: Point, b: Point) -> float:
    """Return how much the parameter may change on the piece from a to b, a fold on it included."""
    steepest = max(abs(float(a.tangent[-1])), abs(float(b.tangent[-1])))
    return max(abs(b.value - a.value), steepest * curve.length(b.y - a.y))


def _uncertainty(curve: Curve, point: Point, error: float, length: float) -> float:
    """Error of the parameter from an error of position (in chords), and from the residual."""
    tangent = point.tangent
    along = abs(tangent[-1]) * error * length
    second = (error * length) ** 2 * (curve.span[1] - curve.span[0])  # at a fold, by curvature
    return float(along + second + ROUNDINGS * EPS * max(abs(point.value), _forcing(curve, point)))


def _forcing(curve: Curve, point: Point) -> float:
    """Parameter change that makes up for a residual as large as the state: |w| |x| / |w·G_p|."""
    D = curve.linearised(point.y).condensed()
    w = np.linalg.svd(D[:, :-1])[0][:, -1]
    force = abs(w @ D[:, -1])
    size = float(np.max(np.abs(point.y[:-1])))
    # only where the parameter is what the equation determines: at a fold
    if force == 0.0 or abs(point.tangent[-1]) > 1e-3 * (curve.span[1] - curve.span[0]):
        return 0.0
    return size / float(force)


def real_multiplier(critical: float, curve: Curve, near: Point) -> Test:
    """Test function of a real multiplier, bordered by singular vectors at a point nearby."""
    n, scale = curve.dimension, curve.scale
    identity = critical * np.eye(n)
    left, _, right = np.linalg.svd(_scaled(curve, near) - identity)
    b, c = left[:, -1:], right[-1:]

    def test(point: Point) -> tuple[float, float, float]:
        A = _scaled(curve, point)
        matrix = np.block([[A - identity, b], [c, np.zeros((1, 1))]])
        unit = np.append(np.zeros(n), 1.0)
        v, w = np.linalg.solve(matrix, unit), np.linalg.solve(matrix.T, unit)
        u = np.append(scale * v[:n], 0.0)
        slope = -float((w[:n] / scale) @ Forms(curve, point.y).second(u, _head(point, n)))
        size = np.linalg.norm(w[:n]) * np.linalg.norm(v[:n]) * (1 + np.linalg.norm(A))
        return float(v[n]), slope, ROUNDINGS * EPS * float(size)

    return test


def modulus(curve: Curve, near: Point) -> Test:
    """Test function of the complex pair nearest to the unit circle."""
    return partial(_modulus, curve)


def critical_pair_of(mu: Array) -> complex | None:
    """Return the multiplier of the pair nearest to the unit circle, that in the upper half."""
    pairs = mu[mu.imag > 0]
    return complex(pairs[np.argmin(np.abs(np.abs(pairs) - 1))]) if pairs.size else None


def _modulus(curve: Curve, point: Point) -> tuple[float, float, float]:
    A, scale = _scaled(curve, point), curve.scale
    mu = critical_pair_of(point.mu)
    if mu is None:
        return float("nan"), 0.0, 0.0
    q, p = critical_pair(A, mu)
    u = np.append(scale * q, 0.0)
    along = (p / scale) @ Forms(curve, point.y).second(u, _head(point, curve.dimension))
    slope = 2 * float((np.conj(mu) * along).real)
    noise = ROUNDINGS * EPS * float(np.linalg.norm(p) * (1 + np.linalg.norm(A)))
    return float(abs(mu) ** 2 - 1), slope, noise


def _scaled(curve: Curve, point: Point) -> Array:
    """DG, the state in units of the curve."""
    return product(curve.jacobians(point.y)) * curve.scale / curve.scale[:, None]


def _head(point: Point, n: int) -> Array:
    """Return the tangent's part (x_0, p)."""
    return np.append(point.tangent[:n], point.tangent[-1])
