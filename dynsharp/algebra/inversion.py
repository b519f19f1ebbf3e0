"""Functions inverted on an equation: f(A) = c becomes equations in A that split as polynomials do.

An equation is inverted as a whole, before it is solved for an unknown: tanh(v(uv − q)) = 0 is
v(uv − q) = 0, whose factors are two components. Every real solution is kept: a function that takes
a value twice gives two equations, a periodic one those of one period and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.roots import roots

_HALF = sp.pi / 2
# Injective functions: the inverse, and the values that they take.
_INJECTIVE: dict[type, tuple[Callable[[sp.Expr], sp.Expr], sp.Interval]] = {
    sp.exp: (sp.log, sp.Interval.open(0, sp.oo)),
    sp.log: (sp.exp, sp.Reals),
    sp.sinh: (sp.asinh, sp.Reals),
    sp.asinh: (sp.sinh, sp.Reals),
    sp.tanh: (sp.atanh, sp.Interval.open(-1, 1)),
    sp.atanh: (sp.tanh, sp.Reals),
    sp.acosh: (sp.cosh, sp.Interval(0, sp.oo)),
    sp.atan: (sp.tan, sp.Interval.open(-_HALF, _HALF)),
    sp.asin: (sp.sin, sp.Interval(-_HALF, _HALF)),
    sp.acos: (sp.cos, sp.Interval(0, sp.pi)),
    sp.erf: (sp.erfinv, sp.Interval.open(-1, 1)),
}
_ODD = (sp.sinh, sp.asinh, sp.tanh, sp.atanh, sp.atan, sp.asin, sp.erf)
# Functions that take a value twice (in one period): both arguments, and the values.
_TWICE: dict[type, tuple[Callable[[sp.Expr], list[sp.Expr]], sp.Interval]] = {
    sp.Abs: (lambda c: [c, -c], sp.Interval(0, sp.oo)),
    sp.cosh: (lambda c: [sp.acosh(c), -sp.acosh(c)], sp.Interval(1, sp.oo)),
    sp.sin: (lambda c: [sp.asin(c), sp.pi - sp.asin(c)], sp.Interval(-1, 1)),
    sp.cos: (lambda c: [sp.acos(c), -sp.acos(c)], sp.Interval(-1, 1)),
    sp.tan: (lambda c: [sp.atan(c)], sp.Reals),
}
_PERIOD = {sp.sin: "2*pi*n", sp.cos: "2*pi*n", sp.tan: "pi*n"}


@dataclass(frozen=True)
class Inverted:
    """The solutions of one equation: one of the ``cases`` holds, an expression = 0 with where.

    ``notes`` says what is left out.
    """

    cases: list[tuple[sp.Expr, Boolean]]
    notes: list[str] = field(default_factory=list)


def inverted(e: sp.Expr, unknowns: Sequence[sp.Symbol]) -> Inverted | None:
    """Invert the outermost function on the equation e = 0; None if there is none to invert."""
    if e.is_polynomial(*unknowns):
        return None
    ways = (_one_function, _two_terms, _increasing, _isolated_root)
    return next((found for way in ways if (found := way(e, unknowns)) is not None), None)


def _one_function(e: sp.Expr, unknowns: Sequence[sp.Symbol]) -> Inverted | None:
    """Solve an equation in which the unknowns occur in one function f(A) alone: P(f(A)) = 0."""
    t = sp.Dummy("t", real=True)
    for f in sorted(_functions(e, unknowns), key=sp.count_ops, reverse=True):
        P = e.xreplace({f: t})
        if P.has(*unknowns):
            continue
        values = roots(P, t)
        if values is None:
            return None
        notes: list[str] = []
        cases = []
        for c in values:
            found = list(_arguments(f, c, notes, e, unknowns))
            if found == [(f, None)]:
                return None
            cases += [(sp.numer(sp.together(a)), where) for a, where in found if where != sp.false]
        return Inverted(list(dict.fromkeys(cases)), notes)
    return None


def _functions(e: sp.Expr, unknowns: Sequence[sp.Symbol]) -> set[sp.Expr]:
    powers = {p for p in e.atoms(sp.Pow) if not p.exp.is_Integer}
    return {f for f in e.atoms(sp.Function) | powers if f.has(*unknowns)}


def _arguments(
    f: sp.Expr, c: sp.Expr, notes: list[str], e: sp.Expr, unknowns: Sequence[sp.Symbol]
) -> Iterator[tuple[sp.Expr, Boolean | None]]:
    """Yield what vanishes where f(A) = c, and the condition on c; (f, None) without an inverse."""
    if isinstance(f, sp.Pow) and not isinstance(f, sp.exp):
        yield from _of_power(f, c, notes, e, unknowns)
        return
    kind, A = f.func, f.args[0]
    if kind in _INJECTIVE and len(f.args) == 1:
        inverse, values = _INJECTIVE[kind]
        where = _within(c, values)
        yield (A - inverse(c) if where != sp.false else A), where
    elif kind in _TWICE:
        inverses, values = _TWICE[kind]
        where = _within(c, values)
        for a in dict.fromkeys(inverses(c)) if where != sp.false else ():
            yield A - a, where
        if kind in _PERIOD and where != sp.false:
            named = ", ".join(str(x) for x in unknowns if A.has(x))
            text = f"solutions {named} of {f - c} = 0 whose {A} differs by {_PERIOD[kind]}"
            notes += [text] if text not in notes else []
    else:
        yield f, None


def _of_power(
    f: sp.Expr, c: sp.Expr, notes: list[str], e: sp.Expr, unknowns: Sequence[sp.Symbol]
) -> Iterator[tuple[sp.Expr, Boolean | None]]:
    if not f.base.has(*unknowns):  # aᴬ = c
        positive = sp.And(_within(c, sp.Interval.open(0, sp.oo)), conditions.positive(f.base))
        yield f.exp * sp.log(f.base) - sp.log(c) if positive != sp.false else f.exp, positive
    elif f.exp.has(*unknowns):
        yield f, None
    elif f.exp.is_Rational:
        where = _within(c, sp.Interval(0, sp.oo))
        yield f.base - sp.Pow(c, 1 / f.exp) if where != sp.false else f.base, where
    else:
        if not f.base.is_nonnegative:
            notes.append(f"negative solutions {f.base} of {e} = 0 (the parity of {f.exp} is open)")
        yield f.base - (c if c in (0, 1) else sp.Pow(c, 1 / f.exp)), sp.true


def _within(c: sp.Expr, values: sp.Set) -> Boolean:
    """Write that c is in an interval; true or false for a number."""
    if values is sp.Reals or values == sp.Reals:
        return sp.true
    low, high = values.start, values.end
    parts = []
    if low.is_finite:
        parts.append(conditions.positive(c - low) if values.left_open else _not_below(c - low))
    if high.is_finite:
        parts.append(conditions.positive(high - c) if values.right_open else _not_below(high - c))
    return sp.And(*parts)


def _not_below(gap: sp.Expr) -> Boolean:
    return sp.sympify(bool(gap >= 0)) if gap.is_number else conditions.not_negative(gap)


def _two_terms(e: sp.Expr, unknowns: Sequence[sp.Symbol]) -> Inverted | None:
    """Solve a·f(A) + b·f(B) = 0 where f is the same injective function, or an exponential."""
    terms = sp.Add.make_args(e)
    shared = sp.factor_terms(e)
    if len(terms) != 2 or (shared.is_Mul and sum(f.has(*unknowns) for f in shared.args) > 1):
        return None  # not before it is split at a factor that both share
    ratio = sp.powsimp(-terms[0] / terms[1])
    exponentials = [f for f in sp.Mul.make_args(ratio) if isinstance(f, sp.exp)]
    k = sp.Mul(*(f for f in sp.Mul.make_args(ratio) if not isinstance(f, sp.exp)))
    if exponentials and not k.has(*unknowns):
        where = _within(k, sp.Interval.open(0, sp.oo))
        total = sp.Add(*(f.args[0] for f in exponentials))
        return Inverted(
            [] if where == sp.false else [(sp.numer(sp.together(total + sp.log(k))), where)]
        )
    parts = [[f for f in sp.Mul.make_args(t) if type(f) in _INJECTIVE] for t in terms]
    if [len(p) for p in parts] != [1, 1] or parts[0][0].func is not parts[1][0].func:
        return None
    (f,), (g,) = parts
    factor = sp.cancel(terms[0] / f / (terms[1] / g))
    if factor == -1:
        return Inverted([(sp.numer(sp.together(f.args[0] - g.args[0])), sp.true)])
    if factor == 1 and isinstance(f, _ODD):
        return Inverted([(sp.numer(sp.together(f.args[0] + g.args[0])), sp.true)])
    return None


def _increasing(e: sp.Expr, unknowns: Sequence[sp.Symbol]) -> Inverted | None:
    """Solve g₁(A) + g₂(A) + ... = 0, a sum of odd increasing functions of one A, by A = 0."""
    t = sp.Dummy("t", real=True)
    for A in sorted({f.args[0] for f in e.atoms(*_ODD)}, key=str):
        terms = [term.as_coeff_Mul() for term in sp.Add.make_args(e.subs(A, t))]
        odd = all((isinstance(g, _ODD) and g.args[0] == t) or _is_odd_power(g, t) for _, g in terms)
        if odd and len({c > 0 for c, _ in terms}) == 1:
            return Inverted([(A, sp.true)])
    return None


def _is_odd_power(g: sp.Expr, t: sp.Symbol) -> bool:
    base, n = g.as_base_exp()
    return base == t and n.is_integer and n.is_odd and n.is_positive


def _isolated_root(e: sp.Expr, unknowns: Sequence[sp.Symbol]) -> Inverted | None:
    """Solve a·A^(m/n) + b = 0 by aⁿAᵐ = (−b)ⁿ where ab ≤ 0; a sum of roots, one after another."""
    if any(sp.diff(e, x).is_number for x in unknowns if e.has(x)):
        return None  # it is solved for that unknown
    t = sp.Dummy("t", nonnegative=True)
    fractional = [
        p for p in e.atoms(sp.Pow) if p.exp.is_Rational and p.exp.q > 1 and p.has(*unknowns)
    ]
    for p in sorted(fractional, key=lambda p: (sp.count_ops(p), str(p)), reverse=True):
        n = p.exp.q
        linear = sp.expand(e).subs(sp.Pow(p.base, sp.Rational(1, n)), t)
        if linear.has(t) and linear.is_polynomial(t) and sp.degree(linear, t) == 1:
            a, b = sp.Poly(linear, t).all_coeffs()
            where = (-a * b >= 0) if (a * b).free_symbols else _not_below(-a * b)
            return Inverted([(sp.expand(a**n * p.base - (-b) ** n), where)])
    return None
