"""The period-doubling cascade: its thresholds to many digits, and Feigenbaum's constants.

Feigenbaum, *Quantitative universality for a class of nonlinear transformations*, J. Stat. Phys. 19
(1978): the distances between flips shrink by δ = 4.669..., the distances of neighbouring points of
the superstable cycles by α = 2.502..., for every map with a quadratic extremum.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np

from dynsharp.arguments import checked_count
from dynsharp.bifurcations.located import Located
from dynsharp.continuation.cascade.levels import first_flip, next_level
from dynsharp.continuation.cascade.limits import limit
from dynsharp.continuation.cascade.many_digits import Estimate, PreciseMap, Refined, refined
from dynsharp.continuation.cascade.result import Cascade
from dynsharp.map import DiscreteMap, Name
from dynsharp.shooting.problem import Curve, Point
from dynsharp.symbolic.fixed_points import FixedPoint


def cascade(
    map: DiscreteMap,
    parameter: Name,
    start: Mapping[Name, Any] | FixedPoint,
    at: float,
    doublings: int = 8,
    digits: int = 15,
    *,
    period: int = 1,
    fixed: Mapping[Name, Any] | None = None,
) -> Cascade:
    """Follow a fixed point through successive period doublings.

    The path is followed in double precision, from flip to doubled cycle to its flip; where a
    symmetry makes a cycle split before it doubles, onto one of its halves. Every flip and every
    superstable parameter is then refined to the digits asked for.

    Parameters
    ----------
    map, parameter, start, at, period, fixed
        As for `continue_fixed_point`: a fixed point (or cycle) before its first flip. The flip that
        is nearest along the branch begins the cascade.
    doublings
        Number of flips.
    digits
        Significant digits of their parameter values.

    Returns
    -------
    Cascade
        As far as it could be followed; see its ``status``.

    Raises
    ------
    InputError
        As `continue_fixed_point`, and if ``doublings`` or ``digits`` is not a positive integer.
    """
    doublings, digits = checked_count("doublings", doublings), checked_count("digits", digits)
    first, curve, status = first_flip(map, parameter, start, at, period, fixed)
    thresholds: list[Refined] = []
    middles: list[Refined] = []
    if first is not None and curve is not None:
        precise = PreciseMap(map, curve.parameter, curve.values)
        flip = first
        thresholds.append(_refined_flip(precise, curve, flip, digits))
        while len(thresholds) < doublings:
            level = next_level(curve, flip)
            if isinstance(level, str):
                status = level
                break
            curve, flip, middle, column = level
            if middle is not None:
                middles.append(refined(precise, curve, middle, 0.0, column, digits))
            thresholds.append(_refined_flip(precise, curve, flip, digits))
            if thresholds[-1].status != "converged":
                status = f"at period {curve.period}: {thresholds[-1].status}"
                break
    return _summary(map, str(parameter), curve, period, thresholds, middles, digits, status)


def _refined_flip(precise: PreciseMap, curve: Curve, flip: Located, digits: int) -> Refined:
    mu = np.array([-1.0 + 0j])
    point = Point(flip.y, np.zeros_like(flip.y), mu, 1.0)
    return refined(precise, curve, point, -1.0, 0, digits)


def _summary(
    map: DiscreteMap,
    parameter: str,
    curve: Curve | None,
    period: int,
    thresholds: list[Refined],
    middles: list[Refined],
    digits: int,
    status: str,
) -> Cascade:
    mp = mpmath.MPContext()  # of its own: other threads have other precisions
    with mp.workdps(digits + 30):
        values = [mp.convert(t.value) for t in thresholds]
        errors = [t.value.error for t in thresholds]
        gaps = [b - a for a, b in pairwise(values)]
        ratios = []
        for i, (a, b) in enumerate(pairwise(gaps)):
            error = sum(errors[i : i + 3]) * (1 + abs(a / b)) / abs(b)
            ratios.append(Estimate.of(a / b, float(error)))
        noise = max((r.error for r in ratios), default=0.0)
        delta = limit([mp.convert(r) for r in ratios], noise)
        accumulation = limit(values, max(errors, default=0.0))
        # beyond one dimension the multiplier may pass zero as a complex pair: then there is no
        # superstable cycle with a point at the extremum, and the cycles at the flips serve
        cycles = middles if map.dimension == 1 else thresholds[1:]
        distances = [_distance(mp, c.points[:-1]) for c in cycles]
        relative = [c.value.error / d for c, d in zip(cycles, distances, strict=True)]
        shrinking = [a / b for a, b in pairwise(distances)]
        alpha = limit(shrinking, float(10 * max(relative, default=0)))
    return Cascade(
        map,
        parameter,
        dict(curve.values) if curve is not None else {},
        tuple(period * 2**i for i in range(len(values))),
        tuple(t.value for t in thresholds),
        tuple(m.value for m in middles),
        tuple(ratios),
        accumulation,
        delta,
        alpha,
        status,
    )


def _distance(mp: Any, points: list[list[Any]]) -> Any:
    """Largest distance of two points of the cycle that are half a period apart.

    It is that of the pair about the extremum, where the attractor's pieces are longest: it shrinks
    by α, that about the extremum's image by α² (in several dimensions the same, along the line on
    which the map folds).
    """
    half = len(points) // 2
    pairs = zip(points[:half], points[half:], strict=True)
    return max(mp.norm([mp.convert(b) - a for a, b in zip(*pair, strict=True)]) for pair in pairs)
