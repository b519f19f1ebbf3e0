"""The extremum of a critical parameter value over a family of fixed points.

The threshold of a whole family is the value past which no member that exists is stable: an extremum
of the critical value over the family, in the interior or on an edge, where members cease to exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions, signs
from dynsharp.algebra.expressions import tidy
from dynsharp.algebra.roots import roots
from dynsharp.symbolic.fixed_points import FixedPoint

_NU = sp.Symbol("Lagrange_multiplier", real=True)


def extremal_systems(
    p: FixedPoint, symbol: sp.Symbol, equation: sp.Expr
) -> Iterator[list[sp.Expr]]:
    """Yield equations for the extrema of the parameter where ``equation`` = 0 over the family."""
    for factor in _open_factors(equation, p):
        yield from _extremal(p, symbol, factor)


def auxiliary(x: sp.Symbol) -> bool:
    """Whether a symbol is an unknown of the systems only: a multiplier, or a square."""
    return x == _NU or x.name.endswith("_squared")


def at_the_ends(p: FixedPoint, symbol: sp.Symbol, equation: sp.Expr) -> list[str]:
    """Say which value is approached, and by no member attained, along an unbounded family."""
    (c,) = p.family
    values = roots(sp.fraction(sp.together(equation))[0], symbol) or []
    found = []
    for value in values:
        for end in (-sp.oo, sp.oo) if value.has(c) else ():
            limit = sp.limit(value, c, end)
            if limit.is_finite and not limit.is_zero and not limit.has(sp.AccumBounds):
                found.append(f"no member is the last; {symbol} = {tidy(limit)} as {c} -> {end}")
    return found


def opens_inside(p: FixedPoint, equation: sp.Expr, at: dict[sp.Symbol, sp.Expr]) -> bool:
    """Whether, next to the extremum, members stay stable on both sides of the parameter value.

    The members are stable where the equation's left side is positive; in the interior of the
    family it must have a maximum along it, so that no second derivative is positive.
    """
    curvatures = (sp.diff(equation, c, 2).subs(at) for c in p.family)
    gradient = [sp.simplify(sp.diff(equation, c).subs(at)) for c in p.family]
    if any(equation.subs(c, -c).expand() == -equation.expand() for c in p.family):
        return True  # an odd function of a coordinate is positive somewhere, whatever its factor
    return not any(gradient) and any(conditions.sign(sp.simplify(c)) == 1 for c in curvatures)


def for_some_member(
    condition: Boolean, coordinates: Sequence[sp.Symbol], order: Sequence[sp.Symbol]
) -> Boolean:
    """Eliminate coordinates of a family: what other symbols must satisfy for a member to exist.

    A bound on the coordinate holds somewhere iff it does where its gap is greatest. A condition
    with several such bounds, or without closed form, stays as it is.
    """
    for c in coordinates:
        for a in conditions.conjuncts(condition):
            if isinstance(a, sp.Eq) and a.lhs == c and not a.rhs.has(c):
                condition = condition.subs(c, a.rhs)
        bounds = [
            a for a in conditions.conjuncts(condition) if a.has(c) and not isinstance(a, sp.Ne)
        ]
        rest = [a for a in conditions.conjuncts(condition) if not a.has(c)]
        if len(bounds) > 1 or not all(isinstance(a, conditions.BOUNDS) for a in bounds):
            return condition
        possible = [_somewhere(a, c) for a in bounds]
        if None in possible:
            return condition
        condition = conditions.simplify(sp.And(*rest, *possible), (), order)
    return condition


def _somewhere(bound: Boolean, c: sp.Symbol) -> Boolean | None:
    gap = sp.together(bound.gts - bound.lts)
    critical: list[sp.Expr] = []
    for f, _ in signs.factors(sp.fraction(sp.together(sp.diff(gap, c)))[0]):
        found = roots(f, c) if f.has(c) else []
        if found is None:
            return None
        critical += found
    ends = (-sp.oo, sp.oo) if not c.is_nonnegative else (sp.oo,)
    limits = [sp.limit(gap, c, end) for end in ends] if gap.is_rational_function(c) else []
    if sp.oo in limits:
        return sp.true
    if not all(e == -sp.oo or e.is_finite for e in limits):
        return None  # the sign of the end is open
    greatest = dict.fromkeys(sp.simplify(gap.subs(c, value)) for value in critical)
    strict = isinstance(bound, sp.Gt | sp.Lt)
    attained = [e > 0 if strict else e >= 0 for e in greatest if not e.has(sp.nan, sp.zoo, sp.oo)]
    approached = [e > 0 for e in limits if e.is_finite]
    return sp.Or(*attained, *approached)


def _open_factors(equation: sp.Expr, p: FixedPoint) -> list[sp.Expr]:
    """Return the factors that may vanish where the point exists, denominators cleared."""
    factors = sp.Mul.make_args(sp.factor(sp.fraction(sp.together(equation))[0]))
    bases = [f.as_base_exp()[0] for f in factors]
    facts = conditions.conjuncts(p.exists)
    return [f if len(bases) > 1 else equation for f in bases if conditions.sign(f, facts) is None]


def _extremal(p: FixedPoint, symbol: sp.Symbol, equation: sp.Expr) -> Iterator[list[sp.Expr]]:
    """Conditions for the parameter, on the critical surface over the family, to be extremal.

    Inside the family the surface's gradient along it vanishes; on an edge of the family, where
    members cease to exist, it is proportional to the gradient of the edge.
    """
    facts = conditions.conjuncts(p.exists)
    bounds = [b for b in facts if isinstance(b, sp.Ge | sp.Gt | sp.Le | sp.Lt)]
    edges = [b.gts - b.lts for b in bounds if b.has(*p.family)]
    # Where c = 0 is excluded and only c² occurs, s = c² > 0 is the coordinate: no mirror images.
    even = {
        c: sp.Symbol(f"{c}_squared", positive=True)
        for c in p.family
        if sp.Ne(c, 0) in facts
        and all(sp.expand(e.subs(c, -c) - e) == 0 for e in (equation, *edges))
    }
    squares = {c: sp.sqrt(s) for c, s in even.items()}
    equation, *edges = (sp.expand(e.subs(squares)) for e in (equation, *edges))
    coordinates = [even.get(c, c) for c in p.family]
    # s ∂/∂s is the shorter of the two where s is a unit, as it is in products of weights.
    scale = [c if c.is_positive or sp.Ne(c, 0) in facts else sp.S.One for c in coordinates]
    back = [c - root for c, root in squares.items()]

    def gradient(e: sp.Expr) -> list[sp.Expr]:
        return [sp.expand(u * sp.diff(e, c)) for u, c in zip(scale, coordinates, strict=True)]

    if not equation.has(*coordinates):
        yield [equation]
        return
    if equation.has(symbol):
        yield [equation, *gradient(equation), *back]
    for edge in edges:
        if len(coordinates) == 1:
            yield [equation, edge, *back]
        else:
            pairs = zip(gradient(equation), gradient(edge), strict=True)
            yield [equation, edge, *(a + _NU * b for a, b in pairs), *back]
