"""The figure of claim chain.2, from its tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dynsharp import plotting
from paper_reproduction.chain.difficulty import FEATURES, expected

__all__ = ["draw", "formula"]

_COLOURS = [plotting.PALETTE[c] for c in ("black", "blue", "vermillion", "green", "purple")]
_MARKS = "os^Dv"
_LINE: dict[str, Any] = {"color": plotting.PALETTE["black"], "lw": 0.8, "ls": (0, (4, 2))}


def draw(growth: xr.Dataset, series: Mapping[str, xr.Dataset], table: xr.Dataset) -> Figure:
    """Draw growth of Q, sharpness against Ŝ for each model, and the correlations."""
    names = list(growth["source"].to_numpy())
    looks: dict[str, dict[str, Any]] = {
        name: {"color": _COLOURS[i], "marker": _MARKS[i], "ms": 3.5, "mfc": "none"}
        for i, name in enumerate(names)
    }
    with plotting.style():
        figure, axes = plt.subplots(2, 3, figsize=(9.6, 6.4))
        _growth(axes[0, 0], growth, looks)
        chain, *networks = series
        _scatter(axes[0, 1], chain, series[chain], looks)
        _bounds(axes[0, 2], chain, series[chain], looks)
        for ax, name in zip((axes[1, 0], axes[1, 1]), (networks[0], networks[-1]), strict=True):
            _scatter(ax, name, series[name], looks)
        _correlations(axes[1, 2], table)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def formula(name: str) -> str:
    """Set the formula in a name as mathematics."""
    return re.sub(r"1/j(\^2)?", r"$1/j\1$", name)


def _growth(ax: Axes, growth: xr.Dataset, looks: Mapping[str, dict[str, Any]]) -> None:
    for name, look in looks.items():
        own = growth.sel(source=name).dropna("size")
        ax.plot(own["size"], own["median"], label=formula(name), lw=0.9, **look)
        ax.fill_between(own["size"], own["low"], own["high"], color=look["color"], alpha=0.15, lw=0)
    size = np.arange(2.0, 4 * FEATURES + 1)
    mean = np.where(np.abs(size - FEATURES) > 1, expected(size, FEATURES), np.nan)
    ax.plot(size, mean, color=looks["Gaussian"]["color"], lw=0.8, ls=":", label="exact mean")
    ax.set(xscale="log", yscale="log", xlabel="samples $N$", ylabel="difficulty $Q$")
    ax.set_title("$Q$ grows up to $N$ = rank, then falls")


def _scatter(ax: Axes, title: str, own: xr.Dataset, looks: Mapping[str, dict[str, Any]]) -> None:
    for name, look in looks.items():
        mine = own.isel(problem=np.flatnonzero(own["source"] == name))
        ax.plot(mine["predicted"], mine["measured"], ls="none", **look)
    ends = np.array([own["predicted"].min(), own["predicted"].max()])
    ax.plot(ends, ends, **_LINE)
    ax.set(xscale="log", yscale="log", title=title)
    ax.set(xlabel=r"predicted $\hat S_D=\sigma_1^2Q^{(D-1)/D}/N$", ylabel="sharpness, end of flow")


def _bounds(ax: Axes, title: str, own: xr.Dataset, looks: Mapping[str, dict[str, Any]]) -> None:
    for name, look in looks.items():
        mine = own.isel(problem=np.flatnonzero(own["source"] == name))
        scale = mine["predicted"]
        ax.plot(mine["ratio"], mine["measured"] / scale, ls="none", **look)
        ax.vlines(
            mine["ratio"], mine["lower"] / scale, mine["upper"] / scale, color=look["color"], lw=0.6
        )
    ends = np.geomspace(own["ratio"].min().item(), own["ratio"].max().item(), 50)
    ax.plot(ends, 1 + ends, **_LINE)
    ax.text(0.05, 0.93, r"dashed: $1+\kappa$, bars: bounds", transform=ax.transAxes, fontsize=8.5)
    ax.set(xscale="log", ylabel=r"sharpness / $\hat S_D$", title=title)
    ax.set_xlabel(r"$\kappa=(D-1)\,\sum d_i^2/(\sigma_1^2Q)$")


def _correlations(ax: Axes, table: xr.Dataset) -> None:
    names = table["name"].to_numpy()
    for i in range(table.sizes["case"]):
        row = table.isel(case=i)
        for shift, prefix, colour in ((-0.12, "", "blue"), (0.12, "log_", "orange")):
            low, r, high = (float(row[prefix + k]) for k in ("low", "r", "high"))
            ax.plot([low, high], [i + shift] * 2, color=plotting.PALETTE[colour], lw=1.4)
            ax.plot([r], [i + shift], "o", ms=4, color=plotting.PALETTE[colour])
        if np.isfinite(row["reported"]):
            ax.plot([row["reported"]], [i], "k*", ms=8)
    ax.set_yticks(range(table.sizes["case"]), [name.replace(", ", "\n", 1) for name in names])
    ax.invert_yaxis()
    ax.axvline(0, **_LINE)
    ax.set_xlabel(r"correlation of $\hat S_D$ with the sharpness")
    ax.set_title("blue: values, orange: logarithms,\nstar: reported by the paper")
