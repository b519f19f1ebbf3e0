"""The figure of claim chain.3, from its tables."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from dynsharp import plotting
from paper_reproduction.chain.difficulty_figure import formula

__all__ = ["draw"]

_COLOURS = [plotting.PALETTE[c] for c in ("black", "blue", "vermillion", "green", "purple")]
_MARKS = "os^Dv"


def draw(theory: xr.Dataset, flow: xr.Dataset, chart: xr.Dataset) -> Figure:
    """Draw sharpness against depth, tightness of the lower bound, and the part units play."""
    sources = list(chart["source"].to_numpy())
    with plotting.style():
        figure, axes = plt.subplots(2, 2, figsize=(8.4, 6.6))
        _depths(axes[0, 0], theory, flow, sources[0])
        _depths(axes[0, 1], theory, flow, "spectrum 1/j")
        _tightness(axes[1, 0], theory, sources)
        image = _units(axes[1, 1], chart.sel(source=sources[0]), sources[0])
        figure.colorbar(image, ax=axes[1, 1], label="per cent")
    return figure


def _depths(ax: Axes, theory: xr.Dataset, flow: xr.Dataset, first: str) -> None:
    own = [c for c in theory["case"].to_numpy() if c.startswith(f"{first}, ")]
    for i, case in enumerate(own):
        colour, t, f = _COLOURS[i % len(_COLOURS)], theory.sel(case=case), flow.sel(case=case)
        ax.fill_between(t["depth"], t["lower"], t["upper"], color=colour, alpha=0.2, lw=0)
        ax.plot(t["depth"], t["exact"], color=colour, lw=0.9)
        ax.plot(t["depth"], t["predicted"], color=colour, lw=0.9, ls=(0, (4, 2)))
        Q = float(t["Q"])
        label = f"$N={int(t['samples'])}$, $Q={Q:.{0 if Q >= 10 else 2}f}$"
        ax.plot(
            f["depth"], f["sharpness"], _MARKS[i % 5], color=colour, ms=4, mfc="none", label=label
        )
    ax.set(yscale="log", xlabel="depth $D$", ylabel="sharpness $S$", title=formula(first))
    ax.set_xticks(theory["depth"].to_numpy()[::2])
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _tightness(ax: Axes, theory: xr.Dataset, sources: list[str]) -> None:
    ends = []
    for i, source in enumerate(sources):
        own = [c for c in theory["case"].to_numpy() if c.startswith(f"{source}, ")]
        t = theory.sel(case=own)
        error = (t["error"] / t["lower"]).to_numpy().ravel()
        excess = (t["exact"] / t["lower"] - 1).to_numpy().ravel()
        good = np.isfinite(error) & (excess > 0)
        if not good.any():
            continue
        style: dict[str, Any] = {
            "color": _COLOURS[i % 5],
            "marker": _MARKS[i % 5],
            "label": formula(source),
        }
        ax.plot(error[good], excess[good], ls="none", ms=3, mfc="none", **style)
        ends += [error[good].min(), error[good].max()]
    line = np.array([min(ends), max(ends)])
    ax.plot(line, line, color=plotting.PALETTE["black"], lw=0.8, ls=(0, (4, 2)))
    ax.set(xscale="log", yscale="log", title="how tight the lower bound is")
    ax.set_xlabel("bound of its relative error")
    ax.set_ylabel(r"exact / lower bound $-$ 1")
    ax.legend(loc="upper left", fontsize=7.5)


def _units(ax: Axes, chart: xr.Dataset, first: str) -> QuadMesh:
    growth = 100 * np.expm1(chart["growth"])
    largest = float(np.abs(growth).max())
    depth = chart["depth"].to_numpy()
    image = ax.pcolormesh(
        depth, chart["Q"], growth.T, cmap="RdBu_r", vmin=-largest, vmax=largest, shading="nearest",
        rasterized=True,
    )  # fmt: skip
    ax.contour(depth, chart["Q"], growth.T, [0.0], colors="k", linewidths=1.0)
    ax.axhline(1, color=plotting.PALETTE["black"], lw=0.9, ls=(0, (4, 2)))
    ax.plot(depth, (1 - 1 / depth) ** (depth * (depth + 1)), color="k", lw=0.9, ls=":")
    ax.set(yscale="log", ylim=(float(chart["Q"].min()), float(chart["Q"].max())))
    ax.set(xlabel="depth $D$", ylabel="difficulty $Q$ in the unit of $x$")
    ax.set_title(f"growth of $S$ from $D$ to $D+1$, {first}")
    return image
