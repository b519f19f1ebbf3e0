"""Continuation of folds, flips and Neimark–Sacker points in two parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dynsharp.arguments import (
    checked_count,
    checked_mapping,
    checked_pair,
    checked_positive,
    checked_span,
)
from dynsharp.bifurcation_curves.along import Settings
from dynsharp.bifurcation_curves.loop import Options
from dynsharp.bifurcation_curves.newton import Failure, corrected
from dynsharp.bifurcation_curves.point import Chart
from dynsharp.bifurcation_curves.result import BifurcationCurve, wrapped
from dynsharp.bifurcation_curves.surface import Surface
from dynsharp.bifurcation_curves.track import empty, followed
from dynsharp.bifurcations.kind import Kind
from dynsharp.bifurcations.registry import kind_named, kinds
from dynsharp.continuation import SpecialPoint
from dynsharp.errors import InputError
from dynsharp.map import Name
from dynsharp.shooting.problem import Curve


def continue_bifurcation(
    point: SpecialPoint,
    parameters: tuple[Name, Name],
    span: Mapping[Name, Sequence[float]],
    *,
    step: float = 0.01,
    max_points: int = 5_000,
) -> BifurcationCurve:
    r"""Follow a fold, flip or Neimark–Sacker point in two parameters, both ways.

    Pseudo-arclength continuation of the cycle's equations together with a minimally augmented one:
    that A − I, A + I or A² − κA + I is singular, A the Jacobian along the cycle and κ = 2 cos θ a
    further unknown (Govaerts, Khoshsiar Ghaziani, Kuznetsov, Meijer, SIAM J. Sci. Comput. 29, 2007,
    2644). Points of codimension two are located on the way, each with its normal form. A curve of
    Neimark–Sacker points ends at 1:1 and 1:2 resonances, where the pair becomes real.

    On a family of fixed points, such as the minima of an over-parameterised loss, a flip is
    followed in (coordinate of the family, parameter): the edge of stability. One of the two names
    is then ``point.parameter``.

    Parameters
    ----------
    point
        A fold, flip or Neimark–Sacker point from `continue_fixed_point`.
    parameters
        Two parameters of its map; all others keep their values.
    span
        Least and greatest value of each: the curve ends there.
    step
        Greatest length of a step, where parameters count in units of their span and the state in
        units of its size at the start.
    max_points
        Number of points after which each direction ends.

    Returns
    -------
    BifurcationCurve
        Whatever could be computed. Failure is not an exception: see its ``status``.

    Raises
    ------
    InputError
        If the point is of another kind, a parameter is not one of the map's, the point is outside
        the span, or the fixed points form a family of more than one dimension.

    Examples
    --------
    >>> import dynsharp as ds
    >>> branch = ds.continue_fixed_point(
    ...     ds.systems.henon(), "a", {"x": 0.6, "y": 0.2}, at=0.3, span=(0, 1), fixed={"b": 0.3}
    ... )
    >>> curve = continue_bifurcation(
    ...     branch.special_points[0], ("a", "b"), span={"a": (0, 2), "b": (-1, 0.9)}
    ... )
    >>> a, b = curve.values.T
    >>> bool(np.allclose(a, 3 * (1 - b) ** 2 / 4))  # the flips of the Hénon map
    True
    """
    if not isinstance(point, SpecialPoint):
        raise InputError("point", repr(point), "a special point of a branch")
    curve, y = point.curve, point.located.y
    kind = _checked_kind(point)
    names = _names(point, kind, curve, parameters)
    box = _box(names, span)
    here = {s.name: float(x) for s, x in zip(curve.map.state, y, strict=False)}
    here |= {**curve.values, str(curve.parameter): float(y[-1])}
    for name, (low, high) in box.items():
        if not low <= here[name] <= high:
            raise InputError(f"span[{name!r}]", (low, high), f"a range around {here[name]:.10g}")
    options = Options(
        checked_positive("step", step, most=100), checked_count("max_points", max_points, 2)
    )
    moving = tuple(s for name in names for s in curve.map.parameters if s.name == name)
    kept = {s.name: here[s.name] for s in curve.map.parameters if s not in moving}
    scale = np.maximum(curve.scale, np.abs(curve.states(y)).max(axis=0))
    surface = Surface(curve.map, moving, kept, curve.period, box, scale)
    settings = Settings(surface, names, options)
    y = np.append(y[:-1], [here[s.name] for s in moving])
    start = corrected(Chart(surface, kind), y, kind.kappa(point.multipliers))
    if isinstance(start, Failure):
        status = (
            f"the start is no regular {point.kind} point in ({', '.join(names)}): Newton's method "
            f"fails there ({start.reason}); the point says: {point.status}"
        )
        return wrapped(empty(settings, point.kind, status))
    return wrapped(followed(settings, start[0]))


def _checked_kind(point: SpecialPoint) -> Kind:
    kind = kind_named(point.kind)
    if kind is not None and kind.borders:
        return kind
    followed = [k.name for k in kinds() if k.borders]
    what = f"a point of kind {point.kind!r}" if kind is None or not kind.alone else kind.alone
    raise InputError("point", what, f"a {', '.join(followed[:-1])} or {followed[-1]} point")


def _names(point: SpecialPoint, kind: Kind, curve: Curve, parameters: Any) -> tuple[str, str]:
    """Return the names of what varies; one of them the coordinate on a family."""
    one, two = checked_pair("parameters", parameters, "two parameters")
    names = (str(one), str(two))
    if names[0] == names[1]:
        raise InputError("parameters", names, "two different parameters")
    on_family = point.parameter != str(curve.parameter)
    for name in names:
        if on_family and name == point.parameter:
            continue
        curve.map.parameter(name, "parameters")
    if on_family:
        count = int(np.sum(np.abs(point.multipliers - 1) < 1e-9))
        if point.parameter not in names:
            raise InputError(
                "parameters",
                names,
                f"the family's coordinate {point.parameter} and one parameter: on a family of "
                "fixed points the flips in two parameters form a surface",
            )
        simple = kind.borders == 1 and not np.isclose(kind.roots(0.0), 1).any()
        if count > 1 or curve.period > 1 or not simple:
            raise InputError(
                "point",
                f"a {point.kind} on a family of dimension {count} of period {curve.period}",
                "a flip on a family of fixed points of dimension 1: otherwise they form a surface",
            )
    return names


def _box(names: tuple[str, str], span: Any) -> dict[str, tuple[float, float]]:
    wants = "a dictionary {parameter: (least, greatest)}"
    given = {str(k): v for k, v in checked_mapping("span", span, wants).items()}
    if set(given) != set(names):
        raise InputError("span", sorted(given), f"ranges of {names[0]} and {names[1]}")
    return {name: checked_span(f"span[{name!r}]", given[name]) for name in names}
