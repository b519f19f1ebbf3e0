r"""Stabilised iteration: periodic points made attracting by a linear transformation.

With g(x) = F^n(x) − x and J = Dg the step

    δx = (β‖g‖ − C J)⁻¹ C g

has its fixed points where F^n has, and one of the orthogonal matrices C with entries 0, ±1 makes
each of them attracting: far from a solution it is a small step of Schmelcher and Diakonos' flow
x' = C g(x), near it Newton's. It starts from points of cycles of the period before, which lie close
to those of this one, so that it finds cycles in another way than by closed walks. Schmelcher,
Diakonos, *Detecting unstable periodic orbits of chaotic dynamical systems*, Phys. Rev. Lett. 78,
1997; Davidchack, Lai, *Efficient algorithm for detecting unstable periodic orbits in chaotic
systems*, Phys. Rev. E 60, 1999.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled import threads
from dynsharp.compiled.elimination import OPTIONS, back_substitute, eliminate
from dynsharp.cycle_search._problem import Problem
from dynsharp.types import Array

__all__ = ["matrices", "stabilised"]

STEPS = 150
NEAR = 1e-6  # step after which Newton's method on the whole cycle takes over, in units of the box
MOST = 48  # matrices: all of them up to dimension 3
PIECE = 64


def matrices(n: int, rng: np.random.Generator) -> Array:
    """Signed permutation matrices (number × n × n), a random choice if there are many."""
    if 2**n * math.factorial(n) <= MOST:
        pairs = product(permutations(range(n)), product((1.0, -1.0), repeat=n))
        return np.array([np.eye(n)[list(order)] * np.array(signs) for order, signs in pairs])
    return np.array(
        [np.eye(n)[rng.permutation(n)] * rng.choice([1.0, -1.0], n) for _ in range(MOST)]
    )


def stabilised(
    problem: Problem, seeds: Array, transformations: Array, period: int, progress: bool | None
) -> Array:
    """Iterate from every seed with every matrix; return the orbits of the ends (m × period × n)."""
    n = problem.dimension
    x = np.repeat(seeds, len(transformations), axis=0)
    C = np.ascontiguousarray(np.tile(transformations, (len(seeds), 1, 1)))
    good = np.zeros(len(x), bool)
    orbits = np.empty((len(x), period, n))
    beta = 10 * 1.2**period  # Davidchack and Lai's choice

    def work(first: int, last: int) -> Iterator[float]:
        for begin in range(first, last, PIECE):
            end = min(begin + PIECE, last)
            par = problem.parameters.copy()
            _iterate(
                problem.value, x, C, par, problem.low, problem.units, beta, begin, end, orbits, good
            )
            yield (end - first) / (last - first)

    threads.run(len(x), work, label=f"cycles of period {period}", progress=progress)
    return orbits[good]


@njit(**OPTIONS)
def _iterate(
    ev: Any,
    starts: Any,
    C: Any,
    par: Any,
    low: Any,
    units: Any,
    beta: float,
    first: int,
    last: int,
    orbits: Any,
    good: Any,
) -> None:
    """Iterate the rows ``first`` to ``last``; ``good`` says which came to rest in the box."""
    period, n = orbits.shape[1], orbits.shape[2]
    out = np.empty(n + n * n + n)
    x, y, step = np.empty(n), np.empty(n), np.empty(n)
    M, A = np.empty((n, n)), np.empty((n, n + 1))
    for row in range(first, last):
        x[:] = starts[row]
        for _ in range(STEPS):
            # g and J = DF^n − 1, in units of the box
            y[:] = x
            M[:] = np.eye(n)
            for k in range(period):
                orbits[row, k] = y
                ev(y.ctypes, par.ctypes, out.ctypes)
                y[:] = out[:n]
                M[:] = out[n : n + n * n].copy().reshape(n, n) @ M
            g = (y - x) / units
            size = math.sqrt(np.sum(g * g))
            if not size < 1e3 or not np.isfinite(np.sum(M)):
                break
            J = M * units / units.reshape(n, 1) - np.eye(n)
            A[:, :n] = beta * size * np.eye(n) - C[row] @ J
            A[:, n] = C[row] @ g
            if eliminate(A, n) == 0.0:
                break
            back_substitute(A, n, n, step)
            length = math.sqrt(np.sum(step * step))
            if not length < 1.0:
                break
            x += step * units
            if np.any(x < low - 0.1 * units) or np.any(x > low + 1.1 * units):
                break
            if length < NEAR:
                good[row] = True
                break
