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
from scipy.optimize import minimize_scalar

from dynsharp.continuation import Branch, SpecialPoint
from dynsharp.continuation._branch_points import linearised
from dynsharp.continuation._curve import Array, Curve
from dynsharp.continuation._membership import row, same_cycle
from dynsharp.continuation._special import state_of
from dynsharp.continuation._switch import marked

__all__ = ["with_hidden_points"]

ZERO = 1e-6  # a least singular value, that is zero
TOUCHING = 1e-3  # distance, in units of the curve, within which rounding makes folds of a touch
LOCATED = 1e-10  # accuracy of the position, in chords


def with_hidden_points(branch: Branch) -> Branch:
    """Return the branch with the special points that the numbers of multipliers do not show."""
    if branch.family or len(branch) < 3:
        return branch
    for kind, test in (("branch", _rank), ("flip", _flip)):
        for y in list(_zeros(branch, kind, test)):
            branch = marked(_without_folds(branch, y), _special(branch, kind, y))
    return branch


def _without_folds(branch: Branch, y: Array) -> Branch:
    """Leave out folds at a point where branches only touch the value 1 of a multiplier."""
    curve = branch._curve
    assert curve is not None
    kept = [
        p
        for p in branch.special_points
        if p.kind != "fold" or not same_cycle(curve, p._y, y, TOUCHING)
    ]
    return replace(branch, special_points=tuple(kept))


def _rank(curve: Curve, y: Array) -> float:
    D, _ = linearised(curve, np.append(y[: curve.dimension], y[-1]))
    return _least(D * curve.units / curve.scale[:, None])


def _flip(curve: Curve, y: Array) -> float:
    n = curve.dimension
    D, _ = linearised(curve, np.append(y[:n], y[-1]))
    return _least((D[:, :n] + 2 * np.eye(n)) * curve.scale / curve.scale[:, None])


def _least(matrix: Array) -> float:
    if not np.isfinite(matrix).all():
        return float("inf")
    return float(np.linalg.svd(matrix, compute_uv=False)[-1])


def _zeros(branch: Branch, kind: str, test: Callable[[Curve, Array], float]) -> Iterator[Array]:
    """Points of the branch where the test function is zero without an event of that kind."""
    curve = branch._curve
    assert curve is not None
    d = np.array([test(curve, row(branch, i)) for i in range(len(branch))])
    known = {i for p in branch.special_points if p.kind == kind for i in branch.where(p)}
    with np.errstate(invalid="ignore"):
        least = (d[1:-1] <= d[:-2]) & (d[1:-1] <= d[2:])
        reaches = d[1:-1] < np.maximum(d[:-2], d[2:]) - d[1:-1]
    for i in np.flatnonzero(least & reaches) + 1:
        if known & {int(i) - 1, int(i), int(i) + 1}:
            continue
        y = _nearest(branch, int(i), test)
        if y is not None:
            yield y


def _nearest(branch: Branch, i: int, test: Callable[[Curve, Array], float]) -> Array | None:
    """Return the zero next to a point, None if there is none."""
    curve = branch._curve
    assert curve is not None
    for a, b in ((i - 1, i), (i, i + 1)):
        y, chord = row(branch, a), row(branch, b) - row(branch, a)

        def at(t: float, y: Array = y, chord: Array = chord) -> Array | None:
            return curve.corrected(y + t * chord, chord)

        def distance(t: float) -> float:
            here = at(float(t))
            return float("inf") if here is None else test(curve, here)

        found = minimize_scalar(
            distance, bounds=(0, 1), method="bounded", options={"xatol": LOCATED}
        )
        point = at(float(found.x))
        if found.fun < ZERO and point is not None:
            return point
    return None


def _special(branch: Branch, kind: str, y: Array) -> SpecialPoint:
    curve = branch._curve
    assert curve is not None
    n = curve.dimension
    D, _ = linearised(curve, np.append(y[:n], y[-1]))
    mu = np.linalg.eigvals(D[:, :n] + np.eye(n)).astype(complex)
    error = ZERO * (curve.span[1] - curve.span[0])
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
