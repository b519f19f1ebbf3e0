"""The figure of claim chain.5, from its table."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dynsharp import plotting
from paper_reproduction.chain.difficulty_figure import formula
from paper_reproduction.chain.training import STATUS

__all__ = ["draw"]

_COLOURS = [
    plotting.PALETTE[c] for c in ("black", "blue", "vermillion", "green", "purple", "orange")
]
_MARKS = "os^Dvp"


def draw(table: xr.Dataset, first: str) -> Figure:
    """Draw final sharpness against the step size, and the slopes at zero."""
    table = table.sortby("imbalance")
    own, even = table["source"] == first, table["imbalance"] == 0
    same = own & (table["depth"] == 2) & (table["samples"] == table["samples"][own].min())
    with plotting.style():
        figure, axes = plt.subplots(2, 2, figsize=(8.6, 7.0))
        _curves(axes[0, 0], table.isel(case=np.flatnonzero(own & even)), "{n}, {d}", first)
        _curves(axes[0, 1], table.isel(case=np.flatnonzero(~own)), "{s}, {n}, {d}", "other data")
        title = f"other starts, {first}, $N={int(table['samples'][same][0])}$, $D=2$"
        _curves(axes[1, 0], table.isel(case=np.flatnonzero(same)), "{c}", title)
        _slopes(axes[1, 1], table)
    return figure


def _curves(ax: Axes, cases: xr.Dataset, label: str, title: str) -> None:
    for i in range(cases.sizes["case"]):
        run = cases.isel(case=i)
        run = run.isel(share=np.flatnonzero(np.isfinite(run["final"])))
        colour, mark = _COLOURS[i % len(_COLOURS)], _MARKS[i % len(_MARKS)]
        level = (run["final"] / run["limit"]).to_numpy()
        settled = (run["status"] == STATUS.index("converged")).to_numpy()
        text = label.format(
            s=formula(run["source"].item()),
            n=f"$N={int(run['samples'])}$",
            d=f"$D={int(run['depth'])}$",
            c=f"$C={float(run['imbalance']):g}\\,Q^{{1/2}}$",
        )
        ax.plot(run["share"], level, color=colour, lw=0.8)
        ax.plot(run["share"][settled], level[settled], mark, color=colour, ms=3.5, label=text)
        ax.plot(run["share"][~settled], level[~settled], mark, color=colour, ms=3.5, mfc="white")
    share = np.linspace(1, float(cases["share"].max()), 100)
    ax.plot(share, 1 / share, color=plotting.PALETTE["black"], lw=0.8, ls=(0, (4, 2)))
    ax.axhline(1, color=plotting.PALETTE["black"], lw=0.8, ls=":")
    ax.set(xlabel=r"$\eta$ / ($2/S_{\mathrm{flow}}$)", ylabel=r"final $S$ / $S_{\mathrm{flow}}$")
    ax.set_title(title)
    ax.legend(loc="lower left", fontsize=7.5)


def _slopes(ax: Axes, table: xr.Dataset) -> None:
    predicted, measured = table["slope"].to_numpy(), table["measured_slope"].to_numpy()
    for sign, colour, text in ((-1, "blue", "falls"), (1, "orange", "rises")):
        mine = np.sign(predicted) == sign
        if mine.any():
            ax.plot(
                np.abs(predicted[mine]), sign * measured[mine], "o", ms=4.5, mfc="none",
                color=plotting.PALETTE[colour], label=rf"$S$ {text} with $\eta$",
            )  # fmt: skip
    ends = np.array([np.abs(predicted).min(), np.abs(predicted).max()])
    ax.plot(ends, ends, color=plotting.PALETTE["black"], lw=0.8, ls=(0, (4, 2)))
    ax.set(xscale="log", yscale="log", title=r"slope at $\eta=0$")
    ax.set(xlabel=r"predicted from the flow, $|dS/d\eta|$", ylabel=r"measured $|dS/d\eta|$")
    ax.legend(loc="upper left")
