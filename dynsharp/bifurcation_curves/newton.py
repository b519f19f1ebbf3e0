"""Newton's method onto a bifurcation curve, with the tangent and critical vectors there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynsharp.bifurcation_curves.defining import KAPPA, Borders, Equation, borders_at, equation
from dynsharp.bifurcation_curves.point import Chart, CurvePoint
from dynsharp.bifurcation_curves.surface import Plane
from dynsharp.types import Array

ENOUGH = 1e-14  # length of a Newton step, in units, after which nothing is left to correct
CLOSE = 1e-11  # after a last step of at most this length its linearisation is used for the tangent
STAGNANT = 1e-8  # a Newton step of at most this length that no longer shrinks is rounding


@dataclass(frozen=True)
class Failure:
    """Why Newton's method failed: the map is "not finite" there, or it "diverges"."""

    reason: str


@dataclass(frozen=True)
class _System:
    """The equations on the tangent plane at a point, in units.

    The step ``newton`` removes the defect; ``basis`` spans the plane (and κ), ``gradient`` is that
    of S along it, and ``left`` what S is after that step.
    """

    plane: Plane
    equation: Equation
    newton: Array
    basis: Array
    gradient: Array
    left: Array


def between(a: CurvePoint, b: CurvePoint, t: float) -> CurvePoint | None:
    """Return the point of the curve above the chord from a to b at the fraction t."""
    chord = b.coordinates - a.coordinates
    y, kappa = (1 - t) * a.y + t * b.y, (1 - t) * a.kappa + t * b.kappa
    normal = chord / np.linalg.norm(chord)
    found = corrected(a.chart, y, kappa, near=a if t < 0.5 else b, normal=normal)
    return None if isinstance(found, Failure) else found[0]


def corrected(
    chart: Chart,
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
    chart, y, kappa
        The kind of the curve on its surface, and where to start.
    near
        A point nearby, which gives borders and the direction of the tangent.
    normal
        The point is sought in the plane through y perpendicular to this (in units); nearest to y
        if left out.
    limit
        Greatest number of steps.
    """
    with np.errstate(all="ignore"):
        return _corrected(chart, y, kappa, near, normal, limit)


def _corrected(
    chart: Chart,
    y: Array,
    kappa: float,
    near: CurvePoint | None,
    normal: Array | None,
    limit: int,
) -> tuple[CurvePoint, int] | Failure:
    surface = chart.surface
    borders, chosen = near.borders if near is not None else None, None
    before = np.inf
    for step in range(limit):
        plane = surface.plane(y)
        if plane is None:
            return Failure("not finite")
        if borders is None:
            borders = borders_at(chart.kind, plane.A, kappa)
        eq = equation(plane, kappa, borders)
        if eq is None:
            return Failure("diverges")
        system = _system(chart, y, plane, eq)
        if chosen is None:  # independent ones of the entries of S
            one = system.left.size == 1
            chosen = np.eye(1) if one else np.linalg.svd(system.gradient)[0][:, :2].T
        matrix, right = chosen @ system.gradient, -chosen @ system.left
        if normal is not None:
            matrix = np.vstack([matrix, normal @ system.basis])
            right = np.append(right, -normal @ system.newton)
        if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
            return Failure("not finite")
        move = system.newton + system.basis @ _solved(matrix, right)
        size = float(np.linalg.norm(move))
        if not size < 1e3:
            return Failure("diverges")
        head, change = chart.split(move)
        y, kappa = surface.moved(y, plane, head), kappa + change
        ratio = size / before
        # For longer cycles S is expanded in the head alone: convergence is slower than quadratic.
        following = size * ratio**2 if surface.period == 1 and step > 0 else size
        enough = following <= ENOUGH
        if enough or (size <= STAGNANT and step > 0 and ratio > 0.3):
            last = system if size <= CLOSE else None
            point = _settled(chart, y, kappa, borders, near, last)
            return (point, step + 1) if point is not None else Failure("not finite")
        if ratio > 2.0 and step > 1:
            return Failure("diverges")
        before = size
    return Failure("diverges")


def _system(chart: Chart, y: Array, plane: Plane, eq: Equation) -> _System:
    count, size = plane.basis.shape[1], len(chart.surface.units)
    heads = np.column_stack([plane.basis, plane.newton]).T
    along = eq.derivatives(chart.surface, y, heads)
    basis = np.zeros((len(chart.units), count + chart.with_kappa))
    basis[:size, :count] = plane.basis / chart.surface.units[:, None]
    newton = np.zeros(len(chart.units))
    newton[:size] = plane.newton / chart.surface.units
    gradient = along[:count].T
    if chart.with_kappa:
        basis[-1, -1] = 1.0
        gradient = np.column_stack([gradient, KAPPA * eq.by_kappa])
    return _System(plane, eq, newton, basis, gradient, eq.S.ravel() + along[count])


def _settled(
    chart: Chart,
    y: Array,
    kappa: float,
    borders: Borders,
    near: CurvePoint | None,
    last: _System | None,
) -> CurvePoint | None:
    """Tangent and critical vectors at a solution; the last linearisation may be close enough."""
    if last is None:
        fresh = chart.surface.plane(y)
        eq = equation(fresh, kappa, borders) if fresh is not None else None
        if fresh is None or eq is None:
            return None
        last = _system(chart, y, fresh, eq)
    gradient = last.gradient
    if not np.isfinite(gradient).all():
        return None
    if len(gradient) == 1:
        null = np.array([-gradient[0, 1], gradient[0, 0]])
    else:
        null = np.linalg.svd(gradient)[2][2]
    tangent = last.basis @ null
    tangent = tangent / np.linalg.norm(tangent)
    if near is not None and near.tangent @ tangent < 0:
        tangent = -tangent
    right, left = (_orthonormal(vectors) for vectors in (last.equation.V, last.equation.W))
    return CurvePoint(chart, y, kappa, tangent, last.plane, right, left)


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
