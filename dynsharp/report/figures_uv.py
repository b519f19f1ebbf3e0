"""The figures of the UV model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from dynsharp import plotting
from dynsharp.report.compare_uv import network
from dynsharp.report.effort import Effort
from dynsharp.report.exact_uv import UVTheory
from dynsharp.sweeps import lyapunov, orbit, orbit_diagram


def uv_figures(theory: UVTheory, effort: Effort, seed: int) -> Iterator[tuple[str, Any, str]]:
    """Yield file name, figure and caption, one by one."""
    yield "uv_orbit_diagram", *_orbit_diagram(theory, effort)
    yield "uv_phase_portraits", *_portraits(theory)
    yield "uv_manifold", *_manifold(theory)
    yield "uv_sharpness", *_sharpness(theory, effort, seed)


def _orbit_diagram(theory: UVTheory, effort: Effort) -> tuple[Any, str]:
    m, rho = theory.reduced.map, theory.rho.name
    values = np.linspace(0.8, float(theory.end), effort.values)
    start = {m.state[0].name: 0.4}
    orbits = orbit_diagram(m, rho, values, start, transient=5000, keep=256, progress=False)
    growth = lyapunov(m, rho, values[::4], start, iterations=20_000, transient=5000, progress=False)
    marks: list[Any] = [theory.flip, (theory.second_flip, "flip of the 2-cycle")]
    axes = plotting.orbit_diagram(orbits, thresholds=marks, exponent=growth)
    caption = (
        f"Route to chaos on the edge-of-stability manifold, F = ηgf against ρ = ηgy: "
        f"{len(values):,} values of ρ, 5,000 steps discarded, 256 drawn; "
        f"{orbits.attrs['diverged']} diverged. Lines: exact thresholds. Below: the largest "
        "Lyapunov exponent over 20,000 steps."
    )
    return axes, caption


def _portraits(theory: UVTheory) -> tuple[Any, str]:
    m, rho = theory.scaled.map, theory.rho.name
    z, k = (s.name for s in m.state)
    with plotting.style():
        figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.6))
    for ax, value, starts in (
        (axes[0], 0.7, ((-0.65, 0.6), (-0.2, 3.2), (0.9, 4.3))),
        (axes[1], 1.1, ((-1.05, 0.4), (-0.3, 3.2), (0.6, 4.2))),
    ):
        orbits = [
            orbit(m, {z: a, k: b}, 300, fixed={rho: value}, progress=False) for a, b in starts
        ]
        plotting.phase_portrait(
            m,
            {z: (-2.2, 2.2), k: (0, 7)},
            {rho: value},
            trajectories=orbits,
            fixed_points=theory.scaled.fixed_points,
            manifolds={"EoS manifold": theory.manifold},
            nullclines=False,
            ax=ax,
        )
        ax.annotate(
            rf"$\rho = {value}$", (0.97, 0.04), xycoords="axes fraction", ha="right", fontsize=10
        )
    caption = (
        "The plane of the scaled map below (left) and above (right) the threshold, each with three "
        "orbits of 300 steps. On the left orbits end on the stable part of the line z = 0 of "
        "minima; on the right no minimum is stable, and they are drawn to the 2-cycle on the "
        "edge-of-stability manifold."
    )
    return figure, caption


def _manifold(theory: UVTheory) -> tuple[Any, str]:
    m, rho = theory.scaled.map, theory.rho.name
    z, k = (s.name for s in m.state)
    value = 1.4
    axes = plotting.manifold(
        m,
        theory.manifold,
        {z: (-1.6, 1.2), k: (0, 5.6)},
        {rho: value},
        start={z: -0.6, k: 2.6},
        iterations=300,
        fixed_points=theory.scaled.fixed_points,
        name="EoS manifold",
    )
    caption = (
        f"At ρ = {value} an orbit falls onto the edge-of-stability manifold (left), where the map "
        "has one variable (right: its cobweb from the same start, the last quarter dark)."
    )
    return axes, caption


def _sharpness(theory: UVTheory, effort: Effort, seed: int) -> tuple[Any, str]:
    net = network(*effort.networks[1], seed)
    critical = theory.critical_step(net.y, net.g)[0]
    with plotting.style():
        figure, axes = plt.subplots(2, 3, figsize=(9.6, 4.4), height_ratios=[1.7, 1], sharex=True)
    shares = (0.5, 1.1, 1.5)
    for column, share in zip(axes.T, shares, strict=True):
        data = net.train(share * critical, 80)
        plotting.sharpness_trajectory(data, share * critical, ax=list(column))
        column[0].set_title(rf"$\eta = {share}\,\eta_c$", fontsize=10)
        column[0].tick_params(labelbottom=False)
    for ax in axes[:, 1:].ravel():
        ax.set_ylabel("")
    for ax in axes[0, 1:]:
        ax.get_legend().remove()
    caption = (
        f"A network of width {net.width} trained on one example: progressive sharpening that stops "
        "below 2/η (left), oscillation at the edge of stability (middle) and chaos (right). The "
        "NTK trace hovers above 2/η past η_c."
    )
    return figure, caption
