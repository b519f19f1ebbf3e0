"""Branch point: two branches cross. Newton on the extended system, and the tangents of both.

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

from dynsharp.bifurcations.crossings import between
from dynsharp.bifurcations.kind import EPS, LOCATED, Counted, Leaving, Marker, Place
from dynsharp.normal_forms.branch_point import branch_form
from dynsharp.normal_forms.codim1 import NormalForm
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

STEPS = 12
PERFECT = 1e-8  # unfolding, in units of the state, below which two branches cross
LARGEST = 1e8  # entry of a matrix beyond which rounding hides what is zero
LOST = 1e-6  # a least singular value, that is zero
CLOSER = 8  # times that the bracket is halved for a better guess
IMPERFECT = "an imperfect branch point: two branches pass each other at a distance"
SEVERAL = "no two branches cross simply here: more of them meet, as symmetries make it"
MULTIPLE = 1e-6  # relative size of the second singular value at which more branches meet


@dataclass(frozen=True)
class Solution:
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


def branch_point(curve: Curve, y: Array) -> Solution | None:
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
        forms = Forms(curve, curve.through(z))
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
    full = curve.through(z)
    return Solution(full, _tangents(curve, full, D), abs(beta), error)


def linearised(curve: Curve, z: Array) -> tuple[Array, Array]:
    """Return [A − I, G_p] and G − x_0 for the P-fold map."""
    n = curve.dimension
    with np.errstate(all="ignore"):
        here = curve.linearised(curve.through(z))
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


class BranchPoint(Counted):
    """[A − I, G_p] loses rank: the orientation of the bordered system changes."""

    name = "branch"
    alone = (
        "a branch point, which a second parameter breaks up into folds unless a symmetry of the "
        "map keeps it"
    )
    condition = "two branches cross: [A − I, G_p] loses rank"
    marker = Marker("D", "orange", "branch point")
    leaves = Leaving(1, "other branches of cycles of the same period")
    order = 2
    size = 0
    explains = ("fold",)  # on a branch that goes through, a multiplier goes through 1
    unseen = 1  # one that touches 1, where three branches meet, is enough

    def count(self, MU: Array, SIGN: Array) -> Array:
        """Return whether the orientation is positive."""
        return np.asarray(SIGN > 0, dtype=int)

    def locate(self, curve: Curve, a: Point, b: Point) -> Place | None:
        """Newton's method on the extended system, from ever closer by."""
        for _ in range(CLOSER):
            middle = between(curve, a, b, 0.5)
            guess = middle.y if middle is not None else 0.5 * (a.y + b.y)
            place = self.located_from(curve, a, b, guess)
            if place is not None or middle is None:
                return place
            a, b = (a, middle) if a.sign * middle.sign < 0 else (middle, b)
        return None

    def at_end(self, curve: Curve, end: Point, beside: Point) -> Place | None:
        """Newton's method from where [A − I, G_p] nearly loses rank."""
        near = np.abs(end.mu - 1).min() < LOST ** (1 / end.mu.size) * (1 + np.abs(end.mu).max())
        found = branch_point(curve, end.y) if near and self.holds(curve, end.y) else None
        if found is None or curve.length(found.y - end.y) > curve.length(beside.y - end.y):
            return None
        place = _place(curve, end, beside, found)
        return place if place.status == LOCATED else None

    def located_from(self, curve: Curve, a: Point, b: Point, guess: Array) -> Place | None:
        """Return the branch point on the piece from a to b that Newton's method leads to."""
        found = branch_point(curve, guess)
        inside = found is not None and _inside(curve, a, b, found.y)
        return _place(curve, a, b, found) if found is not None and inside else None

    def beyond(self, MU: Array) -> Array:
        """Return the distances of the multipliers from 1."""
        return MU - 1

    def holds(self, curve: Curve, y: Array) -> bool:
        """Whether [A − I, G_p] loses rank."""
        D, _ = _scaled(curve, np.append(y[: curve.dimension], y[-1]))
        if not (np.abs(D) < LARGEST).all():
            return False
        return bool(np.linalg.svd(D, compute_uv=False)[-1] < LOST)

    def form(self, curve: Curve, place: Place) -> NormalForm | None:
        """Return the normal form where two branches cross."""
        along, other = place.tangents
        return branch_form(curve, place.point.y, other, along)


def _place(curve: Curve, a: Point, b: Point, found: Solution) -> Place:
    y, status, tangents = found.y, LOCATED, found.tangents
    if found.beta > PERFECT:
        status = f"{IMPERFECT}, {found.beta:.1e} of unfolding apart"
    elif len(tangents) == 2:
        tangents = _sorted_tangents(curve, tangents, b.y - a.y)
    else:
        status = SEVERAL
    error = (found.error + 16 * EPS) * max(curve.span[1] - curve.span[0], abs(float(y[-1])))
    return Place(Point(y, b.y - a.y, curve.multipliers(y, a.mu), a.sign), error, status, tangents)


def _inside(curve: Curve, a: Point, b: Point, y: Array) -> bool:
    """Whether a point lies above the chord from a to b, and not far from it."""
    chord = b.y - a.y
    length = curve.length(chord)
    t = curve.inner(y - a.y, chord) / length**2
    return -0.01 <= t <= 1.01 and curve.length(y - a.y - t * chord) <= length


def _sorted_tangents(curve: Curve, tangents: tuple[Array, ...], chord: Array) -> tuple[Array, ...]:
    """Return the tangent of the branch that was followed, then the other."""
    units = curve.units
    head = np.append(chord[: curve.dimension], chord[-1]) / units
    return tuple(sorted(tangents, key=lambda t: -abs(head @ (t / units))))


KIND = BranchPoint()
