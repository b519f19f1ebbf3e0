"""What the recipes read from a result: its parameter, its variables, what diverged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.arguments import checked_word
from dynsharp.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


def swept(dataset: xr.Dataset, argument: str = "dataset") -> tuple[str, xr.Dataset]:
    """Return the name of the swept parameter and the dataset sorted by it."""
    name = str(getattr(dataset, "attrs", {}).get("parameter", ""))
    if not name or name not in dataset.dims or dataset.sizes[name] == 0:
        raise InputError(
            argument,
            f"{type(dataset).__name__} with dims {tuple(getattr(dataset, 'dims', ()))} and "
            f"attrs['parameter'] {name!r}",
            "a sweep over the parameter that attrs['parameter'] names",
        )
    return name, dataset if dataset.indexes[name].is_monotonic_increasing else dataset.sortby(name)


def read(dataset: xr.Dataset, name: Any, *dims: str, argument: str = "variable") -> np.ndarray:
    """Return a variable as an array with exactly these dimensions, in this order."""
    array = dataset[checked_word(argument, name, sorted(map(str, dataset.data_vars)))]
    if set(array.dims) != set(dims):
        raise InputError(
            argument,
            f"{name} with dims {array.dims}",
            f"dims {dims}: select one of the others with .isel(...)",
        )
    return array.transpose(*dims).to_numpy()


def missing(dataset: xr.Dataset, name: str, unusable: np.ndarray) -> tuple[np.ndarray, str]:
    """Return which values of the parameter have no data, and how many for which reason.

    The flags ``diverged`` and ``outside_domain`` say why; what is ``unusable`` without either has
    no data all the same.
    """
    reasons, none = [], np.zeros(len(unusable), bool)
    for flag, reason in (("diverged", "diverged"), ("outside_domain", "start outside the domain")):
        if flag in dataset:
            flagged = read(dataset, flag, name, argument="dataset") != 0
            reasons.append((reason, flagged))
            none |= flagged
    reasons.append(("no data", unusable & ~none))
    counts = [(reason, int(flagged.sum())) for reason, flagged in reasons]
    text = ", ".join(f"{reason} ({n:,} of {len(none):,})" for reason, n in counts if n)
    return none | unusable, text
