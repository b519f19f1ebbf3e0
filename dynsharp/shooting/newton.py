"""Newton's method for cycles by multiple shooting, at a cost that is linear in the period.

The unknowns are the points x_0, ..., x_{P-1} of a cycle and the parameter p, the equations
F(x_i; p) = x_{i+1} (indices mod P). Linearised they are cyclic block bidiagonal; x_1, ..., x_{P-1}
are eliminated one after the other, each from the two equations that contain it, with pivoting over
both, so that nothing grows like the product of the Jacobians (Wright, *Stable parallel algorithms
for two-point boundary value problems*, SIAM J. Sci. Stat. Comput. 13, 1992). What is left is an
n × (n + 1) system for (δx_0, δp): a border makes it square, also at folds.

A vector ``y`` holds the points in order, then the parameter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled.elimination import OPTIONS, back_substitute, eliminate, multipliers

__all__ = [
    "CLOSE",
    "correct",
    "directions",
    "inner",
    "linearise",
    "orbit",
    "returned",
    "settle",
    "workspace",
]

ENOUGH = 1e-14  # estimated distance to the solution after a step, in units of the weights
CLOSE = 1e-10  # after a last step of at most this size its linearisation is used for the tangent
STAGNANT = 1e-8  # a Newton step of at most this size that no longer shrinks is rounding


@njit(**OPTIONS, inline="always")
def workspace(period: int, n: int) -> Any:
    """Arrays J, ∂F/∂p, residual, eliminated rows, two block rows, bordered system, F's output.

    Last the vectors that `correct` leaves: Newton step, null vector, (x_0, p), and in ``info`` the
    size of the last step and the sign of the determinant.
    """
    size = period * n + 1
    return (
        np.empty((period, n, n)),
        np.empty((period, n)),
        np.empty((period, n)),
        np.empty((period, n, 3 * n + 2)),
        np.empty((2 * n, 3 * n + 2)),
        np.empty((n + 1, n + 3)),
        np.empty(n + n * n + n),
        (np.empty(size), np.empty(size), np.empty(n + 1), np.empty(2)),
    )


@njit(**OPTIONS, inline="always")
def inner(a: Any, b: Any, weights: Any) -> float:
    """Weighted inner product."""
    s = 0.0
    for i in range(a.size):
        s += a[i] * b[i] * weights[i]
    return s


@njit(**OPTIONS, inline="always")
def linearise(ev: Any, y: Any, par: Any, k: int, work: Any) -> bool:
    """Fill in Jacobians, parameter derivatives and residuals; say whether all are finite."""
    J, Fp, R, _, _, _, out, _ = work
    period, n = R.shape
    par[k] = y[period * n]
    total = 0.0
    for i in range(period):
        ev(y[i * n :].ctypes, par.ctypes, out.ctypes)
        following = (i + 1) % period * n
        for a in range(n):
            R[i, a] = out[a] - y[following + a]
            total += abs(R[i, a])
            for b in range(n):
                J[i, a, b] = out[n + a * n + b]
                total += abs(J[i, a, b])
            Fp[i, a] = out[n + n * n + a]
            total += abs(Fp[i, a])
    return math.isfinite(total)


@njit(**OPTIONS)
def orbit(ev: Any, x: Any, par: Any, out: Any, transient: int, rows: Any) -> None:
    """Take the transient's steps from x, then fill the rows with the orbit from there."""
    n = x.size
    for t in range(transient + rows.shape[0]):
        if t >= transient:
            for a in range(n):
                rows[t - transient, a] = x[a]
        ev(x.ctypes, par.ctypes, out.ctypes)
        for a in range(n):
            x[a] = out[a]


@njit(**OPTIONS)
def returned(ev: Any, X: Any, par: Any, out: Any, period: int) -> None:
    """Carry every row of X over a period, in place."""
    for i in range(X.shape[0]):
        for _ in range(period):
            ev(X[i].ctypes, par.ctypes, out.ctypes)
            for a in range(X.shape[1]):
                X[i, a] = out[a]


