"""Where two branches cross: Newton on the extended system, and the tangents of both.

At a simple branch point the n × (n + 1) matrix D = [A − I, G_p] has rank n − 1. Branch points are
lost under perturbations, so that an unfolding β b is added, b the left null direction:

    G(x; p) − x + β b = 0,    g(x; p) = 0 ∈ R²,

where g vanishes iff D loses rank: [D b; Cᵀ 0] [V; g] = [0; I] with C a basis of the null space.
This is regular at a simple branch point, and β = 0 there. (Govaerts, *Numerical Methods for
Bifurcations of Dynamical Equilibria*, SIAM 2000, section 8.3; Keller 1977 for the tangents.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["BranchPoint", "branch_point", "cycle", "linearised"]

STEPS = 12
MULTIPLE = 1e-6  # relative size of the second singular value at which more branches meet


@dataclass(frozen=True)
class BranchPoint:
    """A solution of the extended system.

    Attributes
    ----------
    y
        The cycle and the parameter.
    tangents
        Unit tangents (x_0, p) of the branches through it; fewer than two where they do not cross.
    beta
        Left over of the unfolding, in units of the state: zero at a branch point.
    error
        Size of the last Newton step.
    """

    y: Array
    tangents: tuple[Array, ...]
    beta: float
    error: float


def branch_point(curve: Curve, y: Array) -> BranchPoint | None:
    """Return the branch point near a guess; None if Newton's method does not get there."""
    n, units = curve.dimension, curve.units
    z, beta = np.append(y[:n], y[-1]), 0.0
    D, defect = _scaled(curve, z)
    if not np.all(np.isfinite(D)):
        return None
    left, _, right = np.linalg.svd(D)
    b, C = left[:, -1], right[-2:].T
    error, before = np.inf, np.inf
    for _ in range(STEPS):
        bordered = np.block([[D, b[:, None]], [C.T, np.zeros((2, 1))]])
        try:
            V = np.linalg.solve(bordered, np.eye(n + 2)[:, n:])
            w = np.linalg.solve(bordered.T, np.eye(n + 2)[:, -1])[:n]
        except np.linalg.LinAlgError:
            return None
        g = V[-1]
        forms = Forms(curve, cycle(curve, z))
        # ∂g_i along e: −w·D²G(e, V_i)
        gradient = np.array(
            [
                [-(w / curve.scale) @ forms.second(e, units * v) for e in np.diag(units)]
                for v in V[: n + 1].T
            ]
        )
        matrix = np.block([[D, b[:, None]], [gradient, np.zeros((2, 1))]])
        if not np.all(np.isfinite(matrix)) or np.linalg.cond(matrix) > 1e14:
            return None
        delta = np.linalg.solve(matrix, -np.append(defect + beta * b, g))
        z, beta = z + delta[:-1] * units, beta + delta[-1]
        error = float(np.linalg.norm(delta[:-1]))
        D, defect = _scaled(curve, z)
        if not np.all(np.isfinite(D)) or error > 1e3:
            return None
        if error <= 1e-15 or (error <= 1e-9 and error > 0.3 * before):
            break
        before = error
    if error > 1e-8:
        return None
    full = cycle(curve, z)
    return BranchPoint(full, _tangents(curve, full, D), abs(beta), error)


def cycle(curve: Curve, z: Array) -> Array:
    """Return the orbit of x_0 over a period, with the parameter."""
    return np.append(curve.orbit(z[:-1], z[-1], curve.period).ravel(), z[-1])


def linearised(curve: Curve, z: Array) -> tuple[Array, Array]:
    """Return [A − I, G_p] and G − x_0 for the P-fold map."""
    n = curve.dimension
    with np.errstate(all="ignore"):
        here = curve.linearised(cycle(curve, z))
        A, g = np.eye(n), np.zeros(n)
        for step, forcing in zip(here.J, here.Fp, strict=True):
            A, g = step @ A, step @ g + forcing
    return np.column_stack([A - np.eye(n), g]), here.R[-1]


def _scaled(curve: Curve, z: Array) -> tuple[Array, Array]:
    """Return [A − I, G_p] and G − x_0 in the curve's units."""
    D, defect = linearised(curve, z)
    return D * curve.units / curve.scale[:, None], defect / curve.scale


def _tangents(curve: Curve, y: Array, D: Array) -> tuple[Array, ...]:
    """Solve the branching equation w·D²G(t, t) = 0 in the two-dimensional null space of D."""
    units = curve.units
    left, singular, right = np.linalg.svd(D)
    if singular.size > 1 and singular[-2] <= MULTIPLE * singular[0]:
        return ()  # the null space has more than two dimensions
    forms, w = Forms(curve, y), left[:, -1] / curve.scale
    one, two = right[-2] * units, right[-1] * units
    a, b, c = (float(w @ forms.second(u, v)) for u, v in ((one, one), (one, two), (two, two)))
    size = max(abs(a), abs(b), abs(c))
    discriminant = b * b - a * c
    if size == 0.0 or discriminant <= 1e-10 * size**2:
        return ()
    root = b + np.copysign(np.sqrt(discriminant), b)
    # a s² + 2 b s t + c t² = 0
    pairs = [(-root, a), (c, -root)]
    tangents = (s * one + t * two for s, t in pairs)
    return tuple(t / np.linalg.norm(t / units) for t in tangents)
