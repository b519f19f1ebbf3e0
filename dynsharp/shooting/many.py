"""Many cycles of one period at one value of the parameter: linearised, and sought from guesses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled import threads
from dynsharp.compiled.elimination import OPTIONS
from dynsharp.shooting.equations import linearise, workspace
from dynsharp.shooting.newton import approach
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

PIECE = 64  # guesses between two looks at whether to go on


@dataclass(frozen=True)
class Shots:
    """Where the guesses went.

    Attributes
    ----------
    states
        Cycles, m × period × n.
    code
        Of each `newton.SOLVED`, `newton.DEGENERATE` or `newton.FAILED`.
    step
        Size of the last Newton step, in units.
    finished
        Whether a guess was worked on: all were unless the user interrupted.
    """

    states: Array
    code: Array
    step: Array
    finished: Array


def linearised(problem: Curve, value: float, cycles: Array) -> tuple[Array, Array]:
    """Return DF(x_i) and F(x_i) − x_{i+1} for cycles (m × period × n): m × period × n (× n)."""
    J, R = np.empty((*cycles.shape, cycles.shape[2])), np.empty(cycles.shape)
    _linearise(
        problem.code.value, _rows(cycles, value), problem.parameters.copy(), problem.index, J, R
    )
    return J, R


def shoot(
    problem: Curve,
    value: float,
    guesses: Array,
    *,
    known: Array | None = None,
    longest: float = 0.25,
    far: float = 3.0,
    limit: int = 60,
    label: str | None = None,
    progress: bool | None = False,
) -> Shots:
    """Run Newton's method from guesses (m × period × n) at a value of the parameter.

    Parameters
    ----------
    problem, value, guesses
        The equations, and where to start.
    known
        Points (K × n) that are deflated: no guess converges to where x_0 is one.
    longest, far
        Greatest step, and greatest distance from the guess, of any coordinate in units.
    limit
        Greatest number of steps.
    label, progress
        Of the progress bar; without a label there is none, and one thread.
    """
    m, period, n = guesses.shape
    Y = _rows(guesses, value)
    code, size = np.zeros(m, np.int64), np.full(m, np.inf)
    points = np.empty((0, n)) if known is None else np.ascontiguousarray(known, dtype=float)
    radius = 0.5 * max(1, len(points)) ** (-1.0 / n)  # half the mean spacing of what is known
    settings = (problem.scale, longest, far, points, radius, limit, problem.upward)

    def work(first: int, last: int) -> Iterator[float]:
        par = problem.parameters.copy()
        for begin in range(first, last, PIECE):
            end = min(begin + PIECE, last)
            rows = Y[begin:end], code[begin:end], size[begin:end]
            _approach(problem.code.value, par, problem.index, *settings, *rows)
            yield (end - first) / (last - first)

    finished = np.ones(m, bool)
    if label is None:
        list(work(0, m))
    else:
        finished = threads.run(m, work, label=label, progress=progress)
    return Shots(Y[:, :-1].reshape(m, period, n), code, size, finished)


def _rows(cycles: Array, value: float) -> Array:
    """Unknowns y of every cycle."""
    flat = np.reshape(cycles, (len(cycles), cycles.shape[1] * cycles.shape[2]))
    return np.column_stack([flat, np.full(len(flat), float(value))])


@njit(**OPTIONS)
def _linearise(ev: Any, Y: Any, par: Any, k: int, J: Any, R: Any) -> None:
    """Fill in J and R for every row of Y."""
    work = workspace(R.shape[1], R.shape[2])
    for g in range(Y.shape[0]):
        linearise(ev, Y[g], par, k, work)
        J[g], R[g] = work[0], work[2]


@njit(**OPTIONS)
def _approach(
    ev: Any, par: Any, k: int, units: Any, longest: float, far: float, known: Any, radius: float,
    limit: int, border: Any, Y: Any, code: Any, size: Any
) -> None:  # fmt: skip
    """Approach from every row of Y."""
    work = workspace((Y.shape[1] - 1) // units.size, units.size)
    for g in range(Y.shape[0]):
        code[g], size[g] = approach(
            ev, Y[g], par, k, units, longest, far, known, radius, limit, work, border
        )
