"""From a state to the branch through it: along the parameter, or along a family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynsharp.continuation.assemble import assembled
from dynsharp.continuation.families.follow import followed_family
from dynsharp.continuation.follow import Options, both_ways
from dynsharp.continuation.scales import scale_at
from dynsharp.continuation.start import null_direction, solved
from dynsharp.continuation.track import Track, empty
from dynsharp.shooting.families import family_at
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array


def followed_from(rough: Curve, states: Array, value: float, options: Options) -> Track:
    """Follow the branch of a cycle near a state, both ways.

    Parameters
    ----------
    rough
        The problem, of which the scale is not known yet.
    states
        A guess of a point of the cycle, or of all (1 or period × dimension).
    value
        The parameter there.
    options
        Control of the run.
    """
    first = solved(rough, states, value)
    if first.y is None:
        return empty(rough, first.status)
    curve, at = replace(rough, scale=scale_at(rough, first.y, states)), f"{rough.parameter} = "
    family = family_at(curve, first.y)
    if family is not None:
        return followed_family(curve, family, options)
    D = curve.linearised(first.y).condensed()
    head, singular = null_direction(D * curve.units)
    if singular:
        status = (
            f"singular start: branches cross at {at}{value:.10g}; start on one of them, at another "
            "value"
        )
        return empty(curve, status)
    border, head = np.zeros(first.y.size), head * curve.units
    border[: curve.dimension], border[-1] = head[:-1], head[-1]
    point = curve.point(first.y, border)
    if point is None:
        return empty(curve, f"the multipliers are not finite at {at}{value:.10g}")
    if point.tangent[-1] < 0:
        point = point.reversed()
    return assembled(curve, *both_ways(curve, point, options))
