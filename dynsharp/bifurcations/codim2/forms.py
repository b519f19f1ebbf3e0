"""The normal form at a point of codimension two, and the curves that emanate from it."""

from __future__ import annotations

import numpy as np

from dynsharp.bifurcations.codim2.registry import kind_of
from dynsharp.errors import InputError
from dynsharp.normal_forms.center_manifold import center_manifold
from dynsharp.normal_forms.critical_directions import critical_directions
from dynsharp.normal_forms.critical_form import Codim2Form, critical_form
from dynsharp.normal_forms.reduced_map import Reduced
from dynsharp.normal_forms.unfoldings import Unfolding, born_curves, through_curves
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array


def codim2_form(kind: str, curve: Curve, y: Array) -> Codim2Form:
    """Return the normal form at a point of codimension two.

    Parameters
    ----------
    kind
        The name of one of `kinds`.
    curve
        The map with numbers for all parameters but one, and the period of the cycle.
    y
        The cycle (x_0, ..., x_{P−1}), then the value of the curve's parameter.

    Raises
    ------
    InputError
        If there is no such kind, or y does not fit the curve.
    """
    what = kind_of(kind)
    directions = critical_directions(kind, what.multipliers, curve, y)
    if isinstance(directions, str):
        return Codim2Form(kind, status=directions)
    return critical_form(kind, what.read, center_manifold(curve, y, directions, what.order))


def emanating(
    kind: str, curve: Curve, y: Array, second: str, *, distance: float = 0.05
) -> Unfolding:
    """Return the curves that emanate from a codimension-2 point.

    For each curve its kind and period, a point y = (x_0, ..., x_{kP−1}, a, b) on or near it and its
    direction there; a is the curve's own parameter and b = ``second``.

    Parameters
    ----------
    kind, curve, y
        As for `codim2_form`.
    second
        Name of the second parameter, whose critical value is in ``curve.values``.
    distance
        Amplitude of the predicted cycles, as a fraction of that at which the nonlinear terms are
        as large as the linear ones; halved where the normal form has no such cycle that far.

    Raises
    ------
    InputError
        As `codim2_form`; if the map has no such parameter, or it is the curve's own.
    """
    b = curve.map.parameter(second, "second").name
    if b == curve.parameter.name or b not in curve.values:
        known = ", ".join(curve.values)
        raise InputError("second", repr(b), f"a parameter with a value in the curve: {known}")
    what = kind_of(kind)
    directions = critical_directions(kind, what.multipliers, curve, y)
    if isinstance(directions, str):
        return Unfolding(kind, status=f"no curve is predicted: {directions}")
    manifold = center_manifold(curve, y, directions, what.order, (curve.parameter.name, b))
    if manifold.clash:
        return Unfolding(kind, status=f"no curve is predicted: {manifold.clash}")
    point, reduced = np.append(y, curve.values[b]), Reduced(manifold)
    starts, failures = through_curves(reduced, what.through, point)
    if what.multiples:
        form = critical_form(kind, what.read, manifold)
        if form.status == "nondegenerate":
            born, failed = born_curves(reduced, what.longer(manifold), point, distance)
            starts, failures = starts + born, failures + failed
        else:
            failures.append(f"curves of longer cycles are not predicted: {form.status}")
    status = "; ".join(dict.fromkeys(failures)) or "complete"
    return Unfolding(kind, tuple(starts), status, what.beyond)
