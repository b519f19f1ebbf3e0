"""What is searched: a map with numbers for its parameters, in a box of states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from dynsharp.arguments import checked_fixed, checked_instance, checked_mapping, checked_span
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.shooting import many
from dynsharp.shooting.problem import Curve
from dynsharp.sweeps.domain import violations
from dynsharp.types import Array

NONE = sp.Symbol("no parameter")  # the equations of a cycle have one that varies: here this
SLACK = 1e-12  # by which the box is wider than given, in units of its sides: rounding at its edge


@dataclass(frozen=True)
class Box:
    """A map, a number for every parameter, and the box of states.

    Attributes
    ----------
    map
        The map as given.
    values
        A number for every parameter, by name.
    low, high
        Corners of the box, in the order of the state; closed, with slack for rounding.
    """

    map: DiscreteMap
    values: Mapping[str, float]
    low: Array
    high: Array

    @cached_property
    def _equations(self) -> dict[int, Curve]:
        return {}

    def equations(self, period: int) -> Curve:
        """Return the equations of the cycles of a period, in units of the box."""
        if period not in self._equations:
            moving = DiscreteMap(self.map.update, [*self.map.parameters, NONE], name=self.map.name)
            span = (-1.0, 1.0)
            self._equations[period] = Curve(moving, NONE, self.values, period, span, self.units)
        return self._equations[period]

    @property
    def dimension(self) -> int:
        """Number of state variables."""
        return self.map.dimension

    @property
    def units(self) -> Array:
        """Sides of the box: the unit of length of each state variable."""
        return np.asarray(self.high - self.low)

    def images(self, x: Array) -> Array:
        """F (m × n) at every row of x (m × n)."""
        return self.equations(1).returns(x, 0.0)

    def linearised(self, cycles: Array) -> tuple[Array, Array]:
        """Return DF(x_i) and F(x_i) − x_{i+1} for cycles (m × period × n): m × period × n (× n)."""
        return many.linearised(self.equations(cycles.shape[1]), 0.0, cycles)

    def shoot(self, guesses: Array, **settings: Any) -> many.Shots:
        """Run Newton's method from guesses (m × period × n), see `shooting.many.shoot`."""
        return many.shoot(self.equations(guesses.shape[1]), 0.0, guesses, **settings)

    def inside(self, states: Array) -> NDArray[np.bool_]:
        """Say of cycles (m × period × n) whether all points lie in the box and the map's domain."""
        slack = SLACK * self.units
        within = ((states >= self.low - slack) & (states <= self.high + slack)).all(axis=(1, 2))
        if self.map.domain == sp.true:
            return np.asarray(within)
        named = {s.name: states[..., i] for i, s in enumerate(self.map.state)}
        return np.asarray(within & ~violations(self.map, {**self.values, **named}).any(axis=1))


def unknowns(states: Array) -> Array:
    """Return a cycle (period × n) as the unknowns of its equations."""
    return np.append(states.ravel(), 0.0)


def box_of(map: Any, box: Mapping[Name, Any], fixed: Mapping[Name, Any] | None = None) -> Box:
    """Check the arguments of a search.

    Raises
    ------
    InputError
        If a name is unknown, a parameter has no number, or a state variable no interval.
    """
    values = checked_fixed(checked_instance("map", map, DiscreteMap), fixed)
    names = [s.name for s in map.state]
    wants = f"a dictionary {{state variable: (low, high)}} with {', '.join(names)}"
    sides = {}
    for key, side in checked_mapping("box", box, wants).items():
        if str(key) not in names:
            raise InputError("box", repr(str(key)), wants)
        sides[str(key)] = checked_span(f"box[{str(key)!r}]", side)
    if missing := [n for n in names if n not in sides]:
        raise InputError("box", f"no interval for {', '.join(missing)}", wants)
    low, high = np.array([sides[n] for n in names]).T
    return Box(map, values, low, high)
