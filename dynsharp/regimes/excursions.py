"""Turning points of a noisy series, and the excursions in which it rises and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dynsharp.types import Array


@dataclass
class Excursion:
    """Records from where the series begins to rise to where it is back, both inclusive.

    ``rises`` are the pairs (low, high) of its rising legs; ``returned`` says whether it came back.
    """

    first: int
    last: int
    rises: list[tuple[int, int]]
    returned: bool


def turning_points(x: Array, least: float | Array) -> list[int]:
    """Return the indices of the alternating extrema that are apart by more than ``least``.

    Begins with the first index and ends with the last one. Of an array the value at the lower of
    two extrema counts.
    """
    values, limit = x.tolist(), np.broadcast_to(least, x.shape).tolist()
    points, low, high, direction = [0], 0, 0, 0
    for i, value in enumerate(values):
        if value > values[high]:
            high = i
        if value < values[low]:
            low = i
        if direction >= 0 and values[high] - value > limit[i]:
            if direction or high:
                points.append(high)
            direction, low = -1, i
            high = i
        elif direction <= 0 and value - values[low] > limit[low]:
            if direction or low:
                points.append(low)
            direction, high = 1, i
            low = i
    unique = list(dict.fromkeys(points))
    return unique if unique[-1] == len(values) - 1 else [*unique, len(values) - 1]


def excursions(x: Array, least: float | Array) -> list[Excursion]:
    """Return the maximal excursions in which ``x`` rises by more than ``least``, in order.

    A rise from i to j comes back at the first k > j with x_k ≤ x_i. Rises that begin before an
    earlier one is back belong to it.
    """
    points = turning_points(x, least)
    limit = np.broadcast_to(least, x.shape)
    rises = [(i, j) for i, j in pairwise(points) if x[j] - x[i] > limit[i]]
    returns = _returns(x, [i for i, _ in rises], [j for _, j in rises])
    found: list[Excursion] = []
    for (i, j), back in zip(rises, returns, strict=True):
        if found and i < found[-1].last:
            found[-1].rises.append((i, j))
        else:
            found.append(Excursion(i, min(back, len(x) - 1), [(i, j)], back < len(x)))
    return found


def _returns(x: Array, starts: list[int], tops: list[int]) -> list[int]:
    """Return for each rise the first index past its top with x ≤ x at its start, or len(x)."""
    back = [len(x)] * len(starts)
    waiting: list[int] = []  # rises not yet back: those last begun are highest
    values, n = x.tolist(), 0
    for k, value in enumerate(values):
        while waiting and value <= values[starts[waiting[-1]]]:
            back[waiting.pop()] = k
        if n < len(tops) and k == tops[n]:
            waiting.append(n)
            n += 1
    return back
