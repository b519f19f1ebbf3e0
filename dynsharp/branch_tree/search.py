"""Solutions that no followed branch has: deflated Newton at one value of the parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dynsharp.normal_forms.codim1 import product
from dynsharp.shooting.deflation import deflation
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["unknown_solutions"]

STEPS = 30
RANDOM = 12  # seeds in the box, for every state variable
MOST = 200  # points after which those outside the box are no longer passed by
FAR = 1e3  # in units of the scale: Newton's method is given up
APART = 1e-6  # distance of two points, in units of the scale, that are different
SINGULAR = 1e-8  # least singular value of A − I at a solution that is isolated


def unknown_solutions(
    curve: Curve, value: float, known: Sequence[Array], near: Sequence[Array], box: Array
) -> list[Array]:
    """Return isolated cycles at a value, with points in a box, that are not among the known ones.

    Parameters
    ----------
    curve
        The problem, with a period.
    value
        Of the parameter.
    known
        Cycles at that value, of this period and of its divisors, as points × dimension.
    near
        States to begin at, such as solutions at other values.
    box
        Least and greatest value of each state variable (2 × dimension).
    """
    points = [x for cycle in known for x in cycle]
    found: list[Array] = []
    with np.errstate(all="ignore"):
        for seed in _seeds(curve, value, points, near, box):
            while (y := _deflated(curve, seed, value, points)) is not None:
                x = curve.states(y)
                points += list(x)
                if ((x >= box[0]) & (x <= box[1])).all():
                    if minimal_period(curve, y) == curve.period:
                        found.append(y)
                elif len(points) > MOST:
                    break
    return found


def _seeds(
    curve: Curve, value: float, known: Sequence[Array], near: Sequence[Array], box: Array
) -> Iterator[Array]:
    n = curve.dimension
    random = np.random.default_rng(0)
    yield from near
    for x in known[:RANDOM]:
        yield x + 0.05 * curve.scale * random.standard_normal(n)
    for x in random.uniform(box[0], box[1], (RANDOM * n, n)):
        yield x
        (settled,) = curve.orbit(x, value, 1, transient=20)
        if ((settled >= box[0]) & (settled <= box[1])).all():
            yield settled


def _deflated(curve: Curve, x: Array, value: float, known: list[Array]) -> Array | None:
    """Newton's method from a seed; None if it does not lead to a new isolated solution."""
    n, scale = curve.dimension, curve.scale
    others = np.array(known).reshape(-1, n)
    x = np.array(x, dtype=float)
    for _ in range(STEPS):
        defect, A = _step(curve, x, value)
        if not (np.isfinite(defect).all() and np.isfinite(A).all()):
            return None
        try:
            delta = np.linalg.solve(A - np.eye(n), -defect)
        except np.linalg.LinAlgError:
            return None
        size = float(np.linalg.norm(delta / scale))
        if size < 1e-9:
            return _isolated(curve, x + delta, value, others)
        factor = deflation(x, delta, others, scale, 1.0)
        delta = delta * np.clip(factor if np.isfinite(factor) else 1.0, -10.0, 10.0)
        length = float(np.linalg.norm(delta / scale))
        x = x + delta * min(1.0, 2.0 / length if length > 0 else 1.0)
        if not np.linalg.norm(x / scale) < FAR:
            return None
    return None


def _isolated(curve: Curve, x: Array, value: float, known: Array) -> Array | None:
    y = np.append(curve.orbit(x, value, curve.period).ravel(), value)
    upward = np.append(np.zeros(y.size - 1), 1.0)
    solution = curve.corrected(y, upward) if np.isfinite(y).all() else None
    if solution is None:
        return None
    y = solution
    y[-1] = value
    apart = (known - y[: curve.dimension]) / curve.scale
    if len(known) and np.linalg.norm(apart, axis=1).min() < APART:
        return None
    A = product(curve.jacobians(y)) * curve.scale / curve.scale[:, None]
    least = np.linalg.svd(A - np.eye(len(A)), compute_uv=False)
    return y if least[-1] > SINGULAR * max(1.0, least[0]) else None


def _step(curve: Curve, x: Array, value: float) -> tuple[Array, Array]:
    """G(x) − x and DG of the P-fold map."""
    A, image = np.eye(x.size), x
    for _ in range(curve.period):
        image, J, _ = curve.step(image, value)
        A = J @ A
    return image - x, A
