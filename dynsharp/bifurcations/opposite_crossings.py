"""Special points at which multipliers cross in opposite directions, so that their number stays.

Symmetries make them: of two uncoupled maps one loses a multiplier 1 where the other gains one. At a
branch point [A − I, G_p] loses rank, at a flip A + I does (a fold loses no rank): the least
singular value of each is followed along the branch, and where it comes down to zero without an
event there is one that was not noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from scipy.interpolate import KroghInterpolator
from scipy.optimize import minimize_scalar

from dynsharp.bifurcations.special_point import state_of
from dynsharp.continuation import Branch, SpecialPoint
from dynsharp.continuation.switching.membership import row
from dynsharp.continuation.switching.switch import marked
from dynsharp.normal_forms.codim1 import product
from dynsharp.shooting.identity import same_solution
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["with_hidden_points"]

NODES = 0.1 * np.array([-3, -2, -1, 1, 2, 3])  # in chords, around a zero
FAR = 1e3  # stands for a singular value that could not be computed
LARGEST = 1e8  # entry of a matrix beyond which rounding hides what is zero
EPS = float(np.finfo(float).eps)
ZERO = 1e-6  # a least singular value, that is zero
TOUCHING = 1e-3  # distance, in units of the curve, within which rounding makes events of a touch
PRECISE = 1e-8  # of the span: Newton's method next to a singular solution gives half the digits
LOCATED = 1e-10  # accuracy of the position, in chords


def with_hidden_points(branch: Branch) -> Branch:
    """Return the branch with the special points that the numbers of multipliers do not show."""
    if branch.family or len(branch) < 3:
        return branch
    tests = {"branch": _rank}
    if branch.map.dimension > 1:  # one multiplier cannot cross in two directions
        tests["flip"] = _flip
    for kind, test in tests.items():
        for y, error in list(_zeros(branch, kind, test)):
            branch = marked(_without_touches(branch, y), _special(branch, kind, y, error))
    return branch


def _without_touches(branch: Branch, y: Array) -> Branch:
    """Leave out what rounding makes of a multiplier that only touches 1 at a point."""
    curve = branch._curve
    assert curve is not None
    kept = [
        p
        for p in branch.special_points
        if not _by_rounding(p) or not same_solution(curve, p._y, y, TOUCHING)
    ]
    return replace(branch, special_points=tuple(kept))


def _by_rounding(p: SpecialPoint) -> bool:
    return p.kind == "fold" or (p.kind in ("branch", "flip") and p.status != "located")


def _rank(curve: Curve, y: Array) -> float:
    here = curve.linearised(y)
    if not here.finite:
        return FAR
    return _least(here.condensed() * curve.units / curve.scale[:, None])


def _flip(curve: Curve, y: Array) -> float:
    A = product(curve.jacobians(y)) * curve.scale / curve.scale[:, None]
    return _least(A + np.eye(len(A)))


def _least(matrix: Array) -> float:
    if not (np.abs(matrix) < LARGEST).all():
        return FAR
    return float(np.linalg.svd(matrix, compute_uv=False)[-1])


def _zeros(
    branch: Branch, kind: str, test: Callable[[Curve, Array], float]
) -> Iterator[tuple[Array, float]]:
    """Zeros of the test function where no event was located; with the errors of their values."""
    curve = branch._curve
    assert curve is not None
    d = np.array([test(curve, row(branch, i)) for i in range(len(branch))])
    located = [p for p in branch.special_points if p.kind == kind and p.status == "located"]
    known = {i for p in located for i in branch.where(p)}
    with np.errstate(invalid="ignore"):
        least = (d[1:-1] <= d[:-2]) & (d[1:-1] <= d[2:])
        reaches = d[1:-1] < np.maximum(d[:-2], d[2:]) - d[1:-1]
    for i in np.flatnonzero(least & reaches) + 1:
        if known & {int(i) - 1, int(i), int(i) + 1}:
            continue
        found = _nearest(branch, int(i), test)
        if found is not None:
            yield found


def _nearest(
    branch: Branch, i: int, test: Callable[[Curve, Array], float]
) -> tuple[Array, float] | None:
    """Return the zero next to a point and the error of its value, None if there is none."""
    curve = branch._curve
    assert curve is not None
    for a, b in ((i - 1, i), (i, i + 1)):
        y, chord = row(branch, a), row(branch, b) - row(branch, a)

        def at(t: float, y: Array = y, chord: Array = chord) -> Array | None:
            return curve.corrected(y + t * chord, chord)

        def distance(t: float) -> float:
            here = at(float(t))
            return FAR if here is None else test(curve, here)

        found = minimize_scalar(
            distance, bounds=(-0.1, 1.1), method="bounded", options={"xatol": LOCATED}
        )
        point = at(float(found.x))
        if found.fun < ZERO and point is not None:
            error = PRECISE * (curve.span[1] - curve.span[0])
            return _refined(at, distance, float(found.x)) or (point, error)
    return None


def _refined(
    at: Callable[[float], Array | None], distance: Callable[[float], float], t: float
) -> tuple[Array, float] | None:
    """Locate a zero at which the least singular value changes its sign, if it had one.

    Newton's method is bad next to it: the zero and the point are interpolated from a little away.
    """
    nodes = t + NODES
    points = [at(float(s)) for s in nodes]
    values = np.array([distance(float(s)) for s in nodes]) * np.sign(NODES)
    rows = [p for p in points if p is not None]
    if len(rows) < len(nodes) or not np.isfinite(values).all():
        return None
    if not 1.7 < values[-2] / values[-3] < 2.3:  # it does not vanish linearly
        return None
    zero = KroghInterpolator(values, nodes)(0.0)  # of the inverse function
    y = np.asarray(KroghInterpolator(nodes, np.array(rows))(zero))
    fewer = KroghInterpolator(nodes[1:-1], np.array(rows[1:-1]))
    rough = fewer(KroghInterpolator(values[1:-1], nodes[1:-1])(0.0))
    return y, abs(float(y[-1] - rough[-1])) + 64 * EPS * max(1.0, abs(float(y[-1])))


def _special(branch: Branch, kind: str, y: Array, error: float) -> SpecialPoint:
    curve = branch._curve
    assert curve is not None
    mu = np.linalg.eigvals(product(curve.jacobians(y))).astype(complex)
    return SpecialPoint(
        kind,
        branch.parameter,
        float(y[-1]),
        error,
        state_of(curve, y),
        mu[np.argsort(-np.abs(mu), kind="stable")],
        None,
        (float(y[-1]) - error, float(y[-1]) + error),
        curve.period,
        "several multipliers cross the unit circle together: no normal form",
        _y=y,
    )
