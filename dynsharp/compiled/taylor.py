"""Truncated Taylor arithmetic on sympy expressions: the cost of a few evaluations, any dimension.

With x(t) = x₀ + x₁t + x₂t² + x₃t³ the coefficients of F(x(t)) hold derivatives of F: for
x₁ = u alone they are F, DF u, ½ D²F(u, u), ⅙ D³F(u, u, u). They are written out operation by
operation, so that an expression of m operations gives a program of about 10 m.
(Griewank, Walther, *Evaluating Derivatives*, 2nd ed., chapter 13.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

import sympy as sp

from dynsharp.compiled.expressions import differentiate

ORDER = 3
_T = sp.Symbol("t", real=True)

Jet = list[sp.Expr]


def taylor_program(
    expressions: Sequence[sp.Expr], jets: Mapping[sp.Symbol, Sequence[sp.Symbol]]
) -> tuple[list[tuple[sp.Symbol, sp.Expr]], list[Jet]]:
    """Return assignments, and for each expression its Taylor coefficients up to `ORDER`.

    Parameters
    ----------
    expressions
        In real symbols (see `real_form`).
    jets
        For each symbol that moves with t its coefficients, of which the first is the symbol itself.
    """
    writer = _Writer(jets)
    shared, results = sp.cse(list(expressions), symbols=sp.numbered_symbols("s"))
    for symbol, e in shared:
        jet = writer.jet(e)
        writer.assignments.append((symbol, jet[0]))
        writer.known[symbol] = [symbol, *jet[1:]]
    return writer.assignments, [writer.jet(e) for e in results]


class _Writer:
    """Appends an assignment for every coefficient that is neither a number nor a symbol."""

    def __init__(self, jets: Mapping[sp.Symbol, Sequence[sp.Symbol]]) -> None:
        self.known: dict[sp.Expr, Jet] = {s: list(jet) for s, jet in jets.items()}
        self.assignments: list[tuple[sp.Symbol, sp.Expr]] = []
        self.names = count()

    def jet(self, e: sp.Expr) -> Jet:
        """Coefficients of an expression, each a number or a symbol."""
        if e not in self.known:
            self.known[e] = [self._named(c) for c in self._coefficients(e)]
        return self.known[e]

    def _named(self, e: sp.Expr) -> sp.Expr:
        if e.is_Atom:
            return e
        symbol = sp.Symbol(f"a{next(self.names)}", real=True)
        self.assignments.append((symbol, e))
        return symbol

    def _coefficients(self, e: sp.Expr) -> Jet:
        moving = any(s in self.known for s in e.free_symbols)
        if not moving or e.is_Atom:
            return [e] + [sp.S.Zero] * ORDER
        if isinstance(e, sp.Add):
            return [sp.Add(*terms) for terms in zip(*map(self.jet, e.args), strict=True)]
        if isinstance(e, sp.Mul):
            return self._product([self.jet(a) for a in e.args])
        if isinstance(e, sp.Pow) and e.exp.is_Integer and 2 <= e.exp <= 64:
            half = self.jet(e.base ** (e.exp // 2))
            return self._product([half, half] + [self.jet(e.base)] * int(e.exp % 2))
        if isinstance(e, sp.Pow) and e.exp.free_symbols & set(self.known):
            return self.jet(sp.exp(sp.log(e.base, evaluate=False) * e.exp))
        if isinstance(e, (sp.Max, sp.Min)):
            return self._extreme(e)
        if isinstance(e, sp.Piecewise):
            pieces = [(self.jet(value), condition) for value, condition in e.args]
            return [sp.Piecewise(*((j[n], c) for j, c in pieces)) for n in range(ORDER + 1)]
        return self._chain(e)

    def _product(self, factors: list[Jet]) -> Jet:
        result = factors[0]
        for other in factors[1:]:
            left = [self._named(c) for c in result]
            result = [
                sp.Add(*(left[i] * other[n - i] for i in range(n + 1))) for n in range(ORDER + 1)
            ]
        return result

    def _extreme(self, e: sp.Expr) -> Jet:
        """Of the largest (smallest) argument; where two are equal, of the later one."""
        best, *others = map(self.jet, e.args)
        for other in others:
            first = best[0] > other[0] if isinstance(e, sp.Max) else best[0] < other[0]
            best = [
                self._named(sp.Piecewise((a, first), (b, True)))
                for a, b in zip(best, other, strict=True)
            ]
        return best

    def _chain(self, e: sp.Expr) -> Jet:
        """Any other function, by the chain rule."""
        arguments = [self.jet(a) for a in e.args]
        derivative = e.func(*(sum(c * _T**n for n, c in enumerate(jet)) for jet in arguments))
        result, factorial = [derivative.subs(_T, 0)], 1
        for n in range(1, ORDER + 1):
            derivative = differentiate([derivative], [_T])[0]
            factorial *= n
            result.append(derivative.subs(_T, 0) / factorial)
        shared, coefficients = sp.cse(
            result, symbols=(sp.Symbol(f"a{n}", real=True) for n in self.names)
        )
        self.assignments += shared
        return list(coefficients)
