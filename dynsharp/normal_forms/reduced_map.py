"""The normal form of a codimension-2 point as a real map of a few variables, and its bifurcations.

On the centre manifold the cycles and their bifurcations are those of the polynomial map G(r, α) of
real coordinates r: amplitudes along real directions, and real and imaginary part of a complex one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.types import Array

FAR = 1e3  # change, relative to the guess, beyond which Newton's method is on its way elsewhere


@dataclass(frozen=True)
class Condition:
    """What makes a cycle of the reduced map a bifurcation.

    Attributes
    ----------
    kind
        Of the bifurcation.
    multiplier
        The real multiplier that it has; None for a complex pair on the unit circle.
    pair
        The coordinate of that pair, where there is more than one.
    """

    kind: str
    multiplier: float | None = None
    pair: int = 0


@dataclass(frozen=True)
class Reduced:
    """The map on the centre manifold in real coordinates, with two parameters α."""

    manifold: CenterManifold

    @property
    def dimension(self) -> int:
        """Number of real coordinates r."""
        return self.manifold.G.shape[0]

    @cached_property
    def _unfolded(self) -> Array:
        """The matrix U of w = U r: (z, z̄) = (r₁ + i r₂, r₁ − i r₂)."""
        U = np.eye(self.dimension, dtype=complex)
        i = 0
        while i < self.dimension:
            if self.manifold.critical.multipliers[i].imag:
                U[i : i + 2, i : i + 2] = [[1, 1j], [1, -1j]]
                i += 1
            i += 1
        return U

    def monomials(self, r: Array, alpha: Array) -> Array:
        """All monomials in (w, α)."""
        powers = np.append(self._unfolded @ r, alpha) ** self.manifold.ring.exponents
        return np.asarray(np.prod(powers, axis=1))

    def step(self, r: Array, alpha: Array) -> Array:
        """G(r, α)."""
        w = self.manifold.G @ self.monomials(r, alpha)
        return np.linalg.solve(self._unfolded, w).real

    def jacobian(self, r: Array, alpha: Array) -> Array:
        """∂G/∂r."""
        exponents, values = self.manifold.ring.exponents, np.append(self._unfolded @ r, alpha)
        columns = []
        for i in range(self.dimension):
            lowered = exponents.copy()
            lowered[:, i] = np.maximum(lowered[:, i] - 1, 0)
            columns.append(exponents[:, i] * np.prod(values**lowered, axis=1))
        D = self.manifold.G @ np.array(columns).T
        return np.linalg.solve(self._unfolded, D @ self._unfolded).real

    def orbit(self, r: Array, alpha: Array, steps: int) -> tuple[list[Array], Array]:
        """Return r, G(r), ... after 0 to ``steps`` steps, and the product of Jacobians."""
        points, M = [r], np.eye(self.dimension)
        for _ in range(steps):
            M = self.jacobian(points[-1], alpha) @ M
            points.append(self.step(points[-1], alpha))
        return points, M

    def defect(self, condition: Condition, r: Array, alpha: Array, steps: int = 1) -> Array:
        """Return what vanishes at a bifurcation of a cycle: G(...G(r)) − r, and its condition."""
        points, M = self.orbit(r, alpha, steps)
        if condition.multiplier is not None:
            left = np.linalg.det(M - condition.multiplier * np.eye(self.dimension))
        elif self.dimension == 2:
            left = np.linalg.det(M) - 1
        else:
            expected = self.manifold.critical.multipliers[condition.pair] ** steps
            mu = np.linalg.eigvals(M)
            left = abs(mu[np.argmin(np.abs(mu - expected))]) ** 2 - 1
        return np.append(points[-1] - r, left)

    def lifted(self, points: list[Array], alpha: Array) -> Array:
        """Return the cycle of the full map through points on the manifold, (steps · P) × n."""
        H = self.manifold.H
        return np.array([H_i @ self.monomials(r, alpha) for r in points for H_i in H]).real

    def lifted_direction(self, r: Array, alpha: Array) -> Array:
        """Return the derivative of the cycle in a direction at the point itself, P × n."""
        linear = np.append(self._unfolded @ r, alpha)
        return np.array([H_i[:, 1 : 1 + linear.size] @ linear for H_i in self.manifold.H]).real


def derivative(function: Callable[[Array], Array], u: Array, scale: float) -> Array:
    """Jacobian of a function by central differences of that scale."""
    h = 1e-4 * scale
    sides = [(function(u + h * e) - function(u - h * e)) / (2 * h) for e in np.eye(u.size)]
    return np.array(sides).T


def newton(function: Callable[[Array], Array], guess: Array) -> Array | None:
    """Solve a small smooth system with a guess that is right to leading order; None if it fails.

    The unknowns are to be of order one, so that steps and differences are.
    """
    u = guess.copy()
    for _ in range(20):
        try:
            change = np.linalg.lstsq(derivative(function, u, 1.0), -function(u), rcond=None)[0]
        except np.linalg.LinAlgError:
            return None
        u = u + change
        if not np.linalg.norm(u - guess) < FAR * (1 + np.linalg.norm(guess)):
            return None
        if np.linalg.norm(change) < 1e-7 * (1 + np.linalg.norm(u)):
            return u
    return None
