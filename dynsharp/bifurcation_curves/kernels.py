"""The map over two parameters, in compiled code: linearised along a cycle, and second forms.

Each parameter has its own compiled map, `ev` and `jet`, that knows derivatives by it; with one
parameter the second one is not called.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled.elimination import OPTIONS
from dynsharp.shooting.equations import compose


@njit(**OPTIONS)
def linearise(one: Any, two: Any, y: Any, par: Any, index: Any, period: int) -> Any:
    """Return J, ∂F/∂p, defects along the cycle, then A, ∂G/∂p and G − x_0 to first order."""
    count = index.size
    n = (y.size - count) // period
    J, Fp, R = np.empty((period, n, n)), np.empty((period, n, count)), np.empty((period, n))
    A, g, r = np.eye(n), np.zeros((n, count)), np.zeros(n)
    out = np.empty(n + n * n + n)
    for k in range(count):
        par[index[k]] = y[period * n + k]
    for i in range(period):
        following = (i + 1) % period * n
        for k in range(count):
            if k == 0:
                one(y[i * n :].ctypes, par.ctypes, out.ctypes)
            else:
                two(y[i * n :].ctypes, par.ctypes, out.ctypes)
            Fp[i, :, k] = out[n + n * n :]
        for a in range(n):
            R[i, a] = out[a] - y[following + a]
            for b in range(n):
                J[i, a, b] = out[n + a * n + b]
        A, g, r = J[i] @ A, J[i] @ g + Fp[i], J[i] @ r + R[i]
    return J, Fp, R, A, g, r


@njit(**OPTIONS)
def carried(J: Any, Fp: Any, R: Any, head: Any) -> Any:
    """Carry a head along the cycle: δx_{i+1} = J_i δx_i + ∂F/∂p δp + R_i."""
    period, n = R.shape
    move = np.empty(period * n + Fp.shape[2])
    p = np.ascontiguousarray(head[n:])
    x = np.ascontiguousarray(head[:n])
    for i in range(period):
        move[i * n : (i + 1) * n] = x
        x = J[i] @ x + Fp[i] @ p + R[i]
    move[period * n :] = p
    return move


@njit(**OPTIONS)
def second_forms(
    one: Any, two: Any, y: Any, par: Any, index: Any, period: int, E: Any, V: Any, units: Any
) -> Any:
    """Return D²G(e, (v, 0)) for heads e and state vectors v, polarised at equal lengths."""
    count = index.size
    n = V.shape[1]
    for k in range(count):
        par[index[k]] = y[period * n + k]
    result = np.zeros((E.shape[0], V.shape[0], n))
    alone = np.empty((V.shape[0], n))
    u, w, both = np.zeros(n + 1), np.empty(n), np.empty(n)
    e_part = np.zeros(n + 1)
    sizes = np.empty(V.shape[0])
    for k in range(count):
        jet_one = k == 0
        for j in range(V.shape[0]):
            sizes[j] = _length(V[j], units[:n])
            u[:n], u[n] = V[j] / sizes[j], 0.0
            _quadratic(one, two, jet_one, y, u, par, period, alone[j])
        for i in range(E.shape[0]):
            e_part[:] = 0.0
            e_part[n] = E[i, n + k]
            size = abs(e_part[n]) / units[n + k]
            if k == 0:  # the state's part is the same for both parameters: once
                e_part[:n] = E[i, :n]
                size = math.hypot(size, _length(E[i, :n], units[:n]))
            if size == 0.0:
                continue
            e_part /= size
            _quadratic(one, two, jet_one, y, e_part, par, period, w)
            for j in range(V.shape[0]):
                u[:n], u[n] = e_part[:n] + V[j] / sizes[j], e_part[n]
                _quadratic(one, two, jet_one, y, u, par, period, both)
                result[i, j] += (both - w - alone[j]) * size * sizes[j]
    return result


@njit(**OPTIONS)
def _length(v: Any, units: Any) -> float:
    s = 0.0
    for i in range(v.size):
        s += (v[i] / units[i]) ** 2
    return math.sqrt(s) if s > 0.0 else 1.0


@njit(**OPTIONS)
def _quadratic(
    one: Any, two: Any, first: bool, y: Any, u: Any, par: Any, period: int, result: Any
) -> None:
    """½ D²G(u, u)."""
    n = u.size - 1
    X, q = np.zeros((4, n)), np.zeros(4)
    X[1], q[1] = u[:n], u[n]
    if first:
        compose(one, y, X, q, par, period)
    else:
        compose(two, y, X, q, par, period)
    result[:] = X[2]
