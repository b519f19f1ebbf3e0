"""Symbols of known sign written as ± a positive symbol, so that sympy simplifies what it can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import positivity, signs
from dynsharp.algebra.expressions import tidy


def by_sign(facts: list[Boolean], symbols: Iterable[sp.Symbol]) -> list[dict[sp.Symbol, sp.Expr]]:
    """Write symbols of known sign as ±(a positive symbol); one that is only ≠ 0 both ways."""
    choices: list[dict[sp.Symbol, sp.Expr]] = [{}]
    for x in sorted(symbols, key=lambda s: s.name):
        size = _size(x)
        known = signs.sign(x, facts)
        if not x.is_positive and known:
            choices = [c | {x: known * size} for c in choices]
        elif known is None and sp.Ne(x, 0) in facts and len(choices) == 1:
            choices = [c | {x: s * size} for c in choices for s in (1, -1)]
    return choices


def put_back(signs: Mapping[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
    """Return the substitution that undoes a choice of signs."""
    return {_size(x): x / s.as_coeff_Mul()[0] for x, s in signs.items()}


def with_signs(e: sp.Expr, facts: list[Boolean]) -> sp.Expr:
    """Shorten an expression by what is known of the signs of its symbols."""
    e = positivity.without_moduli(tidy(sp.powsimp(e)), facts)
    choices = by_sign(facts, e.free_symbols)
    if len(choices) != 1 or not choices[0]:
        return e
    back = put_back(choices[0])
    return min((e, tidy(sp.powsimp(e.subs(choices[0]))).subs(back)), key=sp.count_ops)


def _size(x: sp.Symbol) -> sp.Symbol:
    return sp.Symbol(f"{x.name}_size", positive=True)
