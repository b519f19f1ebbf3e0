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

TOWARDS = tuple(1 - 10.0**-k for k in range(1, 6))  # where to look in front of an end without value
NOISE = 64 * EPS  # rounding of a test, relative to the size of its terms
IDENTICALLY = 1e-10  # relative size of a test that vanishes all along a curve


def vanishes(values: list[Value]) -> bool:
    """Whether a test function is rounding on most of the curve."""
    relative = [abs(f) / size for f, size in values if f == f and size > 0]
    return bool(relative) and float(np.median(relative)) < IDENTICALLY


def located(
    points: list[CurvePoint], values: list[Value], test: Callable[[CurvePoint], Value]
) -> Iterator[Zero[CurvePoint]]:
    """Yield where a test vanishes, with the error in units of length along the curve.

    It may have no value at some points, such as resonances at the ends: there it is looked at
    closer and closer by. What is rounding counts as zero, and has no sign of its own.
    """

    def value(point: CurvePoint) -> float:
        return _rounded(test(point))

    rows = [(i, p, _rounded(v)) for i, (p, v) in enumerate(zip(points, values, strict=True))]
    rows = [row for row in rows if not np.isnan(row[2])]
    if len(rows) < 2:
        return
    if rows[0][0] > 0:
        rows = [(0, *end) for end in _towards(rows[0][1], points[0], value)][::-1] + rows
    if (last := rows[-1][0]) < len(points) - 1:
        rows += [(last, *end) for end in _towards(rows[-1][1], points[-1], value)]
    row, f = [p for _, p, _ in rows], np.array([v for *_, v in rows])
    known = np.flatnonzero(f)
    if not known.size:
        return
    before = np.maximum(np.searchsorted(known, np.arange(len(f)), side="right") - 1, 0)
    signed = np.where(f == 0, np.copysign(np.finfo(float).tiny, f[known[before]]), f)
    chords = Chords(row, between, value, lambda point: NOISE * test(point)[1])
    for zero in zeros(chords, signed):
        a, b = zero.bracket
        length = float(np.linalg.norm(b.coordinates - a.coordinates))
        yield replace(zero, index=rows[zero.index][0], error=zero.error * length)


def _rounded(value: Value) -> float:
    f, size = value
    return f if not abs(f) <= NOISE * size else 0.0


def _towards(
    a: CurvePoint, end: CurvePoint, value: Callable[[CurvePoint], float]
) -> list[tuple[CurvePoint, float]]:
    """Return points closer and closer to an end of the curve, where there is a value."""
    points = (between(a, end, t) for t in TOWARDS)
    found = [(p, value(p)) for p in points if p is not None]
    return [(p, v) for p, v in found if not np.isnan(v)]
