r"""How one step of SGD changes the imbalance C_i = ‖u‖² − v_i², on X and y as they are.

With the batch's h = X_bᵀr_b/B every step obeys, exactly,

    C_i' − C_i = η² (V/v_i)² [v_i² ‖h‖² − (u·h)²].

Over the batches h has the mean of all samples, ``h``, and the covariance φ Σ, where Σ is that of
the N single-sample gradients and φ is 1/B for a batch drawn with replacement, (N − B)/(B(N − 1))
without (the finite-population correction: Cochran, *Sampling Techniques*, Wiley 1977, section 2.6):

    E[C_i' − C_i] = η² (V/v_i)² [v_i² ‖h‖² − (u·h)² + φ (v_i² tr Σ − uᵀΣu)].

Yoo, Song, Yun, ICML 2025, arXiv:2506.06940.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import sympy as sp

from dynsharp.networks.chain_weights import gradient, imbalance_law
from paper_reproduction.chain.training import Minibatches

__all__ = ["batches", "enumerated", "expected", "factor", "followed", "noise_drift"]


def factor(size: int, samples: int, replacement: bool) -> float:
    """Return φ, by which the covariance of a batch gradient is less than that of one sample."""
    if replacement or samples == 1:
        return 1 / size if replacement else 0.0
    return (samples - size) / (size * (samples - 1))


def noise_drift(u: np.ndarray, v: np.ndarray, single: np.ndarray) -> np.ndarray:
    r"""Return (V/v_i)² (v_i² tr Σ − uᵀΣu): what noise adds to E[C_i' − C_i], over η²φ.

    ``u`` (..., m) and ``v`` (..., D − 1) with the single samples' gradients h_j, (..., N, m).
    """
    centred = single - single.mean(axis=-2, keepdims=True)
    trace = (centred**2).sum(axis=-1).mean(axis=-1)[..., None]
    along = (np.einsum("...m,...nm->...n", u, centred) ** 2).mean(axis=-1)[..., None]
    V = v.prod(axis=-1, keepdims=True)
    return np.asarray(V**2 * trace - (V / v) ** 2 * along)


def expected(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, eta: float, size: int, replacement: bool
) -> np.ndarray:
    """Return E[C_i' − C_i] of one step with batches of that size, by the formula."""
    n = X.shape[1]
    u, v = w[:n], w[n:]
    single = X * (X @ u * v.prod() - y)[:, None]
    h = single.mean(axis=0)
    mean = v.prod() ** 2 * (h @ h) - (v.prod() / v) ** 2 * (u @ h) ** 2
    noise = factor(size, len(y), replacement) * noise_drift(u, v, single)
    return np.asarray(eta**2 * (mean + noise))


def batches(size: int, samples: int, replacement: bool) -> Iterator[tuple[int, ...]]:
    """Yield all batches, each as likely as any other."""
    if replacement:
        return product(range(samples), repeat=size)
    return combinations(range(samples), size)


def enumerated(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, eta: float, size: int, replacement: bool
) -> tuple[np.ndarray, float]:
    """Return the mean of C_i' − C_i over all batches, each stepped; how exact that is.

    The second is the rounding: ε for each of the terms of the squared lengths that are subtracted.
    """
    n, changes, largest = X.shape[1], [], 0.0
    for chosen in batches(size, len(y), replacement):
        b = list(chosen)
        new = w - eta * gradient(X[b], y[b], w)
        changes.append(_imbalance(new, n) - _imbalance(w, n))
        largest = max(largest, float(new @ new), float(w @ w))
    return np.mean(changes, axis=0), 2 * len(w) * float(np.finfo(float).eps) * largest


def _imbalance(w: np.ndarray, n: int) -> np.ndarray:
    return np.asarray(w[:n] @ w[:n] - w[n:] ** 2)


def followed(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, eta: float, steps: int, drawn: Minibatches
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train and compare every step with the law: differences over rounding, C, sums of the law.

    The differences |C' − C − law| of shape (steps, D − 1) are in units of the rounding of
    `enumerated`; C and the law summed up have shape (steps + 1, D − 1).
    """
    law, symbols = imbalance_law()
    formula = sp.lambdify(symbols, law)
    n, eps = X.shape[1], float(np.finfo(float).eps)
    off, C = [], [_imbalance(w, n)]
    total = [C[0]]
    for _ in range(steps):
        b = drawn.draw(1, len(y))[0]
        u, v = w[:n], w[n:]
        h = X[b].T @ (X[b] @ u * v.prod() - y[b]) / len(b)
        change = formula(eta, v.prod(), v, np.linalg.norm(h), u @ h)
        new = w - eta * gradient(X[b], y[b], w)
        C.append(_imbalance(new, n))
        total.append(total[-1] + change)
        rounding = 2 * len(w) * eps * max(w @ w, new @ new)
        off.append(np.abs(C[-1] - C[-2] - change) / rounding)
        w = new
    return np.array(off), np.array(C), np.array(total)
