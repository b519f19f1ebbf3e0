"""The figures of the chain, on rank-one and on real data."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dynsharp import plotting, systems
from dynsharp.networks.data import Data
from dynsharp.report.compare_data import near_balanced
from dynsharp.report.effort import Effort
from dynsharp.report.exact_chain import ChainTheory
from dynsharp.sweeps import orbit_diagram


def chain_figures(theory: ChainTheory, effort: Effort) -> Iterator[tuple[str, Figure, str]]:
    """Yield file name, figure and caption."""
    depths = [effort.depths[i] for i in (0, 1, -1)]
    rho = theory.balanced.map.parameters[0].name
    with plotting.style():
        figure, axes = plt.subplots(1, len(depths), figsize=(9.6, 3.4))
    shares = []
    for ax, depth in zip(axes, depths, strict=True):
        m = systems.balanced_chain(depth)
        values = np.linspace(0.8, 2.0, effort.values // 2)
        data = orbit_diagram(
            m, rho, values, {"omega": 1.02}, transient=5000, keep=256, progress=False
        )
        shares.append(int(data.attrs["diverged"]))
        plotting.orbit_diagram(data, thresholds=[theory.flip], ax=ax)
        ax.set_title(f"depth {depth}", fontsize=10)
    caption = (
        f"Orbit diagrams of the balanced chain in units of its own threshold, ρ = η/η_c, for "
        f"depths {', '.join(map(str, depths))}: {effort.values // 2:,} values of ρ each. Every "
        "depth flips at ρ = 1; "
        f"{', '.join(map(str, shares))} orbits diverge."
    )
    yield "chain_orbit_diagrams", figure, caption


def data_figures(data: Data, effort: Effort, seed: int) -> Iterator[tuple[str, Figure, str]]:
    """Yield file name, figure and caption, one by one."""
    yield "data_training", *_training(data, effort.depths[1], seed)
    yield "data_depths", *_depths(data)


def _training(data: Data, depth: int, seed: int) -> tuple[Figure, str]:
    chain = data.chain(depth, whole=False)
    u, v = near_balanced(chain, np.random.default_rng(seed), 0.1)
    with plotting.style():
        figure, axes = plt.subplots(2, 3, figsize=(9.6, 4.4), height_ratios=[1.7, 1], sharex=True)
    shares = (0.8, 1.05, 1.3)
    u, v = u / 2, v / 2
    for column, share in zip(axes.T, shares, strict=True):
        trained = chain.train(share * chain.eta_c, u, v, 300, record=("loss", "sharpness"), every=1)
        plotting.sharpness_trajectory(trained, share * chain.eta_c, ax=list(column))
        column[0].set_title(rf"$\eta = {share}\,\eta_c$", fontsize=10)
        column[0].tick_params(labelbottom=False)
        if trained.attrs["status"] != "completed":
            text = f"diverged at iterate {int(trained['iterate'][-1]) + 1}"
            column[0].annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center")
    for ax in axes[:, 1:].ravel():
        ax.set_ylabel("")
    for ax in axes[0, 1:]:
        ax.get_legend().remove()
    caption = (
        f"Gradient descent on {data.name}, on its {data.directions} leading singular directions, "
        f"with a chain of depth {depth}, from half of a balanced minimum: sharpness against 2/η "
        "(top) and loss (bottom), for three steps around η_c = 2/S of the balanced minimum."
    )
    return figure, caption


def _depths(data: Data) -> tuple[Figure, str]:
    depths = np.arange(2, 11)
    chains = [data.chain(int(D)) for D in depths]
    lower, upper = np.array([c.sharpness_bounds for c in chains]).T
    exact = [2 / c.eta_c for c in chains]
    predicted = [c.predicted_sharpness for c in chains]
    palette = plotting.PALETTE
    with plotting.style():
        figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.4))
        axes[0].fill_between(depths, lower, upper, color=palette["sky"], alpha=0.5, label="bounds")
        axes[0].plot(
            depths, exact, "o", ms=5, color=palette["blue"], label="exact, balanced minimum"
        )
        axes[0].plot(depths, predicted, "--", color=palette["vermillion"], label="predicted")
        axes[0].set_xlabel("depth $D$")
        axes[0].set_ylabel("sharpness $S$")
        axes[0].legend(loc="best")
        centre = np.array(exact)
        axes[1].fill_between(
            depths, lower / centre - 1, upper / centre - 1, color=palette["sky"], alpha=0.5
        )
        axes[1].plot(depths, 0 * centre, "o", ms=5, color=palette["blue"])
        axes[1].plot(depths, np.array(predicted) / centre - 1, "--", color=palette["vermillion"])
        axes[1].set_xlabel("depth $D$")
        axes[1].set_ylabel("relative to the exact value")
    caption = (
        f"Sharpness of the balanced minimum on all of {data.name}: exact, between its bounds, and "
        f"predicted from the difficulty Q = {chains[0].Q:.4g}; right, relative to the exact value."
    )
    return figure, caption
