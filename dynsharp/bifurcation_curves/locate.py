"""Where a test function vanishes along the points of a bifurcation curve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from dynsharp.bifurcation_curves.newton import between
from dynsharp.bifurcation_curves.point import CurvePoint
from dynsharp.bifurcations.kind import EPS
from dynsharp.bifurcations.zeros import Chords, Zero, zeros
from dynsharp.normal_forms.along_curves import Value

__all__ = ["located", "vanishes"]

TOWARDS = tuple(1 - 10.0**-k for k in range(1, 6))  # where to look in front of an end without value
NOISE = 64 * EPS  # rounding of a test, relative to the size of its terms
IDENTICALLY = 1e-10  # relative size of a test that vanishes all along a curve


def vanishes(values: list[Value]) -> bool:
    """Whether a test function is rounding on most of the curve."""
    relative = [abs(f) / size for f, size in values if f == f and size > 0]
    return bool(relative) and float(np.median(relative)) < IDENTICALLY


def located(
    points: list[CurvePoint], test: Callable[[CurvePoint], Value]
) -> Iterator[Zero[CurvePoint]]:
    """Yield where a test vanishes, with the error in units of length along the curve.

    It may have no value at some points, such as resonances at the ends: there it is looked at
    closer and closer by. What is rounding counts as zero, and has no sign of its own.
    """

    def value(point: CurvePoint) -> float:
        f, size = test(point)
        return f if not abs(f) <= NOISE * size else 0.0

    rows = [(i, p) for i, p in enumerate(points) if not np.isnan(value(p))]
    if len(rows) < 2:
        return
    if rows[0][0] > 0:
        rows = [(0, p) for p in _towards(rows[0][1], points[0], value)][::-1] + rows
    if (last := rows[-1][0]) < len(points) - 1:
        rows += [(last, p) for p in _towards(rows[-1][1], points[-1], value)]
    values = np.array([value(p) for _, p in rows])
    known = np.flatnonzero(values)
    if not known.size:
        return
    before = np.maximum(np.searchsorted(known, np.arange(len(rows)), side="right") - 1, 0)
    signed = np.where(values == 0, np.copysign(np.finfo(float).tiny, values[known[before]]), values)
    row = [p for _, p in rows]
    chords = Chords(row, between, value, lambda point: NOISE * test(point)[1])
    for zero in zeros(chords, signed):
        a, b = zero.bracket
        length = float(np.linalg.norm(b.coordinates - a.coordinates))
        yield replace(zero, index=rows[zero.index][0], error=zero.error * length)


def _towards(
    a: CurvePoint, end: CurvePoint, value: Callable[[CurvePoint], float]
) -> list[CurvePoint]:
    """Return points closer and closer to an end of the curve, where there is a value."""
    points = (between(a, end, t) for t in TOWARDS)
    return [p for p in points if p is not None and not np.isnan(value(p))]
