"""Solutions that no followed branch has: deflated Newton at one value of the parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.many import shoot
from dynsharp.shooting.newton import SOLVED
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["unknown_solutions"]

STEPS = 30
RANDOM = 12  # seeds in the box, for every state variable
MOST = 200  # points after which those outside the box are no longer passed by
LONGEST, FAR = 2.0, 1e3  # step, and distance from a seed at which it is given up, in units
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
    guess = curve.orbit(x, value, curve.period)
    shots = shoot(curve, value, guess[None], known=others, longest=LONGEST, far=FAR, limit=STEPS)
    if shots.code[0] != SOLVED:
        return None
    y = np.append(shots.states[0].ravel(), value)
    apart = (others - y[:n]) / scale
    if len(others) and np.linalg.norm(apart, axis=1).min() < APART:
        return None
    A = curve.linearised(y).product * scale / scale[:, None]
    least = np.linalg.svd(A - np.eye(n), compute_uv=False)
    return y if least[-1] > SINGULAR * max(1.0, least[0]) else None
