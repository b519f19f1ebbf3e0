"""One inequality in readable form: f > 0, f ≥ 0 or f ≠ 0 as bounds on a symbol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.signs import (
    even_sign,
    factor_sign,
    factors,
    sign,
    split_root,
    weak_sign,
)

_SOLVING = 3.0  # seconds for the solution of one inequality


def positive(
    expression: sp.Expr, facts: Iterable[Boolean] = (), order: Sequence[sp.Symbol] = ()
) -> Boolean:
    """Return a readable condition that is equivalent to ``expression > 0``.

    Factors of known sign are dropped, even powers become ≠ 0, one remaining factor is solved for a
    symbol in which it is linear with a coefficient of known sign, one remaining symbol is solved
    for; a product of several factors stays a product. Where several symbols could be solved for,
    the first in ``order`` is.
    """
    facts = list(facts)
    overall, odd, nonzero = 1, [], []
    for f, n in factors(sp.sympify(expression)):
        s = factor_sign(f, facts)
        if s == 0:
            return sp.false
        if s is not None:
            overall *= s if n % 2 else 1
        elif n.is_integer and n % 2 == 0:
            if even_sign(f, facts) is None:
                nonzero.append(sp.Ne(f, 0))
        elif n.is_Rational and n.q % 2 == 0:  # a root is positive where it is not zero
            nonzero.append(positive(f, facts, order))
        elif (s := weak_sign(f, facts)) and any(isinstance(a, sp.Ge | sp.Le) for a in facts):
            overall *= s
            nonzero.append(_isolated(s * f, facts, order))
        else:
            odd.append(f)
    product = sp.Mul(*odd)
    if not odd:
        condition = sp.true if overall > 0 else sp.false
    elif len(product.free_symbols) == 1:
        condition = _solved(product, overall)
    elif len(odd) == 1:
        condition = _isolated(overall * odd[0], facts, order)
    else:
        condition = _difference_of_squares(overall * product, facts, order)
    if len(odd) == 1 and isinstance(odd[0], sp.Abs):
        condition = sp.Ne(odd[0].args[0], 0) if overall > 0 else sp.false
    return sp.And(condition, *nonzero)


def not_negative(expression: sp.Expr) -> Boolean:
    """Return a readable condition that is equivalent to ``expression >= 0``."""
    if sign(expression) == 0 or expression.is_nonnegative:
        return sp.true
    below = positive(-expression)
    return sp.Not(below) if not isinstance(below, sp.And) else sp.sympify(expression) >= 0


def without_moduli(expression: sp.Expr, facts: Iterable[Boolean]) -> sp.Expr:
    """Replace |a| by a or −a where the facts, strict or not, tell which."""
    facts = list(facts)
    strict = [
        a.gts > a.lts if isinstance(a, sp.Ge | sp.Le) else a for a in facts
    ]  # at equality |a| is 0 either way
    signs = {a: sign(a.args[0], strict) for a in expression.atoms(sp.Abs)}
    return expression.subs({a: s * a.args[0] for a, s in signs.items() if s is not None})


def nonzero(expression: sp.Expr) -> Boolean:
    """Return a readable condition that is equivalent to ``expression != 0``."""
    open_ = [f for f, _ in factors(expression) if sign(f) in (None, 0)]
    inner = [f.args[0] if isinstance(f, sp.Abs | sp.sign) else f for f in open_]
    return sp.And(*(_nonzero_factor(f) for f in inner))


def _nonzero_factor(f: sp.Expr) -> Boolean:
    """Write f ≠ 0; A + B√R with A > 0 > B vanishes where A² = B²R does."""
    A, B, R = split_root(f) or (sp.S.Zero, sp.S.Zero, sp.S.Zero)
    if (sign(A) or 0) * (sign(B) or 0) != -1:
        x = next(iter(f.free_symbols), None)
        linear = x is not None and f.free_symbols == {x} and f.is_polynomial(x)
        if linear and sp.degree(f, x) == 1:
            slope, rest = sp.Poly(f, x).all_coeffs()
            return sp.Ne(x, -rest / slope)
        return sp.Ne(f, 0)
    return nonzero(sp.expand(A**2 - B**2 * R))


def _solved(f: sp.Expr, overall: int) -> Boolean:
    """Solve overall·f > 0 for its only symbol."""
    (x,) = f.free_symbols
    relation = f > 0 if overall > 0 else f < 0
    if not f.is_polynomial(x):
        return _isolated(overall * f, [], ())
    plain = sp.Symbol(x.name, real=True)
    try:
        with limit(_SOLVING):
            within = relation.subs(x, plain)
            solved = sp.solve_univariate_inequality(within, plain, relational=False)
        if x.is_nonnegative:
            solved = solved & (
                sp.Interval.open(0, sp.oo) if x.is_positive else sp.Interval(0, sp.oo)
            )
    except (NotImplementedError, BudgetExceeded):
        return relation
    if (
        not isinstance(solved, sp.Interval | sp.Union | sp.FiniteSet)
        and solved is not sp.S.EmptySet
    ):
        return relation if solved != sp.S.Reals else sp.true
    return as_relation(solved, x)


def as_relation(solution: sp.Set, x: sp.Symbol) -> Boolean:
    """Write that x is in a set of real numbers."""
    if isinstance(solution, sp.Union):
        return sp.Or(*(as_relation(part, x) for part in solution.args))
    if solution is sp.S.EmptySet:
        return sp.false
    if isinstance(solution, sp.FiniteSet):
        return sp.Or(*(sp.Eq(x, value) for value in solution))
    a, b = solution.start, solution.end
    parts = []
    if a.is_finite and not (a == 0 and x.is_positive):
        parts.append(x > a if solution.left_open else x >= a)
    if b.is_finite:
        parts.append(x < b if solution.right_open else x <= b)
    return sp.And(*parts)


def _isolated(f: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean:
    """Write f > 0 as a bound on one symbol or, if none can be isolated, with positive terms."""
    for rewrite in (_peeled, _unrooted):
        rewritten = rewrite(f, facts, order)
        if rewritten is not None:
            return rewritten
    bounds = []
    for x in sorted(f.free_symbols, key=lambda s: s.name):
        linear = f.is_polynomial(x) and sp.degree(f, x) == 1
        if not linear:
            continue
        slope, rest = sp.Poly(f, x).all_coeffs()
        s = sign(slope, facts)
        if s:
            bound = min((sp.factor(-rest / slope), sp.powsimp(-rest / slope)), key=sp.count_ops)
            bounds.append(x > bound if s > 0 else x < bound)
    if bounds:
        rank = {x: i for i, x in enumerate(order)}
        return min(bounds, key=lambda b: (rank.get(b.lhs, len(rank)), b.count_ops(), str(b)))
    return _with_positive_terms(f)


def _with_positive_terms(f: sp.Expr) -> Boolean:
    terms = sp.Add.make_args(sp.expand(f))
    minus = [t for t in terms if t.could_extract_minus_sign()]
    left = sp.factor_terms(sp.Add(*(t for t in terms if t not in minus)))
    right = sp.factor_terms(-sp.Add(*minus))
    if not minus:
        return f > 0
    return right < left if left.is_number else left > right


_INVERSES = {sp.exp: sp.log, sp.sinh: sp.asinh, sp.asinh: sp.sinh}


def _peeled(f: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean | None:
    """Write a bound on an increasing function as a bound on its argument: exp(r) < 1 as r < 0."""
    kernels = [g for g in f.atoms(*_INVERSES) if g.args[0].free_symbols]
    if len(kernels) != 1:
        return None
    (g,) = kernels
    t = sp.Dummy("t", real=True)
    outer = f.subs(g, t)
    if outer.free_symbols & g.free_symbols or not outer.is_polynomial(t) or sp.degree(outer, t) > 1:
        return None
    slope, rest = sp.Poly(outer, t).all_coeffs()
    bound, s = sp.cancel(-rest / slope), sign(slope, facts)
    if s is None or (g.func is sp.exp and sign(bound, facts) != 1):
        return None
    return positive(s * (g.args[0] - _INVERSES[g.func](bound)), facts, order)


def _unrooted(f: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean | None:
    """Write A + B√R > 0 without the root where the sign of B is known, if that is not long."""
    A, B, R = split_root(f) or (sp.S.Zero, sp.S.Zero, sp.S.Zero)
    if R != 0 and A != 0 and sp.fraction(sp.cancel(A / R))[1].is_number:
        rest = sp.cancel(A / R) * sp.sqrt(R) + B
        return sp.And(positive(R, facts, order), positive(rest, facts, order))
    a, b = sign(A, facts), sign(B, facts)
    if not b or (b == 1 and a not in (-1, 0)):
        return None
    gap = positive(-b * sp.expand(A**2 - B**2 * R), facts, order)
    squared = sp.And(positive(A, facts, order), gap) if b == -1 else gap
    return squared if sp.count_ops(squared) <= 2 * sp.count_ops(f) else None


def _difference_of_squares(
    product: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]
) -> Boolean:
    """Write a product > 0; where it is X² − Y², as |X| > |Y| with one symbol isolated."""
    plain = product > 0 if not product.could_extract_minus_sign() else -product < 0
    terms = sp.Add.make_args(sp.expand(product))
    if len(terms) != 2 or _leading(terms[0]) * _leading(terms[1]) > 0:
        return plain
    plus, minus = terms if _leading(terms[0]) > 0 else reversed(terms)
    large, small = _root_of_square(plus), _root_of_square(-minus)
    if large is None or small is None:
        return plain
    rank = {x: i for i, x in enumerate(order)}
    for x in sorted(product.free_symbols, key=lambda s: (rank.get(s, len(rank)), s.name)):
        one, other = (large, small) if large.has(x) else (small, large)
        if one.diff(x).has(x) or other.has(x):
            continue
        slope = one.diff(x)
        if not sign(slope, facts):
            continue
        bound = _modulus(other / slope, facts)
        modulus = _modulus(x, facts)
        return modulus > bound if one is large else modulus < bound
    return _modulus(large, facts) > _modulus(small, facts)


def _leading(term: sp.Expr) -> sp.Expr:
    return term.as_coeff_Mul()[0]


def _root_of_square(term: sp.Expr) -> sp.Expr | None:
    """Return a root of a term that is a square, up to its sign."""
    number, rest = term.as_coeff_Mul()
    powers = [f.as_base_exp() for f in sp.Mul.make_args(rest)]
    if any(not (n.is_integer and n.is_even) and not f.is_positive for f, n in powers):
        return None
    return sp.sqrt(number) * sp.Mul(*(f ** (n / 2) for f, n in powers))


def _modulus(e: sp.Expr, facts: list[Boolean]) -> sp.Expr:
    """Return |e| with factors of known sign outside."""
    return without_moduli(sp.Abs(sp.powsimp(sp.cancel(e))), facts)
