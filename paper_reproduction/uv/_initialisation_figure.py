"""The figure of claim 4."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

import dynsharp as ds
from dynsharp.types import Array
from paper_reproduction.uv.regimes import REGIMES, SHOWN

__all__ = ["figure_of", "spaced", "spread"]

_P = ds.plotting.PALETTE
_COLOURS = (_P["orange"], _P["sky"], _P["purple"], _P["yellow"], _P["vermillion"], "#E4E4E4")
_BLACK = _P["black"]
BEND = 0.5  # below it the axis of ρ is logarithmic, above it linear, with one slope


def spread(rho: Any) -> Array:
    """Return the place of ρ on its axis."""
    rho = np.maximum(np.asarray(rho, float), 1e-300)
    return np.where(rho < BEND, np.log(rho / BEND), rho / BEND - 1)


def spaced(place: Any) -> Array:
    """Return ρ from its place on the axis."""
    place = np.asarray(place, float)
    return np.where(place < 0, BEND * np.exp(np.minimum(place, 0)), BEND * (1 + place))


def figure_of(table: xr.Dataset, seed: int, confusion: xr.Dataset, near: xr.Dataset) -> Figure:
    """Draw the regimes of one seed, theory above training, and where they differ over all."""
    with ds.plotting.style():
        figure = plt.figure(figsize=(10.5, 11.2))
        upper, lower = np.ravel(np.array(figure.subfigures(2, 1, height_ratios=[2.1, 0.75])))
        axes = upper.subplots(2, 3, sharex=True, sharey=True)
        for i, s in enumerate(table["s"].values):
            one = table.sel(s=s, seed=seed)
            above, below = axes[:, i]
            _draw(above, one, one["predicted"].values)
            _draw(below, one, one["regime"].values)
            critical = float(table["critical"].sel(s=s))
            above.set_title(rf"theory, $s = {s:g}$ ($\eta_c = {critical:.3g}$)")
            below.set_title("training (dots: not as theory says)")
            _mark(below, one)
            if i == 0:
                for ax in (above, below):
                    ax.set_ylabel(r"$\eta / \eta_c$")
            below.set_xlabel(r"$\sigma_w$")
        left, right = lower.subplots(1, 2, width_ratios=[1, 2])
        _draw_near(left, near)
        _draw_confusion(right, confusion)
        handles = [Patch(color=c, label=n) for c, n in zip(_COLOURS, REGIMES, strict=False)]
        handles.append(Patch(color=_BLACK, label=REGIMES[-1]))
        upper.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _edges(place: Array) -> Array:
    middle = (place[1:] + place[:-1]) / 2
    return np.concatenate([[2 * place[0] - middle[0]], middle, [2 * place[-1] - middle[-1]]])


def _draw(ax: Axes, one: xr.Dataset, regime: Array) -> None:
    sigma, rho = one["sigma_w"].values, one["rho"].values
    colours = [to_rgb(c) for c in (*_COLOURS, _BLACK)]
    ax.set_xscale("log")
    ax.set_yscale("function", functions=(spread, spaced))
    ax.pcolormesh(
        np.exp(_edges(np.log(sigma))),
        spaced(_edges(spread(rho))),
        regime.T,
        cmap=ListedColormap(colours),
        vmin=-0.5,
        vmax=len(colours) - 0.5,
        rasterized=True,
    )
    ax.axhline(1, color=_BLACK, lw=0.8, ls=(0, (4, 2)))
    ax.axhline(BEND, color=_BLACK, lw=0.4, ls=":")
    ticks = [t for t in (0.01, 0.03, 0.1, 0.3, 0.5, 1, 1.5, 2) if rho[0] <= t <= rho[-1]]
    ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_yticks([], minor=True)
    places = [t for t in (0.1, 0.3, 1, 3) if sigma[0] <= 1.01 * t and t <= 1.01 * sigma[-1]]
    ax.set_xticks(places, [f"{t:g}" for t in places])
    ax.set_xticks([], minor=True)


def _mark(ax: Axes, one: xr.Dataset) -> None:
    wrong = np.argwhere(one["predicted"].values != one["regime"].values)
    sigma, rho = one["sigma_w"].values[wrong[:, 0]], one["rho"].values[wrong[:, 1]]
    ax.plot(sigma, rho, "o", ms=2, color=_BLACK, mec="white", mew=0.3)


def _draw_near(ax: Axes, near: xr.Dataset) -> None:
    ax.errorbar(near["cells"], near["share"], near["error"], fmt="o", ms=4, capsize=2.5,
                color=_P["vermillion"])  # fmt: skip
    ax.set_xticks(near["cells"].values)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("cells to the nearest boundary of theory")
    ax.set_ylabel("share of cells that differ")
    ax.set_title("where theory and training differ")


def _draw_confusion(ax: Axes, confusion: xr.Dataset) -> None:
    share = confusion["share"].values
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
    for i, j in np.argwhere(confusion["cells"].values > 0):
        ax.annotate(f"{100 * share[i, j]:.1f}", (j, i), ha="center", va="center", fontsize=8.5)
    ax.set_xticks(range(len(REGIMES)), REGIMES, rotation=15)
    ax.set_yticks(range(SHOWN), REGIMES[:SHOWN])
    ax.set_xlabel("training")
    ax.set_ylabel("theory")
    ax.set_title("what training does where theory says a regime (per cent)")
