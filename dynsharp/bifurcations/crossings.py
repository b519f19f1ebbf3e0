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
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dynsharp.normal_forms.codim1 import critical_pair, product
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

__all__ = ["Crossing", "between", "crossing"]

STEPS = 60
EPS = float(np.finfo(float).eps)
STAGNANT = 1e-3  # a Newton step, in chords, that no longer shrinks below this is rounding
ROUNDINGS = 16  # roundings of the size of the last bit that enter the estimate of an error

# a test function at a point: its value, its derivative by arclength, the rounding error of it
Test: TypeAlias = Callable[[Curve, Point], tuple[float, float, float]]


@dataclass(frozen=True)
class Crossing:
    """A located crossing: the point, the error of its parameter, whether Newton's method ended."""

    point: Point
    uncertainty: float
    converged: bool


def between(curve: Curve, a: Point, b: Point, t: float) -> Point | None:
    """Return the point of the branch above the chord from a to b at the fraction t."""
    chord = b.y - a.y
    y = curve.corrected(a.y + t * chord, chord)
    if y is None:
        return None
    point = curve.point(y, chord, a.mu)
    return point if point is None or np.isfinite(point.mu).all() else None


def crossing(curve: Curve, a: Point, b: Point, kind: str) -> Crossing | None:
    """Return where the multiplier of a flip, fold or Neimark–Sacker bifurcation crosses.

    The bracket is the piece of the branch from a to b. None if its middle cannot be computed.
    """
    chord = b.y - a.y
    length = curve.length(chord)
    point = between(curve, a, b, 0.5)
    if point is None or length == 0.0:
        return None
    test = _bordered(curve, point, -1.0 if kind == "flip" else 1.0)
    if kind == "neimark-sacker":
        test = _modulus
    ends = test(curve, a)[0], -test(curve, b)[0]
    side = max(ends, key=abs)  # its sign is that of g before the event; the lesser may be rounding
    low, high, t = 0.0, 1.0, 0.5
    before = np.inf
    for _ in range(STEPS):
        g, slope, noise = test(curve, point)
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
            return Crossing(point, _uncertainty(curve, point, error, length), True)
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
    return Crossing(point, abs(float((high - low) * chord[-1])), False)


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


def _bordered(curve: Curve, near: Point, multiplier: float) -> Test:
    """Test function of a real multiplier, bordered by singular vectors at a point nearby."""
    n, scale = curve.dimension, curve.scale
    identity = multiplier * np.eye(n)
    left, _, right = np.linalg.svd(_scaled(curve, near) - identity)
    b, c = left[:, -1:], right[-1:]

    def test(curve: Curve, point: Point) -> tuple[float, float, float]:
        A = _scaled(curve, point)
        matrix = np.block([[A - identity, b], [c, np.zeros((1, 1))]])
        unit = np.append(np.zeros(n), 1.0)
        v, w = np.linalg.solve(matrix, unit), np.linalg.solve(matrix.T, unit)
        u = np.append(scale * v[:n], 0.0)
        slope = -float((w[:n] / scale) @ Forms(curve, point.y).second(u, _head(point, n)))
        size = np.linalg.norm(w[:n]) * np.linalg.norm(v[:n]) * (1 + np.linalg.norm(A))
        return float(v[n]), slope, ROUNDINGS * EPS * float(size)

    return test


def _scaled(curve: Curve, point: Point) -> Array:
    """DG, the state in units of the curve."""
    return product(curve.jacobians(point.y)) * curve.scale / curve.scale[:, None]


def _modulus(curve: Curve, point: Point) -> tuple[float, float, float]:
    """Test function of the complex pair nearest to the unit circle."""
    A, scale = _scaled(curve, point), curve.scale
    pairs = point.mu[point.mu.imag > 0]
    if pairs.size == 0:
        return float("nan"), 0.0, 0.0
    mu = pairs[np.argmin(np.abs(np.abs(pairs) - 1))]
    q, p = critical_pair(A, complex(mu))
    u = np.append(scale * q, 0.0)
    along = (p / scale) @ Forms(curve, point.y).second(u, _head(point, curve.dimension))
    slope = 2 * float((np.conj(mu) * along).real)
    noise = ROUNDINGS * EPS * float(np.linalg.norm(p) * (1 + np.linalg.norm(A)))
    return float(abs(mu) ** 2 - 1), slope, noise


def _head(point: Point, n: int) -> Array:
    """Return the tangent's part (x_0, p)."""
    return np.append(point.tangent[:n], point.tangent[-1])
