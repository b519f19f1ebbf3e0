"""What is searched: a map with numbers for its parameters, in a box, ready for compiled code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numba import njit
from numpy.typing import NDArray

from dynsharp.arguments import checked_fixed, checked_instance, checked_mapping, checked_span
from dynsharp.compiled.elimination import OPTIONS
from dynsharp.compiled.pointwise import evaluator, with_whole_exponents
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.sweeps.domain import violations
from dynsharp.types import Array

__all__ = ["Problem", "problem"]

NONE = sp.Symbol("no parameter")  # the compiled form differentiates by one: here by this
SLACK = 1e-12  # by which the box is wider than given, in units of its sides: rounding at its edge


@dataclass(frozen=True)
class Problem:
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
    def ready(self) -> DiscreteMap:
        """The map that is compiled, with at least one parameter."""
        m = with_whole_exponents(self.map, self.values)
        return m if m.parameters else DiscreteMap(m.update, [NONE], name=m.name, domain=m.domain)

    @cached_property
    def value(self) -> Any:
        """Compiled F and DF, see `Evaluator.value`."""
        return evaluator(self.ready, self.ready.parameters[0]).value

    @cached_property
    def parameters(self) -> Array:
        """Numbers of the parameters of `ready`."""
        return np.array([self.values.get(p.name, 0.0) for p in self.ready.parameters])

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
        return self.linearised(np.asarray(x, dtype=float)[:, None])[1][:, 0] + x

    def linearised(self, states: Array) -> tuple[Array, Array]:
        """Return DF(x_i) and F(x_i) − x_{i+1} for cycles (m × period × n): m × period × n (× n)."""
        J = np.empty((*states.shape, self.dimension))
        R = np.empty(states.shape)
        _linearise(self.value, np.ascontiguousarray(states, dtype=float), self.parameters, J, R)
        return J, R

    def inside(self, states: Array) -> NDArray[np.bool_]:
        """Say of cycles (m × period × n) whether all points lie in the box and the map's domain."""
        slack = SLACK * self.units
        within = ((states >= self.low - slack) & (states <= self.high + slack)).all(axis=(1, 2))
        if self.map.domain == sp.true:
            return np.asarray(within)
        named = {s.name: states[..., i] for i, s in enumerate(self.map.state)}
        return np.asarray(within & ~violations(self.map, {**self.values, **named}).any(axis=1))


@njit(**OPTIONS)
def _linearise(ev: Any, states: Any, par: Any, J: Any, R: Any) -> None:
    m, period, n = states.shape
    out = np.empty(n + n * n + n)
    for g in range(m):
        for i in range(period):
            ev(states[g, i].ctypes, par.ctypes, out.ctypes)
            for a in range(n):
                R[g, i, a] = out[a] - states[g, (i + 1) % period, a]
                for b in range(n):
                    J[g, i, a, b] = out[n + a * n + b]


def problem(map: Any, box: Mapping[Name, Any], fixed: Mapping[Name, Any] | None = None) -> Problem:
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
    return Problem(map, values, low, high)
