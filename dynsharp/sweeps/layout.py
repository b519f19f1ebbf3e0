"""From the arguments of a sweep to arrays of starts and parameters, one column an orbit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from dynsharp.arguments import checked_instance, checked_mapping, checked_number
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.results import attributes
from dynsharp.sweeps.domain import violations
from dynsharp.types import Array


@dataclass(frozen=True)
class Sweep:
    """Orbits to compute: the map with integer exponents put in, and its starts and parameters.

    Attributes
    ----------
    map
        The map, in which fixed parameters that stand in an exponent are numbers.
    axes
        For every swept name its values; the orbits are their product, the last varying fastest.
    start
        States × orbits.
    parameters
        Parameters × orbits.
    settings
        What made this sweep, as text and numbers: the attributes of its results.
    exponents
        The numbers that were put in.
    outside
        For each orbit whether its start lies outside the map's domain: it has no data.
    """

    map: DiscreteMap
    axes: dict[str, Array]
    start: Array
    parameters: Array
    settings: dict[str, Any]
    exponents: dict[sp.Symbol, int]
    outside: NDArray[np.bool_]

    @property
    def marks(self) -> dict[str, tuple[list[str], NDArray[np.int8]]]:
        """The variable ``outside_domain`` of the results, if the map has a domain."""
        if self.map.domain == sp.true:
            return {}
        flags = self.outside.astype(np.int8).reshape(self.shape)
        return {"outside_domain": (list(self.axes), flags)}

    def own(self, expression: sp.Expr) -> sp.Expr:
        """Return an expression in the symbols of the original map in those of `map`."""
        return expression.subs(self.exponents)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values along each axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def size(self) -> int:
        """Number of orbits."""
        return self.start.shape[1]


def sweep(
    map: DiscreteMap,
    swept: Mapping[Name, Any],
    start: Mapping[Name, Any],
    fixed: Mapping[Name, Any] | None,
) -> Sweep:
    """Check the arguments of a sweep and lay out its orbits.

    Raises
    ------
    InputError
        If a name is unknown, a parameter or a state variable has no value or two, a value is not
        finite or does not broadcast along the sweep, or all starts lie outside the map's domain.
    """
    checked_instance("map", map, DiscreteMap)
    axes = {map.symbol(name, "sweep").name: _axis(str(name), v) for name, v in swept.items()}
    shape = tuple(len(values) for values in axes.values())
    columns = dict(zip(axes, np.meshgrid(*axes.values(), indexing="ij"), strict=True))

    constants: dict[str, float] = {}
    for name, value in (fixed or {}).items():
        key = map.parameter(name, "fixed").name
        if key in axes:
            raise InputError("fixed", key, "parameters that are not swept")
        constants[key] = checked_number(f"fixed[{key!r}]", value)
    starts: dict[str, Array] = {}
    for name, value in checked_mapping("start", start).items():
        key = str(name)
        if key not in {s.name for s in map.state}:
            raise InputError("start", repr(key), f"the state {_listed(map.state)} of {map.name}")
        if key in axes:
            raise InputError("start", repr(key), "state variables that are not swept")
        starts[key] = _numbers(f"start[{key!r}]", value, shape)
    for argument, symbols, given in (
        ("fixed", map.parameters, constants),
        ("start", map.state, starts),
    ):
        if missing := [s for s in symbols if s.name not in given and s.name not in axes]:
            raise InputError(argument, f"no value for {_listed(missing)}", "one, or a sweep of it")

    values = {**columns, **starts, **constants}
    outside = _outside(map, values, shape)
    # w**D with a fixed whole D is a polynomial, which is far faster to iterate than a power
    in_exponent = set().union(*(_exponents(e) for e in map.expressions))
    whole = {
        p: int(constants[p.name])
        for p in map.parameters
        if p in in_exponent and constants.get(p.name, 0.5).is_integer()
    }
    ready = map.substitute(whole) if whole else map

    def rows(symbols: tuple[sp.Symbol, ...]) -> Array:
        size = int(np.prod(shape))
        table = np.empty((len(symbols), size))
        for row, s in zip(table, symbols, strict=True):
            row[:] = np.broadcast_to(values[s.name], shape).ravel()
        return table

    settings = attributes(
        map,
        constants,
        parameters=_listed(map.parameters),
        start=", ".join(f"{k} = {_shown(v)}" for k, v in starts.items()),
    )
    return Sweep(ready, axes, rows(ready.state), rows(ready.parameters), settings, whole, outside)


def free_names(argument: str, names: Iterable[str], taken: Iterable[str]) -> None:
    """Check that no symbol has the name of something else in the result."""
    if clash := set(names) & set(taken):
        wants = f"other names than the result's own: {', '.join(taken)}"
        raise InputError(argument, ", ".join(sorted(clash)), wants)


def _axis(name: str, values: Any) -> Array:
    try:
        axis = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(name, repr(values), "real numbers") from error
    if axis.ndim != 1 or not axis.size:
        raise InputError(name, f"an array of shape {axis.shape}", "a non-empty list of numbers")
    return _finite(name, axis)


def _numbers(argument: str, value: Any, shape: tuple[int, ...]) -> Array:
    try:
        numbers = np.array(value, dtype=float)
        np.broadcast_to(numbers, shape)
    except (TypeError, ValueError) as error:
        wants = f"real numbers that broadcast to the sweep's shape {shape}" if shape else "a number"
        raise InputError(argument, repr(value), wants) from error
    return _finite(argument, numbers)


def _finite(argument: str, numbers: Array) -> Array:
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        first = f"{numbers.ravel()[bad[0]]} at position {bad[0]}"
        raise InputError(argument, f"{bad.size} values that are not finite ({first})", "numbers")
    return numbers


def _outside(
    map: DiscreteMap, values: Mapping[str, Array], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    outside = np.broadcast_to(violations(map, values), shape).ravel()
    if outside.all():
        at = {s: np.broadcast_to(v, shape).ravel()[0] for s, v in values.items()}
        first = ", ".join(f"{s} = {float(v):.6g}" for s, v in at.items())
        count = f"all {outside.size} starts" if outside.size > 1 else "a start"
        raise InputError(
            "start", f"{count} outside the domain of {map.name}, first {first}", f"{map.domain}"
        )
    return outside


def _exponents(e: sp.Expr) -> set[sp.Symbol]:
    return set().union(*(power.exp.free_symbols for power in e.atoms(sp.Pow)))


def _listed(symbols: Any) -> str:
    return ", ".join(s.name for s in symbols)


def _shown(value: Array) -> str:
    return repr(float(value)) if value.ndim == 0 else f"array from {value.min()} to {value.max()}"
