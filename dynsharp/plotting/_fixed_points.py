"""Fixed points in the plane, by stability: points as markers, curves of them as lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.optimize import root

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.plotting._numbers import function
from dynsharp.plotting._style import GREY, STABLE, UNSTABLE

_SAMPLES, _STARTS = 2001, 9
_HYPERBOLIC = 1e-9  # how near to 1 the size of a multiplier counts as 1

_MARKERS: dict[str, dict[str, Any]] = {
    "stable": {"marker": "o", "mfc": STABLE, "mec": STABLE},
    "unstable": {"marker": "o", "mfc": "white", "mec": UNSTABLE},
    "saddle": {
        "marker": "o",
        "fillstyle": "left",
        "mfc": UNSTABLE,
        "markerfacecoloralt": "white",
        "mec": UNSTABLE,
    },
    "multiplier of size one": {"marker": "D", "mfc": GREY, "mec": GREY},
}
_LINES: dict[str, dict[str, Any]] = {
    "stable": {"color": STABLE, "ls": "-", "lw": 2.4},
    "unstable": {"color": UNSTABLE, "ls": (0, (1, 0.8)), "lw": 2.4},
}


def draw_fixed_points(
    ax: Axes,
    fixed_points: Iterable[Any],
    map: DiscreteMap,
    axes: Sequence[sp.Symbol],
    span: Sequence[tuple[float, float]],
    values: Mapping[sp.Symbol, Any],
) -> list[Any]:
    """Draw those that exist at these parameter values; return the legend handles.

    Where they are is taken from the points, their stability from the Jacobian of the map there.
    """
    found: dict[str, Any] = {}
    for point in fixed_points:
        evaluate = _Evaluate(point, map, axes, span, values)
        if not point.family:
            for place in evaluate.places():
                kind = _draw_point(ax, place, evaluate.sizes(place))
                handle = Line2D([], [], ls="none", ms=5.5, mew=1.1, label=kind, **_MARKERS[kind])
                found.setdefault(kind, handle)
        elif len(point.family) == 1:
            for x, y in evaluate.curves():
                for kind in _draw_curve(ax, x, y, evaluate, span):
                    text = f"fixed points, {kind}"
                    found.setdefault(text, Line2D([], [], label=text, **_LINES[kind]))
        else:
            raise InputError(
                "fixed_points", f"a family in {point.family}", "points and curves in a plane"
            )
    return list(found.values())


class _Evaluate:
    """A fixed point or family as numbers in the plane."""

    def __init__(
        self,
        point: Any,
        map: DiscreteMap,
        axes: Sequence[sp.Symbol],
        span: Sequence[tuple[float, float]],
        values: Mapping[sp.Symbol, Any],
    ) -> None:
        self.point, self.axes, self.span, self.values = point, axes, span, values
        self.map = map
        self.relations = list(getattr(point, "relations", ()))
        state = {s.name: e for s, e in point.state.items()}
        self.state = [state[s.name] for s in axes]

    def __call__(self, expression: Any, x: Any, y: Any) -> np.ndarray:
        return function(self.axes, expression, self.values)(x, y)

    def holds(self, condition: Any, x: Any, y: Any) -> np.ndarray:
        return self(condition, x, y).astype(bool)

    def places(self) -> list[np.ndarray]:
        """Return the isolated points, those given by relations found by Newton from a grid."""
        implicit = [i for i, (s, e) in enumerate(zip(self.axes, self.state, strict=True)) if e == s]
        if not self.relations:
            found = [self._complete(np.zeros(2))]
        else:
            found = []
            relations = [function(self.axes, r, self.values) for r in self.relations]

            def residual(unknown: np.ndarray) -> list[float]:
                place = np.zeros(2)
                place[implicit] = unknown
                place = self._complete(place)
                return [float(np.nan_to_num(r(*place), nan=1e9)) for r in relations]

            grids = [np.linspace(*self.span[i], _STARTS) for i in implicit]
            for start in np.stack(np.meshgrid(*grids), axis=-1).reshape(-1, len(implicit)):
                solution = root(residual, start, method="lm")
                if solution.success and np.linalg.norm(solution.fun) < 1e-9:
                    place = np.zeros(2)
                    place[implicit] = solution.x
                    place = self._complete(place)
                    if not any(np.allclose(place, other, atol=1e-6) for other in found):
                        found.append(place)
        exists = getattr(self.point, "exists", sp.true)
        return [p for p in found if np.isfinite(p).all() and bool(self.holds(exists, *p))]

    def curves(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return a family as lines in the plane."""
        if self.relations:
            x, y = np.meshgrid(*(np.linspace(*s, 401) for s in self.span))
            height = np.ma.masked_invalid(self(self.relations[0], x, y))
            lines = contour_generator(x, y, height).lines(0.0)
            return [(line[:, 0], line[:, 1]) for line in map(np.asarray, lines)]
        (free,) = self.point.family
        index = next((i for i, s in enumerate(self.axes) if s.name == free.name), None)
        if index is None:
            raise InputError("fixed_points", f"a family in {free}", f"one in {self.axes}")
        place = np.zeros((2, _SAMPLES))
        place[index] = np.linspace(*self.span[index], _SAMPLES)
        x, y = (self(e, *place) for e in self.state)
        return [(x, y)]

    def sizes(self, place: np.ndarray) -> np.ndarray:
        """Return the sizes of the two multipliers."""
        jacobian = [[float(self(e, *place)) for e in row] for row in self.map.jacobian.tolist()]
        return np.abs(np.linalg.eigvals(np.array(jacobian)))

    def stable(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return where a curve of fixed points is stable.

        One multiplier is 1, along the curve; the other is then the trace minus 1.
        """
        return np.abs(self(self.map.jacobian.trace(), x, y) - 1) < 1

    def _complete(self, place: np.ndarray) -> np.ndarray:
        return np.array([float(self(e, *place)) for e in self.state])


def kind_of(sizes: np.ndarray) -> str:
    """Return the kind of a fixed point from the sizes of its multipliers."""
    if (np.abs(sizes - 1) <= _HYPERBOLIC).any():
        return "unstable" if (sizes > 1 + _HYPERBOLIC).any() else "multiplier of size one"
    if (sizes < 1).all():
        return "stable"
    return "unstable" if (sizes > 1).all() else "saddle"


def _draw_point(ax: Axes, place: np.ndarray, sizes: np.ndarray) -> str:
    kind = kind_of(sizes)
    (mark,) = ax.plot(*place, ls="none", ms=6, mew=1.2, zorder=4, **_MARKERS[kind])
    (x0, x1), (y0, y1) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    # A point on the frame is shown whole.
    mark.set_clip_on(not (x0 <= place[0] <= x1 and y0 <= place[1] <= y1))
    mark.set_gid(f"fixed point, {kind}")
    return kind


def _draw_curve(
    ax: Axes, x: np.ndarray, y: np.ndarray, evaluate: _Evaluate, span: Sequence[tuple[float, float]]
) -> list[str]:
    exists = evaluate.holds(getattr(evaluate.point, "exists", sp.true), x, y)
    exists &= np.isfinite(x) & np.isfinite(y)
    stable = evaluate.stable(x, y) & exists
    # A jump across the figure is a pole, not a part of the curve.
    jump = np.hypot(np.diff(x, prepend=x[:1]), np.diff(y, prepend=y[:1]))
    smooth = ~(jump > float(np.linalg.norm([b - a for a, b in span])))
    inside = (x >= span[0][0]) & (x <= span[0][1]) & (y >= span[1][0]) & (y <= span[1][1])
    kinds = []
    for kind, part in (("stable", stable), ("unstable", exists & ~stable)):
        if not (part & inside).any():
            continue
        shown = [np.where(part & smooth, c, np.nan) for c in (x, y)]
        (line,) = ax.plot(*shown, zorder=2.5, **_LINES[kind])
        line.set_gid(f"family, {kind}")
        kinds.append(kind)
    return kinds
