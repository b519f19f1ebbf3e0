"""Short forms of exact expressions, and whether one is zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy as sp

from dynsharp.algebra.expressions import tidy


def flat(expression: Any) -> Any:
    """Bring a rational function to one fraction, quickly; other expressions to a short form."""
    e = sp.sympify(expression)
    return sp.cancel(e) if _is_rational(e) else short(e)


def _is_rational(e: sp.Expr) -> bool:
    """Whether e is a rational function over the rational numbers, as written."""
    return bool(
        not e.is_number
        and not e.has(sp.Float)
        and all(a.exp.is_Integer for a in e.atoms(sp.Pow))
        and e.is_rational_function()
    )


def short(expression: Any) -> Any:
    """Bring an expression to a short exact form; numbers with floating-point parts to a number."""
    e = sp.sympify(expression)
    if e.is_Atom:
        return e
    floats = e.atoms(sp.Float)
    if e.is_number and floats:
        digits = max(int(f._prec * math.log10(2)) for f in floats)
        value = sp.N(e, max(15, digits))
        return sp.re(value) if abs(sp.im(value)) < 1e-14 * (1 + abs(value)) else value
    if e.has(sp.exp):
        e = sp.powsimp(e).replace(sp.exp, lambda argument: sp.exp(sp.cancel(argument)))
    roots = [a for a in e.atoms(sp.Pow) if a.exp.is_Rational and not a.exp.is_Integer]
    if not roots:
        return tidy(e)
    forms = [tidy(e), tidy(sp.expand(e)), tidy(sp.radsimp(e, max_terms=3))]
    if e.is_number or e.count_ops() < 60:
        forms.append(sp.sqrtdenest(sp.simplify(forms[-1])))
    return min(forms, key=lambda f: (f.count_ops(), len(str(f))))


def vanishes(expression: Any, simplify: Callable[[Any], Any] | None = None) -> bool:
    """Whether an expression is zero: exactly, or to half the digits of floating-point numbers."""
    e = (simplify or flat)(expression)
    if e.is_number and e.atoms(sp.Float):
        return bool(abs(e) < 1e-8)
    if e.is_zero is not None:
        return bool(e.is_zero)
    if e.is_number:
        return bool(e.equals(0))
    return False if _is_rational(e) else bool(sp.simplify(e) == 0)


def square_part(e: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Return A, B with A²B = e and B a polynomial as simple as factoring makes it."""
    e = sp.together(e)
    A, B, number = sp.S.One, sp.S.One, sp.S.One
    for part, side in zip(sp.fraction(e), (1, -1), strict=True):
        constant, factors = _factored(part)
        number *= constant**side
        for f, n in factors:
            A *= f ** (side * ((n + (side < 0)) // 2))  # 1/f = f/f²
            B *= f ** (n % 2)
    outside, inside = sp.sqrt(abs(number)).as_coeff_Mul()
    return A * outside, sp.sign(number) * inside**2 * sp.expand(B)


def _factored(e: sp.Expr) -> tuple[sp.Expr, list[tuple[sp.Expr, int]]]:
    if all(p.exp.is_Integer for p in e.atoms(sp.Pow)):
        return sp.factor_list(e)
    content, rest = sp.expand(e).as_content_primitive()
    return content, [(rest, 1)]
