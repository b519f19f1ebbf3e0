"""A point of a bifurcation curve: Newton's method onto the curve, tangent, multipliers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from dynsharp.bifurcation_curves.defining import (
    KAPPA,
    Borders,
    Equation,
    angle,
    borders_at,
    equation,
)
from dynsharp.bifurcation_curves.surface import Plane, Surface
from dynsharp.normal_forms.along_curves import Value
from dynsharp.shooting.forms import Forms
from dynsharp.types import Array

__all__ = ["CurvePoint", "Failure", "corrected"]

ENOUGH = 1e-14  # length of a Newton step, in units, after which nothing is left to correct
CLOSE = 1e-11  # after a last step of at most this length its linearisation is used for the tangent
STAGNANT = 1e-8  # a Newton step of at most this length that no longer shrinks is rounding


@dataclass(frozen=True)
class CurvePoint:
    """A point of a curve of folds, flips or Neimark–Sacker points.

    Attributes
    ----------
    surface, kind
        Where it lies, and the kind of the curve.
    y
        The cycle and the parameters.
    kappa
        2 cos θ on a Neimark–Sacker curve.
    tangent
        Unit tangent (x_0, parameters, κ if there is one), in units.
    plane, right, left
        Linearised equations there; unit right and left critical vectors, which turn continuously
        along the curve (for a pair orthonormal bases).
    known
        Values of test functions and coefficients that were computed here.
    """

    surface: Surface
    kind: str
    y: Array
    kappa: float
    tangent: Array
    plane: Plane
    right: Array
    left: Array
    known: dict[object, Value] = field(default_factory=dict, repr=False)

    @property
    def jacobian(self) -> Array:
        """A = DG."""
        return self.plane.A

    @property
    def units(self) -> Array:
        """Units of the coordinates."""
        return _units(self.surface, self.kind)

    @property
    def coordinates(self) -> Array:
        """(x_0, parameters, κ if there is one), in units."""
        return _coordinates(self.surface, self.kind, self.y, self.kappa)

    @property
    def borders(self) -> Borders:
        """Borders for points nearby."""
        return Borders(self.kind, self.left, self.right)

    @property
    def critical(self) -> Array:
        """The critical multipliers."""
        if self.kind == "neimark-sacker":
            theta = angle(self.kappa)
            return np.exp(np.array([1j, -1j]) * theta)
        return np.array([1.0 + 0j if self.kind == "fold" else -1.0 + 0j])

    @cached_property
    def rest(self) -> Array:
        """The other multipliers, of A on the complement of the left critical vectors.

        A family's own multiplier 1 is left out too.
        """
        left = self.left
        if len(self.surface.parameters) == 1:
            family = np.linalg.svd(self.plane.A - np.eye(len(self.plane.A)))[0][:, -1:]
            left = np.hstack([left, family])
        Q = np.linalg.qr(left, mode="complete")[0][:, left.shape[1] :]
        B = Q.T @ self.plane.A @ Q
        return np.asarray(np.linalg.eigvals(B) if len(B) > 1 else B.diagonal()).astype(complex)

    @property
    def multipliers(self) -> Array:
        """All multipliers, the critical ones first."""
        family = [1.0 + 0j] * (2 - len(self.surface.parameters))
        return np.concatenate([self.critical, family, self.rest])

    def second(self, one: list[Array], two: list[Array]) -> Array:
        """B(u, v) for each u of one list and v of the other, at fixed parameters."""
        fixed = np.zeros((len(one), len(self.surface.parameters)))
        heads = np.column_stack([np.array(one), fixed])
        return self.surface.derivatives(self.y, heads, np.array(two))

    def third(self, u: Array) -> Array:
        """C(u, u, u), at fixed parameters."""
        curve, y = self.surface.at(self.y)[0]
        return 6 * Forms(curve, y).along(np.append(u, 0.0), 3)

    def reversed(self) -> CurvePoint:
        """Return the point with the tangent the other way."""
        return replace(self, tangent=-self.tangent)

    def shifted(self, move: Array) -> tuple[Array, float]:
        """Return y and κ moved along the tangent plane by so much (in units)."""
        head, kappa = _split(self.surface, self.kind, move)
        return self.surface.moved(self.y, self.plane, head, defects=False), self.kappa + kappa


@dataclass(frozen=True)
class Failure:
    """Why Newton's method failed: the map is "not finite" there, or it "diverges"."""

    reason: str


def corrected(
    surface: Surface,
    kind: str,
    y: Array,
    kappa: float = 0.0,
    *,
    near: CurvePoint | None = None,
    normal: Array | None = None,
    limit: int = 12,
) -> tuple[CurvePoint, int] | Failure:
    """Newton's method onto the curve from y, and how many steps it took.

    Parameters
    ----------
    surface, kind, y, kappa
        Where to start, and the kind of the curve.
    near
        A point nearby, which gives borders and the direction of the tangent.
    normal
        The point is sought in the plane through y perpendicular to this (in units); nearest to y
        if left out.
    limit
        Greatest number of steps.
    """
    with np.errstate(all="ignore"):
        return _corrected(surface, kind, y, kappa, near, normal, limit)


