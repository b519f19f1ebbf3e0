"""From an event to what is reported of it: value, uncertainty, state, multipliers, normal form."""

from __future__ import annotations

import numpy as np

from dynsharp.bifurcations.events import Event
from dynsharp.continuation.branch import SpecialPoint
from dynsharp.normal_forms.codim1 import (
    NormalForm,
    branch_form,
    flip_form,
    fold_form,
    neimark_sacker_form,
)
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

__all__ = ["PERFECT", "special_point", "state_of"]

PERFECT = 1e-8  # unfolding, in units of the state, below which two branches cross


def state_of(curve: Curve, y: Array) -> dict[str, object]:
    """Return the state by name: numbers, or arrays along a cycle."""
    x = curve.states(y)
    return {
        s.name: float(x[0, i]) if curve.period == 1 else x[:, i].copy()
        for i, s in enumerate(curve.map.state)
    }


def special_point(curve: Curve, event: Event) -> tuple[SpecialPoint, Array]:
    """Return what is reported of an event, and the multipliers in the order of the branch."""
    a, b = event.bracket
    low, high = sorted((a.value, b.value))
    name, kind, status = str(curve.parameter), event.kind, "located"
    form: NormalForm | None = None
    tangents: tuple[Array, ...] = ()
    uncertainty = high - low
    if event.branching is not None:
        y, tangents = event.branching.y, event.branching.tangents
        mu = curve.multipliers(y, a.mu)
        spread = event.branching.error + 16 * np.finfo(float).eps
        uncertainty = spread * max(curve.span[1] - curve.span[0], abs(float(y[-1])))
        if event.branching.beta > PERFECT:
            status = (
                f"an imperfect branch point: two branches pass each other at a distance, "
                f"{event.branching.beta:.1e} of unfolding apart"
            )
        elif len(tangents) == 2:
            along, other = _sorted_tangents(curve, tangents, b.y - a.y)
            tangents = (along, other)
            form = branch_form(curve, y, other, along)
        else:
            status = "no two branches cross simply here: more of them meet, as symmetries make it"
    elif event.crossing is not None:
        point = event.crossing.point
        y, mu = point.y, point.mu
        uncertainty = event.crossing.uncertainty
        if not event.bifurcation:
            status = event.status
        elif event.count > 1:
            status = f"{event.count} multipliers reach the unit circle together: no normal form"
        elif not event.crossing.converged:
            status = (
                "not located to rounding: two multipliers meet here, or the map is not smooth; "
                "the uncertainty is the width of the bracket"
            )
        else:
            form = _form(curve, kind, point)
    else:
        y, mu = a.y.copy(), a.mu
        status = (
            f"not located between {name} = {low:.15g} and {high:.15g}: the defining system is "
            "singular there; look with a smaller step, or for a symmetry of the map"
        )
    order = np.argsort(-np.abs(mu), kind="stable")
    special = SpecialPoint(
        kind,
        name,
        float(y[-1]),
        float(uncertainty),
        state_of(curve, y),
        mu[order],
        form,
        (low, high),
        curve.period,
        status,
        y,
        tangents,
        curve,
    )
    return special, mu


def _form(curve: Curve, kind: str, point: Point) -> NormalForm:
    try:
        with np.errstate(all="ignore"):
            if kind == "flip":
                return flip_form(curve, point)
            if kind == "fold":
                return fold_form(curve, point)
            pairs = point.mu[point.mu.imag > 0]
            mu = pairs[np.argmin(np.abs(np.abs(pairs) - 1))]
            return neimark_sacker_form(curve, point, complex(mu))
    except np.linalg.LinAlgError:
        return NormalForm(kind, status="the linear systems of the normal form are singular")


def _sorted_tangents(
    curve: Curve, tangents: tuple[Array, ...], chord: Array
) -> tuple[Array, Array]:
    """Return the tangent of the branch that was followed, then the other."""
    n = curve.dimension
    units = curve.units
    head = np.append(chord[:n], chord[-1]) / units
    one, two = tangents
    alike = [abs(head @ (t / units)) for t in (one, two)]
    return (one, two) if alike[0] >= alike[1] else (two, one)
