r"""Newton's method for many cycles of one period at once, with deflation.

The unknowns are all points of a cycle (multiple shooting, see `shooting.newton`): a guess
converges from much further away than with F^n(x) − x = 0, whose slope grows like the multiplier.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled import threads
from dynsharp.compiled.elimination import OPTIONS
from dynsharp.cycle_search._problem import Problem
from dynsharp.shooting.deflation import deflation
from dynsharp.shooting.newton import directions, linearise, workspace
from dynsharp.types import Array

__all__ = ["DEGENERATE", "SOLVED", "Shots", "shoot"]

SOLVED, DEGENERATE, FAILED = 1, 2, 0
LARGEST_STEP = 0.25  # of any coordinate, in units of the box: a longer Newton step is shortened
AWAY = 3.0  # distance from the middle of the box, in units of it, at which a guess is given up
SMALL = 1e-13  # Newton step after which there is nothing left to improve, in units of the box
ROUNDING = 4e-15  # residual that is rounding, in units of the larger of box and state
STEPS = 60
PIECE = 64  # guesses between two looks at whether to go on


@dataclass(frozen=True)
class Shots:
    """Where the guesses went: cycles (m × period × n), code, last Newton step, guesses worked on.

    ``code`` is `SOLVED`, `DEGENERATE` (the residual vanishes where the linear system is singular,
    so that a Newton step means nothing) or 0; ``step`` is in units of the box.
    """

    states: Array
    code: Array
    step: Array
    finished: Array


@njit(**OPTIONS)
def _shoot(
    ev: Any,
    Y: Any,
    par: Any,
    units: Any,
    middle: Any,
    known: Any,
    radius: float,
    limit: int,
    first: int,
    last: int,
    code: Any,
    size: Any,
) -> None:
    """Newton's method from the rows ``first`` to ``last`` of Y (guesses × (period · n))."""
    n = units.size
    period = Y.shape[1] // n
    work = workspace(period, n)
    newton, null, _, _ = work[7]
    R = work[2]
    border = np.zeros(period * n + 1)
    border[period * n] = 1.0
    y = np.empty(period * n + 1)
    for g in range(first, last):
        y[: period * n] = Y[g]
        y[period * n] = par[0]
        code[g] = 0
        before = residual = length = math.inf
        for _ in range(limit):
            if not linearise(ev, y, par, 0, work):
                residual = math.inf
                break
            residual, rounding = 0.0, 0.0
            for i in range(period):
                for a in range(n):
                    residual = max(residual, abs(R[i, a]) / units[a])
                    rounding = max(rounding, abs(y[i * n + a]) / units[a])
            rounding = ROUNDING * max(1.0, rounding)
            regular = directions(work, border, newton, null) != 0.0
            length = 0.0
            if regular:
                for i in range(period * n):
                    length = max(length, abs(newton[i]) / units[i % n])
                    if not math.isfinite(newton[i]):
                        length = math.inf
            if not regular or not math.isfinite(length):
                if residual <= rounding:
                    code[g], size[g] = 2, residual
                break
            size[g] = length
            if residual <= rounding and length > 1e-9 and length > 0.9 * before:
                code[g] = 2
                break
            factor = deflation(y, newton, known, units, radius)
            if not math.isfinite(factor):
                break
            moved = length * abs(factor)
            if moved > LARGEST_STEP:
                factor *= LARGEST_STEP / moved
            away = 0.0
            for i in range(period * n):
                y[i] += factor * newton[i]
                away = max(away, abs(y[i] - middle[i % n]) / units[i % n])
            if not away < AWAY:
                break
            settled = length <= 1e-8 and length > 0.3 * before
            if length <= SMALL * max(1.0, away) or settled:
                code[g] = 1
                break
            before = length
        if code[g] == 0 and residual <= 1e-11 and length <= 1e-4:
            code[g] = 2  # Newton's method is slow where a multiplier is 1
        Y[g] = y[: period * n]


def shoot(
    problem: Problem,
    guesses: Array,
    *,
    known: Array | None = None,
    limit: int = STEPS,
    label: str = "cycles",
    progress: bool | None = False,
) -> Shots:
    """Run Newton's method from guesses (m × period × n).

    With ``known`` points (K × n) these are deflated: no guess converges to where x_0 is one.
    """
    m, period, n = guesses.shape
    Y = np.ascontiguousarray(guesses, dtype=float).reshape(m, period * n).copy()
    code, size = np.zeros(m, np.int64), np.full(m, np.inf)
    points = np.empty((0, n)) if known is None else np.ascontiguousarray(known, dtype=float)
    radius = 0.5 * max(1, len(points)) ** (-1.0 / n)  # half the mean spacing of what is known
    middle = (problem.low + problem.high) / 2

    def work(first: int, last: int) -> Iterator[float]:
        par = problem.parameters.copy()
        for begin in range(first, last, PIECE):
            end = min(begin + PIECE, last)
            _shoot(
                problem.value, Y, par, problem.units, middle, points, radius, limit, begin, end,
                code, size,
            )  # fmt: skip
            yield (end - first) / (last - first)

    finished = threads.run(m, work, label=label, progress=progress)
    return Shots(Y.reshape(m, period, n), code, size, finished)
