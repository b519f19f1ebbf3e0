"""Many digits of a critical parameter: Newton's method in multiple precision from a double start.

The residual is evaluated with mpmath, the matrix of the linear systems stays the exact derivative
in doubles: every step then adds as many digits as that matrix is right to (iterative refinement,
Wilkinson 1963), and no second derivative is ever computed in multiple precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import mpmath  # type: ignore[import-untyped]
import numpy as np
import sympy as sp

from dynsharp.compiled.elimination import product
from dynsharp.map import DiscreteMap
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

Rows: TypeAlias = list[list[Any]]

STEPS = 40
GUARD = 12  # digits computed beyond those asked for and those that the cycle's sensitivity takes


class Estimate(mpmath.mpf):
    """A number of many digits that knows a bound on its error.

    Attributes
    ----------
    error
        Bound on the distance from the true value.
    """

    error: float

    @classmethod
    def of(cls, value: Any, error: float) -> Estimate:
        """Return a number with its error bound."""
        return _restored(value._mpf_, float(error))

    @property
    def value(self) -> mpmath.mpf:
        """The number alone, with all its digits."""
        return mpmath.mp.make_mpf(self._mpf_)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._mpf_, self.error)

    def as_dict(self) -> dict[str, Any]:
        """Return the digits that are known as text, and the bound; null where there is none."""
        bound = self.error if np.isfinite(self.error) else None
        return {"value": repr(self).partition(" ± ")[0], "error": bound}

    def __repr__(self) -> str:
        if not mpmath.isfinite(self):
            return f"{float(self)} ± {self.error:.1g}"
        size = max(abs(float(self)), 1e-300)
        digits = 17
        if np.isfinite(self.error):
            digits = int(np.clip(np.log10(size / max(self.error, 1e-300)) + 2, 3, 400))
        return f"{mpmath.nstr(self, digits)} ± {self.error:.1g}"

    __str__ = __repr__


def _restored(parts: tuple[Any, ...], error: float) -> Estimate:
    number = Estimate()
    number._mpf_, number.error = parts, error
    return number


@dataclass(frozen=True)
class PreciseMap:
    """A map in multiple precision. Fixed decimal numbers are taken as written: 0.3 is 3/10.

    The precision is that of a ``context`` of its own: other threads, and the user, have theirs.
    """

    map: DiscreteMap
    parameter: sp.Symbol
    values: Mapping[str, float]
    context: Any = field(default_factory=mpmath.MPContext)

    @cached_property
    def step(self) -> Any:
        """Function of the state and the parameter: F, then DF by rows."""
        known = {
            p: sp.Rational(repr(self.values[p.name]))
            for p in self.map.parameters
            if p.name in self.values
        }
        outputs = [*self.map.expressions, *self.map.jacobian]
        outputs = [sp.sympify(e).subs(known) for e in outputs]
        exact = [sp.nsimplify(e, rational=True) if e.has(sp.Float) else e for e in outputs]
        mp = self.context
        own = {name: getattr(mp, name) for name in vars(mpmath) if hasattr(mp, name)}
        return sp.lambdify([*self.map.state, self.parameter], exact, [own, "mpmath"], cse=True)

    def cycle(
        self, x: list[Any], value: Any, period: int
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        """Points x_0, ..., x_P of the orbit, and the product of the Jacobians, as nested lists."""
        n, mp = self.map.dimension, self.context
        A = [[mp.mpf(i == j) for j in range(n)] for i in range(n)]
        points = [x]
        for _ in range(period):
            out = self.step(*x, value)
            x, J = list(out[:n]), out[n:]
            if n == 1:
                A[0][0] = J[0] * A[0][0]
            else:
                A = [
                    [mp.fdot(J[i * n : i * n + n], [A[k][j] for k in range(n)]) for j in range(n)]
                    for i in range(n)
                ]
            points.append(x)
        return points, A


@dataclass(frozen=True)
class Refined:
    """A critical parameter in many digits, the cycle there, and how the refinement went."""

    value: Estimate
    points: Rows
    status: str = "converged"


def refined(
    precise: PreciseMap, curve: Curve, point: Point, target: float, column: int, digits: int
) -> Refined:
    """Refine a point at which the real part of a multiplier has a value.

    Parameters
    ----------
    precise
        The map.
    curve, point
        The cycle in doubles.
    target
        The value: −1 at a flip, 0 at a superstable cycle.
    column
        Which multiplier.
    digits
        Digits after the decimal point of the parameter, relative to its size.
    """
    n, period, mp = curve.dimension, curve.period, precise.context
    A = product(curve.jacobians(point.y))
    mu = point.mu[column]
    matrix = _matrix(curve, point, A, mu)
    # how far a rounding error of x_0 or p is carried into the residual
    sensitivity = float(np.log10(1 + np.abs(matrix).max()))
    inverse = np.linalg.inv(matrix)
    with mp.workdps(int(digits + GUARD + 2 * sensitivity)):
        y = [mp.mpf(float(v)) for v in (*point.y[:n], point.y[-1])]
        goal = mp.mpf(10) ** (-digits - 3) * max(abs(y[n]), mp.mpf(10) ** -6)
        before, status = mp.inf, "converged"
        for _ in range(STEPS):
            points, product_ = precise.cycle(y[:n], y[n], period)
            last = points[-1]
            h = _multiplier(mp, product_, complex(mu), n) - target
            residual = [a - b for a, b in zip(last, y, strict=False)] + [h]
            delta = [mp.fdot([float(v) for v in row], residual) for row in inverse]
            y = [a - d for a, d in zip(y, delta, strict=True)]
            size = max(map(abs, delta))
            if size <= goal:
                break
            if not size < before * 0.5 and before < mp.inf:
                status = (
                    f"refinement stalls at {mp.nstr(size, 2)}: the cycle is too sensitive for "
                    "the derivatives in double precision"
                )
                break
            before = size
        else:
            status = f"{STEPS} refinements were not enough"
        rate = min(float(size / before), 0.5) if before < mp.inf else 0.5
        error = float(2 * size * rate + goal) if status == "converged" else float(2 * size)
        points, _ = precise.cycle(y[:n], y[n], period)
        return Refined(Estimate.of(+y[n], error), points, status)


def _multiplier(mp: Any, A: Rows, near: complex, n: int) -> Any:
    """Real part of the eigenvalue nearest to a number."""
    if n == 1:
        return A[0][0]
    if n == 2:
        half = (A[0][0] + A[1][1]) / 2
        gap = half**2 - (A[0][0] * A[1][1] - A[0][1] * A[1][0])
        if gap < 0:
            return half
        roots = [half + mp.sqrt(gap), half - mp.sqrt(gap)]
        return min(roots, key=lambda r: abs(r - near))
    values, _ = mp.eig(mp.matrix(A))
    return mp.re(min(values, key=lambda v: abs(v - mp.mpc(near))))


def _matrix(curve: Curve, point: Point, A: Array, mu: complex) -> Array:
    """Return the derivative of (G − x, Re μ) by (x, p), in doubles."""
    n = curve.dimension
    forms = Forms(curve, point.y)
    axes = np.eye(n + 1)
    q, p = critical_pair(A, complex(mu) if abs(mu.imag) > 0 else float(mu.real))
    u = np.append(q, 0.0)
    rows = np.zeros((n + 1, n + 1))
    rows[:n, :n] = A - np.eye(n)
    rows[:n, n] = forms.along(axes[n], 1)
    rows[n] = [np.real(p @ forms.second(e, u)) for e in axes]
    return rows