@njit(**OPTIONS, inline="always")
def condense(work: Any) -> float:
    """Eliminate the inner points; the first n rows of the bordered system are left."""
    J, Fp, R, S, W, C, _, _ = work
    period, n = R.shape
    sign = 1.0
    if period == 1:
        for a in range(n):
            for b in range(n):
                C[a, b] = J[0, a, b] - 1.0 if a == b else J[0, a, b]
            C[a, n] = Fp[0, a]
            C[a, n + 1] = -R[0, a]
            C[a, n + 2] = 0.0
        return sign
    # Block rows [δx_i | δx_0 | δx_{i+1} | δp | residual]; the first one starts as J δx_0 − δx_1.
    for a in range(n):
        for b in range(n):
            W[a, b] = -1.0 if a == b else 0.0
            W[a, n + b] = J[0, a, b]
            W[a, 2 * n + b] = 0.0
        W[a, 3 * n] = Fp[0, a]
        W[a, 3 * n + 1] = R[0, a]
    for i in range(1, period):
        for a in range(n):
            for b in range(n):
                W[n + a, b] = J[i, a, b]
                W[n + a, n + b] = 0.0
                W[n + a, 2 * n + b] = -1.0 if a == b else 0.0
            W[n + a, 3 * n] = Fp[i, a]
            W[n + a, 3 * n + 1] = R[i, a]
        sign *= eliminate(W, n)
        for a in range(n):
            for b in range(3 * n + 2):
                S[i, a, b] = W[a, b]
            for b in range(n):
                W[a, b] = W[n + a, 2 * n + b]
                W[a, n + b] = W[n + a, n + b]
                W[a, 2 * n + b] = 0.0
            W[a, 3 * n] = W[n + a, 3 * n]
            W[a, 3 * n + 1] = W[n + a, 3 * n + 1]
    for a in range(n):
        for b in range(n):
            C[a, b] = W[a, b] + W[a, n + b]
        C[a, n] = W[a, 3 * n]
        C[a, n + 1] = -W[a, 3 * n + 1]
        C[a, n + 2] = 0.0
    return sign


@njit(**OPTIONS, inline="always")
def directions(work: Any, border: Any, newton: Any, null: Any) -> float:
    """Solve D·newton = −residual and D·null = 0, D the matrix of the linearised equations.

    ``border`` is a vector like y; its part (x_0, p) is the last row of the system, with value 0 for
    ``newton`` and 1 for ``null``. Returns the sign of the determinant, which changes where two
    branches cross; 0 if the system is singular.
    """
    _, _, R, S, _, C, _, (_, _, head, _) = work
    period, n = R.shape
    last = period * n
    sign = condense(work)
    size = abs(border[last])
    for b in range(n):
        size = max(size, abs(border[b]))
    if size == 0.0:
        return 0.0
    for b in range(n):
        C[n, b] = border[b] / size
    C[n, n] = border[last] / size
    C[n, n + 1] = 0.0
    C[n, n + 2] = 1.0
    sign *= eliminate(C, n + 1)
    if sign == 0.0:
        return 0.0
    for which in range(2):
        v = newton if which == 0 else null
        back_substitute(C, n + 1, n + 1 + which, head)
        for a in range(n):
            v[a] = head[a]
        v[last] = head[n]
        for i in range(period - 1, 0, -1):
            following = (i + 1) % period * n
            for a in range(n - 1, -1, -1):
                s = S[i, a, 3 * n] * v[last]
                if which == 0:
                    s += S[i, a, 3 * n + 1]
                for b in range(n):
                    s += S[i, a, n + b] * v[b] + S[i, a, 2 * n + b] * v[following + b]
                for b in range(a + 1, n):
                    s += S[i, a, b] * v[i * n + b]
                v[i * n + a] = -s / S[i, a, a]
    return sign


@njit(**OPTIONS, inline="always")
def correct(
    ev: Any, y: Any, normal: Any, par: Any, k: int, weights: Any, work: Any, limit: int, border: Any
) -> int:
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
    ev: Any,
    y: Any,
    along: Any,
    par: Any,
    k: int,
    weights: Any,
    work: Any,
    tangent: Any,
    before: Any,
    matched: bool,
    mu: Any,
    fresh: bool,
) -> float:
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
