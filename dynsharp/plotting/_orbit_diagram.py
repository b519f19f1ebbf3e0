"""The orbit diagram (brute-force bifurcation diagram) as a density image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from dynsharp.errors import InputError
from dynsharp.plotting._data import missing, read, swept
from dynsharp.plotting._density import cell_edges, density, runs
from dynsharp.plotting._labels import label
from dynsharp.plotting._lyapunov import draw_exponent
from dynsharp.plotting._marks import draw_thresholds
from dynsharp.plotting._style import INK, axes_for, hatch_intervals, hatched, panels, styled

if TYPE_CHECKING:
    import xarray as xr

_DPI = 200  # cells per inch: a branch of one cell is a line of 0.36 pt


@styled
def orbit_diagram(
    dataset: xr.Dataset,
    variable: Any = None,
    *,
    thresholds: Iterable[Any] = (),
    exponent: xr.Dataset | None = None,
    span: tuple[float, float] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Axes | np.ndarray:
    """Draw what the orbits visit at each parameter value.

    The points are counted on a grid of about screen resolution, and the ink of a cell is the share
    of visited cells with no higher frequency: branches and chaotic bands show alike, and five
    million points take a fraction of a second. Parameter values whose orbit diverged, or began
    outside the map's domain, hold no data: they are hatched and counted in the legend.

    Parameters
    ----------
    dataset
        Of `dynsharp.orbit_diagram`: variables over (parameter, ``iterate``), ``diverged`` and
        ``outside_domain`` over the parameter, whose name is ``attrs["parameter"]``. The grid need
        not be even.
    variable
        Name or symbol of what to draw; the first variable if left out.
    thresholds
        Threshold objects (``.kind``, ``.value``, ``.parameter``) or (value, label) pairs, drawn as
        labelled lines. Those outside the swept range have no place in the figure.
    exponent
        Of `dynsharp.lyapunov` along the same parameter: drawn in a second panel below.
    span
        Range of the variable; all that the orbits visit if left out.
    ax
        Where to draw: an Axes (divided if there is an exponent) or two; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes or numpy.ndarray of two

    Raises
    ------
    InputError
        If the dataset is no such sweep, the variable is not in it, or the axis is not linear.
    """
    name, data = swept(dataset)
    if exponent is not None and swept(exponent, "exponent")[0] != name:
        raise InputError("exponent", f"a sweep of {swept(exponent)[0]}", f"a sweep of {name}")
    if exponent is None:
        main = axes_for(ax, (6.4, 3.9))  # type: ignore[arg-type]
        axes = np.array([main], dtype=object)
    else:
        axes = panels(ax, (6.4, 5.2), heights=[2.6, 1])
        main = axes[0]
    x_edges = _draw(main, name, data, variable, span)
    if exponent is not None:
        draw_exponent(axes[1], exponent)
        figure = main.get_figure()
        if figure is not None and hasattr(figure, "align_ylabels"):
            figure.align_ylabels(list(axes))
    axes[-1].set_xlabel(label(name))
    for each in axes:
        each.set_xlim(x_edges)
    draw_thresholds(axes, thresholds, name)
    return axes[0] if exponent is None else axes


def _draw(
    ax: Axes, name: str, data: xr.Dataset, wanted: Any, span: tuple[float, float] | None
) -> tuple[float, float]:
    if ax.get_xscale() != "linear" or ax.get_yscale() != "linear":
        raise InputError("ax", f"scales {ax.get_xscale()}, {ax.get_yscale()}", "linear scales")
    recorded = [str(v) for v in data.data_vars if set(data[v].dims) == {name, "iterate"}]
    if wanted is None and not recorded:
        raise InputError("dataset", f"variables {list(data.data_vars)}", "one over its iterates")
    wanted = recorded[0] if wanted is None else str(wanted)
    values = read(data, wanted, name, "iterate", argument="variable")
    # An orbit that is not finite everywhere is no data either, whatever the flag says.
    none, text = missing(data, name, ~np.isfinite(values).all(axis=1))

    if span is None:
        span = _padded(values, none)
    frame = ax.get_window_extent()
    figure = ax.get_figure(root=True)
    assert figure is not None
    columns, rows = (max(int(s / figure.dpi * _DPI), 16) for s in (frame.width, frame.height))
    x = data[name].to_numpy().astype(float)
    kept = np.where(none[:, None], np.nan, values) if none.any() else values
    counted = density(x, kept, columns, rows, span)
    x_edges = (float(counted.x_edges[0]), float(counted.x_edges[-1]))
    image = ax.imshow(
        np.ma.masked_invalid(counted.image(columns)),
        extent=(*x_edges, *span),
        origin="lower",
        aspect="auto",
        cmap=INK,
        vmin=0,
        vmax=1,
        interpolation="antialiased",
        zorder=1,
    )
    image.set_gid("density")
    if none.any():
        edges = cell_edges(x)
        hatch_intervals(ax, runs(none, edges), text)
        ax.legend(handles=[hatched(text)], loc="lower left").set_zorder(6)
    ax.set_xlim(x_edges)
    ax.set_ylim(span)
    ax.set_ylabel(label(wanted))
    return x_edges


def _padded(values: np.ndarray, none: np.ndarray) -> tuple[float, float]:
    if none.all():
        return -1.0, 1.0
    kept = values if not none.any() else values[~none]
    low, high = float(kept.min()), float(kept.max())
    pad = 0.03 * (high - low) or 0.05 * max(abs(high), 1.0)
    return low - pad, high + pad
