"""Newton's method where I − DF^P may be singular: steps of least length, shortened.

On a continuum of cycles (the minima of an over-parameterised loss are one) the linearised equations
have many solutions; the least of them leads to a member nearby. (Gauss–Newton with the
pseudo-inverse: Deuflhard, *Newton Methods for Nonlinear Problems*, Springer 2004, chapter 4.)
"""

from __future__ import annotations

import numpy as np

from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

STEPS = 60
EXACT, NEAR = 1e-13, 1e-9  # residual after which nothing is left to improve; of a solution
RANK = 1e-9  # relative size of a singular value that is zero in a step
SHORTEST = 1e-6  # fraction of a step


def nearest(problem: Curve, y: Array) -> Array | None:
    """Return a cycle near a guess at its value of the parameter; None if there is none."""
    A, r = _whole(problem, y)
    size = float(np.linalg.norm(r))
    for _ in range(STEPS):
        if not (np.isfinite(size) and np.isfinite(A).all()):
            return None
        if size <= EXACT:
            break
        step = np.linalg.lstsq(A, -r, rcond=RANK)[0] * np.tile(problem.scale, problem.period)
        factor = 1.0
        while factor > SHORTEST:
            moved = y + factor * np.append(step, 0.0)
            A, r = _whole(problem, moved)
            if (reached := float(np.linalg.norm(r))) < (1 - 1e-4 * factor) * size:
                break
            factor *= 0.5
        else:
            break
        y, size = moved, reached
    return y if size <= NEAR else None


def _whole(problem: Curve, y: Array) -> tuple[Array, Array]:
    """Matrix and residual of F(x_i) − x_{i+1} = 0 in units of the state, all points unknown."""
    period, n, scale = problem.period, problem.dimension, problem.scale
    here = problem.linearised(y)
    A = np.zeros((period, n, period, n))
    for i in range(period):
        A[i, :, i] += here.J[i] * scale / scale[:, None]
        A[i, :, (i + 1) % period] -= np.eye(n)
    return A.reshape(period * n, period * n), (here.R / scale).ravel()
