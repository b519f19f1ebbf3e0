"""Real roots of one equation in one unknown, where they have a short closed form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import gcd

import sympy as sp

__all__ = ["admissible", "left_out", "roots", "short", "vanishes_nowhere"]


def roots(e: sp.Expr, x: sp.Symbol) -> list[sp.Expr] | None:
    """Real roots of an irreducible equation where they have a short closed form, else None."""
    if not e.is_polynomial(x):
        return _inverted(e, x)
    polynomial = sp.Poly(e, x)
    if all(c.is_Rational for c in polynomial.all_coeffs()):
        return [r for r in polynomial.real_roots() if admissible(r, x)]
    n = polynomial.degree()
    if n == 1:
        return [r for r in [short(-polynomial.TC() / polynomial.LC())] if admissible(r, x)]
    if n == 2:
        a, b, c = polynomial.all_coeffs()
        root = _root_of(b**2 - 4 * a * c)
        return [r for s in (1, -1) if admissible(r := short((-b + s * root) / (2 * a)), x)]
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


def _inverted(e: sp.Expr, x: sp.Symbol) -> list[sp.Expr] | None:
    """Roots of an equation that is a polynomial in one function of x, such as exp(1 − x)."""
    try:
        kernels = [g for g in sp.Poly(e).gens if g.has(x)]
    except sp.PolynomialError:
        return None
    if len(kernels) != 1 or isinstance(kernels[0], sp.Symbol):
        return None
    t = sp.Dummy("t", real=True)
    values = roots(e.subs(kernels[0], t), t)
    if values is None:
        return None
    result: list[sp.Expr] = []
    for value in values:
        inner, arguments = _inverses(kernels[0], x, value)
        for argument in arguments:
            found = [argument] if inner == x else roots(inner - argument, x)
            if found is None:
                return None
            result += [r for r in found if r not in result and admissible(r, x)]
    return result


def _inverses(kernel: sp.Expr, x: sp.Symbol, value: sp.Expr) -> tuple[sp.Expr, Sequence[sp.Expr]]:
    """Turn kernel(inner) = value into inner = one of several; of a power take the positive root."""
    if kernel.func is sp.exp:
        return kernel.args[0], [] if value.is_nonpositive else [sp.log(value)]
    if isinstance(kernel, sp.Pow):
        return kernel.base, [value if value == 1 else sp.Pow(value, 1 / kernel.exp)]
    inner = kernel.args[0]
    single = {sp.log: sp.exp, sp.tanh: sp.atanh, sp.sinh: sp.asinh, sp.atan: sp.tan}
    if kernel.func in single:
        return inner, [single[kernel.func](value)]
    if kernel.func is sp.cosh:
        return inner, list(dict.fromkeys([sp.acosh(value), -sp.acosh(value)]))
    if kernel.func is sp.sin:
        return inner, list(dict.fromkeys([sp.asin(value), sp.pi - sp.asin(value)]))
    if kernel.func is sp.cos:
        return inner, list(dict.fromkeys([sp.acos(value), -sp.acos(value)]))
    raise NotImplementedError(f"no inverse of {kernel}")


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


def left_out(e: sp.Expr, x: sp.Symbol) -> list[str]:
    """Say which roots the inverse of a power or of a periodic function leaves out."""
    if e.is_polynomial(x):
        return []
    powers = [g for g in e.atoms(sp.Pow) if g.base == x and not g.exp.is_number]
    notes = (
        []
        if x.is_nonnegative
        else [f"negative solutions {x} of {e} = 0 (the parity of {g.exp} is open)" for g in powers]
    )
    periodic = [g for g in e.atoms(sp.sin, sp.cos) if g.has(x)]
    notes += [f"solutions {x} of {e} = 0 whose {g.args[0]} differs by 2*pi*n" for g in periodic]
    return notes


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


def short(e: sp.Expr) -> sp.Expr:
    """Cancel and factor, where that is possible."""
    try:
        return sp.factor(sp.cancel(e))
    except sp.PolynomialError:
        return e
