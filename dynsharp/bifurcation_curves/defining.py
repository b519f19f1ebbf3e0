r"""The equation that makes a cycle a bifurcation, with its exact derivatives.

A matrix K(A), A = DG, is singular at the bifurcation; bordered by C and D it is regular there, and

    [K, C; Dᵀ, 0] [V; S] = [0; I],        [Wᵀ, S] [K, C; Dᵀ, 0] = [0, I]

give an S that vanishes where K is singular, with dS = −Wᵀ dK V:

- fold: K = A − I, flip: K = A + I, one border;
- Neimark–Sacker: K = A² − κA + I with the unknown κ = 2 cos θ, two borders. Of the four entries of
  S two combinations are independent. The system is regular at the 1:1 and 1:2 resonances too, and
  goes on to neutral saddles, |κ| > 2.

Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000, chapter 4;
Govaerts, Khoshsiar Ghaziani, Kuznetsov, Meijer, SIAM J. Sci. Comput. 29 (2007) 2644.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynsharp.bifurcation_curves.surface import Plane, Surface
from dynsharp.types import Array

__all__ = ["KAPPA", "Borders", "Equation", "angle", "borders_at", "equation"]

KAPPA = 4.0  # unit of κ: its range, as the parameters are in units of theirs


@dataclass(frozen=True)
class Borders:
    """Columns close to the left (C) and right (D) null vectors, m = 1 or 2 of each."""

    kind: str
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

    A: Array
    kappa: float
    S: Array
    V: Array
    W: Array

    def derivatives(self, surface: Surface, y: Array, heads: Array) -> Array:
        """Return dS along each head (rows), flattened: heads × m²."""
        V = self.V.T
        if len(V) == 1:
            change = surface.derivatives(y, heads, V)  # dA v
        else:
            AV = (self.A @ self.V).T
            dA = surface.derivatives(y, heads, np.vstack([V, AV]))
            change = dA[:, 2:] + dA[:, :2] @ self.A.T - self.kappa * dA[:, :2]
        return -np.einsum("ni,kjn->kij", self.W, change).reshape(len(heads), -1)

    @property
    def by_kappa(self) -> Array:
        """∂S/∂κ = WᵀAV, flattened."""
        return np.asarray((self.W.T @ self.A @ self.V).ravel())


def _matrix(kind: str, A: Array, kappa: float) -> Array:
    identity = np.eye(len(A))
    if kind == "fold":
        return A - identity
    if kind == "flip":
        return A + identity
    return A @ A - kappa * A + identity


def borders_at(kind: str, A: Array, kappa: float) -> Borders:
    """Return borders from the singular vectors of the least singular values."""
    count = 2 if kind == "neimark-sacker" else 1
    left, _, right = np.linalg.svd(_matrix(kind, A, kappa))
    return Borders(kind, left[:, -count:], right[-count:].T)


def equation(plane: Plane, kappa: float, borders: Borders) -> Equation | None:
    """Evaluate the defining equation; None where the bordered matrix is singular."""
    n, count = borders.left.shape
    matrix = np.zeros((n + count, n + count))
    matrix[:n, :n] = _matrix(borders.kind, plane.A, kappa)
    matrix[:n, n:], matrix[n:, :n] = borders.left, borders.right.T
    try:
        inverse = np.linalg.inv(matrix)  # its last columns and rows are the solutions
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(inverse).all():
        return None
    return Equation(plane.A, kappa, inverse[n:, n:], inverse[:n, n:], inverse[n:, :n].T)


def angle(kappa: float) -> float:
    """θ of a pair e^{±iθ} with κ = 2 cos θ."""
    return float(np.arccos(np.clip(kappa / 2, -1.0, 1.0)))
