"""Claim 1: the map of two variables describes training for every width, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
import xarray as xr

import dynsharp as ds
from dynsharp.systems import UVNetwork
from dynsharp.types import Array
from paper_reproduction.claim import Check, Claim
from paper_reproduction.uv._exact_map_figure import figure_of
from paper_reproduction.uv.rounding import carried, gamma, one_step_scale
from paper_reproduction.uv.theory import critical_step, physical
from paper_reproduction.uv.training import EXAMPLE, example_network

__all__ = ["follows_from_gradient_descent", "holds_for_every_width", "one_step", "run"]

WIDTHS, PARAMETERISATIONS = (1, 2, 8, 512), (0.0, 0.5, 1.0)
SIGMAS, RATIOS = (0.3, 1.0, 2.0), (0.5, 0.95, 1.1, 1.6)
SEED = 0
HUGE = 1e30  # |Δf| at which a diverging run is left: its square and cube are still numbers
LINEAR = 1e-3  # up to here terms of second order are a thousandth of those of first


def run(quick: bool) -> Claim:
    """Train networks of all widths and compare each step, and whole orbits, with the map."""
    steps = 100 if quick else 400
    table = _one_step_table(steps)
    orbits = _whole_orbits(60 if quick else 200)
    checks = (
        _by_algebra(),
        judged_steps(table),
        judged_orbits(orbits),
    )
    diverged = int(table["diverged"].sum())
    chaotic = orbits.isel(eta_ratio=-1).sel(variable="df")
    trained, mapped = chaotic["network"].values, chaotic["map"].values
    lost = int(np.argmax(np.abs(trained - mapped) > 0.01 * np.abs(mapped).max()))
    x, y = EXAMPLE
    return Claim(
        sentence="Training the UV network is an exact map of two variables, Δf and λ, "
        "for every width and parameterisation.",
        source="UV paper, section 3",
        computed=f"Networks of width {_listed(WIDTHS)}, s = {_listed(PARAMETERISATIONS)}, σ_w = "
        f"{_listed(SIGMAS)}, trained in weight space on x = {x}, y = {y} (seed {SEED}) with η/η_c "
        f"= {_listed(RATIOS)} for {steps} steps, or until |Δf| > {HUGE:g} ({diverged} of "
        f"{table['diverged'].size} runs diverge). From each visited state the map is iterated "
        f"once, and for width {orbits.attrs['width']} along {orbits.sizes['iterate'] - 1} steps.",
        checks=checks,
        where="Everywhere, diverging runs included. What differs is rounding, which chaos "
        f"multiplies: at η = {RATIOS[-1]:g} η_c it takes {lost} steps to a difference of 1%.",
        figure=figure_of(table, orbits),
        caption=f"Left: training a network of width {orbits.attrs['width']} (s = "
        f"{orbits.attrs['s']:g}, σ_w = {orbits.attrs['sigma_w']:g}; dots) and the map from the "
        "same start (lines); orbits are shifted for clarity. Middle: their difference, relative "
        "to the largest |Δf|; thin lines are the bound that rounding errors carried by the "
        "Jacobians of the map obey (it ends where it is no longer of first order); what is less "
        "than ε/100 stands at the lower border. Right: the "
        "largest difference after one step, over all visited states of each run, in units of ε "
        "times the size of the terms that are added; the line is the rounding bound.",
        data={"one_step": table, "orbits": orbits},
    )


# ---- algebra -----------------------------------------------------------------------------------


def holds_for_every_width() -> bool:
    """Whether the map follows from the weights' update with no width in it.

    With a = Ux/‖x‖ and z = ηgΔf a step is a' = a − zv, v' = v − za. In the three inner products
    A = a·a, B = v·v, P = a·v this is closed, f = gP and λ = g²(A + B): no width is left.
    """
    m = physical()
    (df, lam), (eta, y, g) = m.state, m.parameters
    A, B, P = sp.symbols("A B P", real=True)
    state = {df: g * P - y, lam: g**2 * (A + B)}
    z = (eta * g * df).subs(state)
    new = {
        A: A - 2 * z * P + z**2 * B,
        B: B - 2 * z * P + z**2 * A,
        P: P - z * (A + B) + z**2 * P,
    }
    return all(
        sp.expand(update.subs(state) - state[x].subs(new, simultaneous=True)) == 0
        for x, update in m.update.items()
    )


def follows_from_gradient_descent(width: int = 2, inputs: int = 2) -> bool:
    """Whether gradient descent on the loss, differentiated by sympy, gives the map."""
    m = physical()
    (df, lam), (eta, y, g) = m.state, m.parameters
    U = sp.Matrix(width, inputs, lambda i, j: sp.Symbol(f"U{i}{j}", real=True))
    v = sp.Matrix(width, 1, lambda i, _: sp.Symbol(f"v{i}", real=True))
    x = sp.Matrix(inputs, 1, lambda j, _: sp.Symbol(f"x{j}", real=True))
    n_eff = sp.Symbol("n_eff", positive=True)
    f = (v.T * U * x)[0] / sp.sqrt(n_eff)
    gd = ds.gradient_descent((f - y) ** 2 / 2, weights=[*U, *v], step=eta)
    trace = sum(sp.diff(f, w) ** 2 for w in gd.state)
    state = {df: f - y, lam: trace, g: sp.sqrt(x.dot(x) / n_eff)}
    return all(
        sp.expand(update.subs(state) - state[s].subs(gd.update, simultaneous=True)) == 0
        for s, update in m.update.items()
    )


def _by_algebra() -> Check:
    general, example = holds_for_every_width(), follows_from_gradient_descent()
    return Check(
        "by algebra: the map follows from the weights' update in inner products alone, for every "
        "width; and from sympy's gradient of the loss for width 2 with 2 inputs",
        f"{'identical' if general else 'not identical'}; "
        f"{'identical' if example else 'not identical'}",
        general and example,
    )


# ---- one step from every visited state ---------------------------------------------------------


def map_step(states: Array, eta: float, y: float, g: float) -> Array:
    """Return the map's image of states (..., 2)."""
    m = physical()
    df, lam = states[..., 0], states[..., 1]
    return np.stack(_lambdified(m.expressions)(df, lam, eta, y, g), axis=-1)


