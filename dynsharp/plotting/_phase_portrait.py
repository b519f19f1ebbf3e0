"""The phase portrait of a map of two variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.plotting._fixed_points import draw_fixed_points
from dynsharp.plotting._labels import equation, label
from dynsharp.plotting._numbers import bind, function, margin
from dynsharp.plotting._style import GREY, INK, PALE, PALETTE, axes_for, dress, hatched, styled

_FINE, _ARROWS = 401, (21, 17)
_CONNECTED = 40  # steps of an orbit that are joined by lines: more would hide the dots


@styled
def phase_portrait(
    map: DiscreteMap,
    span: Mapping[Any, tuple[float, float]],
    fixed: Mapping[Any, Any] | None = None,
    *,
    trajectories: Any = (),
    fixed_points: Iterable[Any] = (),
    manifolds: Iterable[Any] | Mapping[str, Any] = (),
    nullclines: bool = True,
    field: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw the plane of a two-variable map.

    Arrows of equal length show the direction of the displacement F(x) − x (a discrete map jumps:
    there are no stream lines to follow), their colour its size. States outside the domain are
    hatched. Nullclines are the curves F_i = x_i; they cross at fixed points.

    Parameters
    ----------
    map
        A map of two state variables.
    span
        Range of each variable; the first is drawn to the right, the second upwards.
    fixed
        Values of the parameters.
    trajectories
        Orbits, drawn as dots with a ring at the start, the first steps
        connected: arrays (iterates, 2) in the order
        of the map's state, or datasets with both variables over ``iterate``; one or several.
    fixed_points
        Of `dynsharp.fixed_points`: stable ones filled, unstable ones open, saddles half filled; a
        curve of fixed points is a line, solid where stable and dotted where not.
    manifolds
        Of `dynsharp.invariant_manifolds`, or expressions that vanish on them; as a dictionary
        {label: manifold} to name them.
    nullclines, field
        Whether to draw them.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If the map has not two variables, or ranges or parameter values are missing.
    """
    if map.dimension != 2:
        raise InputError("map", f"{map.name} with {map.dimension} variables", "two of them")
    plane = Plane(map, span, fixed)
    ax = axes_for(ax, (5.6, 4.4))
    handles: list[Any] = []
    plane.frame(ax)
    handles += plane.draw_forbidden(ax)
    if field:
        plane.draw_field(ax)
    if nullclines:
        handles += plane.draw_nullclines(ax)
    handles += plane.draw_manifolds(ax, manifolds)
    handles += draw_fixed_points(ax, fixed_points, map, plane.axes, plane.span, plane.values)
    for i, orbit in enumerate(read_trajectories(trajectories, map)):
        draw_trajectory(ax, orbit[:, plane.order], _ORBITS[i % len(_ORBITS)])
    if handles:
        _legend_above(ax, handles)
    return ax


_ORBITS = (PALETTE["black"], PALETTE["vermillion"], PALETTE["purple"], PALETTE["sky"])


