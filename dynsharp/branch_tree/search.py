"""Solutions that no followed branch has: deflated Newton at one value of the parameter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dynsharp.continuation.position import at_value
from dynsharp.continuation.scales import scale_of
from dynsharp.continuation.track import Track
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.many import shoot
from dynsharp.shooting.newton import SOLVED
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

SEARCHED = (0.13, 0.31, 0.52, 0.71, 0.89)  # fractions of the span at which solutions are sought
STEPS = 30
RANDOM = 12  # seeds in the box, for every state variable
MOST = 200  # points after which those outside the box are no longer passed by
LONGEST, FAR = 2.0, 1e3  # step, and distance from a seed at which it is given up, in units
APART = 1e-6  # distance of two points, in units of the scale, that are different
SINGULAR = 1e-8  # least singular value of A − I at a solution that is isolated


@dataclass
class Search:
    """Search for solutions of a problem that are on no branch."""

    problem: Curve
    box: Array | None = None

    def at(self, value: float, tracks: Sequence[Track]) -> list[Array]:
        """Return the cycles at a value of the parameter that lie on none of the branches.

        They are looked for in twice the extent that the branches had at the first call.
        """
        known = [
            t.curve.states(y)
            for t in tracks
            if not t.family and self.problem.period % t.period == 0
            for y in at_value(t, value)
        ]
        near = [t.states[len(t) * k // 4, 0] for t in tracks for k in (1, 2, 3)]
        curve = self.problem
        if known:
            curve = replace(curve, scale=scale_of(np.concatenate(known)))
        if self.box is None:
            self.box = _extent(tracks, curve.scale)
        return unknown_solutions(curve, value, known, near, self.box)


def _extent(tracks: Sequence[Track], scale: Array) -> Array:
    """Return twice the extent of branches, as a box (2 × dimension)."""
    places = np.concatenate([np.zeros((0, scale.size)), *(t.states[:, 0] for t in tracks)])
    if not len(places):
        places = np.zeros((1, scale.size))
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.maximum((high - low) / 2, scale)
    return np.array([low - room, high + room])


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
