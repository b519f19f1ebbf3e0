"""Training at the edge of stability, and its map: trace and sharpness along the way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
import xarray as xr

import dynsharp as ds
from dynsharp.systems import UVNetwork
from dynsharp.types import Array
from paper_reproduction.uv.edge_means import sharpness_minus_trace, sharpness_on_edge
from paper_reproduction.uv.theory import critical_step, edge_manifold, reduced, scaled
from paper_reproduction.uv.training import Lanes
from paper_reproduction.uv.weights import hessian, packed

__all__ = ["block_mean", "hessians_along", "on_the_manifold", "sharpness", "trained", "two_runs"]

BLOCKS = 32  # of consecutive iterates, whose means give the standard error
ROUNDING = float(np.finfo(float).eps)


def sharpness(df: Array, lam: Array, net: UVNetwork) -> Array:
    """Return the top Hessian eigenvalue: ½(λ + √(λ² + 4g²Δf(Δf + 2f))); see `judged_hessians`.

    The root is taken as that of λ² − 4g²f² + 4g²(Δf + f)², two terms that are never negative.
    """
    f = df + net.y
    kept = np.maximum(lam**2 - (2 * net.g * f) ** 2, 0.0)
    return np.asarray((lam + np.hypot(2 * net.g * (df + f), np.sqrt(kept))) / 2)


def trained(networks: Sequence[UVNetwork], rho: Array, transient: int, keep: int) -> xr.Dataset:
    """Train each network at the step sizes ρη_c; return means over the iterates kept.

    All in units of 1/η: ``trace``, ``sharpness``, ``difference`` and their standard errors, the
    extremes of the sharpness and of the trace; ``disorder``, the number of iterates at which
    sharpness and trace are not in the order that z(3z + 2ρ) says.
    """
    columns: dict[str, list[Array]] = {}
    for net in networks:
        eta = rho * critical_step(net.y, net.g)
        lanes = Lanes.of([net] * len(rho), eta)
        lanes.advance(transient)
        df, lam = lanes.record(keep)
        top = sharpness(df, lam, net)
        row = {"disorder": _disorder(net, eta, df, lam, top)}
        for name, values in (("trace", lam), ("sharpness", top), ("difference", top - lam)):
            row[name], row[name + "_error"] = block_mean(eta * values)
            row[name + "_low"], row[name + "_high"] = (eta * values).min(0), (eta * values).max(0)
        row["error"] = np.abs(df).max(axis=0) / abs(net.y)
        for name, column in row.items():
            columns.setdefault(name, []).append(column)
    return xr.Dataset(
        {name: (("network", "rho"), np.array(c, float)) for name, c in columns.items()},
        {"rho": rho, "width": ("network", [n.width for n in networks])},
        {"transient": transient, "keep": keep},
    )


def _disorder(net: UVNetwork, eta: Array, df: Array, lam: Array, top: Array) -> Array:
    """Count iterates that contradict the exact order of sharpness and trace, beyond rounding."""
    z, rho = eta * net.g * df, eta * net.g * net.y
    said = _lambdified_order(z, rho)
    apart = top - lam
    clear = np.abs(apart) > np.sqrt(ROUNDING) * (lam + net.g * np.abs(df))
    return np.asarray(((np.sign(apart) != np.sign(said)) & clear).sum(axis=0))


def _lambdified_order(z: Array, rho: Array) -> Array:
    expression = sharpness_minus_trace()
    symbols = [scaled().state[0], *scaled().parameters]
    return np.asarray(sp.lambdify(symbols, expression)(z, rho))


def block_mean(values: Array) -> tuple[Array, Array]:
    """Mean over the first axis, and its standard error from the means of blocks."""
    blocks = values[: len(values) // BLOCKS * BLOCKS].reshape(BLOCKS, -1, values.shape[1])
    means = blocks.mean(axis=1)
    return means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(BLOCKS)


def on_the_manifold(
    rho: Array, transient: int, keep: int, starts: Array | None = None
) -> xr.Dataset:
    """Return the same means from the map on the manifold, where trace and sharpness are functions.

    The starts are one for all values of ρ, or one for each.
    """
    (state,) = (s.name for s in reduced().state)
    start = {state: 0.4 if starts is None else starts}
    orbits = ds.orbit_diagram(
        reduced(), "rho", rho, start, transient=transient, keep=keep, progress=False
    )
    F, exact = sharpness_on_edge()
    symbols = [F, *scaled().parameters]
    z, k = scaled().state
    trace = edge_manifold().parametrisation[k].subs(z, F - scaled().parameters[0])
    values = orbits[state].values.T
    row = {}
    for name, expression in (
        ("trace", trace),
        ("sharpness", exact),
        ("difference", exact - trace),
    ):
        function = sp.lambdify(symbols, sp.expand(expression))
        row[name], row[name + "_error"] = block_mean(function(values, rho))
    row["diverged"] = orbits["diverged"].values
    return xr.Dataset({n: ("rho", c) for n, c in row.items()}, {"rho": rho})


def hessians_along(net: UVNetwork, steps: int) -> xr.Dataset:
    """Compute eigenvalues of the full Hessian along training, and the formula beside them."""
    rows = []
    for ratio in (0.7, 1.1, 1.6):
        eta, U, v = ratio * critical_step(net.y, net.g), net.U, net.v
        for _ in range(steps):
            now, H = net.measure(U, v), hessian(net, packed(U, v))
            formula = sharpness(np.array(now["df"]), np.array(now["lam"]), net)
            # Of a backward stable eigensolver, and of the entries themselves (Weyl).
            tolerance = len(H) * ROUNDING * np.linalg.norm(H)
            rows.append((np.linalg.eigvalsh(H)[-1], float(formula), tolerance))
            U, v = net.step(U, v, eta)
    columns = zip(("eigenvalue", "formula", "tolerance"), np.array(rows).T, strict=True)
    return xr.Dataset({name: ("state", column) for name, column in columns})


def two_runs(net: UVNetwork) -> xr.Dataset:
    """Train on the 2-cycle and in chaos, for the picture."""
    rho = np.array([1.1, 1.6])
    eta = rho * critical_step(net.y, net.g)
    df, lam = Lanes.of([net] * 2, eta).record(80)
    return xr.Dataset(
        {
            "trace": (("rho", "iterate"), (eta * lam).T),
            "sharpness": (("rho", "iterate"), (eta * sharpness(df, lam, net)).T),
        },
        {"rho": rho, "iterate": np.arange(80, dtype=np.int32)},
    )
