"""The phase diagram: the period that orbits settle on, over a grid of parameters and starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.arguments import checked_between, checked_count, checked_mapping
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.sweeps.layout import free_names, sweep
from dynsharp.sweeps.stepping import Orbits

if TYPE_CHECKING:
    import xarray as xr


def phase_diagram(
    map: DiscreteMap,
    axes: Mapping[Name, Any],
    start: Mapping[Name, Any] | None = None,
    *,
    max_period: int = 64,
    transient: int = 2000,
    tolerance: float = 1e-8,
    fixed: Mapping[Name, Any] | None = None,
    escape: float = 1e6,
    threads: int | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Find the period of the orbit at every point of a grid.

    The period is the least p for which, after the transient, every state variable comes back
    within ``tolerance`` times the greater of 1 and its size in p steps.

    Parameters
    ----------
    map
        The map.
    axes
        For parameters or state variables (their starts), by name or symbol, the values that span
        the grid.
    start, fixed
        Values of the state variables and parameters that are not axes. A start may be an array
        that broadcasts to the grid.
    max_period
        Greatest period to look for.
    transient
        Number of steps before.
    tolerance
        Relative distance at which states count as equal. An orbit that has not settled within it
        counts as aperiodic: close to a bifurcation take a longer transient.
    escape, threads, progress
        As for `orbit_diagram`.

    Returns
    -------
    xarray.Dataset
        ``period`` with the axes' dimensions in their order: the period, 0 for no period up to
        ``max_period``, -1 for a diverged orbit, -2 where Ctrl-C came first, -3 where the start is
        outside the map's domain. ``attrs`` has the settings and the numbers ``diverged``,
        ``unfinished`` and ``outside_domain`` of these.

    Raises
    ------
    InputError
        If a value is missing, unknown or not finite, all starts are outside the map's domain, or
        an axis is named ``period``.
    """
    import xarray as xr

    limit = checked_count("max_period", max_period)
    transient = checked_count("transient", transient, 0)
    tolerance = checked_between("tolerance", tolerance, 0, 1)
    wants = "a dictionary {parameter or state variable: values}"
    if not checked_mapping("axes", axes, wants):
        raise InputError("axes", "no axis", wants)
    lanes = sweep(map, axes, start or {}, fixed)
    free_names("axes", lanes.axes, ["period"])
    orbits = Orbits(lanes, "period", escape=escape)
    period = np.empty(lanes.size, dtype=np.int32)

    def work(first: int, last: int) -> Iterator[float]:
        for taken in orbits.advance(first, last, transient):
            yield taken / (transient + limit)
        orbits.call("period", first, last, tolerance, limit, period)
        yield 1.0

    orbits.run(work, label="phase diagram", threads=threads, progress=progress)
    period[orbits.diverged] = -1
    period[~orbits.finished] = -2
    period[orbits.outside] = -3
    names = list(lanes.axes)
    return xr.Dataset(
        {"period": (names, period.reshape(lanes.shape))},
        lanes.axes,
        lanes.settings
        | {
            "parameter": ", ".join(names),
            "max_period": limit,
            "transient": transient,
            "tolerance": tolerance,
        }
        | orbits.counts,
    )
