"""Pearson's correlation with its confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["Correlation", "correlate"]

_LEVEL = 0.95
_RESAMPLES = 2000


@dataclass(frozen=True)
class Correlation:
    """Correlation of two positive quantities, over n problems.

    Attributes
    ----------
    r, low, high
        Pearson's r of the values and its 95% interval by the bootstrap over problems (percentiles
        of 2000 resamples), which needs no normal distribution.
    log_r, log_low, log_high
        The same of the logarithms, where no large value outweighs the rest, with Fisher's interval.
    """

    n: int
    r: float
    low: float
    high: float
    log_r: float
    log_low: float
    log_high: float

    def __str__(self) -> str:
        return (
            f"r = {self.r:.3f} [{self.low:.3f}, {self.high:.3f}], of logarithms {self.log_r:.3f} "
            f"[{self.log_low:.3f}, {self.log_high:.3f}], n = {self.n}"
        )


def correlate(x: np.ndarray, y: np.ndarray, seed: int) -> Correlation:
    """Return the correlation of x with y, of at least four pairs that are not all equal."""
    random = np.random.default_rng(seed)
    method = stats.BootstrapMethod(n_resamples=_RESAMPLES, method="percentile", rng=random)
    plain, log = stats.pearsonr(x, y), stats.pearsonr(np.log(x), np.log(y))
    wide = plain.confidence_interval(_LEVEL, method=method)
    fisher = log.confidence_interval(_LEVEL)
    numbers = (plain.statistic, wide.low, wide.high, log.statistic, fisher.low, fisher.high)
    return Correlation(len(x), *map(float, numbers))
