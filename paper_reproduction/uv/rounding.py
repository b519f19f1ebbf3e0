"""How far the network and its map may be apart by rounding alone: a bound, derived.

Whatever is evaluated by sums and products has a rounding error of at most γ_m times the same
expression with absolute values in place of all numbers and + in place of −, where
γ_m = mu/(1 − mu), u is the unit roundoff and m the largest number of roundings between an input
and the result (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dynsharp.systems import UVNetwork
from dynsharp.types import Array

__all__ = ["carried", "gamma", "one_step_scale"]


def gamma(net: UVNetwork) -> float:
    """Return γ_m for one training step of the network, or one step of the map from its weights.

    An inner product over d inputs or n neurons is as many roundings as it has terms. The longest
    path to a result is that to λ' over the squares of U'x: three sums over the neurons (two in the
    outputs that both factors contain, one to add the squares), four over the inputs, and fewer
    than 40 elementary operations; those of Δf' and of the map are shorter.
    """
    n, d = net.U.shape
    m = 3 * n + 6 * d + 40
    u = float(np.finfo(float).eps) / 2
    return m * u / (1 - m * u)


def one_step_scale(net: UVNetwork, U: Array, v: Array, eta: float) -> Array:
    """Return what γ_m multiplies for (Δf', λ'): both computations in absolute values, added."""
    U, v, x, y = np.abs(U), np.abs(v), np.abs(net.x), abs(net.y)
    root, g = np.sqrt(net.n_eff), net.g

    def measured(U: Array, v: Array) -> tuple[Any, Any]:
        hidden = U @ x
        return v @ hidden / root + y, (hidden @ hidden + (x @ x) * (v @ v)) / net.n_eff

    df, lam = measured(U, v)
    f = df + y
    by_map = (
        df * (1 + eta * lam + eta**2 * g**2 * df * f),
        lam + eta * g**2 * df * (eta * lam * df + 4 * f),
    )
    kick = eta * df / root
    by_training = measured(U + kick * np.outer(v, x), v + kick * (U @ x))
    return np.array(by_map) + np.array(by_training)


def carried(jacobian: Callable[[Array], Array], orbit: Array, steps: Array) -> Array:
    """Return how far two orbits can have moved apart, to first order.

    Parameters
    ----------
    jacobian
        Of the map, as a function of the state.
    orbit
        States x_0, x_1, ..., of shape (steps + 1, 2).
    steps
        What each step may add to the difference, componentwise, of shape (steps, 2).

    Returns
    -------
    Array
        E_n = Σ_k |J_{n−1} ··· J_{k+1}| e_k, of the shape of the orbit. Where the map is chaotic it
        grows like its Lyapunov exponent, along a line of fixed points like n.
    """
    products = np.empty((0, 2, 2))
    bounds = np.zeros_like(orbit)
    for n in range(1, len(orbit)):
        if n > 1:
            products = jacobian(orbit[n - 1]) @ products
        products = np.concatenate([products, np.eye(2)[None]])
        bounds[n] = np.einsum("kij,kj->i", np.abs(products), steps[:n])
    return bounds
