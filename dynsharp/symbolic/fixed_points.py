"""Fixed points of a map, isolated and in families: existence, multipliers, stability."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.components import Component
from dynsharp.algebra.decomposition import decompose
from dynsharp.algebra.expressions import tidy
from dynsharp.arguments import checked_instance
from dynsharp.map import DiscreteMap
from dynsharp.results import Result
from dynsharp.symbolic._pieces import Piece, pieces
from dynsharp.symbolic.stability import boundary, characteristic_polynomial, factored_characteristic

_SIMPLIFYING = 6.0  # seconds for making a stability condition, or a pair of roots, readable


@dataclass(frozen=True, repr=False, eq=False)
class FixedPoint(Result):
    """A fixed point F(x) = x, or a family of them.

    Attributes
    ----------
    map
        The map it belongs to.
    state
        For each state variable its value: an expression in the parameters, in the family's
        coordinates, and in state variables that have no closed form.
    family
        The state variables that are free: coordinates of the family, empty for an isolated point.
    relations
        Expressions that vanish at the point and fix the state variables without a closed form.
    exists
        Condition under which the point is real, finite and in the map's domain; for a map with
        kinks (Abs, Max, Piecewise, ...) also on that smooth piece of it.
    smooth_map
        That piece; the map itself if it has no kinks.
    """

    told = ("state", "family", "relations", "exists", "multipliers", "stable")

    map: DiscreteMap
    state: dict[sp.Symbol, sp.Expr]
    family: tuple[sp.Symbol, ...] = ()
    relations: tuple[sp.Expr, ...] = ()
    exists: Boolean = sp.true
    smooth_map: DiscreteMap | None = None

    def __post_init__(self) -> None:
        if self.smooth_map is None:
            object.__setattr__(self, "smooth_map", self.map)

    @property
    def piece(self) -> DiscreteMap:
        """The smooth map that equals the map near the point."""
        return self.map if self.smooth_map is None else self.smooth_map

    @cached_property
    def jacobian(self) -> sp.ImmutableMatrix:
        """Jacobian of the map at the point."""
        at = self.piece.jacobian.subs(self.state, simultaneous=True)
        return sp.ImmutableMatrix(at.applyfunc(_entry))

    @cached_property
    def characteristic_factors(self) -> tuple[sp.Poly, ...]:
        """Irreducible monic factors of the characteristic polynomial, with multiplicity."""
        return tuple(factored_characteristic(characteristic_polynomial(self.jacobian)))

    @cached_property
    def transverse_factors(self) -> tuple[sp.Poly, ...]:
        """The factors without the multipliers 1 along the family: one for each coordinate."""
        factors = list(self.characteristic_factors)
        missing = 0
        for _ in self.family:
            neutral = next((f for f in factors if f.degree() == 1 and f.eval(1) == 0), None)
            if neutral is None:
                missing += 1
            else:
                factors.remove(neutral)
        if not missing:
            return tuple(factors)
        # The relations hide the multiplier 1: the remainder of the division vanishes on the family.
        x = factors[0].gen
        rest, _ = sp.div(sp.prod(factors), sp.Poly(x - 1, x) ** missing)
        return tuple(factored_characteristic(rest))

    @cached_property
    def multipliers(self) -> tuple[sp.Expr, ...]:
        """Eigenvalues of the Jacobian with multiplicity, those along the family first.

        Roots of an irreducible factor of degree above 2 are given if its coefficients are numbers;
        otherwise they have no readable form and only `characteristic_factors` holds them.
        """
        along = [sp.S.One] * len(self.family)
        return tuple(along + [r for f in self.transverse_factors for r in _roots(f)])

    @cached_property
    def stable(self) -> Boolean:
        """Condition for linear stability: every multiplier strictly inside the unit circle.

        For a family the multipliers 1 along it are left out: stability is transverse to it.
        """
        edges = [boundary(f, self.has_real_multipliers) for f in self.transverse_factors]
        inside = [e > 0 for edge in edges for e in edge.expressions()]
        order = (*self.map.parameters, *self.family)
        try:
            with limit(_SIMPLIFYING):
                return conditions.simplify(sp.And(*inside), self._facts, order)
        except BudgetExceeded:
            return sp.And(*inside)  # as true, only longer

    @property
    def has_real_multipliers(self) -> bool:
        """Whether the Jacobian is symmetric, as that of gradient descent is."""
        return bool(self.jacobian.is_symmetric())

    @property
    def _facts(self) -> list[Boolean]:
        """What holds wherever the point exists, but for bounds on the family's coordinates."""
        return [
            c
            for c in conditions.conjuncts(self.exists)
            if isinstance(c, sp.Ne) or not c.free_symbols & set(self.map.state)
        ]

    def __str__(self) -> str:
        point = ", ".join(f"{x} = {e}" for x, e in self.state.items() if e != x)
        implicit = [str(x) for x, e in self.state.items() if e == x and x not in self.family]
        lines = [f"({', '.join([point] * bool(point) + implicit)})"]
        if self.family:
            lines[0] += f" for every {', '.join(map(str, self.family))}"
        if len(self.family) == len(self.state):
            lines = [f"every ({', '.join(map(str, self.family))})"]
        lines += [f"    where {r} = 0" for r in self.relations]
        if self.exists != sp.true:
            lines.append(f"    exists       {self.exists}")
        lines.append(f"    multipliers  {', '.join(self._shown_multipliers())}")
        lines.append(f"    stable       {_answer(self.stable)}")
        return "\n".join(lines)

    def readable_multipliers(self, fits: Callable[[sp.Expr], bool]) -> list[sp.Expr | sp.Poly]:
        """Return the multipliers, or the factor that they are the roots of where one does not fit.

        The factors are polynomials in μ.
        """
        mu = sp.Symbol("mu")
        shown: list[sp.Expr | sp.Poly] = [sp.S.One] * len(self.family)
        for f in self.transverse_factors:
            roots = _roots(f)
            if f.degree() == 1 or (roots and all(fits(r) for r in roots)):
                shown += roots
            else:
                shown.append(sp.Poly(f.as_expr().subs(f.gen, mu), mu))
        return shown

    def _shown_multipliers(self) -> list[str]:
        def text(m: sp.Expr | sp.Poly) -> str:
            if not isinstance(m, sp.Poly):
                return str(m)
            return f"roots of {sp.Add(*(tidy(c) * m.gen**n for (n,), c in m.terms()))}"

        return [text(m) for m in self.readable_multipliers(lambda root: len(str(root)) <= 60)]

    __repr__ = __str__


