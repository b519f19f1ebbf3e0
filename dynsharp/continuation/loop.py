"""Pseudo-arclength continuation: the loop of predictor, corrector and step control, compiled once.

(Keller, *Numerical solution of bifurcation and nonlinear eigenvalue problems*, 1977.)

Lengths are measured with weights: the mean square over the points of a cycle of the state in units
of its scale, plus the square of the parameter in units of the span.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled.elimination import OPTIONS
from dynsharp.continuation.steps import NEWTON_STEPS, STRAIGHT, lengthened
from dynsharp.shooting.equations import workspace
from dynsharp.shooting.newton import CLOSE, correct, inner, settle
from dynsharp.shooting.problem import Curve, Point, Points

FULL, BOUNDARY, UNDERFLOW, NOT_FINITE, UNBOUNDED, CLOSED = range(6)

LONGEST = 1.2  # greatest length of a step that was corrected, in those predicted: no jumps
CHUNK = 2**21  # numbers in an array of points before it is cut
SAME = 1e-8  # distance from the start at which a closed curve is back


@njit(**OPTIONS)
def follow(
    ev: Any,
    par: Any,
    k: int,
    period: int,
    weights: Any,
    low: float,
    high: float,
    bound: float,
    home: Any,
    control: Any,
    Y: Any,
    T: Any,
    MU: Any,
    SIGN: Any,
    S: Any,
) -> Any:
    """Continue a branch from its first point until an end or until the arrays are full.

    ``Y, T, MU, SIGN, S`` hold for each point the unknowns, unit tangent, multipliers, orientation
    of the bordered system and arclength; the first entry is given. ``control`` = (step, least,
    greatest step), the first of which is updated; the greatest grows with a growing state. ``home``
    is where the whole branch began, as the rows y and tangent. Returns the number of points and how
    it ended.
    """
    size, n = Y.shape[1], MU.shape[1]
    last = size - 1
    work = workspace(period, n)
    y, tangent, mu, chord = (
        np.empty(size),
        np.empty(size),
        np.empty(n, np.complex128),
        np.empty(size),
    )
    ds, least, greatest = control[0], control[1], control[2]
    previous = 0.0  # length of the step before, if there was one
    count = 1
    while count < Y.shape[0]:
        here, t = Y[count - 1], T[count - 1]
        for i in range(size):
            y[i] = here[i] + ds * t[i]
        steps = correct(ev, y, t, par, k, weights, work, NEWTON_STEPS, t)
        sign = 0.0
        good = steps > 0
        if good:
            fresh = work[7][3][0] <= CLOSE
            sign = settle(ev, y, t, par, k, weights, work, tangent, MU[count - 1], True, mu, fresh)
            good = sign != 0.0 and sign != 2.0
        turn = 0.0
        if good:
            for i in range(size):
                chord[i] = y[i] - here[i]
            good = inner(chord, chord, weights) < (LONGEST * ds) ** 2
        if good:
            turn = inner(t, tangent, weights)
            good = turn > STRAIGHT and _smooth(MU, count, mu, ds, previous, ds <= 1e6 * least)
        if not good:
            ds *= 0.5
            if ds < least:
                return count, NOT_FINITE if steps == -2 or sign == 2.0 else UNDERFLOW
            continue
        if y[last] < low or y[last] > high:
            return count, BOUNDARY
        if S[count - 1] > 3.0 * ds and inner(home[1], tangent, weights) > STRAIGHT:
            for i in range(size):
                chord[i] = home[0, i] - here[i]
            distance = inner(chord, t, weights)
            apart = inner(chord, chord, weights) - distance * distance
            if 0.0 < distance <= ds and apart < (0.2 * ds) ** 2:
                for i in range(size):  # does the step to the plane of the start land on it?
                    chord[i] = here[i] + distance * t[i]
                if correct(ev, chord, t, par, k, weights, work, NEWTON_STEPS, t) > 0:
                    for i in range(size):
                        chord[i] -= home[0, i]
                    if inner(chord, chord, weights) < SAME * SAME * inner(t, t, weights):
                        return count, CLOSED
        _store(y, tangent, mu, sign, weights, count, Y, T, MU, SIGN, S)
        previous = S[count] - S[count - 1]
        count += 1
        largest = 1.0
        for i in range(last):
            largest = max(largest, y[i] * y[i] * weights[i] * period)
        if largest > bound * bound:
            return count, UNBOUNDED
        if steps <= 3:
            ds = lengthened(ds, greatest * math.sqrt(largest), turn)
        elif steps >= 6:
            ds *= 0.6
        control[0] = ds
    return count, FULL


@njit(**OPTIONS)
def _smooth(MU: Any, count: int, mu: Any, ds: float, previous: float, tiny: bool) -> bool:
    """Whether the multipliers are where the last two points let one expect them.

    Near the unit circle they must be, so that none goes out and back unseen; far from it less so.
    """
    if tiny:
        return True
    for i in range(mu.size):
        expected = MU[count - 1, i]
        if previous > 0.0:
            expected += (expected - MU[count - 2, i]) * (ds / previous)
        if abs(mu[i] - expected) > 0.1 + 0.2 * abs(abs(mu[i]) - 1.0):
            return False
    return True


@njit(**OPTIONS)
def _store(
    y: Any,
    tangent: Any,
    mu: Any,
    sign: float,
    weights: Any,
    count: int,
    Y: Any,
    T: Any,
    MU: Any,
    SIGN: Any,
    S: Any,
) -> None:
    length = 0.0
    for i in range(y.size):
        length += (y[i] - Y[count - 1, i]) ** 2 * weights[i]
    Y[count], T[count], MU[count], SIGN[count] = y, tangent, mu, sign
    S[count] = S[count - 1] + math.sqrt(length)


def pieces(
    curve: Curve,
    start: Point,
    step: float,
    least: float,
    greatest: float,
    bound: float,
    limit: int,
    span: tuple[float, float] | None = None,
) -> Iterator[Points]:
    """Follow the branch from a point in the direction of its tangent, piece by piece.

    Each piece begins with the last point of the one before; at most ``limit`` points in all.
    It ends at the edges of ``span``, by default the curve's own.
    """
    size, n = start.y.size, curve.dimension
    low, high = span or curve.span
    capacity = max(64, CHUNK // size)
    control = np.array([step, least, greatest])
    home = np.array([start.y, start.tangent])
    offset, done = 0.0, 1
    while True:
        room = min(capacity, limit - done + 1)
        Y, T = np.empty((room, size)), np.empty((room, size))
        MU, SIGN, S = np.empty((room, n), complex), np.empty(room), np.empty(room)
        Y[0], T[0], MU[0], SIGN[0], S[0] = start.y, start.tangent, start.mu, start.sign, offset
        count, code = follow(
            curve.code.value,
            curve.parameters.copy(),
            curve.index,
            curve.period,
            curve.weights,
            float(low),
            float(high),
            float(bound),
            home,
            control,
            Y,
            T,
            MU,
            SIGN,
            S,
        )
        piece = Points(Y[:count], T[:count], MU[:count], SIGN[:count], S[:count], code)
        yield piece
        done += count - 1
        if code != FULL or done >= limit:
            return
        start, offset = piece[-1], float(S[count - 1])
