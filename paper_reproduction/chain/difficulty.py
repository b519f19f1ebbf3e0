"""How the difficulty Q = ‖X⁺y‖² of data grows with their number, and what it is for Gaussian data.

Yoo, Song, Yun, ICML 2025, arXiv:2506.06940, for Q; the moments of the inverse Wishart matrix are in
Muirhead, *Aspects of Multivariate Statistical Theory*, Wiley 1982, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from dynsharp.systems import chain_on_data
from paper_reproduction.chain.data import Samples, gaussian, power_law, real, tumours

__all__ = ["FEATURES", "Draw", "expected", "grow", "smallest_increment", "sources"]

FEATURES = 64  # of what is synthetic: those of the digits
Draw = Callable[[np.random.Generator], Samples]


def sources(data: Path | None, random: np.random.Generator) -> dict[str, Draw]:
    """Return the data sets by name, each a function that draws them anew, or in a new order."""
    own, medical = real(data, random), tumours(random)
    most = 4 * FEATURES
    return {
        "digits" if data is None else data.stem: own.shuffled,
        "tumours": medical.shuffled,
        "Gaussian": lambda r: gaussian(most, FEATURES, r),
        "spectrum 1/j": lambda r: power_law(most, FEATURES, 1, r),
        "spectrum 1/j^2": lambda r: power_law(most, FEATURES, 2, r),
    }


def expected(size: np.ndarray, features: int) -> np.ndarray:
    r"""Mean of Q for Gaussian X and independent targets ±1.

    N ≤ d: Q = yᵀ(XXᵀ)⁻¹y, and the inverse Wishart matrix has the mean 1/(d − N − 1): N of that.
    N ≥ d: Q = yᵀX(XᵀX)⁻²Xᵀy, whose mean over y is tr (XᵀX)⁻¹: d/(N − d − 1).
    Both are infinite where |N − d| ≤ 1.
    """
    gap = np.abs(size - features) - 1.0
    return np.where(gap > 0, np.minimum(size, features) / np.where(gap > 0, gap, np.inf), np.inf)


def grow(draw: Draw, draws: int, points: int, random: np.random.Generator) -> xr.Dataset:
    """Return Q and the rank of X over (draw, size), for sizes in a geometric sequence."""
    kept = [draw(random) for _ in range(draws)]
    most = min(len(kept[0].y), 4 * kept[0].X.shape[1])
    sizes = np.unique(np.geomspace(2, most, points).astype(int))
    chains = [[chain_on_data(s.X[:n], s.y[:n], 2) for n in sizes] for s in kept]
    return xr.Dataset(
        {
            "Q": (("draw", "size"), [[c.Q for c in row] for row in chains]),
            "rank": (("draw", "size"), [[c.rank for c in row] for row in chains]),
        },
        {"size": sizes},
    )


def smallest_increment(samples: Samples) -> tuple[float, float]:
    r"""Return the smallest ΔQ/Q of one more sample while the data can be interpolated; its error.

    Each sample is one more equation on the weights whose least squared length Q is: it cannot
    fall. The relative error of Q by rounding is at most about 2ε σ₁/σ_r, the largest that is met.
    """
    before, worst, condition = 0.0, np.inf, 1.0
    for size in range(1, len(samples.y) + 1):
        chain = chain_on_data(samples.X[:size], samples.y[:size], 2)
        if chain.rank < size:
            break
        worst = min(worst, (chain.Q - before) / chain.Q)
        condition = max(condition, chain.sigma[0] / chain.sigma[-1])
        before = chain.Q
    return float(worst), float(2 * np.finfo(float).eps * condition)
