"""The figure of claim 2."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

import dynsharp as ds
from paper_reproduction.uv.theory import fixed_points, numeral, scaled

__all__ = ["figure_of"]

_SHADE = "#F6D9C4"


def figure_of(descents: xr.Dataset, flowing: xr.Dataset) -> Figure:
    """Draw the scaled plane below and above η_c, and gradient flow."""
    with ds.plotting.style():
        figure, axes = plt.subplots(2, 2, figsize=(11, 9.2), height_ratios=[1.25, 1])
        for ax, rho in zip(axes[0], descents["rho"].values, strict=True):
            _draw_plane(ax, descents.sel(rho=rho), float(rho))
        _draw_flows(axes[1, 0], flowing, descents.attrs["y"])
        _draw_ends(axes[1, 1], flowing, descents.attrs["y"])
    return figure


def _draw_plane(ax: Axes, runs: xr.Dataset, rho: float) -> None:
    g, y = runs.attrs["g"], runs.attrs["y"]
    m = scaled()
    (z, k), (parameter,) = m.state, m.parameters
    eta = rho / (g * y)
    orbits = np.stack([eta * g * runs["df"].values, eta * runs["lam"].values], axis=-1)
    ds.plotting.phase_portrait(
        m,
        {"z": (-2.3, 2.3), "k": (0.0, 7.0)},
        {"rho": rho},
        trajectories=list(orbits),
        fixed_points=fixed_points(),
        ax=ax,
    )
    at_z, at_k = np.meshgrid(np.linspace(-2.3, 2.3, 401), np.linspace(0, 7, 401))
    change = sp.lambdify([z, k, parameter], m.update[k] - k)(at_z, at_k, rho)
    inside = at_k >= 2 * np.abs(at_z + rho)
    shown = np.where(inside, change, np.nan)
    ax.contourf(at_z, at_k, shown, levels=[0, np.inf], colors=[_SHADE], zorder=0.6)
    legend = ax.get_legend()
    if legend is not None:
        handles: list[Any] = [h for h in legend.legend_handles if h is not None]
        handles.append(Patch(facecolor=_SHADE, label=r"$\lambda' > \lambda$"))
        _legend(ax, handles)
    ax.set_xlabel(r"$z = \eta g \Delta f$")
    ax.set_ylabel(r"$k = \eta\lambda$")
    paper: dict[str, Any] = {"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none"}
    ax.annotate(
        rf"$\eta = {rho:g}\,\eta_c$",
        (0.97, 0.05),
        xycoords="axes fraction",
        ha="right",
        fontsize=11,
        bbox=paper,
    )
    for point in fixed_points():
        name = numeral(point)
        left, up = (float(point.state[s].subs({parameter: rho, k: 2 * rho})) for s in (z, k))
        beside = {"II": (14, 2), "IV": (-13, -12)}.get(name, (13, -9))
        ax.annotate(
            name,
            (left, up),
            beside,
            textcoords="offset points",
            ha="center",
            fontsize=10,
            bbox=paper,
            zorder=6,
        )


def _legend(ax: Axes, handles: list[Any]) -> None:
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        borderaxespad=0,
        fontsize=7.5,
        ncols=3,
        columnspacing=1.0,
    )


def _draw_flows(ax: Axes, flowing: xr.Dataset, y: float) -> None:
    palette = ds.plotting.PALETTE
    f = flowing["path_f"].values / y
    lam = flowing["path_lam_over_g"].values / y
    grows = np.abs(f[:, 0]) < 1
    for path, level, up in zip(f, lam, grows, strict=True):
        colour = palette["vermillion" if up else "blue"]
        ax.plot(path, level, "-", color=colour, lw=0.8)
        ax.plot(path[0], level[0], "o", mfc="white", mec=colour, ms=4)
        ax.plot(path[-1], level[-1], ".", color=colour, ms=5)
    wide = 3.2
    edge = np.array([-wide, 0, wide])
    ax.fill_between(
        edge, 0, 2 * np.abs(edge), color="#EDEDED", zorder=0, label="outside the domain"
    )
    ax.axvline(1, color="black", lw=0.7, ls=(0, (4, 2)))
    ax.set_xlim(-wide, wide)
    ax.set_ylim(0, 3 * wide)
    ax.plot([], [], "-o", mfc="white", ms=4, color=palette["vermillion"], label="$|f_0| < |y|$")
    ax.plot([], [], "-o", mfc="white", ms=4, color=palette["blue"], label="$|f_0| > |y|$")
    ax.plot([], [], color="black", lw=0.7, ls=(0, (4, 2)), label="minima, $f = y$")
    ax.set_xlabel("$f / y$")
    ax.set_ylabel(r"$\lambda / (gy)$")
    ax.set_title("gradient flow of the weights")
    ax.legend(loc="upper left", ncols=2, fontsize=7.5)


def _draw_ends(ax: Axes, flowing: xr.Dataset, y: float) -> None:
    palette = ds.plotting.PALETTE
    size = np.abs(flowing["f0"].values) / abs(y)
    measured = (flowing["lam_end"] / flowing["lam0"]).values
    exact = (flowing["limit"] / flowing["lam0"]).values
    ax.axhline(1, color="black", lw=0.6)
    ax.axvline(1, color="black", lw=0.6)
    for up, name, text in ((True, "vermillion", "sharpening"), (False, "blue", "reduction")):
        at = (size < 1) == up
        ax.plot(size[at], measured[at], "o", ms=5, mfc="white", color=palette[name], label=text)
    ax.plot(size, exact, "x", ms=3, mew=0.7, color="black", label="closed form")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("$|f_0| / |y|$")
    ax.set_ylabel(r"$\lambda(\infty) / \lambda_0$")
    ax.set_title("where gradient flow ends")
    ax.legend(loc="upper right")
