"""How many cycles a random search has missed, from how often it found the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def missed(times: Sequence[int]) -> float:
    """Return Chao's estimate of the number of kinds that were never seen.

    f₁(f₁ − 1)/(2(f₂ + 1)), where f₁ kinds were seen once and f₂ twice: a lower bound if some kinds
    are far rarer than others. Chao, *Nonparametric estimation of the number of classes in a
    population*, Scand. J. Statist. 11, 1984 (bias-corrected form).
    """
    f = Counter(times)
    return f[1] * (f[1] - 1) / (2 * (f[2] + 1))


def coverage(times: Sequence[int]) -> float:
    """Return Good and Turing's estimate of the share of hits on kinds already seen: 1 − f₁/N.

    Good, *The population frequencies of species and the estimation of population parameters*,
    Biometrika 40, 1953. With no hits there is nothing to say: 0.
    """
    total = sum(times)
    return 1 - times.count(1) / total if total else 0.0
