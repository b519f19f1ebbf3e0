"""The Lyapunov exponent along a parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from dynsharp.plotting._data import missing, read, swept
from dynsharp.plotting._density import cell_edges, runs
from dynsharp.plotting._labels import label
from dynsharp.plotting._marks import draw_thresholds
from dynsharp.plotting._style import PALETTE, STABLE, UNSTABLE, axes_for, hatch_intervals, styled

if TYPE_CHECKING:
    import xarray as xr


@styled
def lyapunov(
    dataset: xr.Dataset, *, thresholds: Iterable[Any] = (), ax: Axes | None = None
) -> Axes:
    """Draw the largest Lyapunov exponent against the parameter, filled by its sign.

    Blue below zero (contracting: periodic), orange-red above (chaotic), a pale band of ± two
    standard errors. Values without an exponent, because the orbit diverged or began outside the
    map's domain, are hatched.

    Parameters
    ----------
    dataset
        Of `dynsharp.lyapunov`: ``exponent`` over the parameter, optionally ``standard_error`` and
        ``diverged`` and ``outside_domain``.
    thresholds
        Threshold objects (``.kind``, ``.value``, ``.parameter``) or (value, label) pairs.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the dataset is not such a sweep.
    """
    ax = axes_for(ax, (6.4, 2.6))
    name, data = swept(dataset)
    draw_exponent(ax, dataset)
    edges = cell_edges(data[name].to_numpy())
    ax.set_xlim(edges[0], edges[-1])
    ax.set_xlabel(label(name))
    draw_thresholds([ax], thresholds, name)
    return ax


def draw_exponent(ax: Axes, dataset: xr.Dataset) -> None:
    """Draw exponent, error band, zero line and the hatch over what diverged; no x label."""
    name, data = swept(dataset, "exponent")
    x = data[name].to_numpy().astype(float)
    y = read(data, "exponent", name, argument="exponent").astype(float)
    none, text = missing(data, name, np.isnan(y))
    # A superstable orbit has an exponent of very large size, or -inf: the scale is set by the rest.
    finite = y[~none & np.isfinite(y)]
    low, high = -1.0, 0.0
    if finite.size:
        low = min(float(np.quantile(finite, 0.02)), 0.0)
        high = max(float(finite.max()), 0.0)
    pad = 0.08 * (high - low) or 1.0
    low, high = low - pad, high + pad
    y = np.where(none, np.nan, np.maximum(y, low - pad))
    ax.axhline(0, color=PALETTE["black"], lw=0.6, zorder=2)
    ax.fill_between(x, 0, y, where=y < 0, color=STABLE, alpha=0.3, lw=0, interpolate=True)
    ax.fill_between(x, 0, y, where=y > 0, color=UNSTABLE, alpha=0.45, lw=0, interpolate=True)
    if "standard_error" in data:
        e = 2 * read(data, "standard_error", name, argument="exponent").astype(float)
        ax.fill_between(x, y - e, y + e, color=PALETTE["black"], alpha=0.25, lw=0)
    ax.plot(x, y, color=PALETTE["black"], lw=0.6, zorder=2.5)
    if none.any():
        hatch_intervals(ax, runs(none, cell_edges(x)), text)
    ax.set_ylim(low, high)
    ax.set_ylabel("Lyapunov exponent")
