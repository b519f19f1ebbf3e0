r"""Deflation: Newton's method that does not converge again to solutions that are known.

The residual g is multiplied by

    m(x) = Π_k (1 + σ²/|x − p_k|²)

over the known points p_k, which grows without bound towards each of them and is about 1 further
away than σ. A Newton step of m·g is the Newton step δ of g times 1/(1 − ∇ln m · δ): no other
linear system is solved. (Farrell, Birkisson, Funke, *Deflation techniques for finding distinct
solutions of nonlinear partial differential equations*, SIAM J. Sci. Comput. 37, 2015.)
"""

from __future__ import annotations

from typing import Any

from numba import njit

from dynsharp.compiled.elimination import OPTIONS


@njit(**OPTIONS)
def deflation(x: Any, step: Any, known: Any, units: Any, radius: float) -> float:
    """Return the factor of a Newton step at x; ``radius`` is σ, in units.

    Only the first n entries of x and of the step are read, n the number of columns of ``known``:
    of a cycle its first point. The factor is infinite or not a number where the deflated Newton
    step does not exist.
    """
    slope = 0.0
    for k in range(known.shape[0]):
        distance, along = 0.0, 0.0
        for a in range(known.shape[1]):
            d = (x[a] - known[k, a]) / units[a]
            distance += d * d
            along += d * step[a] / units[a]
        slope -= 2.0 * radius**2 * along / (distance * (distance + radius**2) + 1e-300)
    return 1.0 / (1.0 - slope)
