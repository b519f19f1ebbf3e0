"""Points of a family of fixed points, where I − DF is singular on all of it.

At a fixed parameter the fixed points form a manifold with tangent space N = ker(A − I) of dimension
c. A step goes along a tangent τ and is corrected across the family,

    [A − I, U; Vᵀ, 0] [δ; ·] = [x − F(x); 0],

with U and V bases of the left and right kernel: the matrix is regular where the other multipliers
are not 1. For c = 1 the family is a curve. For c > 1 the way is that of steepest change of the
leading multiplier across the family, of derivative p·D²F(n_j, q) along n_j.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import matrix_balance

from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

PROBE = 0.02  # distance, in units of the scale, at which a family still has members
CLOSED = 1e-9  # residual of a member, likewise
SMALL = 1e-7  # a singular value of A − I below this is zero
FLAT = 1e-8  # change of the leading multiplier along the family that is none
DIFFERENCE = 1e-5  # of the state in units of the scale: error about its square
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Member:
    """A point of the family; tangents are in units of the scale."""

    y: Array
    basis: Array
    left: Array
    direction: Array
    mu: Array


def family_at(curve: Curve, y: Array) -> Member | None:
    """Return the member of a family at a cycle; None where it is isolated (or a fold).

    It is one of a family if there are solutions at a finite distance along every critical
    direction, with as many of these.
    """
    left, basis = kernels(curve, y)
    dimension = basis.shape[1]
    if not dimension:
        return None
    for tangent in basis.T:
        moved = corrected(curve, shifted(curve, y, PROBE * tangent), left, basis)
        if moved is None or kernels(curve, moved)[1].shape[1] != dimension:
            return None
        travelled = float(tangent @ distance(curve, y, moved))
        if not 0.5 * PROBE < travelled < 1.5 * PROBE or curve.residual(moved) > CLOSED:
            return None
    return member_at(curve, y, None)


def shifted(curve: Curve, y: Array, move: Array) -> Array:
    """Move x_0, in units of the scale, and follow its orbit over a period."""
    return curve.through(np.append(y[: curve.dimension] + move * curve.scale, y[-1]))


def distance(curve: Curve, a: Array, b: Array) -> Array:
    """Return b − a at the first point of the cycle, in units of the scale."""
    n = curve.dimension
    return (b[:n] - a[:n]) / curve.scale


def _matrix(curve: Curve, y: Array) -> Array:
    """DG in units of the scale."""
    return curve.linearised(y).product * curve.scale / curve.scale[:, None]


def kernels(curve: Curve, y: Array) -> tuple[Array, Array]:
    """Return bases of the left and right kernel of A − I, from the balanced matrix."""
    A = _matrix(curve, y)
    empty = np.empty((curve.dimension, 0))
    if not np.isfinite(A).all():
        return empty, empty
    balanced, (factors, _) = matrix_balance(A, permute=False, separate=True)
    left, values, right = np.linalg.svd(balanced - np.eye(curve.dimension))
    zero = values <= max(SMALL, 100 * EPS * values[0])
    bases = left[:, zero] / factors[:, None], right[zero].T * factors[:, None]
    left, right = (np.linalg.qr(b)[0] if b.size else empty for b in bases)
    return left, right


def corrected(curve: Curve, y: Array, left: Array, basis: Array) -> Array | None:
    """Return the member of the family across a basis of its tangents through y; None if none."""
    n, c = basis.shape
    before = np.inf
    for _ in range(20):
        here = curve.linearised(y)  # along an orbit: only the last point does not return
        A = here.product * curve.scale / curve.scale[:, None]
        defect = here.R[-1] / curve.scale
        if not (np.isfinite(A).all() and np.isfinite(defect).all()):
            return None
        system = np.block([[A - np.eye(n), left], [basis.T, np.zeros((c, c))]])
        try:
            delta = np.linalg.solve(system, np.append(-defect, np.zeros(c)))[:n]
        except np.linalg.LinAlgError:
            return None
        y, size = shifted(curve, y, delta), float(np.linalg.norm(delta))
        if size <= 4 * EPS or (size <= 1e-9 and size > 0.3 * before):
            return y
        if size > 1e3:
            return None
        before = size
    return None


def member_at(curve: Curve, y: Array, before: Member | None) -> Member | None:
    """Return the family's tangents, direction and transverse multipliers at a point."""
    left, basis = kernels(curve, y)
    c = basis.shape[1]
    if c == 0 or (before is not None and c != before.basis.shape[1]):
        return None
    A = _matrix(curve, y)
    across = np.linalg.qr(basis, mode="complete")[0][:, c:]
    mu = np.linalg.eigvals(across.T @ A @ across).astype(complex)
    if before is not None:
        mu = _matched(mu, before.mu)
    direction = basis[:, 0]
    if c > 1 and mu.size:
        gradient = _gradient(curve, y, A, basis, complex(mu[np.argmax(np.abs(mu))]))
        if np.linalg.norm(gradient) > FLAT:
            direction = basis @ gradient / np.linalg.norm(gradient)
        elif before is not None:
            direction = basis @ (basis.T @ before.direction)
    elif before is not None and direction @ before.direction < 0:
        direction = -direction
    if before is not None and c > 1 and direction @ before.direction < 0:
        direction = -direction
    return Member(y, basis, left, direction, mu)


def neighbour(curve: Curve, member: Member, move: Array) -> Member | None:
    """Return the member next to another one, a move along its tangents away; None if none."""
    y = corrected(curve, shifted(curve, member.y, move), member.left, member.basis)
    return None if y is None else member_at(curve, y, member)


def _gradient(curve: Curve, y: Array, A: Array, basis: Array, mu: complex) -> Array:
    """Return the derivative of |μ| along each tangent: p·D²G(q, n_j) = p·(∂DG/∂q) n_j.

    By central differences of DG along q: it only chooses the way, and costs the same for any number
    of tangents.
    """
    q, p = critical_pair(A, mu)

    def along(v: Array) -> Array:
        if not v.any():
            return np.zeros_like(A)
        h = DIFFERENCE / float(np.linalg.norm(v))
        after, before = (_matrix(curve, shifted(curve, y, side * h * v)) for side in (1, -1))
        return (after - before) / (2 * h)

    changes = p @ (along(q.real) + 1j * along(q.imag)) @ basis
    return np.asarray((np.conj(mu) * changes).real / max(abs(mu), 1e-300))


def _matched(mu: Array, before: Array) -> Array:
    left = list(mu)
    return np.array([left.pop(int(np.argmin(np.abs(np.array(left) - m)))) for m in before])


def coordinates(basis: Array, names: list[str]) -> Iterator[str]:
    """State variables over which the family is a graph."""
    rows = basis.copy()
    for _ in range(basis.shape[1]):
        i = int(np.argmax(np.linalg.norm(rows, axis=1)))
        yield names[i]
        pivot = rows[i] / np.linalg.norm(rows[i])
        rows = rows - np.outer(rows @ pivot, pivot)
