"""The linearised equations of a cycle, in compiled code, at a cost that is linear in the period.

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

from dynsharp.compiled.elimination import OPTIONS, back_substitute, eliminate


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


@njit(**OPTIONS)
def compose(jet: Any, y: Any, X: Any, q: Any, par: Any, period: int) -> None:
    """Carry the coefficients of orders 1 to 3 in X along the points of the cycle y."""
    n = X.shape[1]
    out = np.empty_like(X)
    for i in range(period):
        for a in range(n):  # the exact point, not where the last step landed: no error builds up
            X[0, a] = y[i * n + a]
        jet(X.ctypes, q.ctypes, par.ctypes, out.ctypes)
        X[:] = out


# ---- the same for one call from Python, which keeps nothing: threads may share a problem ------


@njit(**OPTIONS)
def evaluated(ev: Any, y: Any, par: Any, k: int, period: int, n: int) -> Any:
    """Return Jacobians, parameter derivatives and residuals, and whether all are finite."""
    work = workspace(period, n)
    finite = linearise(ev, y, par, k, work)
    return work[0], work[1], work[2], finite


@njit(**OPTIONS)
def condensed(J: Any, Fp: Any, R: Any) -> Any:
    """Return the matrix (A − I | g) of the equations with the inner points eliminated."""
    period, n = R.shape
    _, _, _, S, W, C, out, vectors = workspace(period, n)
    condense((J, Fp, R, S, W, C, out, vectors))
    return C[:n, : n + 1].copy()


@njit(**OPTIONS)
def bordered(J: Any, Fp: Any, R: Any, border: Any) -> Any:
    """Return the sign of the bordered determinant, the Newton step and the null vector."""
    period, n = R.shape
    _, _, _, S, W, C, out, vectors = workspace(period, n)
    newton, null, _, _ = vectors
    sign = directions((J, Fp, R, S, W, C, out, vectors), border, newton, null)
    return sign, newton, null
