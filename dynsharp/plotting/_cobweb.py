"""The cobweb of a one-variable map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dynsharp.arguments import checked_count
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.plotting._labels import label
from dynsharp.plotting._numbers import bind, function, plain_orbit
from dynsharp.plotting._style import GREY, PALETTE, STABLE, axes_for, styled


@styled
def cobweb(
    map: DiscreteMap,
    fixed: Mapping[Any, Any] | None = None,
    *,
    start: Mapping[Any, float],
    iterations: int = 100,
    span: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the graph of the map, the diagonal, and the staircase of one orbit between them.

    The last quarter of the orbit is drawn dark: what it settles on.

    Parameters
    ----------
    map
        A map of one state variable.
    fixed
        Values of the parameters.
    start
        The starting value, ``{"x": 0.3}``.
    iterations
        Number of steps, fewer if the orbit overflows.
    span
        Range of both axes; that of the orbit, a tenth wider, if left out.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the map has more than one variable, or a value is missing.
    """
    if map.dimension != 1:
        raise InputError("map", f"{map.name} with {map.dimension} variables", "one variable")
    iterations = checked_count("iterations", iterations)
    values = bind(map, fixed)
    orbit = plain_orbit(map, values, start, iterations)[:, 0]
    if span is None:
        low, high = orbit.min(), orbit.max()
        pad = 0.1 * (high - low) or 0.1 * max(abs(high), 1.0)
        span = (float(low - pad), float(high + pad))
    ax = axes_for(ax, (3.6, 3.6))
    x = np.linspace(*span, 801)
    ax.plot(x, x, color=GREY, lw=0.7)
    (graph,) = ax.plot(x, function(map.state, map.expressions[0], values)(x), lw=1.4, color=STABLE)
    graph.set_gid("graph")
    # (x0, x0) -> (x0, x1) -> (x1, x1) -> (x1, x2) -> ...
    corners = np.repeat(orbit, 2)
    path = np.column_stack([corners[:-1], corners[1:]])
    late = 2 * (3 * len(orbit) // 4)
    for part, colour, alpha, gid in (
        (path[: late + 1], PALETTE["orange"], 0.75, "transient"),
        (path[late:], PALETTE["vermillion"], 1.0, "settled"),
    ):
        (line,) = ax.plot(part[:, 0], part[:, 1], color=colour, lw=0.6, alpha=alpha)
        line.set_gid(gid)
    ax.plot(orbit[0], orbit[0], "o", mfc="white", mec=PALETTE["orange"], ms=4.5, mew=1.1, zorder=3)
    ax.set_xlim(*span)
    ax.set_ylim(*span)
    ax.set_aspect("equal")
    name = label(map.state[0])[1:-1]
    ax.set_xlabel(f"${name}_n$" if "_" not in name else f"$({name})_n$")
    ax.set_ylabel(f"${name}_{{n+1}}$" if "_" not in name else f"$({name})_{{n+1}}$")
    return ax
