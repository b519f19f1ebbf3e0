"""Fixed points in the plane, by stability: points as markers, curves of them as lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from dynsharp.errors import InputError
from dynsharp.plotting._numbers import function
from dynsharp.plotting._style import GREY, STABLE, UNSTABLE

__all__ = ["draw_fixed_points"]

_SAMPLES = 2001
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
    axes: Sequence[sp.Symbol],
    span: Sequence[tuple[float, float]],
    values: Mapping[sp.Symbol, Any],
) -> list[Any]:
    """Draw those that exist at these parameter values; return the legend handles."""
    found: dict[str, Any] = {}
    for point in fixed_points:
        if not point.family:
            if (kind := _draw_point(ax, point, axes, values)) is not None:
                style = _MARKERS[kind]
                found.setdefault(
                    kind, Line2D([], [], ls="none", ms=5.5, mew=1.1, label=kind, **style)
                )
        elif len(point.family) == 1:
            for kind in _draw_family(ax, point, axes, span, values):
                text = f"fixed points, {kind}"
                found.setdefault(text, Line2D([], [], label=text, **_LINES[kind]))
        else:
            raise InputError(
                "fixed_points", f"a family in {point.family}", "points and curves in a plane"
            )
    return list(found.values())


def kind_of(sizes: np.ndarray) -> str:
    """Return the kind of a fixed point from the sizes of its multipliers."""
    if (np.abs(sizes - 1) <= _HYPERBOLIC).any():
        return "unstable" if (sizes > 1 + _HYPERBOLIC).any() else "multiplier of size one"
    if (sizes < 1).all():
        return "stable"
    return "unstable" if (sizes > 1).all() else "saddle"


def _draw_point(
    ax: Axes, point: Any, axes: Sequence[sp.Symbol], values: Mapping[sp.Symbol, Any]
) -> str | None:
    if not bool(function((), getattr(point, "exists", sp.true), values)()):
        return None
    state = {s.name: e for s, e in point.state.items()}
    place = [float(function((), state[s.name], values)()) for s in axes]
    if not np.isfinite(place).all():  # not real at these parameters
        return None
    kind = kind_of(np.array([_size(m, values) for m in point.multipliers]))
    (mark,) = ax.plot(*place, ls="none", ms=6, mew=1.2, zorder=4, clip_on=False, **_MARKERS[kind])
    (x0, x1), (y0, y1) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    mark.set_clip_on(not (x0 <= place[0] <= x1 and y0 <= place[1] <= y1))
    mark.set_gid(f"fixed point, {kind}")
    return kind


def _draw_family(
    ax: Axes,
    point: Any,
    axes: Sequence[sp.Symbol],
    span: Sequence[tuple[float, float]],
    values: Mapping[sp.Symbol, Any],
) -> list[str]:
    (free,) = point.family
    state = {s.name: e for s, e in point.state.items()}
    own = [i for i, s in enumerate(axes) if s.name == free.name and state[s.name] == free]
    if own:
        t = np.linspace(*span[own[0]], _SAMPLES)
    else:  # a free symbol without a range: all of the real line, densest at the size of the figure
        t = max(np.abs(span).ravel()) * np.tan(np.linspace(-1, 1, 4 * _SAMPLES) * 1.55)

    def on(expression: Any) -> np.ndarray:
        return function((free,), expression, values)(t)

    x, y = (on(state[s.name]) for s in axes)
    exists = on(getattr(point, "exists", sp.true)).astype(bool)
    stable = on(point.stable).astype(bool) & exists
    kinds = []
    for kind, part in (("stable", stable), ("unstable", exists & ~stable)):
        seen = part & (x >= span[0][0]) & (x <= span[0][1]) & (y >= span[1][0]) & (y <= span[1][1])
        if not seen.any():
            continue
        # Up to the next sample, so that the parts meet; far jumps (a pole) are not bridged.
        jump = np.hypot(np.diff(x, prepend=x[:1]), np.diff(y, prepend=y[:1]))
        broken = jump > float(np.linalg.norm([b - a for a, b in span]))
        keep = part & ~broken
        (line,) = ax.plot(
            np.where(keep, x, np.nan), np.where(keep, y, np.nan), zorder=2.5, **_LINES[kind]
        )
        line.set_gid(f"family, {kind}")
        kinds.append(kind)
    return kinds


def _size(multiplier: Any, values: Mapping[sp.Symbol, Any]) -> float:
    names = {s.name: v for s, v in values.items()}
    m = sp.sympify(multiplier)
    return float(
        abs(complex(m.subs({s: names[s.name] for s in m.free_symbols if s.name in names})))
    )
