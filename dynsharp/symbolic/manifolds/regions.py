"""Regions bounded by invariant manifolds that no orbit leaves.

If m∘F = c·m and c ≥ 0, a step does not change the sign of m. A region {sᵢ mᵢ ≥ 0 for all i} is
therefore forward invariant if every cofactor is non-negative on it. For polygons and polytopes the
combinatorics (which manifolds meet in which corner) is read off at one parameter value and then
proved for symbolic parameters, under the condition that is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Protocol

import numpy as np
import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.expressions import tidy
from dynsharp.map import DiscreteMap
from dynsharp.results import Result

_MANY = 12  # hyperplanes: their cells are counted by the power of the dimension


class Manifold(Protocol):
    """What a bounding manifold has to have: m∘F = c·m."""

    @property
    def equation(self) -> sp.Expr:
        """The polynomial m."""

    @property
    def cofactor(self) -> sp.Expr:
        """The cofactor c."""

    @property
    def condition(self) -> Boolean:
        """When the manifold exists."""

    @property
    def constants(self) -> tuple[sp.Symbol, ...]:
        """Free constants in m."""


@dataclass(frozen=True, repr=False, eq=False)
class ForwardInvariantRegion(Result):
    """A region of state space that the map maps into itself.

    Attributes
    ----------
    inequalities
        The region: all of them hold on it.
    condition
        Condition on the parameters under which it is proved forward invariant.
    corners
        Its corners as state dictionaries {symbol: value}; none for a region with a curved boundary.
    bounded
        Whether it is bounded: then every orbit that starts in it is.
    """

    inequalities: tuple[Boolean, ...]
    condition: Boolean
    corners: tuple[dict[sp.Symbol, sp.Expr], ...] = field(hash=False)
    bounded: bool

    def __repr__(self) -> str:
        text = " and ".join(map(str, self.inequalities))
        text += " (bounded)" if self.bounded else " (unbounded)"
        if self.corners:
            text += " with corners " + ", ".join(
                "(" + ", ".join(f"{x} = {v}" for x, v in corner.items()) + ")"
                for corner in self.corners
            )
        return text if self.condition == sp.true else f"{text}, if {self.condition}"


def forward_invariant_regions(
    map: DiscreteMap, manifolds: Sequence[Manifold]
) -> tuple[ForwardInvariantRegion, ...]:
    """Find the regions that invariant manifolds with cofactors of provable sign enclose.

    Parameters
    ----------
    map
        The map.
    manifolds
        Its invariant manifolds (see ``invariant_manifolds``).

    Returns
    -------
    tuple of ForwardInvariantRegion
        The bounded polytopes between affine manifolds; where there is none, the unbounded ones.
        Then the two sides of each curved manifold.

    Notes
    -----
    A cofactor counts as non-negative if each factor of odd power is a constant, a positive definite
    quadratic, or has its sign proved otherwise; one that is affine in the state is also accepted if
    it is non-negative at all corners of a bounded region.
    """
    plain = [m for m in manifolds if not m.constants]
    proved = [(m, c) for m in plain if (c := _nonnegative(m, map)) != sp.false]
    affine = [(m, c) for m, c in proved if _degree(m.equation, map) == 1]
    at_corners = [
        (m, m.condition)
        for m in plain
        if _degree(m.equation, map) == 1
        and m not in [p for p, _ in affine]
        and m.cofactor.is_polynomial(*map.state)
        and _degree(m.cofactor, map) == 1
    ]
    cells = list(_polytopes(map, affine, []))
    if at_corners:
        cells += [c for c in _polytopes(map, affine, at_corners) if c.bounded and c not in cells]
    bounded = [c for c in cells if c.bounded]
    curved = [
        region
        for m, condition in proved
        if _degree(m.equation, map) > 1 and m.cofactor != 1
        for region in _sides(map, m, condition)
    ]
    return (*(bounded or cells), *curved)


# ---- signs of cofactors --------------------------------------------------------------------


def _nonnegative(m: Manifold, map: DiscreteMap) -> Boolean:
    """Return a condition on the parameters under which the cofactor is ≥ 0 at every state."""
    numerator, denominator = sp.fraction(sp.together(m.cofactor))
    try:
        constant, factors = sp.factor_list(numerator * denominator)
    except sp.PolynomialError:
        return sp.false
    odd = [f for f, n in factors if n % 2]
    for signs in product((1, -1), repeat=len(odd)):
        if np.prod(signs) * constant > 0:
            parts = [_definite(s * f, map) for s, f in zip(signs, odd, strict=True)]
            condition = conditions.simplify(sp.And(m.condition, *parts))
            if condition != sp.false:
                return condition
    return sp.false


def _definite(f: sp.Expr, map: DiscreteMap) -> Boolean:
    """Return a condition on the parameters under which f > 0 (≥ 0 if constant) at every state."""
    variables = [x for x in map.state if f.has(x)]
    if not variables:
        return conditions.not_negative(f)
    if conditions.sign(f) in (0, 1):
        return sp.true
    if not f.is_polynomial(*variables) or _degree(f, map) != 2:
        return sp.false
    polynomial = sp.Poly(f, *variables)
    # f = (1, x)ᵀ G (1, x) is positive if G is positive definite: its leading minors, x first.
    homogeneous = polynomial.homogenize(sp.Dummy("one"))
    G = sp.hessian(homogeneous.as_expr(), homogeneous.gens) / 2
    minors = [G[:i, :i].det() for i in range(1, G.rows + 1)]
    return sp.And(*(conditions.positive(d) for d in minors))


# ---- polytopes -----------------------------------------------------------------------------


def _polytopes(
    map: DiscreteMap,
    everywhere: Sequence[tuple[Manifold, Boolean]],
    at_corners: Sequence[tuple[Manifold, Boolean]],
) -> Iterator[ForwardInvariantRegion]:
    """Yield the cells of the arrangement of affine manifolds that are provably invariant."""
    manifolds = [m for m, _ in (*everywhere, *at_corners)]
    if not manifolds or len(manifolds) > _MANY:
        return
    planes = [m.equation for m in manifolds]
    needed = {m.equation: c for m, c in (*everywhere, *at_corners)}
    checked = {m.equation: m.cofactor for m, _ in at_corners}
    sample = _sample(map, sp.And(*needed.values()))
    if sample is None:
        return
    for cell in _cells(map, planes, sample):
        region = _proved(map, cell, planes, needed, checked)
        if region is not None:
            yield region


@dataclass(frozen=True)
class _Cell:
    signs: tuple[int, ...]
    corners: tuple[frozenset[int], ...]  # the hyperplanes through each corner
    facets: tuple[int, ...]
    bounded: bool


def _sample(map: DiscreteMap, condition: Boolean) -> dict[sp.Symbol, sp.Expr] | None:
    """Return parameter values that satisfy the condition, generic enough for the combinatorics."""
    parameters = sorted(map.parameters, key=lambda s: s.name)
    for size in (1, sp.Rational(1, 2), 3, sp.Rational(1, 10)):
        for signs in product((1, -1), repeat=min(len(parameters), 6)):
            values = {
                p: s * size * (1 + sp.Rational(1, sp.prime(i + 5)))
                for i, (p, s) in enumerate(
                    zip(parameters, (*signs, *[1] * len(parameters)), strict=False)
                )
            }
            assumed = all(
                v.is_positive if p.is_positive else v.is_negative if p.is_negative else True
                for p, v in values.items()
            )
            if assumed and condition.subs(values) == sp.true:
                return values
    return None


def _cells(
    map: DiscreteMap, planes: list[sp.Expr], sample: Mapping[sp.Symbol, sp.Expr]
) -> Iterator[_Cell]:
    """Yield the cells of the hyperplane arrangement, found by linear programming."""
    from scipy.optimize import linprog

    n = map.dimension
    polynomials = [sp.Poly(m.subs(sample), *map.state) for m in planes]
    A = np.array([[float(p.coeff_monomial(x)) for x in map.state] for p in polynomials])
    b = np.array([float(p.coeff_monomial(1)) for p in polynomials])
    scale = np.linalg.norm(A, axis=1)
    A, b = A / scale[:, None], b / scale

    def interior(signs: tuple[int, ...]) -> bool:
        # maximise t ≤ 1 with s(Ax + b) ≥ t
        S, k = np.array(signs), len(signs)
        result = linprog(
            np.r_[np.zeros(n), -1.0],
            A_ub=np.c_[-S[:, None] * A[:k], np.ones(k)],
            b_ub=S * b[:k],
            bounds=[(None, None)] * n + [(None, 1.0)],
        )
        return result.x is not None and bool(result.x[-1] > 1e-9)

    def bounded(signs: tuple[int, ...]) -> bool:
        # no direction d ≠ 0 with s·Ad ≥ 0
        S = np.array(signs)[:, None]
        return all(
            e @ linprog(e, A_ub=-S * A, b_ub=np.zeros(len(A)), bounds=[(-1, 1)] * n).x > -1e-9
            for e in np.r_[np.eye(n), -np.eye(n)]
        )

    cells: list[tuple[int, ...]] = [()]
    for _ in planes:
        cells = [(*c, s) for c in cells for s in (1, -1) if interior((*c, s))]
    points = {}
    for chosen in combinations(range(len(planes)), n):
        rows = list(chosen)
        if np.linalg.matrix_rank(A[rows], tol=1e-9) == n:
            v = np.linalg.solve(A[rows], -b[rows])
            points[frozenset(np.flatnonzero(np.abs(A @ v + b) < 1e-9).tolist())] = v
    for signs in cells:
        S = np.array(signs)
        own = [on for on, v in points.items() if (S * (A @ v + b) > -1e-9).all()]
        facets = tuple(i for i in range(len(planes)) if interior(signs) and _is_facet(i, S, A, b))
        yield _Cell(signs, tuple(sorted(own, key=sorted)), facets, bounded(signs))


def _is_facet(i: int, S: np.ndarray, A: np.ndarray, b: np.ndarray) -> bool:
    """Whether leaving out inequality i enlarges the cell."""
    from scipy.optimize import linprog

    rows = np.r_[-S[:, None] * A]
    limits = S * b
    limits[i] += 1.0  # s(Ax + b) ≥ −1 in place of ≥ 0 keeps the programme bounded
    result = linprog(S[i] * A[i], A_ub=rows, b_ub=limits, bounds=[(None, None)] * A.shape[1])
    return bool(result.status == 0 and result.fun + S[i] * b[i] < -1e-9)


def _proved(
    map: DiscreteMap,
    cell: _Cell,
    planes: list[sp.Expr],
    needed: Mapping[sp.Expr, Boolean],
    checked: Mapping[sp.Expr, sp.Expr],
) -> ForwardInvariantRegion | None:
    """Prove the cell for symbolic parameters: corners on the right side, cofactors ≥ 0."""
    sides = {planes[i]: cell.signs[i] for i in cell.facets}
    if not cell.bounded and any(m in checked for m in sides):
        return None
    facts = conditions.simplify(sp.And(*(needed[m] for m in sides)))
    known = list(facts.args) if isinstance(facts, sp.And) else [facts]
    corners, extra = [], []
    for on in cell.corners:
        through = [planes[i] for i in sorted(on) if planes[i] in sides]
        solutions = sp.solve(through, map.state, dict=True)
        if len(solutions) != 1 or set(solutions[0]) != set(map.state):
            return None
        corner = {x: tidy(solutions[0][x]) for x in map.state}
        corners.append(corner)
        gaps = [s * m.subs(corner) for m, s in sides.items() if m not in through]
        gaps += [checked[m].subs(corner) for m in sides if m in checked]
        extra += [
            conditions.not_negative(g) if m_is_checked else conditions.positive(g, known)
            for g, m_is_checked in zip(
                gaps, [False] * (len(sides) - len(through)) + [True] * len(gaps), strict=False
            )
        ]
    condition = conditions.simplify(sp.And(facts, *extra))
    if condition == sp.false:
        return None
    inequalities = tuple(_inequality(m, s, map) for m, s in sides.items())
    return ForwardInvariantRegion(inequalities, condition, tuple(corners), cell.bounded)


# ---- one curved manifold -------------------------------------------------------------------


def _sides(map: DiscreteMap, m: Manifold, condition: Boolean) -> Iterator[ForwardInvariantRegion]:
    """Yield m ≥ 0 and m ≤ 0; the inside of an ellipsoid is bounded."""
    if any(_inequality(m.equation, s, map) == sp.true for s in (1, -1)):
        return  # a sum of squares: m = 0 is no boundary
    for s in (1, -1):
        bounded, inside = False, condition
        if _degree(m.equation, map) == 2:
            G = -s * sp.hessian(m.equation, map.state)
            minors = [conditions.positive(G[:i, :i].det()) for i in range(1, G.rows + 1)]
            bounded = sp.And(*minors) != sp.false
            inside = conditions.simplify(sp.And(condition, *minors)) if bounded else condition
        yield ForwardInvariantRegion((_inequality(m.equation, s, map),), inside, (), bounded)


def _inequality(m: sp.Expr, s: int, map: DiscreteMap) -> Boolean:
    """Write s·m ≥ 0 as a bound on the last state variable in which m is linear."""
    for x in reversed(map.state):
        if m.has(x) and m.is_polynomial(x) and sp.degree(m, x) == 1:
            slope, rest = sp.Poly(m, x).all_coeffs()
            if slope.is_number:
                bound = sp.expand(-rest / slope)
                return x >= bound if s * slope > 0 else x <= bound
    return m >= 0 if s > 0 else m <= 0


def _degree(e: sp.Expr, map: DiscreteMap) -> int:
    return sp.Poly(e, *map.state).total_degree() if e.is_polynomial(*map.state) else 1000
