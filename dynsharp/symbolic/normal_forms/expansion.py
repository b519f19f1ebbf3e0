"""Taylor coefficients of a map at a point, as multilinear forms.

F(x₀ + x; α₀ + α) = x₀ + Ax + ½B(x, x) + ⅙C(x, x, x) + F_α α + ..., with

    B(u, v)_i = Σ_jk ∂²F_i/∂x_j∂x_k u_j v_k,    C(u, v, w)_i = Σ_jkl ∂³F_i/∂x_j∂x_k∂x_l u_j v_k w_l

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 5.4). Everything is exact if the point
is; floating-point numbers go through the same formulas.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cached_property

import sympy as sp

from dynsharp.algebra.shortening import flat
from dynsharp.map import DiscreteMap


class Expansion:
    """The map's derivatives at a point, evaluated when asked for.

    Parameters
    ----------
    map
        The map F(x; α).
    point
        Value of every state variable, and of those parameters that are not to stay symbolic.
    """

    def __init__(self, map: DiscreteMap, point: Mapping[sp.Symbol, sp.Expr]) -> None:
        self.map = map
        self.point = dict(point)
        self._known: dict[tuple[sp.Symbol, ...], sp.ImmutableMatrix] = {}

    def derivative(self, *symbols: sp.Symbol) -> sp.ImmutableMatrix:
        """Return the column of ∂F_i/∂(symbols), state variables or parameters, at the point."""
        key = tuple(sorted(symbols, key=lambda s: s.name))
        if key not in self._known:
            column = [sp.diff(e, *key).xreplace(self.point) for e in self.map.expressions]
            self._known[key] = sp.ImmutableMatrix(column).applyfunc(flat)
        return self._known[key]

    @cached_property
    def A(self) -> sp.ImmutableMatrix:  # noqa: N802
        """Jacobian at the point."""
        return sp.ImmutableMatrix.hstack(*(self.derivative(x) for x in self.map.state))

    def B(self, u: sp.Matrix, v: sp.Matrix) -> sp.ImmutableMatrix:  # noqa: N802
        """Second derivative form."""
        return self._form((u, v))

    def C(self, u: sp.Matrix, v: sp.Matrix, w: sp.Matrix) -> sp.ImmutableMatrix:  # noqa: N802
        """Third derivative form."""
        return self._form((u, v, w))

    def along(self, direction: sp.Matrix, parameter: sp.Symbol) -> sp.ImmutableMatrix:
        """Return dA/dα as the point moves with the parameter: ∂A/∂α + B(direction, ·)."""
        columns = []
        for j, x in enumerate(self.map.state):
            unit = sp.eye(self.map.dimension).col(j)
            columns.append(self.derivative(x, parameter) + self.B(direction, unit))
        return sp.ImmutableMatrix.hstack(*columns).applyfunc(flat)

    def _form(self, vectors: tuple[sp.Matrix, ...]) -> sp.ImmutableMatrix:
        total = sp.zeros(self.map.dimension, 1)
        for index in itertools.product(range(self.map.dimension), repeat=len(vectors)):
            weight = sp.Mul(*(v[j] for v, j in zip(vectors, index, strict=True)))
            if weight != 0:
                total += weight * self.derivative(*(self.map.state[j] for j in index))
        return sp.ImmutableMatrix(total).applyfunc(flat)