def _corrected(
    surface: Surface,
    kind: str,
    y: Array,
    kappa: float,
    near: CurvePoint | None,
    normal: Array | None,
    limit: int,
) -> tuple[CurvePoint, int] | Failure:
    borders, chosen = near.borders if near is not None else None, None
    before = np.inf
    for step in range(limit):
        plane = surface.plane(y)
        if plane is None:
            return Failure("not finite")
        if borders is None:
            borders = borders_at(kind, plane.A, kappa)
        eq = equation(plane, kappa, borders)
        if eq is None:
            return Failure("diverges")
        newton, basis, gradient, S = _system(surface, kind, y, plane, eq)
        if chosen is None:  # independent ones of the entries of S
            chosen = np.eye(1) if S.size == 1 else np.linalg.svd(gradient)[0][:, :2].T
        matrix, right = chosen @ gradient, -chosen @ S
        if normal is not None:
            matrix = np.vstack([matrix, normal @ basis])
            right = np.append(right, -normal @ newton)
        if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
            return Failure("not finite")
        move = newton + basis @ _solved(matrix, right)
        size = float(np.linalg.norm(move))
        if not size < 1e3:
            return Failure("diverges")
        head, change = _split(surface, kind, move)
        y, kappa = surface.moved(y, plane, head), kappa + change
        ratio = size / before
        # For longer cycles S is expanded in the head alone: convergence is slower than quadratic.
        following = size * ratio**2 if surface.period == 1 and step > 0 else size
        enough = following <= ENOUGH
        if enough or (size <= STAGNANT and step > 0 and ratio > 0.3):
            last = (plane, eq, basis, gradient) if size <= CLOSE else None
            point = _settled(surface, kind, y, kappa, borders, near, last)
            return (point, step + 1) if point is not None else Failure("not finite")
        if ratio > 2.0 and step > 1:
            return Failure("diverges")
        before = size
    return Failure("diverges")


def _system(
    surface: Surface, kind: str, y: Array, plane: Plane, eq: Equation
) -> tuple[Array, Array, Array, Array]:
    """Return what is left on the tangent plane, in units.

    That are the step that removes the defect, a basis of plane (and κ), the gradient of S along
    it, and S after that step.
    """
    units = _units(surface, kind)
    extra = len(units) - len(surface.units)
    heads = np.column_stack([plane.basis, plane.newton]).T
    along = eq.derivatives(surface, y, heads)
    count = len(heads) - 1
    basis = np.zeros((len(units), count + extra))
    basis[: len(surface.units), :count] = plane.basis / surface.units[:, None]
    gradient = along[:count].T
    if extra:
        basis[-1, -1] = 1.0
        gradient = np.column_stack([gradient, KAPPA * eq.by_kappa])
    newton = np.append(plane.newton, np.zeros(extra)) / units
    return newton, basis, gradient, eq.S.ravel() + along[count]


def _settled(
    surface: Surface,
    kind: str,
    y: Array,
    kappa: float,
    borders: Borders,
    near: CurvePoint | None,
    last: tuple[Plane, Equation, Array, Array] | None,
) -> CurvePoint | None:
    """Tangent and critical vectors at a solution; the last linearisation may be close enough."""
    if last is None:
        fresh = surface.plane(y)
        eq = equation(fresh, kappa, borders) if fresh is not None else None
        if fresh is None or eq is None:
            return None
        _, basis, gradient, _ = _system(surface, kind, y, fresh, eq)
        last = fresh, eq, basis, gradient
    plane, eq, basis, gradient = last
    if not np.isfinite(gradient).all():
        return None
    if len(gradient) == 1:
        null = np.array([-gradient[0, 1], gradient[0, 0]])
    else:
        null = np.linalg.svd(gradient)[2][2]
    tangent = basis @ null
    tangent = tangent / np.linalg.norm(tangent)
    if near is not None and near.tangent @ tangent < 0:
        tangent = -tangent
    right, left = (_orthonormal(vectors) for vectors in (eq.V, eq.W))
    return CurvePoint(surface, kind, y, kappa, tangent, plane, right, left)


def _solved(matrix: Array, right: Array) -> Array:
    """Return the solution of a square system, the least one of an underdetermined one."""
    if matrix.shape[0] < matrix.shape[1]:
        return np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0])
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        return np.full(right.shape, np.nan)


def _orthonormal(vectors: Array) -> Array:
    """Orthonormal columns of the same span, close to the columns given."""
    if vectors.shape[1] == 1:
        return vectors / np.linalg.norm(vectors)
    left, _, right = np.linalg.svd(vectors, full_matrices=False)
    return np.asarray(left @ right)


def _units(surface: Surface, kind: str) -> Array:
    return np.append(surface.units, KAPPA) if kind == "neimark-sacker" else surface.units


def _coordinates(surface: Surface, kind: str, y: Array, kappa: float) -> Array:
    head = surface.head(y)
    return (np.append(head, kappa) if kind == "neimark-sacker" else head) / _units(surface, kind)


def _split(surface: Surface, kind: str, move: Array) -> tuple[Array, float]:
    count = len(surface.units)
    change = KAPPA * float(move[count]) if kind == "neimark-sacker" else 0.0
    return move[:count] * surface.units, change
