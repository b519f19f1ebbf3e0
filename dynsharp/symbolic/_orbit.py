"""The cycles through the roots of one irreducible polynomial, in closed form where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.expressions import tidy
from dynsharp.algebra.shortening import square_part
from dynsharp.map import DiscreteMap
from dynsharp.symbolic._orbit_algebra import Extension
from dynsharp.symbolic.cycle import Cycle, simplified


class Orbit:
    """The cycles through the roots of one irreducible polynomial: points[i][j] in L."""

    def __init__(self, map: DiscreteMap, L: Extension, points: list[list[sp.Poly]], j: int) -> None:
        self.map, self.L, self.points, self.j = map, L, points, j
        self.own = [i for i, x in enumerate(points) if L.is_root(x[j])]
        self.count = L.degree // len(self.own)  # cycles, over an algebraically closed field

    def conjugate_polynomials(self) -> Iterator[sp.Poly]:
        """Yield the minimal polynomials of all points of the cycle, p among them."""
        yield self.L.p
        for i, x in enumerate(self.points):
            if i not in self.own:
                yield self._minimal_polynomial(x[self.j])

    def _minimal_polynomial(self, a: sp.Poly) -> sp.Poly:
        L = self.L
        powers = [L.element(1)]
        for _ in range(L.degree):
            powers.append(L.multiply(powers[-1], a))
        columns = [[q.coeff_monomial(L.theta**k) for k in range(L.degree)] for q in powers]
        for d in range(1, L.degree + 1):
            kernel = sp.Matrix(columns[: d + 1]).T.nullspace(simplify=sp.cancel)
            if kernel:
                return sp.Poly(list(kernel[0])[::-1], L.theta, domain=L.field).monic()
        raise AssertionError("every element is a root of a polynomial of the degree of p")

    def characteristic(self) -> list[sp.Poly]:
        """Return the coefficients a_{d−1}, ..., a_0 for the Jacobian along the cycle."""
        L, d = self.L, self.map.dimension
        product: list[list[sp.Poly]] | None = None
        for x in self.points:
            step = [[L.at(e, self.map.state, x) for e in row] for row in self.map.jacobian.tolist()]
            product = step if product is None else _matmul(L, step, product)
        assert product is not None
        # Faddeev–LeVerrier: M ← A(M + a·1), a = −tr(M)/k
        coefficients: list[sp.Poly] = []
        M = product
        for k in range(1, d + 1):
            trace = reduce(lambda s, t: s + t, [M[i][i] for i in range(d)])
            a = trace.mul_ground(sp.Rational(-1, k))
            coefficients.append(a)
            shifted = [[M[i][m] + (a if i == m else 0) for m in range(d)] for i in range(d)]
            M = _matmul(L, product, shifted)
        return coefficients

    def cycles(self) -> Iterator[Cycle]:
        """Yield the cycles, in closed form where that has degree two at most."""
        s = len(self.own)
        if not self.map.parameters and (self.count > 2 or s > 2):
            yield from self._numbers()
            return
        separated = self._separated() if self.count <= 2 else None
        if separated is None:
            yield self._implicit()
            return
        yield from separated

    # ---- the field K(t) of functions of the cycle -------------------------------------------

    def _separated(self) -> list[Cycle] | None:
        """One cycle for each value of an invariant t of degree 1 or 2 over K."""
        L, s, x = self.L, len(self.own), self.L.theta
        one = L.element(1)
        powers = [reduce(L.multiply, [L.element(x)] * k, one) for k in range(s)]
        for t in [one] if self.count == 1 else L.invariants(self.points):
            basis = powers + [L.multiply(t, q) for q in powers] * (self.count - 1)
            if len(basis) == L.degree and L.coordinates([one], basis) is not None:
                break
        else:
            return None
        flat = [value for point in self.points for value in point]
        functions = self.characteristic() + L.elementary_symmetric(
            [self.points[i][self.j] for i in self.own]
        )
        square = [L.multiply(t, t)]
        rows = L.coordinates([*flat, *functions, *square], basis)
        assert rows is not None
        if self.count == 1:
            return [self._cycle(rows[:-1], [sp.S.One], sp.true)]
        # t² = c0 + c1 t, so t = c1/2 ± A√B with A²B = c1²/4 + c0
        c0, c1 = rows[-1][0], rows[-1][s]
        A, B = square_part(c0 + c1**2 / 4)
        real = conditions.not_negative(B)
        if real == sp.false:
            return []
        return [self._cycle(rows[:-1], [sp.S.One, (c1 / 2, sign * A, B)], real) for sign in (1, -1)]

    def _cycle(self, rows: list[list[sp.Expr]], t: list[Any], real: Boolean) -> Cycle:
        """Build a cycle from the coordinates of its data in the basis t^i θ^k."""
        s, x, d, n = len(self.own), self.L.theta, self.map.dimension, len(self.points)

        def value(row: list[sp.Expr], k: int) -> sp.Expr:
            """Coefficient of θ^k, in K(t)."""
            if len(t) == 1:
                return tidy(row[k])
            centre, A, B = t[1]
            return tidy(row[k] + row[s + k] * centre) + tidy(row[s + k] * A) * sp.sqrt(B)

        functions = [value(row, 0) for row in rows[n * d :]]
        coefficients, E = functions[:d], functions[d:]
        relations: tuple[sp.Expr, ...] = ()
        exists = real
        if s == 1:
            theta = E[0]
        elif s == 2:
            A, B = square_part(tidy(sp.expand(E[0] ** 2 / 4 - E[1])))
            theta = E[0] / 2 + A * sp.sqrt(B)
            exists = sp.And(real, conditions.positive(A**2 * B))
        else:
            theta = x
            g = x**s + sum((-1) ** (k + 1) * e * x ** (s - k - 1) for k, e in enumerate(E))
            relations = (sp.collect(sp.expand(g), x),)
            exists = sp.And(real, _has_real_cycle(g, x, s))
        points = []
        for i in range(n):
            point = {}
            for m, name in enumerate(self.map.state):
                c = [value(rows[i * d + m], k) for k in range(s)]
                if s == 2:
                    total = _sum(c[0] + c[1] * E[0] / 2, c[1] * A, B)
                else:
                    total = sum((a * theta**k for k, a in enumerate(c)), sp.S.Zero)
                point[name] = total
            points.append(point)
        return self._finished(points, relations, exists, coefficients)

    def _implicit(self) -> Cycle:
        """One object for all the cycles through the roots of p."""
        x = self.L.theta
        points = [
            {name: tidy(v.as_expr()) for name, v in zip(self.map.state, point, strict=True)}
            for point in self.points
        ]
        p = sp.numer(sp.together(self.L.p.as_expr()))
        relation = sp.collect(sp.expand(p), x)
        coefficients = [tidy(a.as_expr()) for a in self.characteristic()]
        return self._finished(points, (relation,), sp.Eq(relation, 0), coefficients)

    def _numbers(self) -> Iterator[Cycle]:
        """Yield the real cycles of a map without parameters, in algebraic numbers."""
        L = self.L
        roots = L.p.real_roots(multiple=True)
        characteristic = self.characteristic()
        used: set[int] = set()
        for k, root in enumerate(roots):
            if k in used:
                continue
            for i in self.own:
                used.add(roots.index(_algebraic(self.points[i][self.j], L.p, root)))
            points = [
                {
                    name: _algebraic(v, self._minimal_polynomial(v), root)
                    for name, v in zip(self.map.state, p, strict=True)
                }
                for p in self.points
            ]
            yield self._finished(
                points,
                (),
                sp.true,
                [_algebraic(c, self._minimal_polynomial(c), root) for c in characteristic],
            )

    def _finished(
        self,
        points: list[dict[sp.Symbol, sp.Expr]],
        relations: tuple[sp.Expr, ...],
        exists: Boolean,
        coefficients: list[sp.Expr],
    ) -> Cycle:
        domain = self.map.domain
        inside = sp.And(*(domain.subs(p, simultaneous=True) for p in points))
        condition = simplified(sp.And(exists, inside))
        return Cycle(self.map, tuple(points), relations, condition, tuple(coefficients))


def _matmul(L: Extension, a: list[list[sp.Poly]], b: list[list[sp.Poly]]) -> list[list[sp.Poly]]:
    return [
        [
            reduce(lambda s, t: s + t, [L.multiply(x, row[m]) for x, row in zip(r, b, strict=True)])
            for m in range(len(b[0]))
        ]
        for r in a
    ]


def _algebraic(a: sp.Poly, minimal: sp.Poly, root: sp.Expr) -> sp.Expr:
    """Return the value of a at θ = root as a root of its minimal polynomial."""
    value = sp.N(a.as_expr().subs(a.gen, sp.N(root, 80)), 60)
    return min(minimal.real_roots(), key=lambda r: abs(sp.N(r, 60) - value))


def _sum(a: sp.Expr, b: sp.Expr, B: sp.Expr) -> sp.Expr:
    """Return a + b√B, short."""
    return tidy(a) + tidy(b) * sp.sqrt(B)


def _has_real_cycle(g: sp.Expr, x: sp.Symbol, s: int) -> Boolean:
    """Condition for g to have real roots, where they are all real or none is.

    The map permutes the roots and is real, so one real root makes all real. An odd degree has one;
    otherwise all roots are real iff the Hermite matrix of their power sums is positive definite.
    """
    if s % 2:
        return sp.true
    p = sp.Poly(g, x)
    companion = sp.Matrix.companion(p.monic())
    sums, power = [sp.Integer(s)], companion
    for _ in range(2 * s - 2):
        sums.append(tidy(sp.expand(power.trace())))
        power = power * companion
    H = sp.Matrix(s, s, lambda i, k: sums[i + k])
    minors = [H[:k, :k].det(method="berkowitz") for k in range(2, s + 1)]
    return sp.And(*(conditions.positive(tidy(sp.expand(m))) for m in minors))
