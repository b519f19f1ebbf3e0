"""The chain on data in its weights w = (u, v) themselves: nothing here knows of singular values."""

from __future__ import annotations

import numpy as np
import sympy as sp

from dynsharp.types import Array

SETTLED = 10 * np.finfo(float).eps  # a step that is so small against the weights is rounding


def gradient(X: Array, y: Array, w: Array) -> Array:
    """Return the gradient of (1/2N)‖X u Πv − y‖² in w = (u, v)."""
    n = X.shape[1]
    u, v = w[:n], w[n:]
    h = X.T @ (X @ u * v.prod() - y) / len(y)
    others = np.array([np.delete(v, i).prod() for i in range(len(v))])
    return np.concatenate([v.prod() * h, others * (u @ h)])


def descended(X: Array, y: Array, w: Array, eta: float, steps: int) -> Array:
    """Return the weights after plain gradient descent, which stops when a step is rounding."""
    for _ in range(steps):
        change = eta * gradient(X, y, w)
        w = w - change
        if np.linalg.norm(change) < SETTLED * np.linalg.norm(w):
            break
    return w


def sharpness(X: Array, y: Array, w: Array) -> float:
    """Return the top Hessian eigenvalue by Lanczos on central differences of the gradient."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    h = 1e-5 * max(float(np.linalg.norm(w)), 1.0)

    def curvature(p: Array) -> Array:
        p = np.ravel(p)
        d = p * (h / np.linalg.norm(p))
        difference = gradient(X, y, w + d) - gradient(X, y, w - d)
        return difference * np.linalg.norm(p) / (2 * h)

    operator = LinearOperator((len(w), len(w)), matvec=curvature, dtype=float)
    return float(eigsh(operator, k=1, which="LA", v0=np.ones(len(w)), tol=1e-12)[0][0])


def imbalance_law() -> tuple[sp.Expr, tuple[sp.Symbol, ...]]:
    """Derive the change of C = ‖u‖² − v² in one step: an expression in (η, V, v, ‖h‖, u·h).

    A step is u' = u − ηVh and v' = v − η(V/v)(u·h) for each scalar v, with V the product of all.
    """
    eta, V, v, uu = sp.symbols("eta V v uu", real=True)
    h, uh = sp.Symbol("‖h‖", real=True), sp.Symbol("(u·h)", real=True)
    after = uu - 2 * eta * V * uh + eta**2 * V**2 * h**2 - (v - eta * V / v * uh) ** 2
    return sp.collect(sp.expand(after - (uu - v**2)), eta**2 * V**2), (eta, V, v, h, uh)
