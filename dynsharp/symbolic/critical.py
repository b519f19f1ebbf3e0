"""Where along a parameter a multiplier of a fixed point, or of a family of them, is critical.

One search for thresholds and normal forms alike. The expressions that bound the region of stability
(`stability.boundary`) are solved for the parameter, together with all coordinates without a closed
form; a square root is an unknown t ≥ 0 with t² = radicand, so that a value belongs to the branch of
fixed points that was asked for, under the condition that comes with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions, positivity
from dynsharp.algebra.components import Component, named
from dynsharp.algebra.decomposition import decompose
from dynsharp.algebra.expressions import tidy
from dynsharp.algebra.shortening import vanishes
from dynsharp.algebra.signs import factors
from dynsharp.algebra.sizes import with_signs
from dynsharp.symbolic.family_extremum import (
    at_the_ends,
    auxiliary,
    extremal_systems,
    for_some_member,
    opens_inside,
)
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.stability import boundary

KINDS = ("multiplier 1", "flip", "neimark-sacker")

Values = dict[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Critical:
    """A parameter value at which a multiplier is on the unit circle.

    Attributes
    ----------
    kind
        One of `KINDS`: a multiplier 1, a multiplier −1, a pair of product 1.
    parameter, value
        The parameter (or family coordinate), and its value.
    at
        The parameter, and what else was solved for.
    state
        The fixed point there.
    condition
        What the other symbols must satisfy: that the point exists with this multiplier and, if
        ``loses_stability``, that all others are inside the circle.
    loses_stability
        Whether the value bounds the region of stability for some values of the other symbols.
    relations
        Expressions that vanish there and fix coordinates without a closed form.
    """

    kind: str
    parameter: sp.Symbol
    value: sp.Expr
    at: Values
    state: Values
    condition: Boolean
    loses_stability: bool
    relations: tuple[sp.Expr, ...] = ()


@dataclass(frozen=True)
class _Crossing:
    """A way to leave the unit circle: ``equation`` = 0 while ``inside`` are all positive."""

    kind: str
    equation: sp.Expr
    inside: tuple[sp.Expr, ...]


def critical_values(
    p: FixedPoint,
    symbol: sp.Symbol,
    unresolved: list[str],
    kinds: Collection[str] = KINDS,
    *,
    members: bool = False,
    value: sp.Expr | None = None,
) -> Iterator[Critical]:
    """Yield where a multiplier of the point is critical along a parameter.

    Parameters
    ----------
    p, symbol
        The fixed point, and a parameter of its map or a coordinate of the family.
    unresolved
        A sentence is added to it for each part that was not solved.
    kinds
        What to look for.
    members
        Of a family: the value for each member, in terms of the coordinates, instead of that of the
        whole family, which is an extremum over it.
    value
        A value to check first, instead of solving for it.
    """
    whole = bool(p.family) and symbol not in p.family and not members
    found: list[Critical] = []
    for crossing in _crossings(p):
        if crossing.kind not in kinds:
            continue
        if value is not None and vanishes(crossing.equation.subs(symbol, value)):
            solutions = [Component({symbol: value}, ())]
        else:
            solutions, missing = _solutions(p, symbol, crossing, whole)
            unresolved += [f"{crossing.kind} along {symbol}: {m}" for m in missing]
        for c in solutions:
            # A mirror image, or the other chart of a family, gives the same value again.
            if any(
                known.kind == crossing.kind
                and known.loses_stability
                and sp.simplify(c.solution[symbol] - known.value) == 0
                for known in found
            ):
                continue
            critical = _judged(p, symbol, crossing, c, whole)
            if critical is not None:
                found.append(critical)
                yield critical


def _crossings(p: FixedPoint) -> Iterator[_Crossing]:
    """List the ways in which a multiplier can leave the unit circle, factor by factor."""
    factors = list(dict.fromkeys(p.transverse_factors))
    edges = {f: boundary(f, p.has_real_multipliers) for f in factors}
    for factor, edge in edges.items():
        others = [e for f in factors if f != factor for e in edges[f].expressions()]
        ways = zip(KINDS, (edge.at_one, edge.at_minus_one, edge.pair), strict=True)
        for kind, equation in ways:
            if equation is not None and equation.free_symbols:
                own = [e for e in edge.expressions() if e is not equation]
                yield _Crossing(kind, equation, (*others, *own))


# ---- solving -----------------------------------------------------------------------------------


def _solutions(
    p: FixedPoint, symbol: sp.Symbol, crossing: _Crossing, whole: bool
) -> tuple[list[Component], list[str]]:
    """Solve for the parameter and for what else is open; say what was not solved."""
    radicals: Values = {}
    if not whole:
        implicit = [x for x, e in p.state.items() if e == x and x not in (*p.family, symbol)]
        systems = [_without_radicals([crossing.equation, *p.relations], radicals)]
        unknowns = [symbol, *implicit]
    elif p.relations:
        return [], ["a family without a closed form; fix one of its coordinates"]
    else:
        systems = list(extremal_systems(p, symbol, crossing.equation))
        unknowns = [symbol, *p.family]
    solutions: list[Component] = []
    missing: list[str] = []
    for system in systems:
        involved = set().union(*(e.free_symbols for e in system))
        extra = sorted((x for x in involved if x in radicals or auxiliary(x)), key=str)
        components, unresolved = decompose(system, [*unknowns, *extra], 1e6)
        missing += unresolved
        for c in components:
            if c.relations:
                missing.append(_without_closed_form(c, symbol, radicals))
            if symbol not in c.free and c.solution[symbol] != symbol:
                back = dict(reversed(radicals.items())) if c.relations else {}
                solution = {x: tidy(sp.powsimp(e.subs(back))) for x, e in c.solution.items()}
                relations = (r.subs(back) for r in c.relations)
                left = tuple(r for r in relations if r.expand() != 0)
                c = Component(solution, c.free, left, c.nonzero, c.where)
                if not any(_alike(c, other, symbol) for other in solutions):
                    solutions.append(c)
    if not solutions and not missing and whole and len(p.family) == 1:
        missing = at_the_ends(p, symbol, crossing.equation)
    return solutions, missing


def _without_radicals(system: list[sp.Expr], roots: Values) -> list[sp.Expr]:
    """Replace each square root by an unknown t ≥ 0 with t² = radicand, and note it in ``roots``."""
    for radical in sorted(set().union(*(e.atoms(sp.Pow) for e in system)), key=sp.count_ops):
        if radical.exp in (sp.Rational(1, 2), sp.Rational(-1, 2)) and not radical.base.is_number:
            t = sp.Symbol(f"root{len(roots) + 1}", nonnegative=True)
            root = sp.sqrt(radical.base)
            roots[t] = root
            system = [e.subs(root, t) for e in system]
            if any(e.has(t) for e in system):
                system.append(t**2 - radical.base)
    return system


def _without_closed_form(c: Component, symbol: sp.Symbol, roots: Values) -> str:
    """Say what is left of a system, with the square roots for the unknowns that stood for them."""
    back = dict(reversed(roots.items()))
    value = c.solution[symbol].subs(back)
    where = "" if value == symbol else f"at {symbol} = {value}, but "
    left = [e for r in c.relations if (e := r.subs(back)).expand() != 0]
    return f"{where}no closed form for {named(left)}"


def _alike(a: Component, b: Component, symbol: sp.Symbol) -> bool:
    """Whether two solutions give the same value: mirror images in a symmetry of the map do."""
    return a.solution[symbol] == b.solution[symbol] and _real(a) == _real(b)


def _real(c: Component) -> Boolean:
    """Return the condition for the solution to be real and as its unknowns are assumed to be."""
    real = [conditions.real_condition(e) for e in c.solution.values()]
    assumed = [
        conditions.positive(e) if x.is_positive else conditions.not_negative(e)
        for x, e in c.solution.items()
        if x.is_nonnegative
    ]
    return conditions.simplify(sp.And(*real, *assumed, *c.where))


# ---- judging -----------------------------------------------------------------------------------


def _judged(
    p: FixedPoint, symbol: sp.Symbol, crossing: _Crossing, c: Component, whole: bool
) -> Critical | None:
    """Judge a solution: None if there is no such point, or the map degenerates there."""
    at = dict(c.solution)
    value = at[symbol]
    if whole and opens_inside(p, crossing.equation, at):
        return None
    real = _real(c)
    inside = [_inside(e, crossing, at, conditions.conjuncts(real)) for e in crossing.inside]
    if any(e.has(sp.nan, sp.zoo) for e in (value, *inside)):
        return None  # the member does not exist for these parameters
    exists = sp.And(p.exists.subs(at), real)
    beside = sp.true if p.family and symbol not in p.family else _stable_beside(p, crossing, at)
    order = p.map.parameters
    condition = conditions.simplify(sp.And(exists, beside, *(e > 0 for e in inside)), (), order)
    if whole:
        free = [x for x in p.family if at.get(x, x) == x]
        condition = for_some_member(condition, free, order)
    loses_stability = condition != sp.false
    if not loses_stability and not whole:
        condition = conditions.simplify(exists, (), order)
        if condition.has(sp.Eq):
            return None  # at special values of the other symbols only
    if condition == sp.false or _degenerates(p, symbol, value):
        return None
    facts = conditions.conjuncts(condition)
    at = {x: with_signs(e, facts) for x, e in at.items()}
    state = {x: with_signs(e.subs(at, simultaneous=True), facts) for x, e in p.state.items()}
    return Critical(
        crossing.kind, symbol, at[symbol], at, state, condition, loses_stability, c.relations
    )


def _inside(e: sp.Expr, crossing: _Crossing, at: Values, facts: list[Boolean]) -> sp.Expr:
    """Return what must be positive for e to be positive on the stable side of the value.

    It is e there; where e vanishes too (heavy ball at β = 1: a pair and the multiplier β leave the
    circle at once), its ratio to the crossing's expression.
    """
    here = positivity.without_moduli(tidy(e.subs(at)), facts)
    if here != 0:
        return here
    ratio = sp.cancel(e / crossing.equation).subs(at)
    return here if ratio.has(sp.nan, sp.zoo) else tidy(ratio)


def _stable_beside(p: FixedPoint, crossing: _Crossing, at: Values) -> Boolean:
    """Condition for the crossing's expression to be positive on some side of the value.

    It is on one side if a factor changes its sign there. If each factor that vanishes keeps its
    sign where the point exists (a square, or a root, or the gap between the parameter and the value
    at which the point is born), the other factors must make the product positive: of the two
    branches of a fold this keeps the one that is stable.
    """
    facts = conditions.strict(p.exists)
    rest, vanishing = sp.S.One, 0
    for f, n in factors(crossing.equation):
        here = sp.simplify(f.subs(at))
        vanishing += here == 0
        if here != 0:
            rest *= here**n
        elif n.is_integer and n % 2:
            s = conditions.sign(f, facts) or _cofactor(f, facts, at)
            if s is None:
                return sp.true
            rest *= s
    return conditions.positive(rest) if vanishing else sp.true


def _cofactor(f: sp.Expr, facts: list[Boolean], at: Values) -> sp.Expr | None:
    """Return an expression of the sign of f near the value: g there, if f·g > 0 is a fact."""
    for a in facts:
        if isinstance(a, sp.Gt | sp.Lt):
            parts = factors(a.gts - a.lts)
            odd = [n.is_integer and n % 2 and g in (f, -f) for g, n in parts]
            if sum(map(bool, odd)) == 1:
                here = sp.simplify((sp.Mul(*(h**n for h, n in parts)) / f).subs(at))
                return None if here == 0 or here.has(sp.nan, sp.zoo) else here
    return None


def _degenerates(p: FixedPoint, symbol: sp.Symbol, value: sp.Expr) -> bool:
    """Whether at this value fixed points fill more dimensions than they do for other values.

    A linear map has a line of them wherever a multiplier is 1: only where it is the identity does
    it degenerate.
    """
    if symbol in p.family or p.piece is not p.map:
        return False
    displacement = p.piece.jacobian - sp.eye(p.map.dimension)
    linear = not displacement.has(*p.map.state)
    names = sorted(displacement.free_symbols | value.free_symbols | {symbol}, key=str)
    # The generic rank, at a point without special position: parameters may have to be integers.
    generic = {x: i + 2 if x.is_integer else sqrt(i + 2) / exp(1) for i, x in enumerate(names)}
    here = generic | {symbol: complex(value.subs(generic))}
    ranks = [
        np.linalg.matrix_rank(np.array(displacement.subs(at).evalf(), dtype=complex), rtol=1e-9)
        for at in (here, generic)
    ]
    return bool(ranks[0] == 0 if linear else ranks[0] < ranks[1])
