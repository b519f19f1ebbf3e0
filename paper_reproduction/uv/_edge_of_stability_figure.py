"""The figure of claim 3."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import dynsharp as ds

__all__ = ["figure_of"]

_COLOURS = ("vermillion", "orange", "blue")


def figure_of(table: xr.Dataset, fits: dict[float, tuple[float, float]]) -> Figure:
    """Draw the largest converging steps against the width, and their differences to theory.

    ``fits`` has the fitted exponent and its standard error for each s.
    """
    with ds.plotting.style():
        figure, axes = plt.subplots(1, 3, figsize=(11, 3.8))
        for ax, sigma_w in zip(axes, table["sigma_w"].values, strict=False):
            _draw_boundaries(ax, table.sel(sigma_w=sigma_w), fits if ax is axes[0] else {})
            ax.set_title(rf"$\sigma_w = {sigma_w:g}$")
        axes[1].set_ylim(axes[0].get_ylim())
        _draw_differences(axes[2], table)
    return figure


def _draw_boundaries(ax: Axes, table: xr.Dataset, fits: dict[float, tuple[float, float]]) -> None:
    width = table["width"].values
    for s, name in zip(table["s"].values, _COLOURS, strict=True):
        one, colour = table.sel(s=s), ds.plotting.PALETTE[name]
        text = f"$s = {s:g}$"
        if s in fits:
            exponent, error = fits[s]
            text += f": $p = {round(exponent, 6) + 0.0:.6f} \\pm {_power(error)}$"
        ax.plot(width, one["critical"].isel(seed=0), "-", color=colour, lw=0.9, label=text)
        at = np.broadcast_to(width[:, None], one["measured"].shape)
        bounded = one["bounded_beyond"].values == 1
        style: dict[str, Any] = {"ls": "none", "color": colour}
        ax.plot(at[bounded], one["measured"].values[bounded], "o", ms=4, **style)
        ax.plot(at[~bounded], one["measured"].values[~bounded], "o", ms=5, mfc="white", **style)
        ax.plot(at[~bounded], one["exact"].values[~bounded], "x", ms=2.5, mew=0.7, **style)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xticks(width, [str(w) for w in width])
    ax.set_xlabel("width $n$")
    ax.set_ylabel(r"largest step $\eta$ that converges")
    ax.plot([], [], "ko", ms=4, ls="none", label="measured: edge of stability beyond")
    if (table["bounded_beyond"] == 0).any():
        ax.plot([], [], "ko", ms=5, mfc="white", ls="none", label="measured: divergence beyond")
        ax.plot([], [], "kx", ms=3, mew=0.7, ls="none", label="exact, divergence")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.45)
    ax.legend(loc="upper left", fontsize=7.5)


def _draw_differences(ax: Axes, table: xr.Dataset) -> None:
    exact = table["exact"].values
    apart = np.abs(table["measured"].values / exact - 1).ravel()
    allowed = (table["tolerance"].values / exact).ravel()
    order = np.lexsort((apart, allowed))
    place = np.arange(len(order))
    palette = ds.plotting.PALETTE
    ax.plot(place, allowed[order], "_", color=palette["black"], ms=4, label="tolerance")
    ax.plot(place, apart[order], ".", color=palette["blue"], ms=4, label="difference")
    ax.set_yscale("log")
    ax.set_xlabel("network, by tolerance")
    ax.set_ylabel("|measured / exact − 1|")
    ax.set_title("measured against exact")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.15)
    ax.legend(loc="upper left", ncols=2)


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.0e}".split("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"
