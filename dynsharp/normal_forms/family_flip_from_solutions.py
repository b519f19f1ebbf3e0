"""The flip on a family a second way: from the map and its Jacobian next to the edge.

The even part of what the map does to ±ξq is ½ξ²B(q, q), which gives the drift d and the bend h of
the centre manifold; the odd part of what it does to ±ξq + ½ξ²h is −ξ + bξ³ along q. The product is
the derivative of the multiplier, followed on members of the family, in the direction of the drift.
All are even series in the distance and are extrapolated to zero as in `from_solutions`.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.normal_forms.from_solutions import FIRST, Fit, Pair, extrapolated
from dynsharp.shooting.families import Member, corrected, shifted
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

# tangents of the family as columns, their duals as rows
Tangents: TypeAlias = tuple[Array, Array]


def bent(A: Array, tangents: Array, cotangents: Array, curvature: Array) -> Array:
    """Return h of (A − I) h = N P v − v, P h = 0: the group inverse applied to −v = −B(q, q)."""
    n, c = tangents.shape
    bordered = np.block([[A - np.eye(n), tangents], [cotangents, np.zeros((c, c))]])
    across = tangents @ (cotangents @ curvature) - curvature
    return np.asarray(np.linalg.solve(bordered, np.append(across, np.zeros(c)))[:n])


def family_flip_fit(
    curve: Curve,
    member: Member,
    A: Array,
    pair: Pair,
    family: Tangents,
    expected: tuple[float, float],
) -> Fit | None:
    """Return the product as ``a`` and the cubic coefficient as ``b``; None if none converges.

    What is expected of them sets only the first distances: there the multiplier is near the circle.
    """
    (q, p), (tangents, cotangents) = pair, family
    n, y, scale = curve.dimension, member.y, curve.scale
    x0, unit = y[:n], float(np.linalg.norm(q / scale))
    first = FIRST * max(1.0, float(np.max(np.abs(x0) / scale))) / unit

    def parts(xi: float, h: Array) -> tuple[Array, Array]:
        """Even and odd part of the map along the centre manifold."""
        X = x0 + np.array([[xi], [-xi]]) * q + 0.5 * xi**2 * h
        forward, back = curve.returns(X, float(y[-1])) - x0
        return (forward + back) / 2, (forward - back) / 2

    with np.errstate(all="ignore"):
        even = extrapolated(lambda xi: 2 * parts(xi, np.zeros(n))[0] / xi**2, first)
        if even is None or not np.isfinite(even[0]).all():
            return None
        curvature, wrong = even
        h = bent(A, tangents, cotangents, curvature)
        near = min(first, 0.3 / np.sqrt(abs(expected[1]) or 1e-300))
        odd = extrapolated(lambda xi: np.array([(p @ parts(xi, h)[1] + xi) / xi**3]), near)
    drift = tangents @ (cotangents @ curvature) / 2
    size = float(np.linalg.norm(drift / scale))
    pull = (
        _along(curve, member, pair, drift / scale / size, expected[0] / size)
        if size
        else (0.0, 0.0)
    )
    if odd is None or pull is None:
        return None
    error = pull[1] * size + abs(pull[0]) * float(np.linalg.norm(wrong / scale)) / 2
    return Fit(pull[0] * size, float(odd[0][0]), (error, float(odd[1][0])))


def _along(
    curve: Curve, member: Member, pair: Pair, way: Array, slope: float
) -> tuple[float, float] | None:
    """Return the derivative of the multiplier by the distance along the family, and its error."""
    q, p = pair

    def sample(h: float) -> Array | None:
        mu = []
        for side in (1, -1):
            moved = shifted(curve, member.y, side * h * way)
            y = corrected(curve, moved, member.left, member.basis)
            if y is None:
                return None
            A = product(curve.jacobians(y))
            values = np.linalg.eigvals(A)
            mu.append(values[np.argmin(np.abs(values - p @ A @ q))].real)
        return np.array([(mu[0] - mu[1]) / (2 * h)])

    size = float(np.max(np.abs(member.y[: curve.dimension]) / curve.scale))
    first = min(FIRST * max(1.0, size), 0.3 / (abs(slope) or 1e-300))
    found = extrapolated(sample, first)
    return None if found is None else (float(found[0][0]), float(found[1][0]))