@dataclass(frozen=True, repr=False, eq=False)
class FixedPoints(Result, Sequence[FixedPoint]):
    """The fixed points of a map, and what could not be resolved.

    A sequence of `FixedPoint`, families first. ``unresolved`` holds one sentence for each part of
    the fixed-point equation that was not solved; empty if the list is complete (for generic
    parameters).
    """

    map: DiscreteMap
    points: tuple[FixedPoint, ...]
    unresolved: tuple[str, ...] = field(default=())

    @overload
    def __getitem__(self, index: int) -> FixedPoint: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FixedPoint]: ...
    def __getitem__(self, index: int | slice) -> FixedPoint | Sequence[FixedPoint]:
        return self.points[index]

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[FixedPoint]:
        return iter(self.points)

    def __repr__(self) -> str:
        lines = [f"fixed points of {self.map.name}"]
        lines += [str(p) for p in self.points] or ["none"]
        lines += [f"unresolved: {u}" for u in self.unresolved]
        return "\n".join(lines)


def fixed_points(map: DiscreteMap, budget: float = 20.0) -> FixedPoints:
    """Return all fixed points of a map, families included, by exact algebra.

    The equation F(x) = x is decomposed into components over the real numbers, for generic values of
    the parameters: where a solution exists only at special values (a line of them at zero step,
    say) it is not listed.

    Parameters
    ----------
    map
        Any map; polynomial and rational ones are decomposed completely, others as far as their
        equations split and can be inverted.
    budget
        Seconds of processor time after which the rest is reported as unresolved.

    Returns
    -------
    FixedPoints
        Families first, each with existence condition, multipliers and stability condition.

    Examples
    --------
    >>> x, r = sp.symbols("x r", real=True)
    >>> logistic = DiscreteMap({x: r*x*(1 - x)}, parameters=[r], name="logistic")
    >>> [p.multipliers for p in fixed_points(logistic)]
    [(r,), (2 - r,)]
    >>> fixed_points(logistic)[1].stable
    (r > 1) & (r < 3)
    """
    checked_instance("map", map, DiscreteMap)
    points: list[FixedPoint] = []
    unresolved: list[str] = []
    smooth_pieces = pieces(map)
    for piece in smooth_pieces:
        equations = [e - x for x, e in piece.map.update.items()]
        components, missing = decompose(equations, map.state, budget / len(smooth_pieces))
        unresolved += [m for m in missing if m not in unresolved]
        for c in components:
            p = _point(map, c, piece)
            if p.exists != sp.false:
                points.append(p)
            elif _on_border(p, piece):
                unresolved.append(f"{_where(p)} lies on a kink of the map: it has no multipliers")
    points.sort(key=lambda p: -len(p.family))
    smooth = [p for p in points if all(_is_finite(e) for e in p.jacobian)]
    unresolved += [
        f"the multipliers at {p.state} are not defined; give symbolic exponents numbers"
        for p in points
        if p not in smooth
    ]
    return FixedPoints(map, tuple(smooth), tuple(unresolved))


