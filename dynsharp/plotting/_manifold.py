"""An orbit that is drawn to an invariant manifold, and the dynamics on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from matplotlib.axes import Axes

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.plotting._cobweb import cobweb
from dynsharp.plotting._labels import equation as as_equation
from dynsharp.plotting._labels import mathtext
from dynsharp.plotting._numbers import bind, function, plain_orbit
from dynsharp.plotting._phase_portrait import Plane, draw_trajectory, phase_portrait
from dynsharp.plotting._style import PALETTE, panels, styled


@styled
def manifold(
    map: DiscreteMap,
    manifold: Any,
    span: Mapping[Any, tuple[float, float]],
    fixed: Mapping[Any, Any] | None = None,
    *,
    start: Mapping[Any, float],
    iterations: int = 100,
    fixed_points: Iterable[Any] = (),
    name: str | None = None,
    ax: Axes | Sequence[Axes] | np.ndarray | None = None,
) -> np.ndarray:
    """Draw the plane with the manifold and an orbit beside the cobweb of the map on the manifold.

    A map of more than two variables is drawn in the plane of the two in ``span``. If the map on the
    manifold has more than one variable there is no cobweb: the right panel then shows how the
    distance from the manifold, |m(x_n)| for the manifold m = 0, changes along the orbit.

    Parameters
    ----------
    map
        A map of at least two variables.
    manifold
        One of `dynsharp.invariant_manifolds`, or an expression m that vanishes on it.
    span
        Range of two variables; the first is drawn to the right.
    fixed
        Values of the parameters.
    start
        Where the orbit starts: a value for every variable. The cobweb starts from the variables
        that the reduced map keeps.
    iterations
        Number of steps.
    fixed_points
        Of `dynsharp.fixed_points`, for maps of two variables.
    name
        What the legend calls the manifold; its equation if left out.
    ax
        One Axes, which is divided, or two; a new figure if left out.

    Returns
    -------
    numpy.ndarray of two Axes

    Raises
    ------
    InputError
        As `phase_portrait`, or if the manifold is not invariant or cannot be solved for a variable.
    """
    m = sp.sympify(getattr(manifold, "equation", manifold))
    restrict = getattr(manifold, "restrict", None)
    reduced = restrict() if restrict is not None else map.restrict(m)
    values = bind(map, fixed)
    orbit = plain_orbit(map, values, start, iterations)
    axes = panels(ax, (8.4, 4.0), widths=[1.55, 1])
    if map.dimension == 2:
        text = name or as_equation(m, map.symbol(list(span)[-1], "span"))
        phase_portrait(
            map,
            span,
            fixed,
            trajectories=[orbit],
            fixed_points=fixed_points,
            manifolds={text: m},
            nullclines=False,
            ax=axes[0],
        )
    else:
        _projection(axes[0], Plane(map, span, fixed), orbit, m, name)
    if reduced.dimension == 1:
        symbol = reduced.state[0]
        if symbol not in map.state:
            raise InputError("manifold", f"a map in {symbol}", f"one in {map.state}: pass m itself")
        inside = {symbol: orbit[0][map.state.index(symbol)]}
        given = {p: values[p] for p in reduced.parameters}
        cobweb(reduced, given, start=inside, iterations=iterations, ax=axes[1])
    else:
        _distance(axes[1], np.abs(function(map.state, m, values)(*orbit.T)), m)
    return axes


def _projection(ax: Axes, plane: Plane, orbit: np.ndarray, m: sp.Expr, name: str | None) -> None:
    plane.frame(ax)
    if not (m.free_symbols & set(plane.map.state)) - set(plane.axes):
        handles = plane.draw_manifolds(ax, {name: m} if name else [m])
        ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.01), borderaxespad=0)
    draw_trajectory(ax, orbit[:, plane.order], PALETTE["black"])


def _distance(ax: Axes, distance: np.ndarray, m: sp.Expr) -> None:
    steps = np.arange(len(distance))
    ax.semilogy(steps, np.where(distance > 0, distance, np.nan), ".-", lw=0.8, ms=3)
    ax.set_xlabel("iterate")
    ax.set_ylabel(f"$|{mathtext(m)}|$")
