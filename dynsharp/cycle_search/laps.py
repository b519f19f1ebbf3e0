"""The laps of a one-dimensional map: intervals on which it is smooth and monotone.

The cuts between laps are the zeros of F' and the poles, kinks and jumps of F; zeros of F'' are
found as well, so that the range of F' over any interval is known from finitely many values. Zeros
of polynomials are isolated exactly (Sturm, by sympy); those of other functions by subdivision with
interval arithmetic, which proves that there are no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import sympy as sp

from dynsharp.compiled import differentiate, real_form
from dynsharp.cycle_search.box import Box
from dynsharp.cycle_search.intervals import Undecided, branches, zeros
from dynsharp.types import Array

SMALL_POWER = 8  # to which an exponential is written as a power of another one


@dataclass(frozen=True)
class Laps:
    """Cuts of the box (with its ends), extrema of F' between them; why they may be incomplete."""

    cuts: Array
    turns: Array
    doubt: str = ""


def laps(box: Box) -> Laps:
    """Find the laps of a map of dimension 1 in its box."""
    map = box.map
    low, high = float(box.low[0]), float(box.high[0])
    x = sp.Symbol("x", real=True)
    exact = {p: sp.Rational(box.values[p.name]) for p in map.parameters}
    expression = map.expressions[0]
    exact |= {c: sp.Rational(c) for c in expression.atoms(sp.Float)}
    (F,) = real_form([expression.subs(exact).subs(map.state[0], x)])
    doubts: list[str] = []

    def found(functions: Iterable[sp.Expr]) -> set[float]:
        points: set[float] = set()
        for f in functions:
            try:
                points |= set(zeros(f, x, low, high))
            except Undecided as doubt:
                points |= set(doubt.points)
                doubts.append(f"{doubt}")
        return points

    corners = found(_switches(F, x))
    derivatives = [d for e in branches(F, x) for d in differentiate([e], [x])]
    critical = found(_factors(derivatives, x))
    second = [d for e in derivatives for d in differentiate([e], [x])]
    turns = found(_factors(second, x))
    cuts = np.array(sorted({low, high} | {c for c in corners | critical if low < c < high}))
    return Laps(cuts, np.array(sorted(turns)), "; ".join(doubts))


def _switches(F: sp.Expr, x: sp.Symbol) -> list[sp.Expr]:
    """Functions of which some zero is at every pole, kink and jump of F."""
    found: list[sp.Expr] = []
    for e in sp.preorder_traversal(F):
        if not e.has(x):
            continue
        if isinstance(e, sp.Abs | sp.sign | sp.Heaviside):
            found.append(e.args[0])
        elif isinstance(e, sp.Max | sp.Min):
            found += [a - b for i, a in enumerate(e.args) for b in e.args[:i]]
        elif isinstance(e, sp.Piecewise):
            relations = {r for _, where in e.args for r in where.atoms(sp.Rel)}
            found += [r.lhs - r.rhs for r in relations]
        elif isinstance(e, sp.floor | sp.ceiling):
            found.append(sp.sin(sp.pi * e.args[0]))
        elif isinstance(e, sp.tan):
            found.append(sp.cos(e.args[0]))
        elif isinstance(e, sp.log):
            found.append(e.args[0])
        elif isinstance(e, sp.Pow) and (e.exp.is_negative or e.exp.is_integer is False):
            found.append(e.base)
    return _factors(found, x)


def _factors(functions: Iterable[sp.Expr], x: sp.Symbol) -> list[sp.Expr]:
    """Zeros are those of the factors of numerators: each once, constants dropped."""
    result: list[sp.Expr] = []
    for f in functions:
        symbols: dict[sp.Expr, sp.Symbol] = {}
        numerator = sp.numer(sp.together(_rational(f, symbols)))
        meanings = {symbol: e for e, symbol in symbols.items()}
        for g in sp.Mul.make_args(sp.factor(numerator)):
            base = g.base if isinstance(g, sp.Pow) and g.exp.is_positive else g
            base = base.xreplace(meanings)
            if base.has(x) and not isinstance(base, sp.exp) and base not in result:
                result.append(base)
    return result


def _rational(e: sp.Expr, symbols: dict[sp.Expr, sp.Symbol]) -> sp.Expr:
    """Put a symbol for whatever is no rational function, such as exp(16x/5) or x^(1/5).

    Otherwise factoring takes exp(x/q) or x^(1/q) as the unknown, with q the denominator of a
    decimal number: polynomials of degree 2⁵⁰.
    """
    if isinstance(e, sp.Add | sp.Mul):
        return e.func(*(_rational(part, symbols) for part in e.args))
    if isinstance(e, sp.Pow) and e.exp.is_Rational:
        whole = sp.floor(e.exp)
        root = sp.Pow(e.base, e.exp - whole)
        remaining = sp.S.One if whole == e.exp else symbols.setdefault(root, sp.Dummy())
        return _rational(e.base, symbols) ** whole * remaining
    if e.is_Rational or e.is_Symbol:
        return e
    if isinstance(e, sp.exp) and (multiple := _of_known_exponential(e, symbols)) is not None:
        return multiple
    return symbols.setdefault(e, sp.Dummy())


def _of_known_exponential(e: sp.exp, symbols: dict[sp.Expr, sp.Symbol]) -> sp.Expr | None:
    """Return a power of an exponential that has a symbol: exp(2x) = exp(x)²."""
    for known, symbol in symbols.items():
        if isinstance(known, sp.exp):
            power = sp.cancel(e.args[0] / known.args[0])
            if power.is_Integer and abs(power) <= SMALL_POWER:
                return symbol**power
    return None