def one_step(net: UVNetwork, eta: float, steps: int) -> tuple[Array, Array, Array]:
    """Train; return the visited states, and the difference to one step of the map with its scale.

    Shapes (visited + 1, 2), (visited, 2), (visited, 2); the rounding bound is γ_m times the scale.
    """
    U, v = net.U, net.v
    states, scales = [_state(net, U, v)], []
    for _ in range(steps):
        scales.append(one_step_scale(net, U, v, eta))
        U, v = net.step(U, v, eta)
        states.append(_state(net, U, v))
        if not abs(states[-1][0]) < HUGE:
            break
    visited = np.array(states)
    difference = visited[1:] - map_step(visited[:-1], eta, net.y, net.g)
    return visited, np.abs(difference), np.array(scales)


def _one_step_table(steps: int) -> xr.Dataset:
    axes = {"width": WIDTHS, "s": PARAMETERISATIONS, "sigma_w": SIGMAS, "eta_ratio": RATIOS}
    shape = tuple(len(a) for a in axes.values())
    error, visits, diverged = np.full(shape, np.nan), np.zeros(shape, int), np.zeros(shape, int)
    bound = np.zeros(len(WIDTHS))
    eps = float(np.finfo(float).eps)
    for at in product(*(range(n) for n in shape)):
        _, s, sigma_w, ratio = (a[i] for a, i in zip(axes.values(), at, strict=True))
        net = example_network(WIDTHS[at[0]], s, sigma_w, SEED)
        states, difference, scale = one_step(net, ratio * critical_step(net.y, net.g), steps)
        error[at] = np.max(difference / scale) / eps
        visits[at], diverged[at] = len(difference), not abs(states[-1, 0]) < HUGE
        bound[at[0]] = gamma(net) / eps
    return xr.Dataset(
        {
            "error": (tuple(axes), error, {"units": "epsilon times size of terms"}),
            "visited": (tuple(axes), visits.astype(np.int32)),
            "diverged": (tuple(axes), diverged.astype(np.int8)),
            "bound": ("width", bound, {"units": "epsilon times size of terms"}),
        },
        {k: np.array(a) for k, a in axes.items()},
        {"seed": SEED},
    )


