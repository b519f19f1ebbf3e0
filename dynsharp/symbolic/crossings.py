"""Where multipliers cross the unit circle along a parameter, for a point or a whole family."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions, signs
from dynsharp.algebra.components import named
from dynsharp.algebra.decomposition import decompose
from dynsharp.algebra.expressions import tidy
from dynsharp.algebra.roots import roots
from dynsharp.symbolic.fixed_points import FixedPoint, conjuncts
from dynsharp.symbolic.stability import boundary

__all__ = ["Crossing", "critical_solutions", "crossings", "for_some_member", "real_solution"]


@dataclass(frozen=True)
class Crossing:
    """A way to leave the unit circle: ``equation`` = 0 while ``inside`` are all positive."""

    kind: str
    equation: sp.Expr
    inside: tuple[sp.Expr, ...]


def crossings(p: FixedPoint) -> Iterator[Crossing]:
    """List the ways in which a multiplier can leave the unit circle, factor by factor."""
    factors = list(dict.fromkeys(p.transverse_factors))
    edges = {f: boundary(f, p.has_real_multipliers) for f in factors}
    for factor, edge in edges.items():
        others = [e for f in factors if f != factor for e in edges[f].expressions()]
        ways = {
            "multiplier 1": edge.at_one,
            "flip": edge.at_minus_one,
            "neimark-sacker": edge.pair,
        }
        for kind, equation in ways.items():
            if equation is not None and equation.free_symbols:
                own = [e for e in edge.expressions() if e is not equation]
                yield Crossing(kind, equation, (*others, *own))


def critical_solutions(
    p: FixedPoint, symbol: sp.Symbol, crossing: Crossing
) -> tuple[list[dict[sp.Symbol, sp.Expr]], list[str]]:
    """Solve for the parameter, and for what else is open: values of it at which p is critical."""
    radicals: dict[sp.Symbol, sp.Expr] = {}
    implicit = [x for x, e in p.state.items() if e == x and x not in (*p.family, symbol)]
    if not p.family or symbol in p.family:
        systems = [_without_radicals([crossing.equation, *p.relations], radicals)]
        unknowns = [symbol, *implicit]
    elif p.relations:
        return [], ["a family without a closed form; fix one of its coordinates"]
    else:
        systems = [
            system
            for factor in _open_factors(crossing.equation, p)
            for system in _extremal(p, symbol, factor)
        ]
        unknowns = [symbol, *p.family]
    solutions: list[dict[sp.Symbol, sp.Expr]] = []
    missing: list[str] = []
    for system in systems:
        extra = [x for e in system for x in e.free_symbols if x in radicals or x == _NU]
        extra += [x for e in system for x in e.free_symbols if x.name.endswith("_squared")]
        components, unresolved = decompose(system, [*unknowns, *dict.fromkeys(extra)], 1e6)
        missing += unresolved
        for c in components:
            if c.relations:
                value = c.solution[symbol].subs(dict(reversed(radicals.items())))
                where = "" if value == symbol else f"at {symbol} = {value}, but "
                missing.append(
                    f"{where}no closed form for {named(_put_back(c.relations, radicals))}"
                )
            elif symbol not in c.free:
                solution = {x: tidy(sp.powsimp(e)) for x, e in c.solution.items()}
                if not any(_alike(solution, other, symbol) for other in solutions):
                    solutions.append(solution)
    if not solutions and not missing and len(p.family) == 1 and symbol not in p.family:
        missing = _at_the_ends(p, symbol, crossing)
    return solutions, missing


def _at_the_ends(p: FixedPoint, symbol: sp.Symbol, crossing: Crossing) -> list[str]:
    """Say which value is approached, and by no member attained, along an unbounded family."""
    (c,) = p.family
    values = roots(sp.fraction(sp.together(crossing.equation))[0], symbol) or []
    found = []
    for value in values:
        for end in (-sp.oo, sp.oo) if value.has(c) else ():
            limit = sp.limit(value, c, end)
            if limit.is_finite and not limit.is_zero and not limit.has(sp.AccumBounds):
                found.append(f"no member is the last; {symbol} = {tidy(limit)} as {c} -> {end}")
    return found


_NU = sp.Symbol("Lagrange_multiplier", real=True)


def _put_back(relations: Sequence[sp.Expr], roots: dict[sp.Symbol, sp.Expr]) -> list[sp.Expr]:
    """Write the square roots again for the unknowns that stood for them."""
    written = (r.subs(dict(reversed(roots.items()))) for r in relations)
    return [r for r in written if r.expand() != 0]


def _without_radicals(system: list[sp.Expr], roots: dict[sp.Symbol, sp.Expr]) -> list[sp.Expr]:
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


def _alike(a: dict[sp.Symbol, sp.Expr], b: dict[sp.Symbol, sp.Expr], symbol: sp.Symbol) -> bool:
    """Whether two solutions give the same value: mirror images in a symmetry of the map do."""
    return a[symbol] == b[symbol] and real_solution(a) == real_solution(b)


def real_solution(solution: dict[sp.Symbol, sp.Expr]) -> Boolean:
    """Return the condition for the solution to be real and as its unknowns are assumed to be."""
    real = [conditions.real_condition(e) for e in solution.values()]
    assumed = [
        conditions.positive(e) if x.is_positive else conditions.not_negative(e)
        for x, e in solution.items()
        if x.is_nonnegative
    ]
    return conditions.simplify(sp.And(*real, *assumed))


def for_some_member(
    condition: Boolean, coordinates: Sequence[sp.Symbol], order: Sequence[sp.Symbol]
) -> Boolean:
    """Eliminate coordinates of a family: what other symbols must satisfy for a member to exist.

    A bound on the coordinate holds somewhere iff it does where its gap is greatest. A condition
    with several such bounds, or without closed form, stays as it is.
    """
    for c in coordinates:
        for a in conjuncts(condition):
            if isinstance(a, sp.Eq) and a.lhs == c and not a.rhs.has(c):
                condition = condition.subs(c, a.rhs)
        bounds = [a for a in conjuncts(condition) if a.has(c) and not isinstance(a, sp.Ne)]
        rest = [a for a in conjuncts(condition) if not a.has(c)]
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
    facts = conjuncts(p.exists)
    return [f if len(bases) > 1 else equation for f in bases if conditions.sign(f, facts) is None]


def _extremal(p: FixedPoint, symbol: sp.Symbol, equation: sp.Expr) -> Iterator[list[sp.Expr]]:
    """Conditions for the parameter, on the critical surface over the family, to be extremal.

    Inside the family the surface's gradient along it vanishes; on an edge of the family, where
    members cease to exist, it is proportional to the gradient of the edge.
    """
    facts = conjuncts(p.exists)
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
