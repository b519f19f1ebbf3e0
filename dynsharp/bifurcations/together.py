"""Several multipliers that become critical at one place, as symmetries make them: where it is.

Single multipliers need not be smooth where they meet, and next to a branch point the branch itself
is known badly. A smooth function of the whole group is therefore interpolated from points at a
distance, and that from several distances; the difference of two degrees estimates the error. For a
group that goes through in one direction the function is the mean (Kato, *Perturbation Theory for
Linear Operators*, II.2: the mean over a group of eigenvalues is analytic); for one that goes
through in opposite directions it is the root of the product, with the sign of the side.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.interpolate import KroghInterpolator
from scipy.optimize import brentq

from dynsharp.bifurcations.crossings import between
from dynsharp.bifurcations.kind import EPS, ROUNDINGS, Counted, Place
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

NODES, WIDTHS = 6, (1e-2, 3e-3, 1e-3, 3e-4)  # of an interpolation, in lengths along the branch

# points at the nodes to the values of a smooth function and the rounding error of those next to its
# zero; None if it has no zero
Sample = Callable[[list[Point], Array], tuple[Array, float] | None]


def crossing_together(curve: Curve, a: Point, b: Point, kind: Counted, count: int) -> Place | None:
    """Return where so many multipliers (pairs) go through together, between points close by."""

    def mean(some: list[Point], nodes: Array) -> tuple[Array, float] | None:
        beyond = np.sort(np.real(kind.beyond(np.array([p.mu for p in some]))), axis=1)
        group = np.argsort(np.abs(beyond).mean(axis=0))[:count]
        values = np.asarray(beyond[:, group].mean(axis=1))
        return (values, ROUNDINGS * EPS) if values[0] * values[-1] < 0 else None

    return interpolated(curve, a, b, mean)


def interpolated(curve: Curve, a: Point, b: Point, sample: Sample) -> Place | None:
    """Return where a function vanishes near the middle of two points close to each other."""
    chord = b.y - a.y
    length = curve.length(chord)
    nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    best: Place | None = None
    for width in WIDTHS:
        row = [between(curve, a, b, 0.5 + width / length * node) for node in nodes]
        points = [point for point in row if point is not None]
        if len(points) < NODES:
            continue
        sampled = sample(points, nodes)
        if sampled is None:
            continue
        values, noise = sampled
        at = _zero(nodes, values)
        apart = abs(at - _zero(nodes[1:-1], values[1:-1])) if values[1] * values[-2] < 0 else 1.0
        slope = abs(values[-1] - values[0]) / (nodes[0] - nodes[-1])
        y = np.asarray(KroghInterpolator(nodes, np.array([point.y for point in points]))(at))
        off = width / length * (noise / slope + apart)
        error = off * abs(chord[-1]) + ROUNDINGS * EPS * abs(y[-1])
        if best is None or error < best.uncertainty:
            there = Point(y, chord / length, curve.multipliers(y, a.mu), a.sign)
            best = Place(there, float(error))
    return best


def _zero(nodes: Array, values: Array) -> float:
    """Zero of the polynomial through values, between the outermost nodes."""
    polynomial = KroghInterpolator(nodes, values)
    return float(brentq(lambda t: float(polynomial(t)), nodes[-1], nodes[0]))
