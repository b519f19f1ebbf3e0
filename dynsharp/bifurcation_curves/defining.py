r"""The equation that makes a cycle a bifurcation, with its exact derivatives.

A matrix K = Σ c_k Aᵏ, A = DG, is singular at the bifurcation; bordered by C and D it is regular
there, and

    [K, C; Dᵀ, 0] [V; S] = [0; I],        [Wᵀ, S] [K, C; Dᵀ, 0] = [0, I]

give an S that vanishes where K is singular, with dS = −Wᵀ dK V. The coefficients c_k and the number
of borders are those of the kind: one border for a multiplier, as K = A − I for a fold. Two, for a
pair, leave two independent combinations of the four entries of S; the c_k are then affine functions
of a further unknown κ, as K = A² − κA + I with κ = 2 cos θ for a Neimark–Sacker point. That system
is regular at the 1:1 and 1:2 resonances too, and goes on to neutral saddles, |κ| > 2.

Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000, chapter 4;
Govaerts, Khoshsiar Ghaziani, Kuznetsov, Meijer, SIAM J. Sci. Comput. 29 (2007) 2644.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynsharp.bifurcation_curves.surface import Plane, Surface
from dynsharp.bifurcations.kind import Kind
from dynsharp.types import Array

KAPPA = 4.0  # unit of κ: its range, as the parameters are in units of theirs


@dataclass(frozen=True)
class Borders:
    """Columns close to the left (C) and right (D) null vectors of K, m = 1 or 2 of each."""

    kind: Kind
    left: Array
    right: Array


@dataclass(frozen=True)
class Equation:
    """The defining equation at a point.

    Attributes
    ----------
    S
        Its values (m × m).
    V, W
        Right and left vectors (n × m), null vectors where S = 0.
    """

    kind: Kind
    A: Array
    kappa: float
    S: Array
    V: Array
    W: Array

    def derivatives(self, surface: Surface, y: Array, heads: Array) -> Array:
        """Return dS along each head (rows), flattened: heads × m².

        dK V = Σ_j Aʲ dA V_j with V_j = Σ_{k>j} c_k A^{k−1−j} V.
        """
        c, V = self.kind.polynomial(self.kappa), self.V.T
        vectors = [c[-1] * V]  # V_j in rows, the greatest j first
        for coefficient in c[-2:0:-1]:
            vectors.append(vectors[-1] @ self.A.T + coefficient * V)
        m, stack = len(V), np.concatenate(vectors)
        dA = surface.derivatives(y, heads, stack)  # of all A V_j: heads × · × n
        change = dA[:, :m]
        for j in range(m, len(stack), m):
            change = change @ self.A.T + dA[:, j : j + m]
        return -(change @ self.W).transpose(0, 2, 1).reshape(len(heads), -1)

    @property
    def by_kappa(self) -> Array:
        """∂S/∂κ = −Wᵀ ∂K/∂κ V, flattened."""
        ends = (self.kind.polynomial(kappa) for kappa in (0.0, 1.0))
        powers, total = self.V, np.zeros_like(self.V)
        for zero, one in zip(*ends, strict=True):
            total += (one - zero) * powers
            powers = self.A @ powers
        return np.asarray(-(self.W.T @ total).ravel())


def borders_at(kind: Kind, A: Array, kappa: float) -> Borders:
    """Return borders from the singular vectors of the least singular values."""
    left, _, right = np.linalg.svd(kind.matrix(A, kappa))
    return Borders(kind, left[:, -kind.borders :], right[-kind.borders :].T)


def equation(plane: Plane, kappa: float, borders: Borders) -> Equation | None:
    """Evaluate the defining equation; None where the bordered matrix is singular."""
    n, count = borders.left.shape
    matrix = np.zeros((n + count, n + count))
    matrix[:n, :n] = borders.kind.matrix(plane.A, kappa)
    matrix[:n, n:], matrix[n:, :n] = borders.left, borders.right.T
    try:
        inverse = np.linalg.inv(matrix)  # its last columns and rows are the solutions
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(inverse).all():
        return None
    S, V, W = inverse[n:, n:], inverse[:n, n:], inverse[n:, :n].T
    return Equation(borders.kind, plane.A, kappa, S, V, W)
