"""The (Δf, λ) plane, reached by networks: chosen states, Jacobians, random starts."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
import xarray as xr

from dynsharp import InputError
from dynsharp.systems import UVNetwork
from dynsharp.types import Array
from paper_reproduction.uv.rounding import gamma, one_step_scale
from paper_reproduction.uv.theory import critical_step, manifolds, physical, scaled
from paper_reproduction.uv.training import EXAMPLE, Lanes, example_network

__all__ = ["fitted_jacobian", "network_at", "random_starts", "sharpens", "state_of"]

ROUNDING = float(np.finfo(float).eps)


def network_at(z: float, k: float, rho: float, width: int = 8) -> tuple[UVNetwork, float]:
    """Return a network in that scaled state, and the step size: η = ρη_c.

    With a = Ux/‖x‖ the state fixes a·v = f/g and ‖a‖² + ‖v‖² = λ/g² only: a and v of equal length
    are taken, at the angle that this asks for. (On the border k = 2|F| they are parallel.) s is 1.

    Raises
    ------
    InputError
        If no weights have that state, k < 2|z + ρ|.
    """
    if k < 2 * abs(z + rho) * (1 - 8 * ROUNDING):
        raise InputError("k", k, f"at least 2|z + ρ| = {2 * abs(z + rho):g}")
    x, y = np.array(EXAMPLE[0]), EXAMPLE[1]
    g = float(np.linalg.norm(x))
    eta = rho * critical_step(y, g)
    f, lam = z / (eta * g) + y, k / eta
    length = np.sqrt(lam / 2) / g
    cosine = 2 * g * f / lam if lam else 1.0
    if abs(cosine) > 1 - 8 * ROUNDING:  # the border, to rounding
        cosine = np.sign(cosine)
    first, second = np.eye(width)[:2]
    a = length * first
    v = length * (cosine * first + np.sqrt(1 - cosine**2) * second)
    return UVNetwork(np.outer(a, x) / g, v, x, y, 1.0), eta


def state_of(net: UVNetwork, U: Array, v: Array, eta: float) -> Array:
    """Return (z, k) of a network."""
    now = net.measure(U, v)
    return np.array([eta * net.g * now["df"], eta * now["lam"]])


def fitted_jacobian(
    net: UVNetwork, eta: float, at: Array, seed: int, size: float = 0.02
) -> tuple[Array, Array]:
    """Fit the Jacobian of training in the (z, k) plane around a state, from training alone.

    The weights are perturbed at random and trained one step; the next (z, k) is fitted by a cubic
    polynomial in the deviation of (z, k) (what it is, so that nothing is cut off) whose linear
    part is the Jacobian. The constant is fitted too: where the state goes.

    Returns
    -------
    Array, Array
        Constant and Jacobian, (2, 3) with the constant first, and what rounding can do to each.
    """
    random, samples = np.random.default_rng(seed), 80
    scale = size * max(1.0, float(np.linalg.norm(net.v)))
    before, after, rounding = np.empty((3, samples, 2))
    scaling = np.array([eta * net.g, eta])
    for i in range(samples):
        U = net.U + scale * random.normal(size=net.U.shape)
        v = net.v + scale * random.normal(size=net.v.shape)
        before[i] = state_of(net, U, v, eta)
        after[i] = state_of(net, *net.step(U, v, eta), eta)
        rounding[i] = 2 * gamma(net) * one_step_scale(net, U, v, eta) * scaling
    unit = np.abs(before - at).max(axis=0)  # so that all columns are of one size
    dz, dk = ((before - at) / unit).T
    columns = {(i, j): dz**i * dk**j for i in range(4) for j in range(4 - i)}
    powers = np.array(list(columns.values())).T
    wanted = [list(columns).index(p) for p in ((0, 0), (1, 0), (0, 1))]
    inverse = np.linalg.pinv(powers)[wanted] / np.array([1, *unit])[:, None]
    # Errors of the data, and of the solver: of the condition times ε.
    solver = np.linalg.cond(powers) * ROUNDING * np.abs(after)
    return (inverse @ after).T, (np.abs(inverse) @ (rounding + solver)).T


def sharpens(df: Array, lam: Array, net: UVNetwork, eta: Array | float) -> Array:
    """Return λ' − λ as the map says: positive where training sharpens."""
    m = physical()
    change = sp.factor(m.update[m.state[1]] - m.state[1])
    return np.asarray(_function(change)(df, lam, eta, net.y, net.g))


@cache
def _function(expression: sp.Expr) -> Any:
    m = physical()
    return sp.lambdify([*m.state, *m.parameters], expression)


def random_starts(rho: float, count: int, steps: int, seed: int) -> xr.Dataset:
    """Train networks of random size at ρη_c, and tell how each ends.

    Per network: its start ``z``, ``k``; ``inside``, whether that is in the bounded region; ``end``
    (0 converged, |Δf| < √ε |y|; 1 bounded; 2 diverged) and the scaled trace there; ``steps``
    compared with the sign of λ' − λ that the map says, and those ``against`` it.
    """
    random = np.random.default_rng(seed)
    nets = [example_network(8, 1.0, random.uniform(0.05, 1.6), seed + i) for i in range(count)]
    one = nets[0]
    eta = rho * critical_step(one.y, one.g)
    lanes = Lanes.of(nets, np.full(count, eta))
    df, lam = lanes.record(steps)
    z, k = eta * one.g * df, eta * lam
    with np.errstate(over="ignore", invalid="ignore"):
        change, said = np.diff(lam, axis=0), sharpens(df, lam, one, eta)[:-1]
        size = np.abs(df)
        terms = lam + eta * one.g**2 * size * (eta * lam * size + 4 * (size + abs(one.y)))
        clear = np.abs(said) > 4 * gamma(one) * terms[:-1]
        against = clear & (np.sign(change) != np.sign(said))
        alive = np.isfinite(lam).all(axis=0)
        last = size[-100:].max(axis=0)
    end = np.where(~alive, 2, np.where(last < np.sqrt(ROUNDING) * abs(one.y), 0, 1))
    return xr.Dataset(
        {
            "z": ("start", z[0]),
            "k": ("start", k[0]),
            "inside": ("start", _inside(z[0], k[0], rho).astype(np.int8)),
            "end": ("start", end.astype(np.int8)),
            "k_end": ("start", np.where(alive, k[-1], np.nan)),
            "compared": ("start", clear.sum(axis=0).astype(np.int32)),
            "against": ("start", against.sum(axis=0).astype(np.int32)),
            "grew": ("start", (clear & (said > 0)).sum(axis=0).astype(np.int32)),
        },
        attrs={"rho": rho, "seed": seed, "steps": steps},
    )


def _inside(z: Array, k: Array, rho: float) -> Array:
    """Whether states are in the bounded forward-invariant region."""
    (region,) = (r for r in manifolds().regions if r.bounded)
    symbols = [*scaled().state, *scaled().parameters]
    sides = [sp.lambdify(symbols, i.gts - i.lts)(z, k, rho) for i in region.inequalities]
    return np.asarray(np.min(sides, axis=0) >= 0)
