"""Dense elimination in compiled code, and the multipliers of a cycle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}


@njit(**OPTIONS)
def eliminate(A: Any, n: int) -> float:
    """Bring the first n columns to upper triangular form, by rows with partial pivoting.

    Returns the sign of the determinant of the row operations and pivots: for a square matrix that
    of its determinant, 0 if it is singular.
    """
    rows, columns = A.shape
    sign = 1.0
    for i in range(n):
        pivot = i
        for k in range(i + 1, rows):
            if abs(A[k, i]) > abs(A[pivot, i]):
                pivot = k
        if pivot != i:
            sign = -sign
            for j in range(i, columns):
                A[i, j], A[pivot, j] = A[pivot, j], A[i, j]
        d = A[i, i]
        if d == 0.0:
            return 0.0
        if d < 0.0:
            sign = -sign
        for k in range(i + 1, rows):
            factor = A[k, i] / d
            if factor != 0.0:
                for j in range(i + 1, columns):
                    A[k, j] -= factor * A[i, j]
            A[k, i] = 0.0
    return sign


@njit(**OPTIONS)
def back_substitute(A: Any, n: int, column: int, x: Any) -> None:
    """Solve the upper triangle of A for its column of that number."""
    for i in range(n - 1, -1, -1):
        s = A[i, column]
        for j in range(i + 1, n):
            s -= A[i, j] * x[j]
        x[i] = s / A[i, i]


@njit(**OPTIONS)
def multipliers(J: Any, before: Any, matched: bool, mu: Any) -> bool:
    """Eigenvalues of the product of the Jacobians ``J`` (period × n × n), into ``mu``.

    With ``matched`` each stands where the nearest of ``before`` stood. Returns whether they are
    finite.
    """
    period, n = J.shape[0], J.shape[1]
    if n == 1:
        product = 1.0
        for i in range(period):
            product *= J[i, 0, 0]
        mu[0] = product
        return math.isfinite(product)
    size = 0.0
    if n == 2:
        a, b, c, d, det = 1.0, 0.0, 0.0, 1.0, 1.0
        for i in range(period):
            e, f, g, h = J[i, 0, 0], J[i, 0, 1], J[i, 1, 0], J[i, 1, 1]
            a, b, c, d = e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d
            det *= e * h - f * g
        half = 0.5 * (a + d)
        gap = 0.25 * (a - d) ** 2 + b * c
        if gap < 0.0:
            mu[0] = complex(half, math.sqrt(-gap))
            mu[1] = complex(half, -math.sqrt(-gap))
        else:
            mu[0] = half + math.copysign(math.sqrt(gap), half)
            mu[1] = det / mu[0].real if mu[0] != 0.0 else 0.0
        size = abs(a) + abs(b) + abs(c) + abs(d)
    else:
        M = _chained(J)
        for v in M.flat:
            size += abs(v)
        if not math.isfinite(size):
            return False
        mu[:] = np.linalg.eigvals(M.astype(np.complex128))
        _pair(mu)
    if matched:
        for i in range(n - 1):
            nearest = i
            for k in range(i + 1, n):
                if abs(mu[k] - before[i]) < abs(mu[nearest] - before[i]):
                    nearest = k
            mu[i], mu[nearest] = mu[nearest], mu[i]
    return math.isfinite(size)


@njit(**OPTIONS)
def _pair(mu: Any) -> None:
    """Make eigenvalues of a real matrix real or exactly conjugate, whichever is nearer."""
    i = 0
    while i < mu.size:
        partner, nearest = i, 2.0 * abs(mu[i].imag)
        for k in range(i + 1, mu.size):
            distance = abs(mu[k] - mu[i].conjugate())
            if mu[k].imag != 0.0 and distance < nearest:
                partner, nearest = k, distance
        if partner == i:
            mu[i] = mu[i].real
        else:
            mu[i] = 0.5 * (mu[i] + mu[partner].conjugate())
            mu[partner] = mu[i + 1]
            mu[i + 1] = mu[i].conjugate()
            i += 1
        i += 1


def product(J: NDArray[Any]) -> NDArray[Any]:
    """Product of the Jacobians along a cycle, the last one leftmost."""
    return np.asarray(_chained(np.ascontiguousarray(J)))


@njit(**OPTIONS)
def _chained(J: Any) -> Any:
    M = J[0].copy()
    for i in range(1, J.shape[0]):
        M = J[i] @ M if J.shape[1] > 4 else _product(J[i], M)
    return M


@njit(**OPTIONS)
def _product(A: Any, B: Any) -> Any:
    n = A.shape[0]
    C = np.zeros((n, n))
    for i in range(n):
        for k in range(n):
            for j in range(n):
                C[i, j] += A[i, k] * B[k, j]
    return C
