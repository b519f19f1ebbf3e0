"""The flattest minimum of the chain on data: below its sharpness no step size finds a stable one.

Yoo, Song, Yun, ICML 2025, arXiv:2506.06940, for the sharpness at a minimum.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from dynsharp.systems import ChainOnData

__all__ = ["flattest"]


def flattest(chain: ChainOnData) -> tuple[np.ndarray, float]:
    r"""Return v at the flattest of all global minima, and the sharpness there.

    N S = λ_max(V² σ² + (Σ 1/v_i²) d dᵀ) grows with V² and with Σ 1/v_i², which for a given V is
    least when all v_i are equal. In s = log V² the first of the two terms is the exponential of s,
    the second one of −s/(D − 1), times positive semidefinite matrices: S is convex in s, as the
    maximum over unit vectors of sums of exponentials, and has one minimum. It lies between the s
    where either term alone exceeds S at s = 0.
    """
    n = chain.depth - 1

    def sharpness(s: float) -> float:
        return float(chain.sharpness_at_minimum(np.full(n, np.exp(s / (2 * n)))))

    at_one = sharpness(0.0) * chain.samples
    high = np.log(at_one / chain.sigma[0] ** 2)
    low = -n * np.log(at_one / (n * np.sum(chain.targets**2)))
    best = minimize_scalar(sharpness, bounds=(low - 1, high + 1), options={"xatol": 1e-10})
    return np.full(n, np.exp(best.x / (2 * n))), float(best.fun)