def _point(map: DiscreteMap, component: Component, piece: Piece) -> FixedPoint:
    state = {x: tidy(component.solution[x]) for x in map.state}
    finite = [sp.Ne(e, 0) for e in component.nonzero]
    real = [conditions.real_condition(e) for e in state.values()]
    domain = map.domain.subs(state, simultaneous=True) if map.domain != sp.true else sp.true
    where = [c.subs(state, simultaneous=True) for c in piece.where]
    where += [*component.where, _without_abs(domain)]
    exists = conditions.simplify(sp.And(*finite, *real, *where))
    return FixedPoint(map, state, component.free, component.relations, exists, piece.map)


def _on_border(p: FixedPoint, piece: Piece) -> bool:
    """Whether the point satisfies the conditions of the piece except that it is on their border."""
    closed = [
        c.replace(
            lambda e: isinstance(e, sp.Gt | sp.Lt),
            lambda e: e.gts >= e.lts,
        ).subs(p.state, simultaneous=True)
        for c in piece.where
    ]
    return bool(closed) and conditions.simplify(sp.And(*closed)) != sp.false


def _where(p: FixedPoint) -> str:
    return "(" + ", ".join(f"{x} = {e}" for x, e in p.state.items()) + ")"


def _without_abs(condition: Boolean) -> Boolean:
    """Write a bound by an absolute value as two bounds: f ≥ |g| as f ≥ g and f ≥ −g."""
    if isinstance(condition, sp.And):
        return sp.And(*(_without_abs(c) for c in condition.args))
    if not isinstance(condition, sp.Ge | sp.Gt | sp.Le | sp.Lt):
        return condition
    gap = sp.expand(sp.simplify(condition.gts - condition.lts))
    absolute = [a for a in gap.atoms(sp.Abs) if gap.coeff(a).is_negative]
    if not absolute:
        return _relation(gap, condition)
    inside = absolute[0].args[0]
    return sp.And(
        *(_without_abs(_relation(gap.subs(absolute[0], s * inside), condition)) for s in (1, -1))
    )


def _relation(gap: sp.Expr, like: Boolean) -> Boolean:
    """Write gap > 0 or gap ≥ 0 with its positive terms on the left."""
    strict = isinstance(like, sp.Gt | sp.Lt)
    return conditions.positive(gap) if strict else conditions.not_negative(gap)


def _entry(e: sp.Expr) -> sp.Expr:
    """Shorten an entry of the Jacobian; radicals and symbolic powers need more than algebra."""
    roots = any(not p.exp.is_integer or not p.exp.is_number for p in e.atoms(sp.Pow))
    return tidy(sp.simplify(e)) if roots else tidy(e)


def _is_finite(e: sp.Expr) -> bool:
    """Whether the expression has a value: 0**(D - 2) has none for a symbolic D."""
    return not e.has(sp.nan, sp.zoo) and all(p.base != 0 for p in e.atoms(sp.Pow))


def _roots(factor: sp.Poly) -> list[sp.Expr]:
    coefficients = factor.all_coeffs()
    if factor.degree() == 1:
        return [_about_one(-coefficients[1])]
    if factor.degree() == 2:
        _, b, c = coefficients
        try:
            with limit(_SIMPLIFYING):
                root = sp.sqrt(sp.factor(b**2 - 4 * c))
                return [tidy((-b + s * root) / 2) for s in (1, -1)]
        except BudgetExceeded:
            return [(-b + s * sp.sqrt(b**2 - 4 * c)) / 2 for s in (1, -1)]
    if all(c.is_Rational for c in coefficients):
        return list(factor.all_roots())
    return []


def _about_one(multiplier: sp.Expr) -> sp.Expr:
    """Write a multiplier as 1 − (something) where that is shorter: 1 − η·sharpness."""
    forms = [tidy(multiplier), 1 + tidy(multiplier - 1), -1 + tidy(multiplier + 1)]
    return min(forms, key=lambda e: e.count_ops())


def _answer(condition: Boolean) -> str:
    return {sp.true: "always", sp.false: "never"}.get(condition, str(condition))