class Plane:
    """Two variables of a map, their ranges and the values of the parameters."""

    def __init__(
        self,
        map: DiscreteMap,
        span: Mapping[Any, tuple[float, float]],
        fixed: Mapping[Any, Any] | None,
    ) -> None:
        self.map = map
        self.values = bind(map, fixed)
        self.axes = tuple(_state(map, s) for s in span)
        if len(set(self.axes)) != 2:
            raise InputError("span", dict(span), f"ranges of two of {[s.name for s in map.state]}")
        self.span = [(float(a), float(b)) for a, b in span.values()]
        for s, (a, b) in zip(self.axes, self.span, strict=True):
            if not (np.isfinite([a, b]).all() and a < b):
                raise InputError("span", f"{s}: ({a}, {b})", "two numbers in rising order")
        self.order = [map.state.index(s) for s in self.axes]
        x, y = (np.linspace(a, b, _FINE) for a, b in self.span)
        self.x, self.y = np.meshgrid(x, y)
        inside = margin(map.domain)
        # The domain can be judged in this plane only if it does not ask for other variables.
        seen = not (inside.free_symbols & set(map.state)) - set(self.axes)
        self.inside = self.function(inside if seen else sp.Integer(1))
        self.depth = self.inside(self.x, self.y)

    def function(self, expression: Any) -> Any:
        """Return an expression as a function of the two variables."""
        return function(self.axes, expression, self.values)

    def frame(self, ax: Axes) -> None:
        """Set ranges and labels."""
        ax.set_xlim(*self.span[0])
        ax.set_ylim(*self.span[1])
        ax.set_xlabel(label(self.axes[0]))
        ax.set_ylabel(label(self.axes[1]))

    def draw_forbidden(self, ax: Axes) -> list[Any]:
        """Hatch what is outside the domain."""
        # Where the condition has no value (the root of a negative number) it does not hold either.
        depth = np.where(np.isnan(self.depth), -1.0, self.depth)
        if not (depth < 0).any():
            return []
        low = min(float(depth.min()), -1.0) - 1.0
        area = ax.contourf(
            self.x, self.y, depth, levels=[low, 0], colors=[PALE], hatches=["//////"], zorder=0.5
        )
        area.set_edgecolor(GREY)
        area.set_linewidth(0)
        area.set_gid("forbidden")
        return [hatched("outside the domain")]

    def draw_field(self, ax: Axes) -> None:
        """Draw the displacement as arrows of one length, coloured by its size."""
        grids = [
            a + (b - a) * (np.arange(n) + 0.5) / n
            for (a, b), n in zip(self.span, _ARROWS, strict=True)
        ]
        x, y = np.meshgrid(*grids)
        update = self.map.update
        u, v = (self.function(update[s] - s)(x, y) for s in self.axes)
        size = np.hypot(u, v)
        shown = (self.inside(x, y) >= 0) & (size > 0) & np.isfinite(size)
        if not shown.any():
            return
        # Directions as they look on paper, where the axes have their own scales.
        frame = ax.get_window_extent()
        scale = [
            s / (b - a) for s, (a, b) in zip((frame.width, frame.height), self.span, strict=True)
        ]
        length = np.hypot(u * scale[0], v * scale[1])
        length[~shown] = 1
        low, high = np.quantile(size[shown], [0.02, 0.98])
        arrows = ax.quiver(
            x[shown],
            y[shown],
            (u * scale[0] / length)[shown],
            (v * scale[1] / length)[shown],
            size[shown],
            cmap=INK,
            norm=LogNorm(low, high if high > low else 2 * low),
            angles="uv",
            pivot="mid",
            scale=1.25 * max(_ARROWS),
            width=0.0028,
            headwidth=4,
            headlength=4.5,
            headaxislength=4,
            zorder=1.5,
        )
        figure = ax.get_figure()
        assert figure is not None
        bar = figure.colorbar(arrows, ax=ax, pad=0.02, aspect=30, extend="both")
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())
        dress(bar.ax)
        names = ", ".join(label(s)[1:-1] for s in self.axes)
        bar.set_label(rf"size of the step $|F({names}) - ({names})|$")
        bar.outline.set_linewidth(0.4)

    def draw_nullclines(self, ax: Axes) -> list[Any]:
        """Draw where one variable does not change, every factor for itself."""
        handles = []
        for s, colour in zip(self.axes, (PALETTE["purple"], PALETTE["orange"]), strict=True):
            difference = self.map.update[s] - s
            drawn = [self.draw_curve(ax, e, color=colour, lw=1.0) for e in factors(difference)]
            if any(drawn):
                name = label(s)[1:-1]
                handles.append(Line2D([], [], color=colour, lw=1.0, label=f"nullcline of ${name}$"))
        return handles

    def draw_manifolds(self, ax: Axes, manifolds: Iterable[Any] | Mapping[str, Any]) -> list[Any]:
        """Draw invariant curves."""
        named = (
            manifolds.items() if isinstance(manifolds, Mapping) else ((None, m) for m in manifolds)
        )
        handles: list[Any] = []
        dashes = ["-", (0, (5, 1.5)), (0, (3, 1, 1, 1)), (0, (1, 1))]
        for name, item in named:
            expression = sp.sympify(getattr(item, "equation", item))
            if free := getattr(item, "constants", ()):
                raise InputError("manifolds", f"{expression} with free {free}", "values for them")
            if not bool(self.function(getattr(item, "condition", sp.true))(0.0, 0.0)):
                continue  # it is not invariant at these parameter values
            if isinstance(expression, sp.Equality):
                expression = expression.lhs - expression.rhs
            text = name or equation(expression, self.axes[1])
            style: dict[str, Any] = {
                "color": PALETTE["green"],
                "lw": 1.5,
                "ls": dashes[len(handles) % 4],
            }
            if self.draw_curve(ax, expression, gid="manifold", **style):
                handles.append(Line2D([], [], label=text, **style))
        return handles

    def draw_curve(self, ax: Axes, expression: Any, gid: str = "nullcline", **style: Any) -> bool:
        """Draw the part of ``expression = 0`` in the domain; return whether there is one."""
        height = np.ma.masked_invalid(self.function(expression)(self.x, self.y))
        tolerance = 1e-3 * float(np.nanmax(np.abs(self.depth)))
        drawn = False
        for line in contour_generator(self.x, self.y, height).lines(0.0):
            line = np.asarray(line)
            outside = ~(self.inside(line[:, 0], line[:, 1]) >= -tolerance)
            line = np.where(outside[:, None], np.nan, line)
            if not outside.all():
                (curve,) = ax.plot(line[:, 0], line[:, 1], zorder=2, **style)
                curve.set_gid(gid)
                drawn = True
        return drawn


