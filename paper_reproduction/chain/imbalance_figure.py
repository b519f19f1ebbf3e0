"""How claim chain.6 is drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping

import matplotlib.pyplot as plt
import xarray as xr
from matplotlib.figure import Figure

from dynsharp import plotting

__all__ = ["draw"]

_LETTERS = 42  # of a title


def draw(tables: Mapping[str, xr.Dataset]) -> Figure:
    """Draw the sharpness against the imbalance, a panel for each set of data."""
    palette = plotting.PALETTE
    with plotting.style():
        figure, axes = plt.subplots(1, len(tables), figsize=(2.6 * len(tables), 2.9))
        for ax, d in zip(axes.flat, tables.values(), strict=True):
            C = d["imbalance"]
            ax.fill_between(
                C, d["lower"], d["upper"], color=palette["sky"], alpha=0.35, lw=0, label="bounds"
            )
            ax.plot(C, d["sharpness"], color=palette["blue"], label="exact")
            ax.plot(
                d["start"], d["trained"], "o", ms=3.5, mfc="none", color=palette["black"],
                label="gradient flow",
            )  # fmt: skip
            ax.plot(
                d.attrs["turn"], d.attrs["least"], "D", ms=5, color=palette["vermillion"],
                label="flattest minimum", zorder=3,
            )  # fmt: skip
            ax.axvline(0, color="0.6", lw=0.6, ls=":")
            ax.set_ylim(0, 1.15 * float(d["sharpness"].max()))
            ax.set_xlabel(r"imbalance $C/\sqrt{Q}$")
            ax.set_title(_short(d.attrs["data"]), fontsize=8.5)
        axes[0].set_ylabel("sharpness over that of balance")
        axes[0].legend(fontsize=7.5, loc="upper center")
    return figure


def _short(name: str) -> str:
    """Return what comes before the details."""
    text = re.sub(r" \([^)]*\)", "", name).split(", pixels")[0]
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
