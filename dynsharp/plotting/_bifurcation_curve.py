"""Bifurcation curves in the plane of two parameters, with their points of codimension two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from dynsharp.bifurcations import marker_of
from dynsharp.bifurcations.codim2 import kind_of
from dynsharp.errors import InputError
from dynsharp.plotting._labels import label
from dynsharp.plotting._style import PALETTE, axes_for, styled

if TYPE_CHECKING:
    from dynsharp.bifurcation_curves import BifurcationCurve

_DASHES = ["-", (0, (5, 1.5)), (0, (3, 1, 1, 1)), (0, (1, 1))]


@styled
def bifurcation_curve(
    curves: BifurcationCurve | Sequence[BifurcationCurve], *, ax: Axes | None = None
) -> Axes:
    """Draw where a bifurcation happens in the plane of its two parameters.

    A colour for each kind of curve, a dash pattern for each period of the cycles; points of
    codimension two have the marker of their kind and its name next to them.

    Parameters
    ----------
    curves
        One or several of `dynsharp.continue_bifurcation`, in the same two parameters.
    ax
        Where to draw, over a phase diagram of the same plane for instance, whose ranges stay; a new
        figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no curve, one has no points, or the curves are in different parameters.
    """
    drawn: list[Any] = [curves] if hasattr(curves, "special_points") else [*curves]
    if not drawn:
        raise InputError("curves", "none", "at least one")
    names = drawn[0].parameters
    for c in drawn:
        if not len(c):
            raise InputError("curves", f"one without points ({c.status})", "curves with points")
        if set(c.parameters) != set(names):
            raise InputError("curves", f"one in {c.parameters}", f"all in {names}")
    under = ax is not None and ax.has_data()
    ax = axes_for(ax, (5.4, 4.2))
    limits = ax.axis()
    periods = sorted({c.period for c in drawn})
    handles: dict[str, Line2D] = {}
    for c in drawn:
        x, y = (c.values[:, c.parameters.index(name)] for name in names)
        marker = marker_of(c.kind)
        cycles = "" if c.period == 1 else f" of period {c.period}"
        (line,) = ax.plot(
            x,
            y,
            color=PALETTE[marker.colour],
            ls=_DASHES[periods.index(c.period) % len(_DASHES)],
            lw=1.4,
            zorder=3,
            label=f"{marker.label}{cycles}",
        )
        line.set_gid(f"{c.kind} of period {c.period}")
        handles.setdefault(str(line.get_label()), line)
    for c in drawn:
        for p in c.special_points:
            x, y = (p.values[p.parameters.index(name)] for name in names)
            _draw_point(ax, x, y, p.kind)
    if under:
        ax.axis(limits)
    else:
        ax.margins(0.06)
    ax.set_xlabel(label(names[0]))
    ax.set_ylabel(label(names[1]))
    legend = ax.get_legend()
    kept = [] if legend is None else [h for h in legend.legend_handles if h is not None]
    beside = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0}
    place: dict[str, Any] = beside if kept else {"loc": "best"}
    ax.legend(handles=[*handles.values(), *kept], **place).set_zorder(6)
    return ax


def _draw_point(ax: Axes, x: float, y: float, kind: str) -> None:
    marker = kind_of(kind).marker
    colour = PALETTE[marker.colour]
    (mark,) = ax.plot(
        x, y, marker.symbol, ms=5.5, mfc=colour, mec=PALETTE["black"], mew=0.6, zorder=4
    )
    mark.set_gid(kind)
    ax.annotate(
        marker.label,
        (x, y),
        xytext=(5, 5),
        textcoords="offset points",
        fontsize=7.5,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4},
    )