def factors(expression: sp.Expr) -> list[sp.Expr]:
    """Return the distinct factors: a double one touches zero without crossing it."""
    try:
        return [f for f, _ in sp.factor_list(expression)[1]] or [expression]
    except sp.PolynomialError:  # tanh, Abs and the like
        return [expression]


def read_trajectories(trajectories: Any, map: DiscreteMap) -> list[np.ndarray]:
    """Return orbits as arrays (iterates, dimension)."""
    if hasattr(trajectories, "data_vars") or isinstance(trajectories, np.ndarray):
        trajectories = [trajectories]
    orbits = []
    for item in trajectories:
        if hasattr(item, "data_vars"):
            missing = [s.name for s in map.state if s.name not in item]
            if missing:
                raise InputError("trajectories", list(item.data_vars), f"also {missing}")
            stack = np.stack(
                [item[s.name].transpose(..., "iterate").to_numpy() for s in map.state], axis=-1
            )
            orbits += list(stack.reshape(-1, *stack.shape[-2:]))
            continue
        array = np.asarray(item, float)
        if array.ndim != 2 or array.shape[1] != map.dimension:
            raise InputError(
                "trajectories", f"shape {array.shape}", f"(iterates, {map.dimension}) for each"
            )
        orbits.append(array)
    return orbits


def draw_trajectory(ax: Axes, orbit: np.ndarray, colour: str) -> None:
    """Draw an orbit as dots with a ring at its start, the first steps connected."""
    long = len(orbit) > 4 * _CONNECTED  # it draws its attractor, in fine dots
    joined = orbit[: (_CONNECTED // 4 if long else _CONNECTED) + 1]
    (line,) = ax.plot(*joined.T, "-", color=colour, lw=0.5, alpha=0.7, zorder=3)
    line.set_gid("trajectory")
    (dots,) = ax.plot(
        *orbit.T, ".", color=colour, ms=1.0 if long else 3.2, mew=0.2 if long else None, zorder=3.2
    )
    dots.set_gid("iterates")
    ax.plot(*orbit[0], "o", mfc="white", mec=colour, ms=5, mew=1.1, zorder=3.4)


def _legend_above(ax: Axes, handles: Sequence[Any]) -> None:
    """Put the legend over the axes, in as many columns as their width has room for."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    for columns in range(min(len(handles), 4), 0, -1):
        legend = ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1.01),
            borderaxespad=0,
            fontsize=7.5,
            handlelength=1.8,
            ncols=columns,
            columnspacing=1.0,
        )
        legend.set_in_layout(False)
        figure.draw_without_rendering()
        if legend.get_window_extent().width <= ax.get_window_extent().width:
            break
    legend.set_in_layout(True)


def _state(map: DiscreteMap, name: Any) -> sp.Symbol:
    symbol = map.symbol(name, "span")
    if symbol not in map.state:
        raise InputError("span", f"a range of {symbol}", f"state: {[s.name for s in map.state]}")
    return symbol
