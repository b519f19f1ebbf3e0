"""Newton's method for cycles: from close by, and from afar.

Both take steps of the linearised equations (`shooting.equations`), in which all points of the cycle
are unknown: a guess converges from much further away than with F^P(x) = x, whose slope grows like
the multipliers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled.elimination import OPTIONS, multipliers
from dynsharp.shooting.deflation import deflation
from dynsharp.shooting.equations import directions, linearise, workspace

ENOUGH = 1e-14  # estimated distance to the solution after a step, in units of the weights
CLOSE = 1e-10  # after a last step of at most this size its linearisation is used for the tangent
STAGNANT = 1e-8  # a Newton step of at most this size that no longer shrinks is rounding

FAILED, SOLVED, DEGENERATE = range(3)  # how an approach ends
SMALL = 1e-13  # step of an approach after which there is nothing left to improve, in units
ROUNDING = 4e-15  # residual that is rounding, relative to the state, in units
SLOW, VANISHED = 1e-4, 1e-11  # step and residual of an approach to a multiplier 1


@njit(**OPTIONS, inline="always")
def inner(a: Any, b: Any, weights: Any) -> float:
    """Weighted inner product."""
    s = 0.0
    for i in range(a.size):
        s += a[i] * b[i] * weights[i]
    return s


@njit(**OPTIONS, inline="always")
def correct(
    ev: Any, y: Any, normal: Any, par: Any, k: int, weights: Any, work: Any, limit: int, border:
    Any
) -> int:  # fmt: skip
    """Newton's method in the plane through y perpendicular to ``normal``; y is moved.

    Returns the number of steps taken, −1 without convergence, −2 if the map is not finite there.
    The Jacobians, null vector and sign of the last step stay in ``work``.
    """
    newton, null, _, info = work[7]
    before = math.inf
    for step in range(limit):
        if not linearise(ev, y, par, k, work):
            return -2
        info[1] = directions(work, border, newton, null)
        if info[1] == 0.0:
            return -1
        shift = -inner(normal, newton, weights) / inner(normal, null, weights)
        size = 0.0
        for i in range(y.size):
            delta = newton[i] + shift * null[i]
            y[i] += delta
            size += delta * delta * weights[i]
        size = info[0] = math.sqrt(size)
        if not size < 1e6:
            return -1
        ratio = size / before
        if size <= ENOUGH or (step > 0 and size * ratio * ratio <= ENOUGH):
            return step + 1
        if size <= STAGNANT and step > 0 and ratio > 0.3:
            return step + 1
        if ratio > 2.0 and step > 1:
            return -1
        before = size
    return -1


@njit(**OPTIONS, inline="always")
def settle(
    ev: Any, y: Any, along: Any, par: Any, k: int, weights: Any, work: Any, tangent: Any, before:
    Any, matched: bool, mu: Any, fresh: bool
) -> float:  # fmt: skip
    """Compute the unit tangent (on the side of ``along``) and multipliers at a point.

    With ``fresh`` the linearisation that `correct` left with border ``along`` is close enough.
    Returns the sign of the determinant of the bordered system, 0 if it is singular, 2 if something
    is not finite.
    """
    newton, null, _, info = work[7]
    if not fresh:
        if not linearise(ev, y, par, k, work):
            return 2.0
        info[1] = directions(work, along, newton, null)
    sign = info[1]
    if not multipliers(work[0], before, matched, mu):
        return 2.0
    size = math.sqrt(inner(null, null, weights))
    if sign == 0.0 or not math.isfinite(size):
        return 0.0
    if inner(null, along, weights) < 0.0:
        size, sign = -size, -sign
    for i in range(null.size):
        tangent[i] = null[i] / size
    return sign


@njit(**OPTIONS)
def corrected(
    ev: Any, y: Any, normal: Any, par: Any, k: int, weights: Any, period: int, limit: int, border:
    Any
) -> bool:  # fmt: skip
    """Run `correct` for one call from Python; say whether it converged."""
    work = workspace(period, (y.size - 1) // period)
    return correct(ev, y, normal, par, k, weights, work, limit, border) > 0


@njit(**OPTIONS)
def settled(
    ev: Any, y: Any, along: Any, par: Any, k: int, weights: Any, period: int, before: Any, matched:
    bool
) -> Any:  # fmt: skip
    """Run `settle` for one call from Python: sign, unit tangent and multipliers."""
    n = (y.size - 1) // period
    tangent, mu = np.empty(y.size), np.empty(n, np.complex128)
    work = workspace(period, n)
    sign = settle(ev, y, along, par, k, weights, work, tangent, before, matched, mu, False)
    return sign, tangent, mu


@njit(**OPTIONS, inline="always")
def approach(
    ev: Any, y: Any, par: Any, k: int, units: Any, longest: float, far: float, known: Any, radius:
    float, limit: int, work: Any, border: Any
) -> Any:  # fmt: skip
    """Newton's method at a fixed parameter from a guess y that may be far away; y is moved.

    Steps are shortened to ``longest``; the points ``known`` are deflated; a guess that moves by
    ``far`` is given up: all of any coordinate, in units. ``border`` is the unit vector of the
    parameter. Returns `SOLVED`, `DEGENERATE` (the residual vanishes where a multiplier is 1, so
    that a Newton step means nothing, or is slow) or `FAILED`, and the size of the last step.
    """
    newton, null, _, _ = work[7]
    R = work[2]
    period, n = R.shape
    start = y.copy()
    before = residual = length = math.inf
    for _ in range(limit):
        if not linearise(ev, y, par, k, work):
            return FAILED, length
        residual, size = 0.0, 1.0
        for i in range(period):
            for a in range(n):
                residual = max(residual, abs(R[i, a]) / units[a])
                size = max(size, abs(y[i * n + a]) / units[a])
        vanishes = residual <= ROUNDING * size
        length = math.inf
        if directions(work, border, newton, null) != 0.0:
            length = 0.0
            for i in range(period * n):
                length = max(length, abs(newton[i]) / units[i % n])
                if not math.isfinite(newton[i]):
                    length = math.inf
        if length == math.inf:
            return (DEGENERATE, residual) if vanishes else (FAILED, length)
        if vanishes and length > 1e-9 and length > 0.9 * before:
            return DEGENERATE, length
        factor = deflation(y, newton, known, units, radius) if known.size else 1.0
        if not math.isfinite(factor):
            return FAILED, length
        if length * abs(factor) > longest:
            factor *= longest / (length * abs(factor))
        moved = 0.0
        for i in range(period * n):
            y[i] += factor * newton[i]
            moved = max(moved, abs(y[i] - start[i]) / units[i % n])
        if not moved < far:
            return FAILED, length
        if length <= SMALL * size or (length <= STAGNANT and length > 0.3 * before):
            return SOLVED, length
        before = length
    slow = residual <= VANISHED and length <= SLOW
    return DEGENERATE if slow else FAILED, length
