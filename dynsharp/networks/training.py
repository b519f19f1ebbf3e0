"""Plain training loops: iterate an update of arrays, record what is measured, say how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.arguments import checked_count
from dynsharp.errors import InputError
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr

# From here on products of weights and residuals soon leave the range of doubles.
_TOO_LARGE = 1e100


def train(
    step: Callable[..., tuple[Array, ...]],
    loss: Callable[..., float],
    measure: Callable[..., Mapping[str, Any]],
    start: tuple[Array, ...],
    steps: int,
    every: int,
    *,
    dims: Mapping[str, str] | None = None,
    attrs: Mapping[str, Any],
) -> xr.Dataset:
    """Iterate ``state = step(*state)``; measure every so many iterates, the start included.

    Returns
    -------
    xarray.Dataset
        What was measured along ``iterate``, arrays also along their dimension in ``dims``, numbered
        from 1. The attribute ``status`` is ``"completed"``, or tells at which iterate training
        diverged. Recording ends before that iterate: what is recorded is finite.

    Raises
    ------
    InputError
        If a count is not positive, or training has diverged before its first step.
    """
    import xarray as xr

    steps, every = checked_count("steps", steps), checked_count("every", every)
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
    recorded = {k: np.array([row[k] for row in rows]) for k in rows[0]}
    along = {k: d for k, d in sorted((dims or {}).items()) if k in recorded}
    return xr.Dataset(
        {k: (("iterate", along[k]) if k in along else "iterate", v) for k, v in recorded.items()},
        {"iterate": at} | {d: np.arange(1, recorded[k].shape[1] + 1) for k, d in along.items()},
        {**attrs, "status": status},
    )
