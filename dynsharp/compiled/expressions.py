"""Preparing sympy expressions for real double arithmetic: symbols, kinks, derivatives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import sympy as sp


def identifiers(symbols: Iterable[sp.Symbol], prefix: str) -> dict[sp.Symbol, str]:
    """Return for each symbol a Python identifier that no other symbol shares.

    A name such as ``lambda``, ``x'`` or ``w_{1}`` is no identifier, and one such as ``i`` may be
    a variable of the surrounding code. So each gets a prefix and its number, then what is left of
    its name for the reader of the generated code.

    Examples
    --------
    >>> list(identifiers(sp.symbols("lambda x' w_{1}"), "p").values())
    ['p0_lambda', 'p1_x', 'p2_w_1']
    """
    tails = [re.sub(r"[^A-Za-z0-9_]", "", s.name) for s in symbols]
    return {
        s: f"{prefix}{n}_{tail}" for n, (s, tail) in enumerate(zip(symbols, tails, strict=True))
    }


def real_form(
    expressions: Iterable[sp.Expr], names: Mapping[sp.Symbol, str] | None = None
) -> list[sp.Expr]:
    """Rewrite expressions in real symbols that carry the given names.

    The user's symbols may lack the assumption that they are real, without which sympy keeps
    re, im and conjugate. Functions without a compiled counterpart are written in those that
    have one.
    """
    rename = {s: sp.Symbol(name, real=True) for s, name in (names or {}).items()}
    return [_elementary(sp.sympify(e).xreplace(rename)) for e in expressions]


def _elementary(e: sp.Expr) -> sp.Expr:
    e = e.replace(sp.Mod, lambda a, b: a - b * sp.floor(a / b))
    e = e.replace(sp.frac, lambda a: a - sp.floor(a))
    e = e.replace(sp.factorial, lambda a: sp.gamma(a + 1))
    e = e.replace(sp.sinc, lambda a: sp.Piecewise((sp.sin(a) / a, sp.Ne(a, 0)), (1, True)))
    for function, reciprocal in _RECIPROCALS.items():
        e = e.replace(reciprocal, lambda a, function=function: 1 / function(a))
    return e.replace(
        lambda p: isinstance(p, sp.Pow) and p.exp.is_Float and float(p.exp).is_integer(),
        lambda p: p.base ** int(p.exp),  # x**2.0
    )


_RECIPROCALS = {
    sp.cos: sp.sec,
    sp.sin: sp.csc,
    sp.tan: sp.cot,
    sp.cosh: sp.sech,
    sp.sinh: sp.csch,
    sp.tanh: sp.coth,
}


def differentiate(expressions: Iterable[sp.Expr], symbols: Sequence[sp.Symbol]) -> sp.Matrix:
    """Return the matrix of ∂e_i/∂s_j of expressions in real symbols, wherever it exists.

    At a kink (Abs, Max, Min) the mean of both sides is taken; a jump (sign, floor, Heaviside) has
    the derivative zero of its two sides.
    """
    return sp.Matrix([[_smooth_part(sp.diff(e, s)) for s in symbols] for e in expressions])


def _smooth_part(derivative: sp.Expr) -> sp.Expr:
    """Drop the delta functions and the derivatives of step functions."""

    def vanishes(e: sp.Basic) -> bool:
        if isinstance(e, sp.Subs):
            e = e.expr
        of_step = isinstance(e, sp.Derivative) and isinstance(e.expr, (sp.floor, sp.ceiling))
        return of_step or isinstance(e, sp.DiracDelta) or e == 0

    return derivative.replace(vanishes, lambda *_: sp.S.Zero)
