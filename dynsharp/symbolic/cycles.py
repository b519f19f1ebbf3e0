"""Exact cycles of small polynomial and rational maps, with their multipliers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any, overload

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra import inequalities as _one_parameter
from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.expressions import tidy
from dynsharp.arguments import checked_count, checked_positive
from dynsharp.map import DiscreteMap
from dynsharp.results import Result
from dynsharp.symbolic._orbit_algebra import Extension, coefficient_field, iterate_until_closed
from dynsharp.symbolic._periodic_points import periodic_points
from dynsharp.symbolic.rational_maps import with_constants_as_parameters, with_exact_numbers
from dynsharp.symbolic.stability import boundary, stability_conditions

__all__ = ["Cycle", "Cycles", "cycles"]


@dataclass(frozen=True, repr=False, eq=False)
class Cycle(Result):
    """A cycle x_0 → x_1 → ... → x_0 of minimal period n.

    Attributes
    ----------
    map
        The map.
    points
        Its points in order, as state dictionaries {symbol: value}. Values are expressions in the
        parameters; without a closed form also in one state variable, a root of ``relations``.
    relations
        Polynomials that vanish at that state variable: empty if the points are in closed form. Each
        real root that satisfies ``exists`` gives a point of such a cycle.
    exists
        Condition under which the points are real, distinct and in the map's domain.
    coefficients
        Of the characteristic polynomial μ^d + a_{d−1} μ^{d−1} + ... + a_0 of the Jacobian of the
        n-fold product along the cycle, from a_{d−1} down to a_0.
    """

    told = ("period", "points", "relations", "exists", "multipliers", "stable")

    map: DiscreteMap
    points: tuple[dict[sp.Symbol, sp.Expr], ...] = field(hash=False)
    relations: tuple[sp.Expr, ...]
    exists: Boolean
    coefficients: tuple[sp.Expr, ...]

    @property
    def period(self) -> int:
        """Its minimal period n."""
        return len(self.points)

    @cached_property
    def multipliers(self) -> tuple[sp.Expr, ...]:
        """Eigenvalues of DF(x_{n−1})···DF(x_0): the same from whatever point one starts."""
        a = self.coefficients
        if len(a) == 1:
            return (
                sp.expand(-a[0]) if a[0].atoms(sp.Pow) - _integer_powers(a[0]) else tidy(-a[0]),
            )
        if len(a) == 2:
            A, B = _square_part(sp.expand(a[0] ** 2 / 4 - a[1]))
            root = A * sp.sqrt(B)
            return (tidy(-a[0] / 2 - root), tidy(-a[0] / 2 + root))
        mu = sp.Dummy("mu")
        roots = sp.roots(sp.Poly([1, *a], mu), multiple=True)
        return tuple(roots) if len(roots) == len(a) else tuple(sp.Poly([1, *a], mu).all_roots())

    @cached_property
    def stable(self) -> Boolean:
        """Condition, where it exists, for all multipliers to be strictly inside the unit circle."""
        mu = sp.Dummy("mu")
        if not set().union(*(c.free_symbols for c in self.coefficients)):
            return sp.true if all(abs(sp.N(m, 30)) < 1 for m in self.multipliers) else sp.false
        polynomial = sp.Poly([1, *self.coefficients], mu)
        if self.relations and any(c.has(*self.map.state) for c in self.coefficients):
            return sp.And(*(e > 0 for e in boundary(polynomial).expressions()))
        if any(p.exp.is_Integer is False for c in self.coefficients for p in c.atoms(sp.Pow)):
            inside = [e > 0 for e in boundary(polynomial).expressions()]
            return _simplified(sp.And(*inside, self.exists))
        facts = self.exists.args if isinstance(self.exists, sp.And) else (self.exists,)
        return stability_conditions(polynomial, facts=facts)

    def __repr__(self) -> str:
        shown = [
            "(" + ", ".join(f"{x} = {v}" for x, v in point.items()) + ")" for point in self.points
        ]
        lines = [" -> ".join(shown)]
        lines += [f"    where {r} = 0" for r in self.relations]
        if self.exists != sp.true:
            lines.append(f"    exists       {self.exists}")
        lines.append(f"    multipliers  {', '.join(map(str, self.multipliers))}")
        lines.append(f"    stable       {self.stable}")
        return "\n".join(lines)


@dataclass(frozen=True, repr=False, eq=False)
class Cycles(Result, Sequence[Cycle]):
    """What `cycles` found: a sequence of `Cycle`; ``unresolved`` says what it could not finish."""

    map: DiscreteMap
    period: int
    found: tuple[Cycle, ...]
    unresolved: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Cycle: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Cycle, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        lines = [f"{self.map.name}: {len(self)} cycles of period {self.period}"]
        lines += [repr(c) for c in self.found]
        return "\n".join([*lines, *(f"unresolved: {text}" for text in self.unresolved)])


def cycles(map: DiscreteMap, period: int, budget: float = 20.0) -> Cycles:
    """Find the cycles of a map, exactly.

    The periodic points of minimal period n are the roots of a polynomial (the dynatomic one in one
    variable, a resultant of the components of Fⁿ(x) − x in several). It is factored over the field
    of the parameters, and each factor's cycles are separated by a sum over the cycle, which is of
    n times lower degree: where it is of degree 1 or 2 the cycle is in closed form, or known by a
    polynomial of degree n for its points (see ``Cycle.relations``). With no parameters left, points
    are exact algebraic numbers.

    Parameters
    ----------
    map
        A map whose update is rational in the state.
    period
        The minimal period n.
    budget
        Seconds of processor time, roughly; what did not finish is named in ``unresolved``.

    Returns
    -------
    Cycles
        Each cycle once (not once for each of its points), for generic parameters.

    Raises
    ------
    InputError
        If ``period`` is not a positive integer or ``budget`` is not positive.

    References
    ----------
    Morton, Patel, *The Galois theory of periodic points of polynomial maps*, Proc. London Math.
    Soc. 68 (1994) 225.

    Examples
    --------
    >>> x, r = sp.symbols("x r", real=True)
    >>> (c,) = cycles(DiscreteMap({x: r*x*(1 - x)}, [r]), period=2)
    >>> c.multipliers
    (-r**2 + 2*r + 4,)
    """
    period, budget = checked_count("period", period), checked_positive("budget", budget)
    if not all(e.is_rational_function(*map.state) for e in map.expressions):
        text = f"{map.name} is not rational in its state: no algebra finds its cycles"
        return Cycles(map, period, (), (text,))
    map = with_exact_numbers(map)
    generic, constants = with_constants_as_parameters(map)
    found: list[Cycle] = []
    unresolved: list[str] = []
    try:
        with limit(budget):
            _collect(generic, period, found, unresolved)
    except BudgetExceeded as over:
        unresolved.append(f"cycles of period {period}: {over}; {len(found)} found until then")
    if constants:
        found = [_put_back(c, map, constants) for c in found]
        found = [c for c in found if c.exists != sp.false]
    return Cycles(map, period, tuple(found), tuple(unresolved))


def _put_back(c: Cycle, map: DiscreteMap, constants: dict[sp.Symbol, sp.Expr]) -> Cycle:
    """Write the irrational constants of the map for the parameters that stood for them."""
    return Cycle(
        map,
        tuple({x: tidy(v.subs(constants)) for x, v in p.items()} for p in c.points),
        tuple(e.subs(constants) for e in c.relations),
        _simplified(c.exists.subs(constants)),
        tuple(tidy(sp.expand(e.subs(constants))) for e in c.coefficients),
    )


def _collect(map: DiscreteMap, n: int, found: list[Cycle], unresolved: list[str]) -> None:
    """Append the cycles through the roots of each irreducible factor."""
    K = coefficient_field(map)
    seen: list[tuple[sp.Symbol, sp.Poly]] = []
    for theta, p, coordinates in periodic_points(map, n, unresolved):
        L = Extension(p, theta, K)
        if (theta, L.p) in seen:
            continue
        try:
            start = [L.element(e) for e in coordinates]
        except ZeroDivisionError:
            continue
        points = iterate_until_closed(map, L, start, n)
        if points is None:
            continue
        j = map.state.index(theta)
        orbit = _Orbit(map, L, points, j)
        seen += [(theta, q) for q in orbit.conjugate_polynomials()]
        found.extend(c for c in orbit.cycles() if c.exists != sp.false)


class _Orbit:
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
        A, B = _square_part(c0 + c1**2 / 4)
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
            A, B = _square_part(tidy(sp.expand(E[0] ** 2 / 4 - E[1])))
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
        condition = _simplified(sp.And(exists, inside))
        return Cycle(self.map, tuple(points), relations, condition, tuple(coefficients))


def _simplified(condition: Boolean) -> Boolean:
    """Solve a condition in one symbol for it; simplify one in several."""
    if len(condition.free_symbols) == 1:
        (x,) = condition.free_symbols
        solved = _one_parameter.solve(condition, x)
        if solved is not None:
            return solved
    if condition.has(sp.Eq):
        return condition
    return conditions.simplify(condition)


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


def _square_part(e: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
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


def _integer_powers(e: sp.Expr) -> set[sp.Expr]:
    return {p for p in e.atoms(sp.Pow) if p.exp.is_Integer}


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
