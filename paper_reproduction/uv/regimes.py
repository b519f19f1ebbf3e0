"""In which regime the UV model trains: from theory, and from training, cell by cell.

Both are functions of the initial weights and of the step alone. Theory iterates nothing but the map
on the edge-of-stability manifold, whose attractor depends on ρ only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
import xarray as xr

import dynsharp as ds
from dynsharp.regimes import TrainingRegime
from dynsharp.systems import UVNetwork
from dynsharp.types import Array
from paper_reproduction.uv.edge_training import sharpness
from paper_reproduction.uv.theory import critical_step, edge_manifold, manifolds, reduced, scaled
from paper_reproduction.uv.training import Lanes

__all__ = [
    "EDGE",
    "REGIMES",
    "SHOWN",
    "monotone_limit",
    "observed",
    "predicted",
    "touches_boundary",
    "trained",
]

REGIMES = (
    "sharpening",
    "reduction",
    "catapult",
    "edge, periodic",
    "edge, chaotic",
    "divergence",
    "undecided",
)
SHARPENING, REDUCTION, CATAPULT, PERIODIC, CHAOTIC, DIVERGENCE, UNDECIDED = range(len(REGIMES))
EDGE = (PERIODIC, CHAOTIC, UNDECIDED)
SHOWN = UNDECIDED  # theory is never undecided
PATH = 400  # points on the path of gradient flow


def predicted(networks: Sequence[UVNetwork], rho: Array) -> Array:
    """Return the regime (network, ρ) that theory gives for each start at the steps ρη_c.

    - *divergence*: the start is outside the bounded forward-invariant region, or that is open;
    - *edge*: inside, past η_c; chaotic if the exponent of the reduced map is positive;
    - *catapult*: below η_c, and the loss rises, that is z'/z < −1 (or > 1), at the start or where
      gradient flow takes it, λ² − 4g²f² conserved;
    - else *sharpening* or *reduction*: whether gradient flow ends sharper than it starts.

    The first two are exact, the last two those of small steps: training is no gradient flow.
    """
    start = np.array([[net.start["df"], net.start["lam"]] for net in networks])
    g, y = (np.array([getattr(net, name) for net in networks])[:, None] for name in ("g", "y"))
    df, lam = start[:, :1], start[:, 1:]
    unit = np.array([critical_step(net.y, net.g) for net in networks])[:, None]
    eta = rho * unit
    inside = _inside(eta * g * df, eta * lam, rho)
    kept = lam**2 - (2 * g * (df + y)) ** 2
    f = np.linspace(df + y, y, PATH, axis=-1)
    at_z = (eta * g)[..., None] * (f - y[..., None])
    at_k = eta[..., None] * np.sqrt(np.maximum(kept[..., None] + (2 * g[..., None] * f) ** 2, 0))
    rises = (np.abs(_ratio(at_z, at_k, rho[:, None])) > 1).any(axis=-1)
    first = np.array([[net.measure(net.U, net.v)["sharpness"]] for net in networks])
    sharper = np.sqrt(kept + (2 * g * y) ** 2) > first
    stable = np.where(rises, CATAPULT, np.where(sharper, SHARPENING, REDUCTION))
    edge = np.where(_chaotic(rho), CHAOTIC, PERIODIC)
    return np.where(inside, np.where(eta < unit, stable, edge), DIVERGENCE)


def _inside(z: Array, k: Array, rho: Array) -> Array:
    """Whether a start is in the bounded forward-invariant region, and that is closed."""
    (region,) = (r for r in manifolds().regions if r.bounded)
    symbols = [*scaled().state, *scaled().parameters]
    sides = [sp.lambdify(symbols, i.gts - i.lts)(z, k, rho) >= 0 for i in region.inequalities]
    closed = sp.lambdify(scaled().parameters, region.condition)(rho)
    return np.asarray(np.logical_and.reduce(np.broadcast_arrays(closed, *sides)))


def _ratio(z: Array, k: Array, rho: Array) -> Array:
    """Return z'/z, the factor of the error in a step."""
    symbol = scaled().state[0]
    expression = sp.expand(scaled().update[symbol] / symbol)
    return np.asarray(sp.lambdify([*scaled().state, *scaled().parameters], expression)(z, k, rho))


@cache
def monotone_limit() -> sp.Expr:
    """Return the ρ up to which no start on the edge-of-stability manifold has a rising loss.

    There z'/z = −1 has real solutions F from where the discriminant vanishes.
    """
    (z, k), (rho,) = scaled().state, scaled().parameters
    F = sp.Dummy("F", positive=True)
    on = edge_manifold().parametrisation[k].subs(z, F - rho)
    back = sp.expand((scaled().update[z] / z + 1).subs({z: F - rho, k: on}, simultaneous=True))
    roots = sp.solve(sp.discriminant(sp.cancel(back), F), rho)
    return min((r for r in roots if r.is_positive), key=float)


def _chaotic(rho: Array) -> Array:
    """Whether the attractor of the reduced map is chaotic, by its exponent; False below η_c."""
    found = ds.lyapunov(
        reduced(), "rho", rho, {"F": 0.4}, transient=5000, iterations=20000, progress=False
    )
    return np.asarray((found["exponent"] > 5 * found["standard_error"]).values & (rho > 1))


def trained(networks: Sequence[UVNetwork], rho: Array, steps: int) -> xr.Dataset:
    """Train each network at the steps ρη_c, and name what its loss and sharpness did.

    Returns ``regime``; ``growth``, the NTK trace at the end over that at the start; ``largest``,
    the largest |z| on the way; ``left``, |Δf|/|y| at the end: along (network, ρ).
    """
    regime = np.full((len(networks), len(rho)), UNDECIDED, np.int8)
    growth, largest, left = np.full((3, *regime.shape), np.nan)
    for i, net in enumerate(networks):
        eta = rho * critical_step(net.y, net.g)
        df, lam = Lanes.of([net] * len(rho), eta).record(steps)
        with np.errstate(over="ignore", invalid="ignore"):
            loss, top = df**2 / 2, sharpness(df, lam, net)
        growth[i], left[i] = lam[-1] / lam[0], np.abs(df[-1] / net.y)
        largest[i] = np.max(np.abs(eta * net.g * df), axis=0)
        for j in range(len(rho)):
            found = ds.training_regime(loss=loss[:, j], sharpness=top[:, j], eta=eta[j])
            regime[i, j] = observed(found)
    dims = ("network", "rho")
    return xr.Dataset(
        {
            "regime": (dims, regime),
            "growth": (dims, growth),
            "largest": (dims, largest),
            "left": (dims, left),
        },
        {"rho": rho},
    )


def observed(found: TrainingRegime) -> int:
    """Return the regime of a run from its named phases."""
    last = found.final
    if last.name == "divergence":
        return DIVERGENCE
    if last.name == "edge of stability":
        return {"periodic": PERIODIC, "chaotic": CHAOTIC}.get(last.kind, UNDECIDED)
    if "catapult" in found.names:
        return CATAPULT
    first = found.phases[0].measured["sharpness_first"]
    return SHARPENING if last.measured["sharpness_last"] > first else REDUCTION


def touches_boundary(regime: Any) -> Any:
    """Whether a cell of the last two axes has a neighbour (of eight) in another regime."""
    pad = [(0, 0)] * (regime.ndim - 2) + [(1, 1)] * 2
    wide = np.pad(regime, pad, mode="edge")
    rows, columns = regime.shape[-2:]
    touched = np.zeros(regime.shape, bool)
    for a in range(3):
        for b in range(3):
            touched |= wide[..., a : a + rows, b : b + columns] != regime
    return touched
