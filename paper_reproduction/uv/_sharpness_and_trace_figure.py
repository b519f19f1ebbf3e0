"""The figure of claim 6."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import dynsharp as ds
from paper_reproduction.uv.edge_means import cycle_means, end_means
from paper_reproduction.uv.theory import scaled

__all__ = ["figure_of"]


def figure_of(runs: xr.Dataset, means: xr.Dataset, reduced: xr.Dataset) -> Figure:
    """Draw two runs, the means over ρ, and the difference of the means."""
    with ds.plotting.style():
        figure, axes = plt.subplots(2, 2, figsize=(10, 6.6), height_ratios=[1, 1.35])
        for ax, rho in zip(axes[0], runs["rho"].values, strict=True):
            _draw_run(ax, runs.sel(rho=rho))
            ax.set_title(rf"$\eta = {rho:g}\,\eta_c$")
        axes[0, 0].legend(loc="lower right", ncols=3)
        _draw_means(axes[1, 0], means, reduced)
        _draw_difference(axes[1, 1], means, reduced)
    return figure


def _colours() -> dict[str, str]:
    palette = ds.plotting.PALETTE
    return {"trace": palette["orange"], "sharpness": palette["blue"]}


def _draw_run(ax: Axes, run: xr.Dataset) -> None:
    ax.axhline(2, color="black", lw=0.9, ls=(0, (4, 2)), label=r"$2/\eta$")
    for name, text in (("trace", "NTK trace"), ("sharpness", "sharpness")):
        ax.plot(run["iterate"], run[name], ".-", ms=3, lw=0.6, color=_colours()[name], label=text)
    ax.set_xlabel("training step")
    ax.set_ylabel(r"$\eta\,\times$ trace, sharpness")
    ax.set_ylim(bottom=0)


def _draw_means(ax: Axes, means: xr.Dataset, reduced: xr.Dataset) -> None:
    rho = means["rho"].values
    symbol = scaled().parameters[0]
    cycle, end = cycle_means(), end_means()
    on = np.linspace(1, float(cycle.up_to), 50)
    ax.axhline(2, color="black", lw=0.9, ls=(0, (4, 2)))
    for name, text in (("trace", "NTK trace"), ("sharpness", "sharpness")):
        colour, exact = _colours()[name], getattr(cycle, name)
        ax.plot(reduced["rho"], reduced[name], "-", color=colour, lw=0.6)
        ax.plot(on, sp.lambdify(symbol, exact)(on), "-", color="black", lw=1.4, zorder=3)
        for network, marker in zip(means["network"].values, "o+", strict=True):
            (marks,) = ax.plot(rho, means[name].sel(network=network), marker, ms=3, color=colour)
            marks.set(mfc="white", mew=0.7, linestyle="none")
            if marker == "o":
                marks.set_label(f"mean {text}, training")
        ax.plot(float(end.up_to), float(getattr(end, name)), "*", color=colour, mec="black", ms=8)
    ax.plot([], [], "-", color="black", lw=1.4, label="exact, 2-cycle")
    ax.plot([], [], "*", color="white", mec="black", ms=8, ls="none", label=r"exact, $\rho = 2$")
    ax.plot([], [], "-", color="#808080", lw=0.6, label="map on the manifold (thin)")
    ax.set_xlabel(r"$\rho = \eta/\eta_c$")
    ax.set_ylabel(r"$\eta\,\times$ trace, sharpness")
    ax.legend(loc="upper left", fontsize=7.5)


def _draw_difference(ax: Axes, means: xr.Dataset, reduced: xr.Dataset) -> None:
    rho, cycle, end = means["rho"].values, cycle_means(), end_means()
    symbol = scaled().parameters[0]
    on = np.linspace(1, float(cycle.up_to), 50)
    ax.axhline(0, color="black", lw=0.6)
    ax.plot(reduced["rho"], reduced["difference"], "-", color="#808080", lw=0.6)
    shown = sp.latex(sp.factor(cycle.sharpness - cycle.trace), fold_short_frac=True)
    exact = sp.lambdify(symbol, cycle.sharpness - cycle.trace)(on)
    ax.plot(on, exact, "-", color="black", lw=1.4, zorder=3, label=f"exact, ${shown}$")
    names = ("green", "purple")
    for network, name, marker in zip(means["network"].values, names, "o+", strict=True):
        one = means.sel(network=network)
        ax.errorbar(
            rho,
            one["difference"],
            one["difference_error"],
            fmt=marker,
            ms=3.5,
            mew=0.7,
            mfc="white",
            elinewidth=0.6,
            color=ds.plotting.PALETTE[name],
            label=f"training, width {int(one['width'])}",
        )
    last = float(end.sharpness - end.trace)
    text = r"exact, $\rho = 2$"
    ax.plot(float(end.up_to), last, "*", color="white", mec="black", ms=8, ls="none", label=text)
    ax.set_xlabel(r"$\rho = \eta/\eta_c$")
    ax.set_ylabel(r"$\eta\,(\langle$sharpness$\rangle - \langle\lambda\rangle)$")
    ax.legend(loc="upper left", fontsize=7.5)
