"""The figure of claim 1."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import dynsharp as ds

__all__ = ["figure_of"]


def figure_of(table: xr.Dataset, orbits: xr.Dataset) -> Figure:
    """Draw orbits, their differences, and the differences after one step."""
    palette = ds.plotting.PALETTE
    colours = (palette["blue"], palette["green"], palette["vermillion"])
    with ds.plotting.style():
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.6))
        floor = float(np.finfo(float).eps) / 100
        shown = orbits.isel(iterate=slice(0, 61)).sel(variable="df")
        shift = 1.25 * float(np.ptp(shown["network"].values))
        for i, (ratio, colour) in enumerate(zip(orbits["eta_ratio"].values, colours, strict=True)):
            one = shown.sel(eta_ratio=ratio)
            text = rf"$\eta = {ratio:g}\,\eta_c$"
            left.plot(one["iterate"], one["map"] - i * shift, color=colour, lw=0.8, alpha=0.7)
            left.plot(one["iterate"], one["network"] - i * shift, ".", color=colour, ms=3)
            left.axhline(-i * shift, color="#808080", lw=0.4, zorder=0)
            left.annotate(
                text,
                (shown.sizes["iterate"] - 1, (0.42 - i) * shift),
                ha="right",
                color=colour,
            )
            line = orbits.sel(eta_ratio=ratio, variable="df")
            trained, mapped = line["network"].values, line["map"].values
            size = float(np.abs(mapped).max())
            apart = np.abs(trained - mapped) / size
            bound = line["bound"].where(line["linear"]).values / size
            steps = line["iterate"].values
            middle.plot(steps, bound, color=colour, lw=0.7)
            middle.plot(steps, np.maximum(apart, floor), ".", color=colour, ms=3)
            middle.plot([], [], ".-", color=colour, lw=0.7, label=text)
        left.set_ylim(top=0.62 * shift)
        left.set_xlabel("step")
        left.set_ylabel(r"$\Delta f$, shifted")
        left.set_title("training (dots) and the map (lines)")
        middle.set_yscale("log")
        middle.set_xlabel("step")
        middle.set_ylabel(r"difference in $\Delta f$, relative")
        middle.set_title("whole orbits: rounding, carried on")
        middle.set_ylim(floor / 2, 1e4)
        middle.legend(loc="upper left", ncols=3, columnspacing=0.8, handletextpad=0.4)
        _draw_errors(right, table)
    return figure


def _draw_errors(ax: Axes, table: xr.Dataset) -> None:
    palette = ds.plotting.PALETTE
    place = np.arange(table.sizes["width"])
    ax.hlines(
        table["bound"], place - 0.35, place + 0.35, color="black", lw=1.2, label="rounding bound"
    )
    for j, name in enumerate(("blue", "orange", "vermillion")):
        values = table["error"].isel(s=j).to_numpy().reshape(len(place), -1)
        spread = np.linspace(-0.08, 0.08, values.shape[1]) + 0.22 * (j - 1)
        ax.plot(
            (place[:, None] + spread).ravel(),
            np.maximum(values, values[values > 0].min()).ravel(),
            ".",
            ms=3,
            color=palette[name],
            label=f"$s = {table.s.values[j]:g}$",
        )
    ax.set_yscale("log")
    ax.set_xticks(place, [str(w) for w in table["width"].values])
    ax.set_xlabel("width $n$")
    ax.set_ylabel(r"difference after one step / ($\epsilon \times$ terms)")
    ax.set_title(f"one step, {table['error'].size} runs")
    ax.set_ylim(top=float(table["bound"].max()) * 8)
    ax.legend(loc="upper left", ncols=2, handlelength=1.2)
