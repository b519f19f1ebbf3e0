r"""The cycles of a map over two parameters: a surface, and its tangent plane at a point.

The unknowns are y = (x_0, ..., x_{P-1}, a, b) with F(x_i; a, b) = x_{i+1} (i mod P). Linearised and
with x_1, ..., x_{P-1} eliminated they leave, for the head (δx_0, δa, δb),

    [A − I, G_a, G_b] (δx_0, δa, δb) = −r,      A = DG, G = F∘...∘F (P times),

whose null space is the tangent plane, also where A − I is singular. A family of fixed points, along
which A − I is singular everywhere, is such a surface already over one parameter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.bifurcation_curves.kernels import carried, linearise, second_forms
from dynsharp.map import DiscreteMap
from dynsharp.shooting.equations import compose
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

SINGULAR = 1e-10  # relative size of a singular value that is zero


@dataclass(frozen=True)
class Plane:
    """The linearised equations at a point.

    Attributes
    ----------
    J, Fp, R
        Jacobians, derivatives by the parameters and defects along the cycle.
    A
        DG, n × n.
    newton
        Least head that removes the defect, to first order.
    basis
        Heads that span the tangent plane, orthonormal in units of the surface (columns).
    regular
        Whether there is one such plane; several surfaces cross at a branch point.
    """

    J: Array
    Fp: Array
    R: Array
    A: Array
    newton: Array
    basis: Array
    regular: bool


@dataclass(frozen=True)
class Surface:
    """The cycles of one period over two parameters, or a family of them over one.

    Attributes
    ----------
    map
        The map.
    parameters
        Those that vary: two; one if the fixed points form a family.
    values
        Numbers for the others, by name.
    period
        Number of points of a cycle.
    box
        Least and greatest values, by the name of a parameter or (family) of a state variable.
    scale
        Unit of length for each state variable; parameters are in units of the box.
    """

    map: DiscreteMap
    parameters: tuple[sp.Symbol, ...]
    values: Mapping[str, float]
    period: int
    box: Mapping[str, tuple[float, float]]
    scale: Array = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the problem is, not what was compiled for it."""
        parts = (self.map, self.parameters, dict(self.values), self.period, dict(self.box))
        return Surface, (*parts, self.scale)

    @property
    def dimension(self) -> int:
        """Number of state variables."""
        return self.map.dimension

    @property
    def is_family(self) -> bool:
        """Whether it is a family of fixed points, over one parameter."""
        return len(self.parameters) == 1

    @cached_property
    def names(self) -> list[str]:
        """Names of the entries of a head."""
        return [s.name for s in (*self.map.state, *self.parameters)]

    @cached_property
    def units(self) -> Array:
        """Units of the entries of a head."""
        return np.append(self.scale, [np.ptp(self.box[p.name]) for p in self.parameters])

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The map along each parameter."""
        return tuple(
            Curve(self.map, p, self.values, self.period, self.box[p.name], self.scale)
            for p in self.parameters
        )

    def head(self, y: Array) -> Array:
        """Return (x_0, parameters)."""
        return np.concatenate((y[: self.dimension], y[-len(self.parameters) :]))

    def cycle(self, y: Array) -> Array:
        """Return the points of the cycle, period × dimension."""
        return y[: -len(self.parameters)].reshape(self.period, self.dimension)

    def curve(self, y: Array) -> tuple[Curve, Array]:
        """Return the problem along the first parameter through y, with its unknowns."""
        first, *others = self.parameters
        count = len(y) - len(others)
        numbers = {s.name: float(v) for s, v in zip(others, y[count:], strict=True)}
        values = {**self.values, **numbers}
        span = self.box[first.name]
        return Curve(self.map, first, values, self.period, span, self.scale), y[:count]

    @cached_property
    def _work(self) -> tuple[list[Any], list[Any], Array, Array]:
        """Compiled values and jets, an array of parameters, and where those that vary stand."""
        curves = (self.curves[0], self.curves[-1])
        index = [c.index for c in self.curves]
        values, jets = ([getattr(c.code, a) for c in curves] for a in ("value", "jet"))
        return values, jets, curves[0].parameters, np.array(index)

    def plane(self, y: Array) -> Plane | None:
        """Linearise at y; None where the map is not finite."""
        values, _, par, index = self._work
        J, Fp, R, A, g, r = linearise(*values, y, par.copy(), index, self.period)
        n, count = g.shape
        D = np.empty((n, n + count))
        D[:, :n], D[:, n:] = A, g
        D.flat[:: n + count + 1] -= 1.0
        D *= self.units
        D /= self.scale[:, None]
        r /= self.scale
        if not math.isfinite(float(D.sum() + r.sum())):
            return None
        left, singular, right = np.linalg.svd(D)
        rank = n + count - 2
        newton = -right[:rank].T @ ((r @ left)[:rank] / singular[:rank]) * self.units
        regular = not rank or bool(singular[rank - 1] > SINGULAR * max(1.0, singular[0]))
        return Plane(J, Fp, R, A, newton, (right[rank:] * self.units).T, regular)

    def moved(self, y: Array, plane: Plane, head: Array, defects: bool = True) -> Array:
        """Move y by a head, carried along the cycle by the linearised equations."""
        R = plane.R if defects else np.zeros_like(plane.R)
        return y + carried(plane.J, plane.Fp, R, head)

    def derivatives(self, y: Array, heads: Array, vectors: Array) -> Array:
        """Return D²G(e, v) for each head e (rows) and state vector v (rows): heads × vectors × n.

        That is the derivative of A v along e.
        """
        _, jets, par, index = self._work
        E, V = np.ascontiguousarray(heads), np.ascontiguousarray(vectors)
        return second_forms(*jets, y, par.copy(), index, self.period, E, V, self.units)

    def third(self, y: Array, vector: Array) -> Array:
        """Return D³G(v, v, v) for a state vector v."""
        _, jets, par, index = self._work
        par, X = par.copy(), np.zeros((4, self.dimension))
        par[index], X[1] = y[-len(index) :], vector
        compose(jets[0], y, X, np.zeros(4), par, self.period)
        return 6 * X[3]
