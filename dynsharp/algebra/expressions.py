"""Small things done to expressions everywhere: shorten them, check them, name their symbols."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.errors import InputError


def tidy(expression: Any) -> Any:
    """Bring an expression or a condition to a short exact form: factored if that is shorter."""
    if isinstance(expression, Boolean):
        return _tidy_condition(expression)
    forms = [expression]
    for rewrite in (sp.cancel, sp.factor, sp.expand, _factor_roots):
        try:
            forms.append(rewrite(expression))
        except (sp.PolynomialError, NotImplementedError):  # Max, Abs, Piecewise: leave as it is
            continue
    return min(forms, key=lambda e: (e.count_ops(), len(str(e))))


def _factor_roots(expression: sp.Expr) -> sp.Expr:
    """Factor what stands under square roots, so that the root of a square becomes Abs."""
    return expression.replace(
        lambda e: isinstance(e, sp.Pow) and e.exp == sp.Rational(1, 2),
        lambda e: sp.sqrt(sp.factor(e.base)),
    )


def _tidy_condition(condition: Boolean) -> Boolean:
    condition = condition.replace(
        lambda e: isinstance(e, sp.Rel), lambda e: e.func(tidy(e.lhs), tidy(e.rhs))
    )
    if isinstance(condition, sp.Rel) and len(condition.free_symbols) == 1:
        (x,) = condition.free_symbols
        with contextlib.suppress(NotImplementedError):
            solved = sp.reduce_inequalities(condition, x)
            condition = solved.subs({x < sp.oo: sp.true, -sp.oo < x: sp.true})
    return condition.replace(
        lambda e: isinstance(e, sp.Rel) and e.lhs.is_number, lambda e: e.reversed
    )


def checked_expression(argument: str, value: Any, kind: Any = sp.Expr) -> Any:
    """Return ``value`` as a finite sympy object of that kind, or raise."""
    try:
        expression: Any = sp.sympify(value, strict=True)
    except sp.SympifyError:
        expression = None
    usable = isinstance(expression, kind) and not getattr(expression, "is_Matrix", False)
    if not usable or (kind is Boolean and isinstance(expression, sp.Symbol)):
        raise InputError(argument, repr(value), f"a sympy {kind.__name__}")
    if kind is sp.Expr and expression.has(sp.nan, sp.zoo, sp.oo):
        raise InputError(argument, expression, "a finite expression")
    return expression


def names(symbols: Iterable[sp.Symbol]) -> str:
    """List the symbols, w2 before w10."""
    return ", ".join(sorted((str(s) for s in symbols), key=_natural))


def _natural(text: str) -> list[tuple[bool, int | str]]:
    """Sort key that puts w2 before w10."""
    return [(s.isdigit(), int(s) if s.isdigit() else s) for s in re.split(r"(\d+)", text) if s]
