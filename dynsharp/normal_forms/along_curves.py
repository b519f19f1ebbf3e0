r"""The leading coefficient of the normal form along a curve of bifurcations, from its null vectors.

v and w are unit critical vectors, A v = ±v, wᵀA = ±wᵀ, of the Jacobian A of G = F∘...∘F; B and C
its second and third derivatives by the state. The values are not divided by w·v, so that they stay
smooth along the curve, and come with the size of the terms that they are sums of.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 5.4; Kuznetsov, Meijer,
*Numerical Bifurcation Analysis of Maps*, CUP 2019, chapter 5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np

from dynsharp.shooting.critical import critical_pair
from dynsharp.types import Array

Value: TypeAlias = tuple[float, float]  # with the size of the terms that it is a sum of

RESONANT = 1e-6  # |e^{ikθ} − 1| below which a point is at that strong resonance


class OnCurve(Protocol):
    """What coefficients and test functions use of a point of a bifurcation curve."""

    @property
    def jacobian(self) -> Array:
        """A = DG, n × n."""

    @property
    def right(self) -> Array:
        """Unit right critical vectors (n × m), which turn continuously along the curve."""

    @property
    def left(self) -> Array:
        """Unit left critical vectors, likewise."""

    @property
    def kappa(self) -> float:
        """2 cos θ of a critical pair e^{±iθ}."""

    @property
    def rest(self) -> Array:
        """The multipliers that are not critical."""

    @property
    def known(self) -> dict[object, Value]:
        """What was computed at this point, by what computes it."""

    def second(self, one: list[Array], two: list[Array]) -> Array:
        """B(u, v) for each u of one list and v of the other, at fixed parameters."""

    def third(self, u: Array) -> Array:
        """C(u, u, u), at fixed parameters."""


Coefficient: TypeAlias = Callable[[OnCurve], Value]


def _once(function: Coefficient) -> Coefficient:
    """Keep the value with its point."""

    def value(point: OnCurve) -> Value:
        if function not in point.known:
            point.known[function] = function(point)
        return point.known[function]

    value.__doc__ = function.__doc__
    return value


@_once
def quadratic(point: OnCurve) -> Value:
    """w·B(v, v)."""
    v, w = point.right[:, 0], point.left[:, 0]
    B = point.second([v], [v])[0, 0]
    return float(w @ B), float(np.linalg.norm(B))


@_once
def cubic(point: OnCurve) -> Value:
    """w·[C(v, v, v) − 3B(v, h)], (A − I) h = B(v, v); NaN if A − I is singular."""
    v, w, A = point.right[:, 0], point.left[:, 0], point.jacobian
    try:
        h = np.linalg.solve(A - np.eye(len(A)), point.second([v], [v])[0, 0])
    except np.linalg.LinAlgError:
        return float("nan"), 1.0
    C, D = point.third(v), 3 * point.second([v], [h])[0, 0]
    return float(w @ (C - D)), float(np.linalg.norm(C) + np.linalg.norm(D))


@_once
def lyapunov(point: OnCurve) -> Value:
    r"""Return ½ Re e^{−iθ} p[C(q, q, q̄) + 2B(q, h) + B(q̄, k)]; NaN at 1:1, 1:2 and 1:3.

    (I − A) h = B(q, q̄), (e^{2iθ}I − A) k = B(q, q). With q = x + iy all is multiplied out into real
    forms.
    """
    A, identity = point.jacobian, np.eye(len(point.jacobian))
    mu = complex(np.exp(1j * np.arccos(np.clip(point.kappa / 2, -1.0, 1.0))))
    if min(abs(mu**k - 1) for k in (1, 2, 3)) < RESONANT:
        return float("nan"), 1.0
    with np.errstate(all="ignore"):
        q, p = critical_pair(A, mu)
    if not np.isfinite(p).all():
        return float("nan"), 1.0
    x, y = np.ascontiguousarray(q.real), np.ascontiguousarray(q.imag)
    (xx, xy), (_, yy) = point.second([x, y], [x, y])
    try:
        h = np.linalg.solve(identity - A, xx + yy)
        k = np.linalg.solve(mu**2 * identity - A, xx - yy + 2j * xy)
    except np.linalg.LinAlgError:
        return float("nan"), 1.0
    (xh, xr, xi), (yh, yr, yi) = point.second([x, y], [h, k.real, k.imag])
    xxx, yyy, plus, minus = (point.third(u) for u in (x, y, x + y, x - y))
    xyy, xxy = (plus + minus - 2 * xxx) / 6, (plus - minus - 2 * yyy) / 6
    parts = (xxx + xyy + 1j * (xxy + yyy), 2 * (xh + 1j * yh), xr + yi + 1j * (xi - yr))
    terms = np.array([p @ part for part in parts]) / 2
    return float((np.conj(mu) * terms.sum()).real), float(np.abs(terms).sum())


def per_pairing(value: float, point: OnCurve) -> float:
    """Return a value divided by w·v; NaN where that is zero."""
    pairing = float(point.left[:, 0] @ point.right[:, 0])
    return value / pairing if pairing != 0 else float("nan")
