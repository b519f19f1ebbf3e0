"""Limits of sequences that converge geometrically, with bounds from how they converge.

Aitken's process s ↦ s − (Δs)²/Δ²s, repeated (Aitken 1926; Brezinski, Redivo Zaglia, *Extrapolation
Methods*, 1991). Along each column the distance between neighbours shrinks by about a factor r: what
is left of the sum is r/(1 − r) times the last distance. The bound takes the largest r and the
largest distance of the last two, and only columns that are long enough to have both: two numbers
may agree by accident. It is a statement on this sequence, and assumes that it goes on as it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import Any

import mpmath  # type: ignore[import-untyped]

from dynsharp.continuation.cascade.many_digits import Estimate


def limit(sequence: Sequence[Any], rounding: float) -> Estimate:
    """Return the limit of a sequence whose entries have errors of the given size.

    With fewer than four entries there is nothing to tell the convergence from: the error is
    infinite. The precision is that of the entries' mpmath context.
    """
    best = Estimate.of(sequence[-1] if sequence else mpmath.nan, inf)
    column, noise = list(sequence), rounding
    while len(column) >= 4:
        distances = [abs(b - a) for a, b in pairwise(column)]
        bound = _tail(distances) + noise
        if bound < best.error:
            best = Estimate.of(column[-1], float(bound))
        following = []
        for a, b, c in zip(column, column[1:], column[2:], strict=False):
            bend = (c - b) - (b - a)
            if abs(bend) <= 4 * noise:
                return best
            following.append(c - (c - b) ** 2 / bend)
        # Δ²s in the denominator magnifies rounding
        ratio = max(distances[-1] / abs(bend), 1)
        noise = noise * (1 + 4 * ratio**2)
        column = following
    return best


def _tail(distances: list[Any]) -> Any:
    """Bound what is left of the sum: by the last ratios, by those over two steps if these waver."""
    if len(distances) < 3:
        return inf
    last = distances[-2:]
    worst = max(_ratio(a, b) for a, b in pairwise(distances[-3:]))
    if worst < 1:
        return max(last) * max(1, worst / (1 - worst))
    if len(distances) < 4:
        return inf
    worst = max(_ratio(a, b) for a, b in zip(distances[-4:-2], last, strict=True))
    return sum(last) * max(1, worst / (1 - worst)) if worst < 1 else inf


def _ratio(before: Any, after: Any) -> Any:
    return after / before if before > 0 else 0
