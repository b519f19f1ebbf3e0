"""How claim chain.7 is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dynsharp import plotting

__all__ = ["draw"]

_COLOURS = [plotting.PALETTE[c] for c in ("orange", "vermillion", "blue", "black")]
_MARKS = "os^D"


def draw(tables: Mapping[str, xr.Dataset]) -> Figure:
    """Draw one passage in every arithmetic on the left, all passages on the right."""
    runs, exits = tables["runs"], tables["exits"]
    rows = runs.sizes["arithmetic"]
    with plotting.style():
        figure = plt.figure(figsize=(9.6, 5.6))
        grid = figure.add_gridspec(2 * rows, 10)
        axes: dict[tuple[int, int], Axes] = {}
        for i, k in np.ndindex(rows, 2):
            place = grid[2 * i : 2 * i + 2, 3 * k : 3 * k + 3]
            axes[i, k] = figure.add_subplot(place, sharex=axes.get((0, 0)))
            axes[i, k].tick_params(labelbottom=i == rows - 1)
        for i, colour in enumerate(_COLOURS):
            _one(axes[i, 0], axes[i, 1], runs.isel(arithmetic=i), colour)
        axes[0, 0].set_title(r"sharpness, $\eta S$", fontsize=9)
        axes[0, 1].set_title("oscillation of the residual", fontsize=9)
        for k in (0, 1):
            axes[rows - 1, k].set_xlabel("step")
        _exits(figure.add_subplot(grid[:rows, 6:]), exits)
        _peaks(figure.add_subplot(grid[rows:, 6:]), exits)
    return figure


def _one(edge: Axes, size: Axes, run: xr.Dataset, colour: str) -> None:
    edge.plot(run["eta_sharpness"], color=colour, lw=0.8)
    edge.axhline(2, color="0.5", lw=0.6, ls="--")
    edge.set_ylim(0, 5)
    edge.set_ylabel(str(run["arithmetic"].item()))
    size.semilogy(run["oscillation"].where(run["oscillation"] > 0), color=colour, lw=0.6)
    size.set_ylim(1e-18, 30)
    size.set_yticks([1e-16, 1e-8, 1])


def _exits(ax: Axes, exits: xr.Dataset) -> None:
    for i, name in enumerate(exits["arithmetic"].to_numpy()):
        one = exits.isel(arithmetic=i)
        ax.loglog(
            one["predicted"], one["measured"], _MARKS[i], color=_COLOURS[i], ms=4, mfc="none",
            label=str(name),
        )  # fmt: skip
    ends = [0.8 * float(exits["predicted"].min()), 1.25 * float(exits["predicted"].max())]
    ax.plot(ends, ends, color="0.5", lw=0.6, zorder=0)
    ax.set_xlabel(r"predicted: $\sum\,\ln|1-\eta S|$ regained")
    ax.set_ylabel(r"steps from $\eta S=2$ to the start")
    ax.legend(fontsize=7.5)


def _peaks(ax: Axes, exits: xr.Dataset) -> None:
    place = np.arange(exits.sizes["arithmetic"])
    for p in range(exits.sizes["passage"]):
        one = exits.isel(passage=p)
        peak, exploded = one["eta_sharpness"].to_numpy(), one["exploded"].to_numpy() > 0
        ax.plot(place, peak, color="0.75", lw=0.6, zorder=0)
        for i, (y, bad) in enumerate(zip(peak, exploded, strict=True)):
            marker, size = ("x", 5) if bad else (_MARKS[i], 4)
            ax.plot(i, y, color=_COLOURS[i], mfc="none", ls="none", marker=marker, ms=size)
    for label, marker in (("stays bounded", "o"), ("explodes", "x")):
        ax.plot([], [], ls="none", marker=marker, mfc="none", color="0.3", ms=4, label=label)
    ax.axhline(2, color="0.5", lw=0.6, ls="--")
    ax.set_xticks(place, exits["arithmetic"].to_numpy())
    ax.set_ylabel(r"$\eta S$ when it starts")
    ax.legend(fontsize=7.5)
