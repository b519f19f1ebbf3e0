"""Signs of expressions, proved by exact algebra.

A sign is known if sympy's assumptions, a sum of terms of one sign, a discriminant, a factorisation
or a fact that is given proves it. Otherwise it is not: nothing here is sampled or rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce

import sympy as sp
from sympy.logic.boolalg import Boolean


def sign(expression: sp.Expr, facts: Iterable[Boolean] = ()) -> int | None:
    """Return 1, −1 or 0 if the sign of ``expression`` is proved, None if it is not.

    Parameters
    ----------
    expression
        A real expression.
    facts
        Conditions that may be used, such as ``q > g`` or ``Ne(u, 0)``.
    """
    e = sp.sympify(expression)
    if e.is_positive:
        return 1
    if e.is_negative:
        return -1
    if e.is_zero:
        return 0
    facts = list(facts)
    signs = [
        factor_sign(f, facts) if n % 2 or not n.is_integer else even_sign(f, facts)
        for f, n in factors(e)
    ]
    return None if None in signs else reduce(lambda a, b: a * b, signs, 1)  # type: ignore


def weak_sign(expression: sp.Expr, facts: Iterable[Boolean] = ()) -> int | None:
    """Return 1 if the expression is proved to be ≥ 0, −1 if ≤ 0, None if neither is.

    By continuity: it is so where no symbol is zero and no bound is attained.
    """
    strict = [a.gts > a.lts if isinstance(a, sp.Ge | sp.Le) else a for a in facts]
    generic = [sp.Ne(x, 0) for x in sorted(expression.free_symbols, key=str)]
    proved = sign(expression, [a for a in strict if a != sp.false] + generic)
    return proved or _quadratic_form(expression)


def _quadratic_form(f: sp.Expr) -> int | None:
    """Sign of a form of degree 2 with numbers as coefficients, if it is semidefinite."""
    x = sorted(f.free_symbols, key=str)
    if len(x) < 2 or len(x) > 8 or not f.is_polynomial(*x):
        return None
    form = sp.Poly(f, *x)
    if not form.is_homogeneous or form.total_degree() != 2:
        return None
    matrix = sp.hessian(f, x)
    return next((s for s in (1, -1) if (s * matrix).is_positive_semidefinite), None)


def factors(expression: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """Split into (factor, exponent), of the numerator and the denominator alike."""
    try:
        expression = sp.factor(expression)
    except sp.PolynomialError:
        expression = sp.factor_terms(expression)
    return [f.as_base_exp() for f in sp.Mul.make_args(expression)]


def even_sign(f: sp.Expr, facts: list[Boolean]) -> int | None:
    """Return the sign of an even power of f: 1 if f cannot vanish, else None."""
    return 1 if f.is_nonzero or factor_sign(f, facts) or known(sp.Ne(f, 0), facts) else None


def factor_sign(f: sp.Expr, facts: list[Boolean]) -> int | None:
    """Sign of one irreducible factor."""
    if f.is_positive:
        return 1
    if f.is_negative:
        return -1
    if f.is_zero:
        return 0
    if isinstance(f, sp.Abs):
        return 1 if known(sp.Ne(f.args[0], 0), facts) else None
    for s in (1, -1):
        if _sum_is_positive(s * f, facts) or _follows(s * f, facts) or _quadratic(s * f, facts):
            return s
    return _sign_with_root(f, facts)


def split_root(f: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr] | None:
    """Return A, B, R with f = A + B·√R, for its longest square root; None if it has none."""
    roots = [p for p in f.atoms(sp.Pow) if p.exp == sp.S.Half and p.base.free_symbols]
    if not roots:
        return None
    root = max(roots, key=lambda p: (sp.count_ops(p), str(p)))
    t = sp.Dummy("t", positive=True)
    g = sp.expand(f).subs(root, t)
    if not g.is_polynomial(t) or sp.degree(g, t) != 1:
        return None
    B, A = (g.coeff(t, 1), g.coeff(t, 0))
    return A, B, root.base


def _sign_with_root(f: sp.Expr, facts: list[Boolean]) -> int | None:
    """Sign of A + B√R, where A and B have opposite signs by that of A² − B²R."""
    parts = split_root(f)
    if parts is None:
        return None
    A, B, R = parts
    a, b = sign(A, facts), sign(B, facts)
    if a is None or b is None:
        return None
    if a == b or b == 0:
        return a
    if a == 0:
        return b if sign(R, facts) == 1 else None
    gap = sign(sp.expand(A**2 - B**2 * R), facts)
    return None if gap is None else a * gap


def _sum_is_positive(f: sp.Expr, facts: list[Boolean]) -> bool:
    """Whether f is a sum of terms none of which is negative and one of which is positive.

    Symbols with a known lower bound are shifted first: an integer D ≥ 2 is 2 + t with t ≥ 0.
    """
    lower = {}
    for x in f.free_symbols:
        for bound in _lower_bounds(x, facts):
            lower[x] = bound + sp.Symbol(f"{x}_above", nonnegative=True)
        if x not in lower and x.is_integer and x.is_positive:
            lower[x] = 1 + sp.Symbol(f"{x}_above", nonnegative=True)
    shifted = sp.expand(f.subs(lower)) if lower else f
    return any(
        None not in signs and any(signs)
        for form in (f, shifted, *_collected(f))
        for signs in [[_term_sign(t, facts) for t in sp.Add.make_args(form)]]
    )


def _collected(f: sp.Expr) -> Iterator[sp.Expr]:
    """Yield f as a polynomial in each of its symbols, with factored coefficients."""
    for x in sorted(f.free_symbols, key=lambda s: s.name):
        try:
            yield sp.Add(*(sp.factor(c) * x**n for (n,), c in sp.Poly(f, x).terms()))
        except sp.PolynomialError:  # Abs(x − 1), exp(x): no polynomial in x
            continue


def _term_sign(term: sp.Expr, facts: list[Boolean]) -> int | None:
    """Return 1 for a positive term, 0 for one that may vanish, None where it may be negative."""
    worst, parity = 1, 1
    for f, n in (t.as_base_exp() for t in sp.Mul.make_args(term)):
        if f.is_positive or known(f > 0, facts):
            continue
        if n.is_integer and n.is_even and (f.is_real or isinstance(f, sp.Function)):
            worst = min(worst, 1 if f.is_nonzero or known(sp.Ne(f, 0), facts) else 0)
        elif n.is_integer and (f.is_negative or known(f < 0, facts)):
            parity = -parity
        elif f.is_nonnegative or not n.is_integer:  # a real root is not negative
            worst = min(worst, 1 if n.is_number and known(sp.Ne(f, 0), facts) else 0)
        else:
            return None
    return worst if parity > 0 else None


def _lower_bounds(x: sp.Symbol, facts: list[Boolean]) -> list[sp.Expr]:
    bounds = [a.gts - a.lts for a in facts if isinstance(a, sp.Gt | sp.Ge | sp.Lt | sp.Le)]
    return [x - b for b in bounds if (x - b).is_number and (x - b).is_real]


def _quadratic(f: sp.Expr, facts: list[Boolean]) -> bool:
    """Whether f is a polynomial in one symbol, with numbers, that has no real root and is > 0."""
    if len(f.free_symbols) != 1:
        return False
    (x,) = f.free_symbols
    if not f.is_polynomial(x) or not x.is_real:
        return False
    polynomial = sp.Poly(f, x)
    if not polynomial.domain.is_ZZ and not polynomial.domain.is_QQ:
        return False
    inside = (sp.S.Zero, None) if x.is_nonnegative else (None, None)
    return polynomial.count_roots(*inside) == 0 and bool(f.subs(x, 1) > 0)


def known(relation: Boolean, facts: list[Boolean]) -> bool:
    """Whether the relation is one of the facts, or f ≠ 0 follows from one of them."""
    if relation in (sp.true, sp.false):
        return bool(relation)
    if relation in facts:
        return True
    if isinstance(relation, sp.Ne):
        f = relation.lhs - relation.rhs
        return any(
            isinstance(a, sp.Gt | sp.Lt | sp.Ne)
            and (_ratio(f, a.lhs - a.rhs) is not None or _divides(f, a.lhs - a.rhs))
            for a in facts
        )
    return False


def _divides(f: sp.Expr, product: sp.Expr) -> bool:
    """Whether f, up to its sign, is one of the factors that the product is written with."""
    bases = [t.as_base_exp() for t in sp.Mul.make_args(product)]
    return product.is_Mul and any(g in (f, -f) and n.is_positive for g, n in bases)


def _follows(f: sp.Expr, facts: list[Boolean]) -> bool:
    """Whether f > 0 follows from one fact a > 0: f = c·a + (terms that are not negative), c > 0."""
    for a in facts:
        if not isinstance(a, sp.Gt | sp.Lt | sp.Ge | sp.Le):
            continue
        g = a.gts - a.lts
        candidates = {_ratio(f, g), _leading_ratio(f, g)} - {None}
        for c in candidates:
            rest = sp.expand(f - c * g)
            if rest == 0 and isinstance(a, sp.Gt | sp.Lt):
                return True
            terms = [_term_sign(t, [b for b in facts if b != a]) for t in sp.Add.make_args(rest)]
            strict = any(terms) or isinstance(a, sp.Gt | sp.Lt) or known(sp.Ne(f, 0), facts)
            if None not in terms and strict:
                return True
    return False


def _ratio(f: sp.Expr, g: sp.Expr) -> sp.Expr | None:
    """Return f/g if it is a positive number, for Ne facts any number."""
    if g == 0:
        return None
    c = sp.cancel(f / g) if f.free_symbols == g.free_symbols else sp.S.NaN
    return c if c.is_number and c.is_positive else None


def _leading_ratio(f: sp.Expr, g: sp.Expr) -> sp.Expr | None:
    """Return the positive ratio of the coefficients of a term that f and g share."""
    f_terms, g_terms = sp.expand(f).as_coefficients_dict(), sp.expand(g).as_coefficients_dict()
    for term in sorted(g_terms, key=str):
        if term != 1 and term in f_terms and f_terms[term] / g_terms[term] > 0:
            return f_terms[term] / g_terms[term]
    return None
