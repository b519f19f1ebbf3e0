"""Real roots of one polynomial in one unknown, where they have a short closed form."""

from __future__ import annotations

from functools import reduce
from math import gcd

import sympy as sp


def roots(e: sp.Expr, x: sp.Symbol) -> list[sp.Expr] | None:
    """Real roots of an irreducible polynomial where they have a short closed form, else None."""
    if not e.is_polynomial(x):
        return None
    polynomial = sp.Poly(e, x)
    if all(c.is_Rational for c in polynomial.all_coeffs()):
        return [r for r in polynomial.real_roots() if admissible(r, x)]
    n = polynomial.degree()
    if n == 1:
        return [
            r for r in [in_lowest_terms(-polynomial.TC() / polynomial.LC())] if admissible(r, x)
        ]
    if n == 2:
        a, b, c = polynomial.all_coeffs()
        root = _root_of(b**2 - 4 * a * c)
        return [
            r for s in (1, -1) if admissible(r := in_lowest_terms((-b + s * root) / (2 * a)), x)
        ]
    if len(polynomial.terms()) == 2 and polynomial.terms()[-1][0] == (0,):
        base = sp.factor(-polynomial.TC() / polynomial.LC())
        return [r for r in _radicals(base, n) if admissible(r, x)]
    return _composed(polynomial, x)


def _composed(polynomial: sp.Poly, x: sp.Symbol) -> list[sp.Expr] | None:
    """Roots of a polynomial in xᵏ, such as a biquadratic, by those of the polynomial in t = xᵏ."""
    k = reduce(gcd, (n for (n,) in polynomial.monoms()))
    if k < 2:
        return None
    t = sp.Dummy("t", real=True, nonnegative=True if k % 2 == 0 else None)
    values = roots(sp.Add(*(c * t ** (n // k) for (n,), c in polynomial.terms())), t)
    if values is None:
        return None
    return [r for value in values for r in _radicals(value, k) if admissible(r, x)]


def _root_of(discriminant: sp.Expr) -> sp.Expr:
    """Square root up to its sign: squares come out without an absolute value."""
    outside, inside = sp.S.One, sp.S.One
    for f, n in (t.as_base_exp() for t in sp.Mul.make_args(sp.factor(discriminant))):
        if n.is_integer and n.is_positive and f.is_real and not f.is_number:
            outside, inside = outside * f ** (n // 2), inside * f ** (n % 2)
        else:
            inside *= f**n
    return outside * sp.sqrt(inside)


def _radicals(base: sp.Expr, n: int) -> list[sp.Expr]:
    """Real n-th roots. Where the sign of the base is open, both forms of an odd root are given."""
    if n == 1:
        return [base]
    root = sp.Pow(base, sp.Rational(1, n))
    if n % 2 == 0:
        return [root, -root]
    negative = -sp.Pow(-base, sp.Rational(1, n))
    return [root] * (not base.is_nonpositive) + [negative] * (not base.is_nonnegative)


# What real values a function takes: the least and the greatest, open or closed.
_RANGES = {
    sp.exp: sp.Interval.open(0, sp.oo),
    sp.tanh: sp.Interval.open(-1, 1),
    sp.atan: sp.Interval.open(-sp.pi / 2, sp.pi / 2),
    sp.cosh: sp.Interval(1, sp.oo),
    sp.sin: sp.Interval(-1, 1),
    sp.cos: sp.Interval(-1, 1),
    sp.Abs: sp.Interval(0, sp.oo),
}


def vanishes_nowhere(e: sp.Expr) -> bool:
    """Whether e = a + b·f(...) asks of f a value that it does not take, as tanh(x) = 1."""
    kernels = e.atoms(*_RANGES)
    if len(kernels) != 1:
        return False
    (f,) = kernels
    t = sp.Dummy("t", real=True)
    g = e.subs(f, t)
    if g.free_symbols != {t} or not g.is_polynomial(t) or sp.degree(g, t) != 1:
        return False
    return _RANGES[f.func].contains(-g.coeff(t, 0) / g.coeff(t, 1)) == sp.false


def admissible(value: sp.Expr, x: sp.Symbol) -> bool:
    """Whether the value does not contradict what is assumed of x."""
    if value.has(sp.I) or value.is_real is False:
        return False
    wrong = (
        (x.is_positive and value.is_nonpositive)
        or (x.is_nonnegative and value.is_negative)
        or (x.is_negative and value.is_nonnegative)
        or (x.is_nonzero and value.is_zero)
    )
    return not wrong


def in_lowest_terms(e: sp.Expr) -> sp.Expr:
    """Cancel and factor, where that is possible."""
    try:
        return sp.factor(sp.cancel(e))
    except sp.PolynomialError:
        return e
