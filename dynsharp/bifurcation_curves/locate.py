"""Where a test function vanishes on a bifurcation curve: brackets along it, then Brent's method.

A zero is bracketed by a change of sign. Where the function comes close to zero and turns round it
is looked at more closely, so that two zeros within one step are found too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from scipy.optimize import brentq

from dynsharp.bifurcation_curves.loop import between
from dynsharp.bifurcation_curves.point import CurvePoint
from dynsharp.normal_forms.along_curves import Value

__all__ = ["Zero", "vanishes", "zeros"]

Test: TypeAlias = Callable[[CurvePoint], Value]

EPS = float(np.finfo(float).eps)
FINEST = 1e-7  # length of a bracket below which two zeros are no longer told apart
NEAR = 1e-6  # fraction of a bracket over which the slope of a test is measured
TOWARDS = tuple(1 - 10.0**-k for k in range(1, 6))  # where to look in front of such an end
NOISE = 64 * EPS  # rounding of a test, relative to the size of its terms
IDENTICALLY = 1e-10  # relative size of a test that vanishes all along a curve


@dataclass(frozen=True)
class Zero:
    """A zero of a test function.

    Attributes
    ----------
    index
        It lies after the point of this number.
    bracket
        The points between which it was looked for.
    point
        Where it is; None if it could not be located.
    error
        Of its position, in units of length along the curve.
    """

    index: int
    bracket: tuple[CurvePoint, CurvePoint]
    point: CurvePoint | None
    error: float = 0.0


def zeros(points: list[CurvePoint], values: list[Value], test: Test) -> Iterator[Zero]:
    """Yield where the test function, of which these are the values, vanishes along the points."""
    rows = [(i, p, *v) for i, (p, v) in enumerate(zip(points, values, strict=True)) if v[0] == v[0]]
    rows = [(i, p, f if abs(f) > NOISE * size else 0.0, size) for i, p, f, size in rows]
    if len(rows) > 1 and rows[-1][0] < len(points) - 1:
        rows += _towards(rows[-1][0], rows[-1][1], points[-1], test)
    if len(rows) > 1 and rows[0][0] > 0:
        rows = _towards(0, rows[0][1], points[0], test)[::-1] + rows
    signs: list[float] = []
    for _, _, f, _ in rows:
        signs.append(float(np.sign(f)) or (signs[-1] if signs else 0.0))
    changed = [bool(a) and a != b for a, b in pairwise(signs)]
    for (i, a, f, _), (_, b, g, _), change in zip(rows, rows[1:], changed, strict=False):
        if change:
            yield from _bracketed(i, a, b, f, g, test)
    for k in range(len(rows) - 2):
        if changed[k] or changed[k + 1]:
            continue
        (i, a, f, _), (_, m, h, _), (_, b, g, _) = rows[k : k + 3]
        if _may_vanish(f, h, g):
            yield from _approached(i, (a, m, b), (f, h, g), test)


def _towards(
    index: int, a: CurvePoint, end: CurvePoint, test: Test
) -> list[tuple[int, CurvePoint, float, float]]:
    """Return points closer and closer to an end of the curve where the test has no value."""
    between_them = [between(a, end, t) for t in TOWARDS]
    rows = [(index, p, *test(p)) for p in between_them if p is not None]
    return [row for row in rows if row[2] == row[2]]


def vanishes(values: list[Value]) -> bool:
    """Whether a test function is rounding on most of the curve."""
    relative = [abs(f) / size for f, size in values if f == f and size > 0]
    return bool(relative) and float(np.median(relative)) < IDENTICALLY


def _may_vanish(f: float, h: float, g: float) -> bool:
    """Whether a parabola through three values, least in the middle, may reach zero."""
    f, h, g = abs(f), abs(h), abs(g)
    return 0 < h <= min(f, g) and h < max(f, g) - h


def _approached(
    index: int,
    points: tuple[CurvePoint, CurvePoint, CurvePoint],
    values: tuple[float, float, float],
    test: Test,
) -> Iterator[Zero]:
    a, m, b = points
    f, h, g = values
    while np.linalg.norm(b.coordinates - a.coordinates) > FINEST and _may_vanish(f, h, g):
        left, right = between(a, m, 0.5), between(m, b, 0.5)
        if left is None or right is None:
            return
        row = [a, left, m, right, b]
        at = [f, test(left)[0], h, test(right)[0], g]
        if any(s * t < 0 for s, t in pairwise(at)):
            for k, ((p, q), (s, t)) in enumerate(zip(pairwise(row), pairwise(at), strict=True)):
                if s * t < 0:
                    yield from _bracketed(index + k // 2, p, q, s, t, test)
            return
        k = min(range(1, 4), key=lambda i: abs(at[i]))
        (a, m, b), (f, h, g) = row[k - 1 : k + 2], at[k - 1 : k + 2]


def _bracketed(
    index: int, a: CurvePoint, b: CurvePoint, f: float, g: float, test: Test
) -> Iterator[Zero]:
    """Yield the zeros between two points at which the test has different signs."""
    known: dict[float, tuple[CurvePoint, float]] = {0.0: (a, f), 1.0: (b, g)}
    sizes: dict[float, float] = {}

    def at(t: float) -> float:
        if t not in known:
            point = between(a, b, t)
            value, size = test(point) if point is not None else (np.nan, 1.0)
            if point is None or not np.isfinite(value):
                raise FloatingPointError
            known[t], sizes[t] = (point, value), size
        return known[t][1]

    length = float(np.linalg.norm(b.coordinates - a.coordinates))
    try:
        found = sorted(_roots(at, 0.0, 1.0, FINEST / length))
        errors = [_error(at, t, NOISE * sizes.get(t, 0.0)) * length for t in found]
    except (ValueError, FloatingPointError):
        yield Zero(index, (a, b), None)
        return
    for t, error in zip(found, errors, strict=True):
        yield Zero(index, (a, b), known[t][0], error)


def _roots(at: Callable[[float], float], low: float, high: float, least: float) -> Iterator[float]:
    """Yield a root between two places of different sign, and others if the halves show them."""
    t = low if at(low) == 0 else float(brentq(at, low, high, xtol=EPS, rtol=4 * EPS))
    at(t)
    yield t
    for edge in (low, high):
        middle, beside = 0.5 * (t + edge), t + NEAR * (edge - t)
        if abs(edge - t) > least and at(middle) * at(edge) < 0:
            yield from _roots(at, edge, middle, least)
            if at(middle) * at(beside) < 0:
                yield from _roots(at, middle, beside, least)


def _error(at: Callable[[float], float], t: float, noise: float) -> float:
    """Error of a zero, in chords: what is left of the test and its rounding, over its slope."""
    low, here, high = (at(s) for s in (t - NEAR, t, t + NEAR))
    noise += abs(here)
    slope = abs(high - low) / (2 * NEAR)
    return 16 * EPS + (noise / slope if slope > 0 else 1.0)
