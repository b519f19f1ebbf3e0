"""One problem of continuation: a map with numbers for all but one parameter, a period, a scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.compiled import elimination
from dynsharp.compiled.pointwise import evaluator, with_whole_exponents
from dynsharp.map import DiscreteMap
from dynsharp.shooting.equations import bordered, compose, condensed, evaluated, orbit, returned
from dynsharp.shooting.newton import corrected, settled
from dynsharp.types import Array


@dataclass(frozen=True)
class Point:
    """A point of a branch: unknowns y = (x_0, ..., x_{P-1}, p), unit tangent, multipliers, sign."""

    y: Array
    tangent: Array
    mu: Array
    sign: float

    @property
    def value(self) -> float:
        """The parameter."""
        return float(self.y[-1])

    def reversed(self) -> Point:
        """Return the point with the tangent the other way."""
        return replace(self, tangent=-self.tangent, sign=-self.sign)


@dataclass(frozen=True)
class Points:
    """Points in a row along a branch, as arrays; ``code`` says how the row ended."""

    Y: Array
    T: Array
    MU: Array
    SIGN: Array
    S: Array
    code: int = 0

    def __getitem__(self, i: int) -> Point:
        return Point(self.Y[i], self.T[i], self.MU[i], float(self.SIGN[i]))

    def __len__(self) -> int:
        return len(self.S)


@dataclass(frozen=True, eq=False)
class Linearisation:
    """The equations of a cycle at some y, linearised: the value of one evaluation.

    Attributes
    ----------
    J, Fp, R
        At each point of the cycle DF (period × n × n), ∂F/∂p and the residual (period × n).
    finite
        Whether all of them are.
    """

    J: Array
    Fp: Array
    R: Array
    finite: bool

    @property
    def product(self) -> Array:
        """A = DG of the P-fold map."""
        return elimination.product(self.J)

    def condensed(self) -> Array:
        """Return the matrix (A − I | g) of the eliminated equations."""
        return np.asarray(condensed(self.J, self.Fp, self.R))

    def directions(self, border: Array) -> tuple[float, Array, Array]:
        """Sign of the bordered determinant, Newton step and null vector."""
        sign, newton, null = bordered(self.J, self.Fp, self.R, border)
        return sign, newton, null


@dataclass(frozen=True)
class Curve:
    """The cycles of one period of a map along a parameter, as a curve to be followed.

    Attributes
    ----------
    map, parameter
        The map, and the parameter that is continued.
    values
        Numbers for the others, by name.
    period
        Number of points of a cycle.
    span
        Least and greatest value of the parameter; lengths along the curve are in units of it.
    scale
        Unit of length for each state variable.
    events
        What is looked for besides bifurcations.
    """

    map: DiscreteMap
    parameter: sp.Symbol
    values: Mapping[str, float]
    period: int
    span: tuple[float, float]
    scale: Array = field(repr=False)
    events: tuple[Any, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the problem is, not what was compiled for it."""
        numbers = (dict(self.values), self.period, self.span, self.scale)
        return Curve, (self.map, self.parameter, *numbers, self.events)

    @cached_property
    def ready(self) -> DiscreteMap:
        """The map that is compiled: whole numbers are put in where they are exponents."""
        return with_whole_exponents(self.map, self.values)

    @cached_property
    def code(self) -> Any:
        """The compiled map: ``value`` with derivatives, and ``jet``."""
        return evaluator(self.ready, self.parameter)

    @cached_property
    def parameters(self) -> Array:
        """Numbers of all parameters of `ready`, that of the continued one to be set."""
        return np.array([float(self.values.get(p.name, 0.0)) for p in self.ready.parameters])

    @cached_property
    def index(self) -> int:
        """Position of the continued parameter."""
        return self.ready.parameters.index(self.parameter)

    @property
    def dimension(self) -> int:
        """Number of state variables."""
        return self.map.dimension

    @property
    def _outputs(self) -> int:
        return self.dimension * (self.dimension + 2)

    @cached_property
    def weights(self) -> Array:
        """Weights of the inner product."""
        w = np.tile(1 / (self.period * self.scale**2), self.period)
        return np.append(w, 1 / (self.span[1] - self.span[0]) ** 2)

    @cached_property
    def upward(self) -> Array:
        """The unit vector of the parameter: Newton's method perpendicular to it keeps the value."""
        return np.append(np.zeros(self.period * self.dimension), 1.0)

    @cached_property
    def units(self) -> Array:
        """Units of (x_0, p)."""
        return np.append(self.scale, self.span[1] - self.span[0])

    def inner(self, a: Array, b: Array) -> float:
        """Weighted inner product."""
        return float(np.dot(a * self.weights, b))

    def length(self, a: Array) -> float:
        """Weighted norm."""
        return float(np.sqrt(self.inner(a, a)))

    def states(self, y: Array) -> Array:
        """Points of the cycle, period × dimension."""
        return y[:-1].reshape(self.period, self.dimension)

    def named(self, y: Array) -> dict[str, Any]:
        """Return the state by name: numbers, or arrays along a cycle."""
        x = self.states(y)
        return {
            s.name: float(x[0, i]) if self.period == 1 else x[:, i].copy()
            for i, s in enumerate(self.map.state)
        }

    def step(self, x: Array, value: float) -> tuple[Array, Array, Array]:
        """F, DF and ∂F/∂p at one state."""
        par = self.parameters.copy()
        J, Fp, R, _ = evaluated(
            self.code.value, np.append(x, value), par, self.index, 1, self.dimension
        )
        return R[0] + x, J[0], Fp[0]

    def orbit(self, x: Array, value: float, count: int, transient: int = 0) -> Array:
        """So many points of an orbit, count × dimension, after a transient."""
        par, rows = self.parameters.copy(), np.empty((count, self.dimension))
        par[self.index] = value
        start = np.array(x, dtype=float)
        orbit(self.code.value, start, par, np.empty(self._outputs), transient, rows)
        return rows

    def through(self, head: Array) -> Array:
        """Return the orbit from (x_0, p) over a period as unknowns: a cycle if it returns."""
        return np.append(self.orbit(head[:-1], head[-1], self.period).ravel(), head[-1])

    def returns(self, X: Array, value: float) -> Array:
        """Return where a period of the map carries each row."""
        X, par = np.array(X, dtype=float), self.parameters.copy()
        par[self.index] = value
        returned(self.code.value, X, par, np.empty(self._outputs), self.period)
        return X

    def linearised(self, y: Array) -> Linearisation:
        """Evaluate Jacobians, parameter derivatives and residuals at y."""
        par = self.parameters.copy()
        parts = evaluated(self.code.value, y, par, self.index, self.period, self.dimension)
        return Linearisation(*parts)

    def jacobians(self, y: Array) -> Array:
        """Jacobians at the points of the cycle, period × n × n."""
        return self.linearised(y).J

    def multipliers(self, y: Array, near: Array | None = None) -> Array:
        """Return the multipliers at a cycle, in the order of some that are near if these are given.

        NaN where they are not finite.
        """
        mu = np.full(self.dimension, np.nan, complex)
        before = mu if near is None else near
        elimination.multipliers(self.jacobians(y), before, near is not None, mu)
        return mu

    def carried(self, y: Array, head: Array, rounds: int = 1) -> Array:
        """Carry a direction (x_0, p) along the cycle, so many times round."""
        here = self.linearised(y)
        x, p, rows = head[:-1], head[-1], []
        for i in range(rounds * self.period):
            rows.append(x)
            x = here.J[i % self.period] @ x + here.Fp[i % self.period] * p
        return np.append(np.concatenate(rows), p)

    def residual(self, y: Array) -> float:
        """Largest distance between a step from a point and the next point, in units of scale."""
        here = self.linearised(y)
        return float(np.max(np.abs(here.R) / self.scale)) if here.finite else float("inf")

    def corrected(
        self, y: Array, normal: Array, *, border: Array | None = None, limit: int = 15
    ) -> Array | None:
        """Newton's method in the plane through y perpendicular to a direction; None if it fails."""
        y, par = y.copy(), self.parameters.copy()
        border = normal if border is None else border
        settings = (par, self.index, self.weights, self.period, limit, border)
        return y if corrected(self.code.value, y, normal, *settings) else None

    def point(self, y: Array, along: Array, before: Array | None = None) -> Point | None:
        """Tangent and multipliers at a solution; None where these are not finite or not unique."""
        near = np.empty(self.dimension, complex) if before is None else before
        settings = (self.parameters.copy(), self.index, self.weights, self.period)
        sign, tangent, mu = settled(self.code.value, y, along, *settings, near, before is not None)
        return Point(y, tangent, mu, sign) if abs(sign) == 1 else None

    def taylor(self, y: Array, X: Array, q: Array) -> Array:
        """Taylor coefficients of the P-fold map: of F^P(x_0 + X₁t + ...; p + q₁t + ...)."""
        par = self.parameters.copy()
        par[self.index] = y[-1]
        coefficients = np.ascontiguousarray(X, dtype=float).copy()
        compose(self.code.jet, y, coefficients, np.asarray(q, dtype=float), par, self.period)
        return coefficients
