"""What training does past η_c: its orbits, how they come to the manifold, its periodic windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
import xarray as xr
from scipy.optimize import brentq

import dynsharp as ds
from dynsharp.systems import UVNetwork
from dynsharp.types import Array
from paper_reproduction.uv.edge_training import block_mean, sharpness
from paper_reproduction.uv.theory import (
    critical_step,
    edge_manifold,
    reduced,
    reduced_fixed_points,
    scaled,
)
from paper_reproduction.uv.training import Lanes

__all__ = ["approach", "exponents_of_map", "superstable_cycles", "trained_orbits", "windows"]

ROUNDING = float(np.finfo(float).eps)
MAX_PERIOD = 64


@cache
def _logarithms() -> tuple[sp.Expr, sp.Expr]:
    """Return ln|derivative| of the reduced map in F, and ln|cofactor| of the manifold in z."""
    (F,) = reduced().state
    growth = sp.factor(sp.diff(reduced().update[F], F))
    return sp.log(sp.Abs(growth)), sp.log(sp.Abs(edge_manifold().cofactor))


def _along(eta: Array, net: UVNetwork, df: Array) -> tuple[Array, Array]:
    """Both logarithms at the iterates of training, (iterate, lane)."""
    (F,), (rho,) = reduced().state, reduced().parameters
    growth, across = _logarithms()
    z, target = eta * net.g * df, np.broadcast_to(eta * net.g * net.y, df.shape)
    with np.errstate(divide="ignore"):
        along = sp.lambdify([F, rho], growth)(z + target, target)
        normal = sp.lambdify([scaled().state[0], rho], across)(z, target)
    return along, normal


def trained_orbits(net: UVNetwork, rho: Array, transient: int, keep: int, shown: int) -> xr.Dataset:
    """Train at the step sizes ρη_c; return the iterates shown and the exponents of all kept.

    ``df`` in units of |y|, ``lam`` and ``sharpness`` in units of 1/η. ``exponent`` is the mean of
    ln|derivative of the reduced map| and ``transverse`` that of the logarithm of the cofactor of
    the manifold, both at the Δf of training, per step; their ``…_extent`` is how much a step may
    add. ``distance`` is k − 2F at the end, in units of k.
    """
    eta = rho * critical_step(net.y, net.g)
    lanes = Lanes.of([net] * len(rho), eta)
    lanes.advance(transient)
    df, lam = lanes.record(keep)
    along, across = _along(eta, net, df)
    (exponent, error), (normal, normal_error) = block_mean(along), block_mean(across)
    apart, _ = _off_manifold(net, lanes)
    dims, orbits = ("rho", "iterate"), {}
    for name, values in (
        ("df", df / abs(net.y)),
        ("lam", eta * lam),
        ("sharpness", eta * sharpness(df, lam, net)),
    ):
        orbits[name] = (dims, values[-shown:].T.astype(np.float32))
    return xr.Dataset(
        orbits
        | {
            "diverged": ("rho", (~np.isfinite(lam).all(axis=0)).astype(np.int8)),
            "exponent": ("rho", exponent),
            "standard_error": ("rho", error),
            "transverse": ("rho", normal),
            "transverse_error": ("rho", normal_error),
            "exponent_extent": ("rho", np.ptp(along, axis=0)),
            "transverse_extent": ("rho", np.ptp(across, axis=0)),
            "distance": ("rho", np.sum(apart**2, axis=1) / net.n_eff / lam[-1]),
        },
        {"rho": rho, "iterate": np.arange(transient + keep - shown, transient + keep)},
        {"parameter": "rho", "transient": transient, "keep": keep, "width": net.width},
    )


def exponents_of_map(rho: Array, transient: int, iterations: int) -> xr.Dataset:
    """Return the Lyapunov exponent of the reduced map, and that across the manifold."""
    manifold = edge_manifold()
    F = next(iter(reduced().state))
    (own,) = (s for s in manifold.restrict().state)
    z = sp.expand(F - scaled().parameters[0])
    across = manifold.cofactor.subs(own, z)
    return ds.lyapunov(
        reduced(),
        "rho",
        rho,
        {F: 0.4},
        transient=transient,
        iterations=iterations,
        transverse=across,
        progress=False,
    )


def _off_manifold(net: UVNetwork, lanes: Lanes) -> tuple[Array, Array]:
    """Return Ux − ‖x‖v, which vanishes on the manifold, and the size of what is subtracted."""
    hidden = np.einsum("bdn,d->bn", lanes.U, net.x)
    other = float(np.linalg.norm(net.x)) * lanes.v
    size = np.einsum("bdn,d->bn", np.abs(lanes.U), np.abs(net.x)) + np.abs(other)
    return hidden - other, size


def approach(networks: Sequence[UVNetwork], rho: Array, steps: int) -> xr.Dataset:
    """Follow the distance to the manifold, k − 2F = η‖Ux − ‖x‖v‖²/n_eff, during training.

    As a sum of squares it is known to the last digits however small it is, until the difference of
    weights is at their own rounding, ``floor``. ``cofactor`` is what the map says that the step
    multiplies it by, at the Δf of training.
    """
    z_ = scaled().state[0]
    cofactor = sp.lambdify(z_, edge_manifold().cofactor)
    rows: dict[str, list[Array]] = {"distance": [], "floor": [], "cofactor": []}
    for net in networks:
        eta = rho * critical_step(net.y, net.g)
        lanes = Lanes.of([net] * len(rho), eta)
        unit, columns = eta / net.n_eff, []
        for _ in range(steps):
            apart, scale = _off_manifold(net, lanes)
            error = np.einsum("bn,bdn,d->b", lanes.v, lanes.U, net.x) / np.sqrt(net.n_eff) - net.y
            columns.append(
                (
                    unit * (apart**2).sum(axis=1),
                    unit * ROUNDING**2 * (scale**2).sum(axis=1),
                    cofactor(eta * net.g * error),
                )
            )
            lanes.advance(1)
        for name, values in zip(rows, np.transpose(columns, (1, 2, 0)), strict=True):
            rows[name].append(values)
    dims = ("network", "rho", "iterate")
    return xr.Dataset(
        {name: (dims, np.array(values)) for name, values in rows.items()},
        {"rho": rho, "iterate": np.arange(steps, dtype=np.int32)},
    )


@cache
def _free_critical_point() -> sp.Expr:
    """Return the critical point that is not sent to the fixed point F = 0."""
    (F,) = reduced().state
    update = reduced().update[F]
    (free,) = (c for c in sp.solve(sp.diff(update, F), F) if sp.simplify(update.subs(F, c)) != 0)
    return free


def superstable_cycles(periods: Sequence[int], span: tuple[float, float], scan: int) -> xr.Dataset:
    """Return the parameters in a span at which the critical point has one of these periods.

    A scan finds the sign changes of Gᵖ(F_c) − F_c, Brent's method the roots. Every periodic window
    has one such value for each time that its cycle is superstable.
    """
    (F,), (rho,) = reduced().state, reduced().parameters
    step = sp.lambdify([F, rho], reduced().update[F])
    begin = sp.lambdify(rho, _free_critical_point())

    def missed(value: Any, period: int) -> Any:
        x = begin(value)
        for _ in range(period):
            x = step(x, value)
        return x - begin(value)

    found: list[tuple[int, float]] = []
    grid = np.linspace(*span, scan)
    for period in periods:
        signs = missed(grid, period)
        for i in np.flatnonzero(signs[:-1] * signs[1:] < 0):
            root = brentq(missed, grid[i], grid[i + 1], args=(period,), xtol=1e-15)
            divisors = [d for d in range(1, period) if period % d == 0]
            if all(abs(missed(root, d)) > 1e-6 for d in divisors):
                found.append((period, root))
    found.sort(key=lambda row: row[1])
    capture = [_capture_time(p, r) for p, r in found]
    return xr.Dataset(
        {
            "expected": ("window", np.array([p for p, _ in found], np.int32)),
            "capture_time": ("window", np.array(capture)),
        },
        {"rho": ("window", np.array([r for _, r in found]))},
    )


def _capture_time(period: int, value: float) -> float:
    """Return how many steps a chaotic orbit takes to fall into a superstable cycle, about.

    Near the critical point Gᵖ(F_c + x) ≈ F_c + A x², A = ½ G''(F_c) Π G'(F_i): what comes within
    1/|A| of it is captured. A step does so with a probability of about 2/|A| over the extent of
    the orbits, here taken as that up to the largest fixed point, the corner of the region.
    """
    (F,), (rho,) = reduced().state, reduced().parameters
    update = reduced().update[F].subs(rho, value)
    point = float(_free_critical_point().subs(rho, value))
    step, slope = sp.lambdify(F, update), sp.lambdify(F, sp.diff(update, F))
    bend = float(sp.diff(update, F, 2).subs(F, point)) / 2
    for _ in range(period - 1):
        point = step(point)
        bend *= slope(point)
    top = max(float(p.state[F].subs(rho, value)) for p in reduced_fixed_points())
    return abs(bend) * top / 2


def windows(net: UVNetwork, cycles: xr.Dataset, transient: int) -> xr.Dataset:
    """Train where these cycles are superstable, and find the period that training has there."""
    eta = cycles["rho"].values * critical_step(net.y, net.g)
    lanes = Lanes.of([net] * len(eta), eta)
    lanes.advance(transient)
    df, _ = lanes.record(2 * MAX_PERIOD)
    period = np.zeros(len(eta), np.int32)  # 0: none
    for p in range(MAX_PERIOD, 0, -1):
        same = np.abs(df[p:] - df[:-p]).max(axis=0) <= 1e-8 * abs(net.y)
        period[same] = p
    return cycles.assign(period=("window", period))
