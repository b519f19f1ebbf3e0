"""Which period the orbit has, in a plane of two parameters or starting values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.patches import Patch

from dynsharp.arguments import checked_word
from dynsharp.errors import InputError
from dynsharp.plotting._data import read
from dynsharp.plotting._density import cell_edges
from dynsharp.plotting._labels import label
from dynsharp.plotting._style import GREY, PALE, PALETTE, axes_for, hatched, styled

if TYPE_CHECKING:
    import xarray as xr

_APERIODIC, _DIVERGED, _OTHER = PALETTE["black"], PALE, "#B0B0B0"
# Neighbouring periods of a cascade differ in hue and in luminance.
_COLOURS = [
    PALETTE[c] for c in ("blue", "sky", "yellow", "orange", "vermillion", "green", "purple")
]
_SHOWN = len(_COLOURS)
_NONE = {-1: "diverged", -2: "unfinished", -3: "start outside the domain"}


@styled
def phase_diagram(dataset: xr.Dataset, *, x: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the period over a plane, one colour a period.

    Black is aperiodic (chaotic or quasi-periodic, or of a longer period than was looked for), the
    hatch is no data: diverged, or begun outside the map's domain. The seven commonest periods have
    a colour each; the rest share a grey.

    Parameters
    ----------
    dataset
        Of `dynsharp.phase_diagram`: ``period`` over two dimensions; 0 aperiodic, −1 diverged, −2
        unfinished, −3 begun outside the map's domain. The grids need not be even.
    x
        The dimension to draw to the right; the first if left out.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no ``period`` over two dimensions.
    """
    dims = tuple(map(str, dataset["period"].dims)) if "period" in dataset else ()
    if len(dims) != 2:
        raise InputError(
            "dataset", f"period over {dims}", "a variable 'period' over two dimensions"
        )
    right = dims[0] if x is None else checked_word("x", x, dims)
    up = next(d for d in dims if d != right)
    data = dataset.sortby([right, up])
    period = read(data, "period", up, right, argument="dataset").astype(int)

    present, number = np.unique(period[period > 0], return_counts=True)
    common = sorted(present[np.argsort(-number, kind="stable")][:_SHOWN])
    colours = [*_COLOURS[: len(common)], _OTHER, _APERIODIC]
    category = np.full(period.shape, len(common))  # any other period
    for i, p in enumerate(common):
        category[period == p] = i
    category[period == 0] = len(common) + 1

    ax = axes_for(ax, (5.8, 3.9))
    edges = [cell_edges(data[d].to_numpy().astype(float)) for d in (right, up)]
    image = ax.pcolorfast(
        *edges,
        np.ma.masked_where(period < 0, category),
        cmap=ListedColormap([to_rgb(c) for c in colours]),
        vmin=-0.5,
        vmax=len(colours) - 0.5,
    )
    image.set_gid("periods")
    ax.set_xlim(float(edges[0][0]), float(edges[0][-1]))
    ax.set_ylim(float(edges[1][0]), float(edges[1][-1]))
    ax.set_xlabel(label(right))
    ax.set_ylabel(label(up))

    handles = [Patch(color=c, label=f"period {p}") for p, c in zip(common, colours, strict=False)]
    if (category == len(common)).any():
        rest = present[~np.isin(present, common)]
        if len(rest):
            span = f"{rest.min()}" if len(rest) == 1 else f"{rest.min()} to {rest.max()}"
            handles.append(Patch(color=_OTHER, label=f"other periods, {span}"))
    if (period == 0).any():
        handles.append(Patch(color=_APERIODIC, label="aperiodic"))
    if (period < 0).any():
        ax.set_facecolor(PALE)
        ax.patch.set_hatch("//////")
        ax.patch.set_edgecolor(GREY)
        ax.patch.set_linewidth(0)
        handles.append(hatched(", ".join(text for n, text in _NONE.items() if (period == n).any())))
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
    return ax
