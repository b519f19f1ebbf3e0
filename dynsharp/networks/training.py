"""Plain training loops: iterate an update of arrays, record scalars, say how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dynsharp.errors import InputError
from dynsharp.types import Array

__all__ = ["train"]

# From here on products of weights and residuals soon leave the range of doubles.
_TOO_LARGE = 1e100


def train(
    step: Callable[..., tuple[Array, ...]],
    loss: Callable[..., float],
    measure: Callable[..., Mapping[str, Any]],
    start: tuple[Array, ...],
    steps: int,
    every: int = 1,
) -> tuple[dict[str, Array], Array, str]:
    """Iterate ``state = step(*state)``; measure every so many iterates, the start included.

    Returns
    -------
    recorded, iterate, status
        For each measured name its values along a first axis; the iterates they belong to; and
        ``"completed"``, or the sentence that tells at which iterate training diverged. Recording
        ends before that iterate: what is recorded is finite.

    Raises
    ------
    InputError
        If training has diverged before its first step.
    """
    state, status = start, "completed"
    rows: list[Mapping[str, Any]] = []
    at: list[int] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for n in range(steps + 1):
            if not loss(*state) <= _TOO_LARGE:  # true for NaN as well
                status = (
                    f"diverged: the loss exceeds {_TOO_LARGE:.0e} at iterate {n}; "
                    "take a smaller step size or a start closer to a minimum"
                )
                break
            if n % every == 0:
                rows.append(measure(*state))
                at.append(n)
            if n < steps:
                state = step(*state)
    if not rows:
        raise InputError("start", f"a loss above {_TOO_LARGE:.0e}", "smaller weights")
    return {k: np.array([row[k] for row in rows]) for k in rows[0]}, np.array(at), status
