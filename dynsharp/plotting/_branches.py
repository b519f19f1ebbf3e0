"""Branches of fixed points and cycles: stable parts solid, unstable ones dashed, special points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from dynsharp.errors import InputError
from dynsharp.plotting._kinds import DASHES, handles, mark_of
from dynsharp.plotting._labels import label
from dynsharp.plotting._orbit_diagram import orbit_diagram
from dynsharp.plotting._style import STABLE, UNSTABLE, axes_for, styled

if TYPE_CHECKING:
    import xarray as xr

    from dynsharp.branch_tree import BifurcationDiagram
    from dynsharp.continuation import Branch, SpecialPoint

# Under branches the visits are grey: colours are stability.
_GREY = LinearSegmentedColormap.from_list("grey", ["#D6D6D6", "#8C8C8C"])
_MARGIN = 0.06


@styled
def bifurcation_diagram(
    diagram: BifurcationDiagram,
    state: Any = None,
    *,
    over: xr.Dataset | None = None,
    span: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw all branches against the parameter, stable parts solid, unstable ones dashed.

    Cycles are drawn as all their points. Special points are marked by kind. A family of fixed
    points stands at the value of the parameter at which it was followed.

    Parameters
    ----------
    diagram
        Of `dynsharp.bifurcation_diagram`.
    state
        Name or symbol of the state variable to draw; the first if left out.
    over
        Of `dynsharp.orbit_diagram`, along the same parameter: drawn in grey below the branches.
    span
        Range of the state variable; if left out, that of ``over``, else that of the stable parts
        and special points with some room.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no branch, or the state variable is not the map's.
    """
    if not diagram.branches:
        raise InputError("diagram", "one without branches", "at least one branch")
    return _drawn(diagram.branches, diagram.parameter, diagram.span, state, over, span, ax)


@styled
def branch(
    branch: Branch,
    state: Any = None,
    *,
    over: xr.Dataset | None = None,
    span: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one branch against its parameter, or a family of fixed points against its coordinate.

    Parameters and return value are those of `bifurcation_diagram`.

    Raises
    ------
    InputError
        If the branch has no points, or the state variable is not the map's.
    """
    if not len(branch):
        raise InputError("branch", f"one without points ({branch.status})", "a branch with points")
    edges = float(branch.values.min()), float(branch.values.max())
    if branch.family and state is None:
        others = [s.name for s in branch.map.state if s.name != branch.parameter]
        state = (others or [branch.parameter])[0]
    return _drawn([branch], branch.parameter, edges, state, over, span, ax)


def _drawn(
    branches: Sequence[Branch],
    parameter: str,
    edges: tuple[float, float],
    state: Any,
    over: xr.Dataset | None,
    span: tuple[float, float] | None,
    ax: Axes | None,
) -> Axes:
    names = [s.name for s in branches[0].map.state]
    name = names[0] if state is None else str(state)
    if name not in names:
        raise InputError("state", repr(name), f"one of the state {', '.join(names)}")
    ax = axes_for(ax, (6.4, 3.9))
    if over is not None:
        orbit_diagram(over, name, span=span, ax=ax)
        if str(over.attrs["parameter"]) != parameter:
            wants = f"a sweep of {parameter}"
            raise InputError("over", f"a sweep of {over.attrs['parameter']}", wants)
        for image in ax.images:
            image.set_cmap(_GREY)
    column = names.index(name)
    if span is None:
        span = (
            _span(branches, column) if over is None else _with_points(ax.get_ylim(), branches, name)
        )
    for b in branches:
        _draw_branch(ax, b, parameter, column)
    points = [(b, p) for b in branches for p in b.special_points]
    for b, p in points:
        _draw_point(ax, b, p, parameter, name)
    ax.set_ylim(span)
    if over is None:
        ax.set_xlim(edges)
    ax.set_xlabel(label(parameter))
    ax.set_ylabel(label(name))
    stable = {bool(s) for b in branches for s in np.unique(b.stable)}
    legend = ax.get_legend()
    kept = list(legend.legend_handles) if legend is not None else []
    shown = [*handles(stable, {p.kind for _, p in points}), *(h for h in kept if h is not None)]
    ax.legend(handles=shown, loc="best").set_zorder(6)
    return ax


def _draw_branch(ax: Axes, b: Branch, parameter: str, column: int) -> None:
    width = max(1.5 - 0.25 * np.log2(b.period), 0.6)
    for piece in b.segments():
        stable = bool(piece.attrs["stable"])
        x = _abscissa(b, parameter, piece[b.parameter].to_numpy())
        y = piece[b.map.state[column].name].to_numpy().reshape(len(piece["point"]), -1)
        # one line for all points of the cycle, with a gap between them
        gap = np.full((1, y.shape[1]), np.nan)
        xs = np.append(x, np.nan)[:, None].repeat(y.shape[1], axis=1)
        (line,) = ax.plot(
            xs.T.ravel(),
            np.vstack([y, gap]).T.ravel(),
            color=STABLE if stable else UNSTABLE,
            lw=width if stable else 0.8 * width,
            ls="-" if stable else DASHES,
            zorder=3 if stable else 2.5,
        )
        line.set_gid(f"branch of period {b.period}, {'stable' if stable else 'unstable'}")


def _abscissa(b: Branch, parameter: str, values: np.ndarray) -> np.ndarray:
    """Return the parameter along a piece; a family has one value of it."""
    if b.parameter == parameter:
        return values.reshape(len(values), -1)[:, 0]
    return np.full(len(values), b.fixed[parameter])


def _draw_point(ax: Axes, b: Branch, p: SpecialPoint, parameter: str, name: str) -> None:
    y = np.atleast_1d(np.asarray(p.state[name], float))
    x = p.value if b.parameter == parameter else b.fixed[parameter]
    (marks,) = ax.plot(
        np.full(y.shape, x),
        y,
        ls="none",
        ms=max(5.0 - 0.7 * np.log2(b.period), 2.2),
        zorder=4,
        **mark_of(p.kind),
    )
    marks.set_gid(p.kind)


def _span(branches: Sequence[Branch], column: int) -> tuple[float, float]:
    """Range of the stable parts, the special points and the middle of every branch, with room."""
    every = np.concatenate([b.states[:, :, column].ravel() for b in branches])
    wanted = [b.states[b.stable][:, :, column].ravel() for b in branches]
    wanted += [np.median(b.states[:, :, column], axis=0) for b in branches if not b.family]
    wanted.append(_heights(branches, branches[0].map.state[column].name))
    shown = np.concatenate(wanted)
    shown = shown if np.ptp(shown) > 0 else every
    low, high = float(shown.min()), float(shown.max())
    room = 0.35 * (high - low)
    low, high = max(low - room, float(every.min())), min(high + room, float(every.max()))
    pad = _MARGIN * (high - low) or 0.05 * max(abs(high), 1.0)
    return low - pad, high + pad


def _heights(branches: Sequence[Branch], name: str) -> np.ndarray:
    """Where the special points are, in all their phases."""
    points = [p for b in branches for p in b.special_points]
    return np.concatenate([np.zeros(0), *(np.ravel(np.asarray(p.state[name])) for p in points)])


def _with_points(
    span: tuple[float, float], branches: Sequence[Branch], name: str
) -> tuple[float, float]:
    """Widen a range by the special points outside it."""
    y = _heights(branches, name)
    outside = y[(y < span[0]) | (y > span[1])]
    if not outside.size:
        return span
    low, high = min(span[0], outside.min()), max(span[1], outside.max())
    pad = _MARGIN * (high - low)
    return (low - pad if low < span[0] else low, high + pad if high > span[1] else high)