def judged_steps(table: xr.Dataset) -> Check:
    share = float((table["error"] / table["bound"]).max())
    largest = float(table["error"].max())
    visits = int(table["visited"].sum())
    return Check(
        "after one step from each visited state, network and map differ by no more than γ_m times "
        "the terms that are added, m = 3n + 6d + 40 roundings",
        f"{visits:,} steps: at most {largest:.2g} ε times the terms, {share:.2g} of the bound",
        bool((table["error"] <= table["bound"]).all()),
    )


# ---- whole orbits ------------------------------------------------------------------------------


def _whole_orbits(steps: int) -> xr.Dataset:
    """Train, iterate the map beside it, and carry the rounding bound along."""
    width, s, sigma_w = WIDTHS[-2], 1.0, 0.5
    net = example_network(width, s, sigma_w, SEED)
    ratios = [r for r in RATIOS if r != 0.95]
    critical = critical_step(net.y, net.g)
    columns: dict[str, list[Any]] = {"network": [], "map": [], "bound": []}
    for ratio in ratios:
        eta = ratio * critical
        visited, _, scale = one_step(net, eta, steps)
        iterated = [visited[0]]
        for _ in range(steps):
            iterated.append(map_step(iterated[-1], eta, net.y, net.g))
        entries = _lambdified(physical().jacobian)

        def jacobian(x: Array, eta: float = eta, entries: Any = entries) -> Array:
            return np.array(entries(x[0], x[1], eta, net.y, net.g))

        # A step adds the one-step difference, and the map's rounding in each of its two images.
        allowed = carried(jacobian, np.array(iterated), 3 * gamma(net) * scale)
        for name, values in zip(columns, (visited, iterated, allowed), strict=True):
            columns[name].append(np.array(values))
    dims = ("eta_ratio", "iterate", "variable")
    variables = {name: (dims, np.array(values)) for name, values in columns.items()}
    size = np.abs(variables["map"][1]).max(axis=1, keepdims=True)
    within = (variables["bound"][1] <= LINEAR * size).all(axis=-1)
    linear = np.logical_and.accumulate(within, axis=1).astype(np.int8)
    return xr.Dataset(
        variables | {"linear": (dims[:2], linear)},
        {
            "eta_ratio": ratios,
            "iterate": np.arange(steps + 1, dtype=np.int32),
            "variable": ["df", "lam"],
        },
        {"width": width, "s": s, "sigma_w": sigma_w, "seed": SEED, "eta_c": critical},
    )


def judged_orbits(orbits: xr.Dataset) -> Check:
    trained, mapped, bound = (orbits[n].values for n in ("network", "map", "bound"))
    linear = orbits["linear"].values == 1
    apart = np.abs(trained - mapped)
    share = (apart / np.abs(mapped).max(axis=1, keepdims=True)).max(axis=-1)
    found = [
        f"η = {ratio:g} η_c: {counted.sum() - 1} steps, at most {far[counted].max():.1e}"
        for ratio, counted, far in zip(orbits["eta_ratio"].values, linear, share, strict=True)
    ]
    return Check(
        "along whole orbits they differ (relative to the largest value) by no more than the "
        "rounding of each step carried on by the Jacobians, as long as that bound is below "
        f"{LINEAR:g}, so that terms of second order do not count",
        "; ".join(found),
        bool((apart <= bound)[linear].all()),
    )


def _state(net: UVNetwork, U: Array, v: Array) -> Array:
    now = net.measure(U, v)
    return np.array([now["df"], now["lam"]])


@cache
def _lambdified(expressions: Any) -> Any:
    m = physical()
    wanted = expressions.tolist() if hasattr(expressions, "tolist") else list(expressions)
    return sp.lambdify([*m.state, *m.parameters], wanted)


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{v:g}" for v in values)
