"""Polynomials whose roots are the periodic points of a rational map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import sympy as sp

from dynsharp.map import DiscreteMap


def periodic_points(
    map: DiscreteMap, n: int, unresolved: list[str]
) -> Iterator[tuple[sp.Symbol, sp.Expr, list[sp.Expr]]]:
    """Yield candidates for points of period n: θ, an irreducible p(θ), and each coordinate in θ.

    θ is a state variable. Some candidates may have a lower period; every point of minimal period n
    is among them, unless a sentence is added to ``unresolved``.
    """
    if map.dimension == 1:
        (x,) = map.state
        if _return_equations(map, n) == [0]:
            if not any(_return_equations(map, d) == [0] for d in _divisors(n)):
                unresolved.append(f"every point has period {n} or a divisor of it")
            return
        for p in _irreducible(_dynatomic(map, n), x):
            yield x, p, [x]
    elif map.dimension == 2:
        yield from _by_resultants(map, n, unresolved)
    else:
        yield from _by_groebner(map, n, unresolved)


def _irreducible(e: sp.Expr, x: sp.Symbol) -> list[sp.Expr]:
    factors = [f for f, _ in sp.factor_list(e)[1] if f.has(x)]
    return sorted(factors, key=lambda f: (sp.degree(f, x), sp.count_ops(f), str(f)))


def _return_equations(map: DiscreteMap, n: int) -> list[sp.Expr]:
    """Numerators of Fⁿ(x) − x, composed step by step in lowest terms."""
    values: Sequence[sp.Expr] = map.state
    for _ in range(n):
        step = dict(zip(map.state, values, strict=True))
        values = [sp.cancel(e.subs(step, simultaneous=True)) for e in map.expressions]
    return [sp.numer(sp.cancel(v - x)) for v, x in zip(values, map.state, strict=True)]


def _divisors(n: int) -> list[int]:
    return [d for d in sp.divisors(n) if d < n]


def _dynatomic(map: DiscreteMap, n: int) -> sp.Expr:
    """Numerator of fⁿ(x) − x without the roots that have a lower period."""
    (x,) = map.state
    (equation,) = _return_equations(map, n)
    P = sp.Poly(equation, x, *map.parameters)
    for d in _divisors(n):
        (lower,) = _return_equations(map, d)
        while (common := sp.gcd(P, sp.Poly(lower, x, *map.parameters))).degree(x) > 0:
            P = P.quo(common)
    return P.as_expr()


# ---- two variables -------------------------------------------------------------------------


def _by_resultants(
    map: DiscreteMap, n: int, unresolved: list[str]
) -> Iterator[tuple[sp.Symbol, sp.Expr, list[sp.Expr]]]:
    """Eliminate one variable by resultants of the factors of the two return equations."""
    x, y = map.state
    equations = _return_equations(map, n)
    first, second = ([f for f, _ in sp.factor_list(e)[1] if f.has(x, y)] for e in equations)
    if sp.S.Zero in equations:  # a component of F^n is the identity
        for f in [*first, *second]:
            if not _lower_period(map, n, [f]):
                unresolved.append(f"a family of cycles of period {n} on {f} = 0")
        if equations == [0, 0] and not _lower_period(map, n, [sp.S.Zero]):
            unresolved.append(f"a family of cycles: every point has period {n} or a divisor of it")
        return
    for a, b in product(first, second):
        if a == b or sp.expand(a + b) == 0:
            if not _lower_period(map, n, [a]):
                unresolved.append(f"a family of cycles of period {n} on {a} = 0")
            continue
        yield from _common_points(map, n, a, b, unresolved)


def _common_points(
    map: DiscreteMap, n: int, a: sp.Expr, b: sp.Expr, unresolved: list[str]
) -> Iterator[tuple[sp.Symbol, sp.Expr, list[sp.Expr]]]:
    x, y = map.state
    if not a.has(y) and not b.has(y):
        return  # coprime polynomials in x alone
    R = sp.resultant(a, b, y)
    chain = sp.subresultants(a, b, y)
    linear = [g for g in chain if sp.degree(g, y) == 1]
    for p in _irreducible(R, x) if R.has(x) else []:
        # On a root of p the last non-vanishing subresultant is the common factor in y.
        for g in linear:
            slope, rest = sp.Poly(g, y).all_coeffs()
            if sp.rem(sp.numer(sp.together(slope)), p, x) != 0:
                yield x, p, [x, -rest / slope]
                break
        else:
            yield from _at_fixed_x(map, n, a, b, p, unresolved)


def _at_fixed_x(
    map: DiscreteMap, n: int, a: sp.Expr, b: sp.Expr, p: sp.Expr, unresolved: list[str]
) -> Iterator[tuple[sp.Symbol, sp.Expr, list[sp.Expr]]]:
    """Handle points of one x with several y: rational x are put in, others change places with y."""
    x, y = map.state
    if _lower_period(map, n, [p, a, b]):
        return
    if sp.degree(p, x) == 1:
        at = {x: sp.solve(p, x)[0]}
        common = sp.gcd(sp.numer(sp.together(a.subs(at))), sp.numer(sp.together(b.subs(at))))
        for q in _irreducible(common, y) if common.has(y) else []:
            yield y, q, [at[x], y]
        return
    R = sp.resultant(a, b, x)
    linear = [g for g in sp.subresultants(a, b, x) if sp.degree(g, x) == 1]
    for q in _irreducible(R, y) if R.has(y) else []:
        for g in linear:
            slope, rest = sp.Poly(g, x).all_coeffs()
            if sp.rem(sp.numer(sp.together(slope)), q, y) != 0:
                yield y, q, [-rest / slope, y]
                break
        else:
            if not _lower_period(map, n, [q, a, b]):
                unresolved.append(f"points of period {n} with {p} = 0 and {q} = 0")


def _lower_period(map: DiscreteMap, n: int, equations: list[sp.Expr]) -> bool:
    """Whether all solutions of the equations are of a lower period."""
    field = sp.QQ.frac_field(*map.parameters) if map.parameters else sp.QQ
    G = sp.groebner(equations, *map.state, order="grevlex", domain=field)
    return any(all(G.contains(e) for e in _return_equations(map, d)) for d in _divisors(n))


# ---- more variables ------------------------------------------------------------------------


def _by_groebner(
    map: DiscreteMap, n: int, unresolved: list[str]
) -> Iterator[tuple[sp.Symbol, sp.Expr, list[sp.Expr]]]:
    """Eliminate by a lexicographic Gröbner basis; lower periods are saturated away."""
    field = sp.QQ.frac_field(*map.parameters) if map.parameters else sp.QQ
    w = sp.Dummy("w")
    equations = _return_equations(map, n)
    lower = [_return_equations(map, d) for d in _divisors(n)]
    # Some component of F^d(x) − x is not zero, for each d: one case for each choice.
    for differing in product(*lower):
        saturated = [*equations, 1 - w * sp.Mul(*differing)] if differing else equations
        G = sp.groebner(saturated, w, *map.state, order="lex", domain=field)
        basis = [g for g in G.exprs if not g.has(w)]
        if basis == [1] or G.exprs == [1]:
            continue
        theta = map.state[-1]
        univariate = [g for g in basis if not g.has(*map.state[:-1]) and g.has(theta)]
        coordinates: list[sp.Expr] = []
        for i, x in enumerate(map.state[:-1]):
            rows = [
                g
                for g in basis
                if not g.has(*map.state[:i], *map.state[i + 1 : -1]) and sp.degree(g, x) == 1
            ]
            if rows:
                slope, rest = sp.Poly(rows[0], x).all_coeffs()
                coordinates.append(-rest / slope)
        if not univariate or len(coordinates) < map.dimension - 1:
            unresolved.append(
                f"points of period {n} whose last coordinate does not tell them apart: "
                + ", ".join(f"{g} = 0" for g in basis[:4])
            )
            continue
        for p in _irreducible(univariate[-1], theta):
            yield theta, p, [*coordinates, theta]
