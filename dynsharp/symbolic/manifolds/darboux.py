"""Discrete Darboux polynomials: m with m∘F = c·m, so that m = 0 is invariant under the map F.

Gasull, Mañosa, *A Darboux-type theory of integrability for discrete dynamical systems*,
J. Difference Equ. Appl. 8 (2002) 1171; for rational maps, with cofactors made of the factors of
det DF: Celledoni, Evripidou, McLaren, Owren, Quispel, Tapley, van der Kamp, *Using discrete Darboux
polynomials to detect and determine preserved measures and integrals of rational maps*,
J. Phys. A 52 (2019) 31LT01.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sympy as sp

from dynsharp.algebra.decomposition import decompose
from dynsharp.map import DiscreteMap


@dataclass(frozen=True)
class Candidate:
    """A polynomial m for which m = 0 is invariant.

    ``constants`` are free: m is one for each of their values; ``relations`` in further constants
    have to vanish, where these have no closed form.
    """

    polynomial: sp.Expr
    cofactor: sp.Expr
    constants: tuple[sp.Symbol, ...] = ()
    relations: tuple[sp.Expr, ...] = field(default=())


# ---- degree one: reduce m∘F modulo m ---------------------------------------------------------


def affine(map: DiscreteMap, budget: float, found: list[Candidate], unresolved: list[str]) -> None:
    """Find all affine m of a rational map.

    m is normalised to coefficient 1 of its last variable x_p. On m = 0 that variable is an affine
    function of the others; substituted in m∘F, the coefficients of what remains are equations in
    the coefficients of m alone. They are solved with the parameters generic. Results are appended
    to the two lists as they come, so that they survive an interruption.
    """
    for p in reversed(range(map.dimension)):
        pivot, others = map.state[p], map.state[:p]
        constant = _fresh("c", map)
        slopes = [_fresh(f"c_{x}", map) for x in others]
        tail = sum((a * x for a, x in zip(slopes, others, strict=True)), constant)
        stepped = (pivot + tail).subs(map.update, simultaneous=True).subs(pivot, -tail)
        remainder = sp.fraction(sp.together(stepped))[0]
        rest = [x for x in map.state if x != pivot]
        equations = {
            sp.Mul(*(f for f, _ in sp.factor_list(e)[1] if f.has(constant, *slopes)))
            for e in sp.Poly(remainder, *rest).coeffs()
        }
        components, open_ = decompose(
            sorted(equations, key=lambda e: (e.count_ops(), str(e))), [*slopes, constant], budget
        )
        unresolved += [f"affine manifolds solved for {pivot}: {text}" for text in open_]
        for c in components:
            m = pivot + tail.subs(c.solution, simultaneous=True)
            found.append(_candidate(map, m, c.free, c.relations, constant))


def _fresh(name: str, map: DiscreteMap) -> sp.Symbol:
    taken = {s.name for s in map.state + map.parameters}
    while name in taken:
        name += "_"
    return sp.Symbol(name, real=True)


def _candidate(
    map: DiscreteMap,
    m: sp.Expr,
    free: tuple[sp.Symbol, ...],
    relations: tuple[sp.Expr, ...],
    constant: sp.Symbol,
) -> Candidate:
    denominator = sp.fraction(sp.together(m))[1]
    m = sp.expand(sp.cancel(sp.together(m) * denominator) if denominator.free_symbols else m)
    linear = m.subs(constant, 0)
    if constant in free and not relations and sp.expand(m - linear - constant) == 0:
        # linear + c for every c: a first integral, reported once
        remaining = tuple(x for x in free if x != constant)
        return Candidate(linear, cofactor(map, linear), remaining)
    return Candidate(m, cofactor(map, m, relations), free, relations)


def cofactor(map: DiscreteMap, m: sp.Expr, relations: Iterable[sp.Expr] = ()) -> sp.Expr:
    """Divide m∘F by m, exactly.

    Roots and implicit constants in the coefficients of m are symbols to the division, reduced by
    the polynomials that they are roots of.

    Raises
    ------
    ArithmeticError
        If m does not divide m∘F: m = 0 is not invariant.
    """
    m, values, minimal = without_roots(m)
    for r in relations:
        r = r.subs({v: s for s, v in values.items()})
        known = {*map.state, *map.parameters, *(x for _, x in minimal)}
        x = min(r.free_symbols - known, key=lambda s: s.name)
        minimal.append((r, x))
    image, denominator = sp.fraction(sp.together(m.subs(map.update, simultaneous=True), deep=True))
    pivot = next(x for x in reversed(map.state) if m.has(x))
    quotient, remainder = sp.div(sp.Poly(image, pivot), sp.Poly(m, pivot))
    if not all(_vanishes(c, minimal) for c in remainder.all_coeffs()):
        raise ArithmeticError(f"{m} is not invariant")
    reduced = sp.cancel(_reduced(quotient.as_expr(), minimal) / denominator)
    return sp.factor(reduced).subs(values)


def without_roots(
    e: sp.Expr,
) -> tuple[sp.Expr, dict[sp.Symbol, sp.Expr], list[tuple[sp.Expr, sp.Symbol]]]:
    """Replace roots by symbols; return their values, and (polynomial, symbol) that vanish."""
    values: dict[sp.Symbol, sp.Expr] = {}
    minimal: list[tuple[sp.Expr, sp.Symbol]] = []

    def hide(root: sp.Expr) -> sp.Symbol:
        for s, v in values.items():
            if v == root:
                return s
        s = sp.Dummy("root", real=True)
        values[s] = root
        if isinstance(root, sp.Pow):
            minimal.append((s**root.exp.q - root.base**root.exp.p, s))
        else:
            minimal.append((root.poly.as_expr(s), s))
        return s

    def is_root(a: sp.Expr) -> bool:
        power = isinstance(a, sp.Pow) and a.exp.is_Rational and a.exp.q > 1
        return power or isinstance(a, sp.CRootOf)

    return e.replace(is_root, hide), values, minimal


def _reduced(e: sp.Expr, minimal: Sequence[tuple[sp.Expr, sp.Symbol]]) -> sp.Expr:
    for r, x in reversed(minimal):
        numerator, denominator = sp.fraction(sp.together(e))
        e = sp.rem(numerator, r, x) / sp.rem(denominator, r, x)
    return e


def _vanishes(e: sp.Expr, minimal: Sequence[tuple[sp.Expr, sp.Symbol]]) -> bool:
    return sp.simplify(_reduced(e, minimal)) == 0
