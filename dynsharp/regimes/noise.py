"""The noise on a series: how large it is, what it can fake, and the series without it."""

from __future__ import annotations

import numpy as np

from dynsharp.regimes.motion import motion
from dynsharp.types import Array


def white_noise(x: Array) -> float:
    """Return the standard deviation of independent noise on a smooth series; 0 if there is none.

    Second differences of white noise of variance σ² have variance 6σ² and autocorrelations −2/3
    and 1/6; those of a smooth series are correlated positively, of an alternating one ±1. Those of
    a cycle or of chaos can look alike, but predict each other. The variance is estimated by the
    median, which single jumps do not move.
    """
    d = np.diff(x, 2)
    if len(d) < 12:
        return 0.0
    spread = 1.4826 * float(np.median(np.abs(d - np.median(d))))
    if spread < 1e-12 * (1 + float(np.abs(x).max())):  # rounding
        return 0.0
    d = np.clip(d - np.median(d), -3 * spread, 3 * spread)
    power = float(np.mean(d * d))
    one, two = (float(np.mean(d[k:] * d[:-k])) / power for k in (1, 2))
    doubt = 3 / np.sqrt(len(d))  # three standard errors of an autocorrelation
    white = abs(one + 2 / 3) < min(0.27, doubt + 0.1) and abs(two - 1 / 6) < min(0.5, doubt + 0.1)
    if not white or motion(d[None, -1000:], len(d) // 4).deterministic:
        return 0.0
    return spread / np.sqrt(6)


def expected_range(n: int) -> float:
    """Return the largest difference to expect among n standard normal numbers, 2√(2 ln n)."""
    return 2 * float(np.sqrt(2 * np.log(max(n, 2))))


def smoothed(x: Array, width: int = 3) -> Array:
    """Return the series averaged so that what alternates cancels: by (1, 2, 1)/4, then by a mean.

    ``width`` is the number of records of the mean. At the ends the series is mirrored, which
    cancels what alternates there too.
    """
    if len(x) < 3:
        return x.copy()
    y = np.pad(x, 1, mode="reflect")
    y = (y[:-2] + 2 * y[1:-1] + y[2:]) / 4
    if width > 3:
        half = min(width // 2, len(x) // 4)
        total = np.cumsum(np.concatenate([[0.0], np.pad(y, half, mode="edge")]))
        y = (total[2 * half + 1 :] - total[: -2 * half - 1]) / (2 * half + 1)
    return y
