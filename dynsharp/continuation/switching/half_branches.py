r"""All branches through a point, of any corank: the algebraic branching equations on a sphere.

At a solution of G(x; p) = x at which D = [A − I, G_p] has rank n − m, the solutions nearby are
z₀ + N a + U(a) with a basis N of the null space, of dimension m + 1, and the m equations

    W·[½ D²G(Na, Na) + ⅙ D³G(Na, Na, Na) + D²G(Na, U₂(a))] + ... = 0,   U₂ = −½ D⁺ D²G(Na, Na),

W the left null space (Lyapunov–Schmidt reduction; Keller 1977 for m = 1; Allgower, Georg,
*Numerical Continuation Methods*, 1990, chapter 8). Every half-branch cuts the sphere |a| = ε in one
point: Newton's method from many starts on the sphere finds them all, whether the quadratic terms
decide or, as symmetries make it, the cubic ones. They are then corrected on the map itself. The
directions of the half-branches are extrapolated from two spheres to ε = 0, where two opposite ones
are one branch that passes through.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from dynsharp.bifurcations.branch_point import linearised
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

SINGULAR = 1e-5  # a singular value of D, relative to the largest, below which it is zero
RADII = (2e-2, 5e-3, 1.25e-3, 3e-4)  # of the spheres, in units of the curve
UNSTABLE = 1e8  # multiplier beyond which nothing is said
LARGEST = 4  # corank up to which all half-branches are looked for
ROUNDS = 80
OPPOSITE = 0.98  # cosine above which two half-branches make up one branch


@dataclass(frozen=True)
class HalfBranch:
    """A half-branch: a point of it, with the tangent away from where it begins; its direction."""

    start: Point
    direction: Array


@dataclass(frozen=True)
class Branching:
    """Half-branches, in pairs that make up one branch or alone.

    ``status`` is "complete" or the sentence that says what may be missing.
    """

    pairs: tuple[tuple[HalfBranch, ...], ...]
    status: str = "complete"


def branching(curve: Curve, y: Array) -> Branching:
    """Return all half-branches that begin at a point, that of the branch itself among them."""
    equations = _reduced(curve, y)
    if equations is None:
        text = (
            "the derivatives of the map are not finite at the branch point, or other multipliers "
            f"are beyond {UNSTABLE:g}: next to them rounding hides which ones are critical"
        )
        return Branching((), text)
    m = equations.quadratic.shape[0]
    if m > LARGEST:
        text = f"{m} multipliers are critical together: branches are sought for up to {LARGEST}"
        return Branching((), text)
    status, (low, high) = "complete", curve.span
    ranked: list[tuple[bool, int, tuple[tuple[HalfBranch, ...], ...]]] = []
    for radius in RADII:
        wide, crowded = _at_distance(curve, y, equations, radius)
        narrow, _ = _at_distance(curve, y, equations, radius / 4)
        if crowded:
            status = (
                "the half-branches are not isolated: a continuous symmetry carries them into each "
                "other, or the branching equations are degenerate to third order"
            )
        matched = [(a, b) for a in wide if (b := _alike(a, narrow)) is not None]
        halves = [HalfBranch(a.start, _extrapolated(a.direction, b.direction)) for a, b in matched]
        pairs = _paired(halves)
        agree = len(halves) == len(wide) == len(narrow)
        near = all(low <= half.start.value <= high for half in halves)
        if agree and near and all(len(pair) == 2 for pair in pairs):
            return Branching(pairs, status)
        ranked.append((agree and near, len(halves), pairs))
    agree, _, pairs = max(ranked, key=lambda item: item[:2])
    if status == "complete" and not agree:
        status = (
            "the number of half-branches depends on the distance from the branch point: terms of "
            "higher order count; some may be missing"
        )
    return Branching(pairs, status)


# ---- the reduced equations ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Equations:
    """½ q(a, a) + c(a, a, a) = 0: symmetric coefficients m × k × k and m × k × k × k, k = m + 1.

    A point is z₀ + N a + u(a, a); ``basis`` is n+1 × k, ``bend`` n+1 × k × k, both in (x_0, p).
    """

    quadratic: Array
    cubic: Array
    basis: Array
    bend: Array


def _reduced(curve: Curve, y: Array) -> _Equations | None:
    n, units, scale = curve.dimension, curve.units, curve.scale
    D, _ = linearised(curve, np.append(y[:n], y[-1]))
    if not (np.abs(D) < np.inf).all():
        return None
    left, singular, right = np.linalg.svd(D * units / scale[:, None])
    if singular[0] > UNSTABLE:
        return None
    zero = singular <= SINGULAR * max(1.0, singular[0])
    if not zero.any():
        zero[-1] = True
    W, N = left[:, zero], np.vstack([right[:n][zero], right[n:]]).T
    # orthonormal as directions of the whole cycle
    whole = np.array([curve.carried(y, e * units) for e in N.T]) * np.sqrt(curve.weights)
    N = N @ np.linalg.inv(np.linalg.cholesky(whole @ whole.T)).T
    regular = ~zero
    inverse = right[:n][regular].T / singular[regular] @ left[:, regular].T
    forms, k = Forms(curve, y), N.shape[1]
    vectors = [e * units for e in N.T]
    second = np.array([[forms.second(u, v) / scale for v in vectors] for u in vectors])
    bend = -0.5 * np.einsum("ij,abj->iab", inverse, second)
    cubic = np.empty((W.shape[1], k, k, k))
    for a, b, c in np.ndindex(k, k, k):
        third = forms.third(vectors[a], vectors[b], vectors[c]) / 6
        mixed = forms.second(vectors[a], bend[:, b, c] * units)
        cubic[:, a, b, c] = W.T @ ((third + mixed) / scale)
    orders = [(0, *(1 + i for i in order)) for order in permutations(range(3))]
    cubic = np.mean([cubic.transpose(order) for order in orders], axis=0)
    quadratic = np.einsum("jm,abj->mab", W, second)
    parts = (quadratic, cubic, bend)
    if not all(np.isfinite(p).all() for p in parts):
        return None
    quadratic = 0.5 * (quadratic + quadratic.transpose(0, 2, 1))
    return _Equations(quadratic, cubic, N * units[:, None], bend * units[:, None, None])


def _directions(equations: _Equations, radius: float) -> tuple[Array, bool]:
    """Return unit vectors u with a root at a = radius u, and whether some are not isolated.

    Newton's method on the sphere from many starts at once.
    """
    q, c = equations.quadratic, radius * equations.cubic
    k = q.shape[1]
    size = np.sqrt((q**2).sum(axis=(1, 2)) + (c**2).sum(axis=(1, 2, 3)))
    size = np.where(size > 0, size, 1.0)
    q, c = q / size[:, None, None], c / size[:, None, None, None]

    def matrix(U: Array) -> tuple[Array, Array]:
        linear = np.einsum("mab,sb->sma", q, U)
        square = np.einsum("mabc,sb,sc->sma", c, U, U)
        residual = 0.5 * np.einsum("sma,sa->sm", linear, U) + np.einsum("sma,sa->sm", square, U)
        sphere = 0.5 * ((U**2).sum(axis=1, keepdims=True) - 1)
        rows = np.concatenate([linear + 3 * square, U[:, None, :]], axis=1)
        return rows, np.concatenate([residual, sphere], axis=1)

    U = _sphere(k)
    moving = np.arange(len(U))
    for _ in range(ROUNDS):
        rows, residual = matrix(U[moving])
        step = -_solved(rows, residual)
        length = np.linalg.norm(step, axis=1, keepdims=True)
        new = U[moving] + step * np.minimum(1.0, 0.3 / np.maximum(length, 1e-300))
        U[moving] = new / np.linalg.norm(new, axis=1, keepdims=True)
        moving = moving[length[:, 0] > 1e-14]
        if not moving.size:
            break
    rows, residual = matrix(U)
    least = np.linalg.svd(rows, compute_uv=False)[:, -1]
    solved = np.abs(residual).max(axis=1) < 1e-13
    isolated = least > 1e-6 * radius
    unique: list[Array] = []
    for u in U[solved & isolated]:
        if all(np.linalg.norm(u - v) > 1e-4 for v in unique):
            unique.append(u)
    return np.array(unique).reshape(-1, k), bool((solved & ~isolated).sum() > len(U) // 20)


def _solved(rows: Array, residual: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(rows, residual[..., None])[..., 0])
    except np.linalg.LinAlgError:  # one of them is singular
        return np.asarray(np.einsum("sij,sj->si", np.linalg.pinv(rows, rcond=1e-13), residual))


def _sphere(k: int) -> Array:
    """Return starts all over the unit sphere in k dimensions."""
    if k == 2:
        angle = 2 * np.pi * (np.arange(96) + 0.5) / 96
        return np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.random.default_rng(0).standard_normal((300 * 2 ** (k - 2), k))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def _at_distance(
    curve: Curve, y: Array, equations: _Equations, radius: float
) -> tuple[list[HalfBranch], bool]:
    """Half-branches at a distance, corrected on the map; whether they are not isolated."""
    directions, crowded = _directions(equations, radius)
    found: list[HalfBranch] = []
    n = curve.dimension
    base = np.append(y[:n], y[-1])
    for u in directions:
        bent = np.einsum("iab,a,b->i", equations.bend, u, u)
        head = base + radius * (equations.basis @ u) + radius**2 * bent
        along = curve.carried(y, equations.basis @ u)
        guess = curve.through(head)
        if not np.isfinite(guess).all():
            continue
        moved = curve.corrected(guess, along)
        if moved is None or curve.length(moved - y - radius * along) > 0.3 * radius:
            continue
        point = curve.point(moved, along)
        if point is not None and curve.inner(point.tangent, along) > 0.3:
            found.append(HalfBranch(point, u))
    return found, crowded


def _alike(half: HalfBranch, others: list[HalfBranch]) -> HalfBranch | None:
    best = max(others, key=lambda o: float(o.direction @ half.direction), default=None)
    return best if best is not None and best.direction @ half.direction > 0.9 else None


def _extrapolated(wide: Array, narrow: Array) -> Array:
    """Direction at distance zero from those at two distances, one a quarter of the other."""
    limit = narrow + (narrow - wide) / 3
    return np.asarray(limit / np.linalg.norm(limit))


def _paired(halves: list[HalfBranch]) -> tuple[tuple[HalfBranch, ...], ...]:
    """Put opposite half-branches together."""
    left = list(halves)
    pairs: list[tuple[HalfBranch, ...]] = []
    while left:
        half = left.pop(0)
        across = [float(-half.direction @ other.direction) for other in left]
        if across and max(across) > OPPOSITE:
            pairs.append((half, left.pop(int(np.argmax(across)))))
        else:
            pairs.append((half,))
    return tuple(pairs)
