"""One orbit, and the orbit diagram: where orbits go as a parameter varies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.arguments import checked_count
from dynsharp.map import DiscreteMap, Name
from dynsharp.sweeps.layout import free_names, sweep
from dynsharp.sweeps.stepping import Orbits, chunks, observed

if TYPE_CHECKING:
    import xarray as xr

OWN_NAMES = ["iterate", "diverged", "outside_domain", "finished"]


def orbit(
    map: DiscreteMap,
    start: Mapping[Name, Any],
    iterates: int,
    *,
    fixed: Mapping[Name, Any] | None = None,
    escape: float = 1e6,
    progress: bool | None = None,
) -> xr.Dataset:
    """Iterate a map from one start.

    Parameters
    ----------
    map
        The map.
    start
        Value of every state variable.
    iterates
        Number of steps.
    fixed
        Value of every parameter, by name or symbol.
    escape
        The orbit has diverged once a state variable is larger in size, or not a number.
    progress
        Whether to show a progress bar; if left out, on a terminal after a second.

    Returns
    -------
    xarray.Dataset
        Every state variable and every observable of the map, along ``iterate`` = 0 (the start) to
        ``iterates``. From the iterate in ``attrs["escaped_at"]`` on (-1 if there is none) they are
        NaN, and ``diverged`` is 1. The settings are in ``attrs``.

    Raises
    ------
    InputError
        If a value is missing, unknown or not finite, or the start is outside the map's domain.

    Examples
    --------
    >>> import dynsharp as ds
    >>> orbit(ds.systems.uv_eos(), {"F": 0.5}, 3, fixed={"rho": 1.0})["F"].values
    array([0.5       , 1.125     , 0.86132812, 1.11677534])
    """
    import xarray as xr

    steps = checked_count("iterates", iterates)
    one = sweep(map, {}, start, fixed)
    record = observed(one.map, [s.name for s in one.map.state] + list(one.map.observables))
    free_names("map", record, ["iterate", "diverged"])
    orbits = Orbits(one, "record", tuple(record.values()), escape=escape)
    out = np.full((steps + 1, len(record), 1), np.nan)

    def work(first: int, last: int) -> Iterator[float]:
        for begin, end in chunks(steps + 1, 1):
            orbits.call("record", first, last, out[begin:end])
            yield end / (steps + 1)

    orbits.run(work, label="orbit", threads=1, progress=progress)
    values = out[:, :, 0]
    beyond = ~(np.abs(values[:, : one.map.dimension]) <= escape).all(axis=1)
    escaped_at = int(beyond.argmax()) if beyond.any() else -1
    if escaped_at >= 0:
        values[escaped_at:] = np.nan
    variables: dict[str, Any] = {n: ("iterate", values[:, i]) for i, n in enumerate(record)}
    variables["diverged"] = ("iterate", beyond_from(escaped_at, steps + 1))
    attrs = one.settings | {"iterates": steps, "escape": orbits.escape, "escaped_at": escaped_at}
    coordinates = {"iterate": iterate_numbers(0, steps + 1)}
    return xr.Dataset(variables, coordinates, attrs)


def iterate_numbers(begin: int, end: int) -> np.ndarray[Any, Any]:
    """Return the numbers in a type that netCDF has: 64-bit integers are none of those."""
    return np.arange(begin, end, dtype=np.int32 if end < 2**31 else np.float64)


def beyond_from(index: int, size: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Return ones from the index on, zeros before; no ones for index -1."""
    return (np.arange(size) >= index if index >= 0 else np.zeros(size)).astype(np.int8)


def orbit_diagram(
    map: DiscreteMap,
    parameter: Name,
    values: Any,
    start: Mapping[Name, Any],
    *,
    transient: int = 5000,
    keep: int = 256,
    fixed: Mapping[Name, Any] | None = None,
    record: Name | Sequence[Name] | None = None,
    escape: float = 1e6,
    threads: int | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Iterate a map for every value of a parameter and keep the end of each orbit.

    Parameters
    ----------
    map
        The map.
    parameter, values
        The parameter to vary, by name or symbol, and its values.
    start
        Value of every state variable: a number, or one for each value of the parameter.
    transient
        Number of steps before anything is kept.
    keep
        Number of consecutive states to keep.
    fixed
        Values of all other parameters.
    record
        Names of what to keep: state variables or observables of the map; the state if left out.
    escape
        An orbit has diverged once a state variable is larger in size, or not a number, after any
        step, whether or not it would come back.
    threads
        Number of threads; one a core if left out. The result does not depend on it.
    progress
        Whether to show a progress bar; if left out, on a terminal after a second.

    Returns
    -------
    xarray.Dataset
        For every recorded name a variable with dimensions (parameter, ``iterate``), where
        ``iterate`` counts steps from the start; ``diverged`` (parameter), 1 where the orbit
        escaped and all its values are NaN; if the map has a domain, ``outside_domain``
        (parameter), 1 where the start is outside: nothing is iterated there, and the values are
        NaN. After Ctrl-C also ``finished``, 0 where the values are NaN for that. ``attrs`` has the
        settings and the numbers ``diverged``, ``outside_domain`` and ``unfinished``.
        Variables are named as the symbols are. (netCDF-3 has room for Latin letters only: a result
        with a variable ``ρ`` is saved with netCDF4 or h5netcdf installed, or after
        ``.rename({"ρ": "rho"})``.)

    Raises
    ------
    InputError
        If a value is missing, unknown or not finite, all starts are outside the map's domain, or
        a symbol has the name of another variable of the result.
    """
    import xarray as xr

    transient = checked_count("transient", transient, 0)
    keep = checked_count("keep", keep)
    name = map.parameter(parameter).name
    lanes = sweep(map, {name: values}, start, fixed)
    recorded = observed(lanes.map, record or [s.name for s in map.state])
    free_names("parameter", [name], OWN_NAMES)
    free_names("record", recorded, [name, *OWN_NAMES])
    orbits = Orbits(lanes, "record", tuple(recorded.values()), escape=escape)
    out = np.empty((keep, len(recorded), lanes.size))
    total = transient + keep

    def work(first: int, last: int) -> Iterator[float]:
        for taken in orbits.advance(first, last, transient):
            yield taken / total
        for begin, end in chunks(keep, last - first):
            orbits.call("record", first, last, out[begin:end])
            yield (transient + end) / total

    orbits.run(work, label="orbit diagram", threads=threads, progress=progress)
    if orbits.lost.any():
        out[:, :, orbits.lost] = np.nan
    variables: dict[str, Any] = {
        key: ((name, "iterate"), out[:, i].T) for i, key in enumerate(recorded)
    }
    variables["diverged"] = (name, orbits.diverged.astype(np.int8))
    variables |= lanes.marks
    if not orbits.finished.all():
        variables["finished"] = (name, orbits.finished.astype(np.int8))
    return xr.Dataset(
        variables,
        {name: lanes.axes[name], "iterate": iterate_numbers(transient, total)},
        lanes.settings | {"parameter": name, "transient": transient, "keep": keep} | orbits.counts,
    )
