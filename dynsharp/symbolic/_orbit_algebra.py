"""Arithmetic along a cycle whose points are known only as roots of an irreducible polynomial.

With K the field of rational functions in the parameters and p irreducible over K, the field
L = K[θ]/p holds every point of a cycle through a root θ of p. Functions that a cyclic shift of the
cycle leaves alone (sums over the cycle, the multiplier) lie in the smaller field K(t) that one of
them generates, of degree (degree of p)/(number of its roots in one cycle): often 1 or 2, where
closed forms exist.

Morton, Patel, *The Galois theory of periodic points of polynomial maps*, Proc. London Math. Soc.
68 (1994) 225; Vivaldi, Hatjispyros, *Galois theory of periodic orbits of rational maps*,
Nonlinearity 5 (1992) 961.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import sympy as sp
from sympy.polys.matrices import DomainMatrix
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from dynsharp.map import DiscreteMap


def coefficient_field(map: DiscreteMap) -> sp.Domain:
    """Return K: the rationals, with the parameters adjoined."""
    return sp.QQ.frac_field(*map.parameters) if map.parameters else sp.QQ


class Extension:
    """L = K[θ]/p. Elements are reduced `sympy.Poly` in θ over K."""

    def __init__(self, p: sp.Expr, theta: sp.Symbol, field: sp.Domain) -> None:
        self.theta, self.field = theta, field
        self.p = sp.Poly(p, theta, domain=field).monic()
        self.degree = self.p.degree()

    def element(self, e: sp.Expr | int) -> sp.Poly:
        """Return a rational expression in θ and the parameters as an element."""
        numerator, denominator = sp.fraction(sp.together(sp.sympify(e)))
        above, below = (self._poly(part) for part in (numerator, denominator))
        return above if below == 1 else self.divide(above, below)

    def _poly(self, e: sp.Expr) -> sp.Poly:
        return sp.Poly(e, self.theta, domain=self.field).rem(self.p)

    def multiply(self, a: sp.Poly, b: sp.Poly) -> sp.Poly:
        """Return a·b."""
        return (a * b).rem(self.p)

    def divide(self, a: sp.Poly, b: sp.Poly) -> sp.Poly:
        """Return a/b.

        Raises
        ------
        ZeroDivisionError
            If b is zero.
        """
        if b.rem(self.p).is_zero:
            raise ZeroDivisionError("a point of the orbit is a pole of the map")
        return self.multiply(a, b.invert(self.p))

    def at(self, e: sp.Expr, symbols: Sequence[sp.Symbol], point: Sequence[sp.Poly]) -> sp.Poly:
        """Evaluate a rational expression at elements."""
        values = []
        for part in sp.fraction(sp.together(e)):
            total = self._poly(sp.S.Zero)
            for exponents, c in sp.Poly(part, *symbols).terms():
                term = self._poly(c)
                for x, n in zip(point, exponents, strict=True):
                    for _ in range(n):
                        term = self.multiply(term, x)
                total = total + term
            values.append(total.rem(self.p))
        return values[0] if values[1] == 1 else self.divide(*values)

    def is_root(self, a: sp.Poly) -> bool:
        """Whether p(a) = 0: a is conjugate to θ."""
        total = self._poly(sp.S.Zero)
        for c in self.p.all_coeffs():
            total = self.multiply(total, a) + self._poly(c)
        return total.is_zero

    def coordinates(
        self, elements: Sequence[sp.Poly], basis: Sequence[sp.Poly]
    ) -> list[list[sp.Expr]] | None:
        """Return the coefficients over K of the elements in a basis; None if it is not one."""
        B, A = (self._columns(es) for es in (basis, elements))
        try:
            solution = B.lu_solve(A)
        except DMNonInvertibleMatrixError:
            return None
        return solution.transpose().to_Matrix().tolist()

    def _columns(self, elements: Sequence[sp.Poly]) -> DomainMatrix:
        rows = [
            [self.field.from_sympy(e.coeff_monomial(self.theta**k)) for e in elements]
            for k in range(self.degree)
        ]
        return DomainMatrix(rows, (self.degree, len(elements)), self.field)

    def constant(self, a: sp.Poly) -> sp.Expr | None:
        """Return an element as a member of K, None if it is not in K."""
        return a.as_expr() if a.degree() <= 0 else None

    def elementary_symmetric(self, elements: Sequence[sp.Poly]) -> list[sp.Poly]:
        """Return E_1, ..., E_s of the elements."""
        sums = [self._poly(sp.S.One)] + [self._poly(sp.S.Zero)] * len(elements)
        for i, a in enumerate(elements):
            for k in range(i + 1, 0, -1):
                sums[k] = (sums[k] + self.multiply(sums[k - 1], a)).rem(self.p)
        return sums[1:]

    def invariants(self, points: Sequence[Sequence[sp.Poly]]) -> Iterator[sp.Poly]:
        """Yield functions of the cycle that a cyclic shift leaves alone."""
        for k in (1, 2, 3):
            for j in range(len(points[0])):
                powers = [reduce(self.multiply, [x[j]] * k) for x in points]
                yield reduce(lambda a, b: a + b, powers).rem(self.p)


def iterate_until_closed(
    map: DiscreteMap, L: Extension, start: Sequence[sp.Poly], period: int
) -> list[list[sp.Poly]] | None:
    """Return the points of the cycle through ``start``; None if it is not one of that period."""
    points = [list(start)]
    for k in range(1, period + 1):
        try:
            image = [L.at(e, map.state, points[-1]) for e in map.expressions]
        except ZeroDivisionError:
            return None
        closed = all((a - b).is_zero for a, b in zip(image, points[0], strict=True))
        if closed != (k == period) and (closed or k == period):
            return None
        points.append(image)
    return points[:-1]
