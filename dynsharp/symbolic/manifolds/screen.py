"""Which cofactors can belong to an invariant polynomial: a cheap bound, modulo a prime."""

from __future__ import annotations

from math import prod

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from dynsharp.map import DiscreteMap

_PRIME = 2**31 - 1


class Screen:
    """Cheap upper bounds: states on lines, and parameters that are numbers, modulo a prime.

    Reduction modulo a prime, and restriction to lines, can only add solutions. A cofactor for which
    there are no more than products of known m can therefore be left out, without exact algebra.
    """

    def __init__(self, map: DiscreteMap, N: sp.Expr, monomials: list[sp.Expr]) -> None:
        exponents = [sp.Poly(e, *map.state).monoms()[0] for e in monomials]
        degree = max(sum(es) for es in exponents)
        self.t = sp.Symbol("t")
        self.numbers = {p: sp.prime(100 + 17 * i) for i, p in enumerate(map.parameters)}
        self.lines = [
            {
                x: sp.Poly(
                    [sp.prime(90 + 5 * i + 13 * k), sp.prime(50 + 7 * i + 11 * k)],
                    self.t,
                    modulus=_PRIME,
                )
                for i, x in enumerate(map.state)
            }
            for k in range(2 + len(monomials) // 8)
        ]
        self._cache: dict[sp.Expr, list[sp.Poly]] = {}
        self._points: dict[sp.Expr, list[int]] = {}
        self.images = []
        for line in self.lines:
            steps = [self._on(N * e, line) for e in map.expressions]
            power = [self._on(N**k, line) for k in range(degree + 1)]
            self.images.append(
                [
                    prod(
                        [f**e for f, e in zip(steps, es, strict=True)],
                        start=power[degree - sum(es)],
                    )
                    for es in exponents
                ]
            )

    def _on(self, e: sp.Expr, line: dict[sp.Symbol, sp.Poly]) -> sp.Poly:
        total = sp.Poly(0, self.t, modulus=_PRIME)
        for exponents, c in sp.Poly(sp.cancel(e.subs(self.numbers)), *line).terms():
            powers = [a**n for a, n in zip(line.values(), exponents, strict=True) if n]
            total += prod(powers, start=sp.Poly(c, self.t, modulus=_PRIME))
        return total

    def restricted(self, e: sp.Expr) -> list[sp.Poly]:
        """Return a product of factors on all lines."""
        total = [sp.Poly(1, self.t, modulus=_PRIME) for _ in self.lines]
        for f in sp.Mul.make_args(e):
            base, n = f.as_base_exp()
            if base not in self._cache:
                self._cache[base] = [self._on(base, line) for line in self.lines]
            total = [a * b ** int(n) for a, b in zip(total, self._cache[base], strict=True)]
        return total

    def proportional(self, e: sp.Expr, C: sp.Expr) -> bool:
        """Whether e/C may be constant in the state."""
        ratios = [self._values(a) for a in (e, C)]
        return len({a * pow(b, -1, _PRIME) % _PRIME for a, b in zip(*ratios, strict=True)}) == 1

    def _values(self, e: sp.Expr) -> list[int]:
        """Return a product of factors at a few states."""
        total = [1] * 3
        for f in sp.Mul.make_args(e):
            base, n = f.as_base_exp()
            if base not in self._points:
                self._points[base] = [self._at(base, k) for k in range(3)]
            total = [
                a * pow(b, int(n), _PRIME) for a, b in zip(total, self._points[base], strict=True)
            ]
        return [a % _PRIME for a in total]

    def _at(self, e: sp.Expr, k: int) -> int:
        point = {x: a.eval(k + 2) for x, a in self.lines[0].items()}
        value = sp.Rational(e.subs(self.numbers).subs(point))
        return int(value.p) * pow(int(value.q), -1, _PRIME) % _PRIME

    def dimension(self, C: sp.Expr, degree: int) -> int:
        """Bound the dimension of the m with C | m∘F and a quotient of degree up to ``degree``."""
        rows: list[list[int]] = []
        for images, c in zip(self.images, self.restricted(C), strict=True):
            top = degree + c.degree()
            columns = []
            for e in images:
                low = [int(a) for a in e.rem(c).all_coeffs()[::-1]]
                high = [int(a) for a in e.all_coeffs()[::-1][top + 1 :]]
                columns.append((low, high))
            for part in (0, 1):
                length = max(len(column[part]) for column in columns)
                rows += [
                    [column[part][i] if i < len(column[part]) else 0 for column in columns]
                    for i in range(length)
                ]
        if not rows:
            return len(self.images[0])
        K = sp.GF(_PRIME)
        matrix = DomainMatrix([[K(a) for a in row] for row in rows], (len(rows), len(rows[0])), K)
        return len(rows[0]) - len(matrix.rref()[1])
