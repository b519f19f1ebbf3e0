"""Discrete Darboux polynomials: m with m∘F = c·m, so that m = 0 is invariant under the map F.

Gasull, Mañosa, *A Darboux-type theory of integrability for discrete dynamical systems*,
J. Difference Equ. Appl. 8 (2002) 1171; for rational maps, with cofactors made of the factors of
det DF: Celledoni, Evripidou, McLaren, Owren, Quispel, Tapley, van der Kamp, *Using discrete Darboux
polynomials to detect and determine preserved measures and integrals of rational maps*,
J. Phys. A 52 (2019) 31LT01.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from dynsharp.algebra.decomposition import decompose
from dynsharp.map import DiscreteMap

__all__ = ["Candidate", "affine", "cofactor", "determinant_factors", "of_degree"]


_PRIME = 2**31 - 1


@dataclass(frozen=True)
class Candidate:
    """A polynomial m for which m = 0 is invariant.

    ``constants`` are free: m is one for each of their values; ``relations`` in further constants
    have to vanish, where these have no closed form.
    """

    polynomial: sp.Expr
    cofactor: sp.Expr
    constants: tuple[sp.Symbol, ...] = ()
    relations: tuple[sp.Expr, ...] = field(default=())


# ---- degree one: reduce m∘F modulo m ---------------------------------------------------------


def affine(map: DiscreteMap, budget: float, found: list[Candidate], unresolved: list[str]) -> None:
    """Find all affine m of a rational map.

    m is normalised to coefficient 1 of its last variable x_p. On m = 0 that variable is an affine
    function of the others; substituted in m∘F, the coefficients of what remains are equations in
    the coefficients of m alone. They are solved with the parameters generic. Results are appended
    to the two lists as they come, so that they survive an interruption.
    """
    for p in reversed(range(map.dimension)):
        pivot, others = map.state[p], map.state[:p]
        constant = _fresh("c", map)
        slopes = [_fresh(f"c_{x}", map) for x in others]
        tail = sum((a * x for a, x in zip(slopes, others, strict=True)), constant)
        stepped = (pivot + tail).subs(map.update, simultaneous=True).subs(pivot, -tail)
        remainder = sp.fraction(sp.together(stepped))[0]
        rest = [x for x in map.state if x != pivot]
        equations = {
            sp.Mul(*(f for f, _ in sp.factor_list(e)[1] if f.has(constant, *slopes)))
            for e in sp.Poly(remainder, *rest).coeffs()
        }
        components, open_ = decompose(
            sorted(equations, key=lambda e: (e.count_ops(), str(e))), [*slopes, constant], budget
        )
        unresolved += [f"affine manifolds solved for {pivot}: {text}" for text in open_]
        for c in components:
            m = pivot + tail.subs(c.solution, simultaneous=True)
            found.append(_candidate(map, m, c.free, c.relations, constant))


def _fresh(name: str, map: DiscreteMap) -> sp.Symbol:
    taken = {s.name for s in map.state + map.parameters}
    while name in taken:
        name += "_"
    return sp.Symbol(name, real=True)


def _candidate(
    map: DiscreteMap,
    m: sp.Expr,
    free: tuple[sp.Symbol, ...],
    relations: tuple[sp.Expr, ...],
    constant: sp.Symbol,
) -> Candidate:
    denominator = sp.fraction(sp.together(m))[1]
    m = sp.expand(sp.cancel(sp.together(m) * denominator) if denominator.free_symbols else m)
    linear = m.subs(constant, 0)
    if constant in free and not relations and sp.expand(m - linear - constant) == 0:
        # linear + c for every c: a first integral, reported once
        remaining = tuple(x for x in free if x != constant)
        return Candidate(linear, cofactor(map, linear), remaining)
    return Candidate(m, cofactor(map, m, relations), free, relations)


def cofactor(map: DiscreteMap, m: sp.Expr, relations: Iterable[sp.Expr] = ()) -> sp.Expr:
    """Divide m∘F by m, exactly.

    Roots and implicit constants in the coefficients of m are symbols to the division, reduced by
    the polynomials that they are roots of.

    Raises
    ------
    ArithmeticError
        If m does not divide m∘F: m = 0 is not invariant.
    """
    m, values, minimal = _without_roots(m)
    for r in relations:
        r = r.subs({v: s for s, v in values.items()})
        known = {*map.state, *map.parameters, *(x for _, x in minimal)}
        x = min(r.free_symbols - known, key=lambda s: s.name)
        minimal.append((r, x))
    image, denominator = sp.fraction(sp.together(m.subs(map.update, simultaneous=True), deep=True))
    pivot = next(x for x in reversed(map.state) if m.has(x))
    quotient, remainder = sp.div(sp.Poly(image, pivot), sp.Poly(m, pivot))
    if not all(_vanishes(c, minimal) for c in remainder.all_coeffs()):
        raise ArithmeticError(f"{m} is not invariant")
    reduced = sp.cancel(_reduced(quotient.as_expr(), minimal) / denominator)
    return sp.factor(reduced).subs(values)


def _without_roots(
    e: sp.Expr,
) -> tuple[sp.Expr, dict[sp.Symbol, sp.Expr], list[tuple[sp.Expr, sp.Symbol]]]:
    """Replace roots by symbols; return their values, and (polynomial, symbol) that vanish."""
    values: dict[sp.Symbol, sp.Expr] = {}
    minimal: list[tuple[sp.Expr, sp.Symbol]] = []

    def hide(root: sp.Expr) -> sp.Symbol:
        for s, v in values.items():
            if v == root:
                return s
        s = sp.Dummy("root", real=True)
        values[s] = root
        if isinstance(root, sp.Pow):
            minimal.append((s**root.exp.q - root.base**root.exp.p, s))
        else:
            minimal.append((root.poly.as_expr(s), s))
        return s

    def is_root(a: sp.Expr) -> bool:
        power = isinstance(a, sp.Pow) and a.exp.is_Rational and a.exp.q > 1
        return power or isinstance(a, sp.CRootOf)

    return e.replace(is_root, hide), values, minimal


def _reduced(e: sp.Expr, minimal: Sequence[tuple[sp.Expr, sp.Symbol]]) -> sp.Expr:
    for r, x in reversed(minimal):
        numerator, denominator = sp.fraction(sp.together(e))
        e = sp.rem(numerator, r, x) / sp.rem(denominator, r, x)
    return e


def _vanishes(e: sp.Expr, minimal: Sequence[tuple[sp.Expr, sp.Symbol]]) -> bool:
    return sp.simplify(_reduced(e, minimal)) == 0


# ---- higher degree: candidate cofactors and linear algebra -----------------------------------


def determinant_factors(map: DiscreteMap, bound: int) -> list[sp.Expr]:
    """Return the factors of (the numerator of) det DF in the state, of degree up to ``bound``.

    The determinant is first restricted to a line in the state, with numbers for the parameters:
    its factors there are the least that it can split into, and if none is of low degree the full
    determinant, which may be huge, is not needed.
    """
    t = sp.Symbol("t")
    primes = iter([sp.prime(k) for k in range(3, 3 + 2 * len(map.state) + len(map.parameters))])
    line = {x: next(primes) + next(primes) * t for x in map.state}
    line |= {p: next(primes) for p in map.parameters}
    on_line = map.jacobian.subs(line, simultaneous=True)
    ring = sp.QQ.frac_field(t)
    numerator = sp.numer(
        sp.together(DomainMatrix.from_Matrix(on_line).convert_to(ring).det().as_expr())
    )
    if numerator.has(t) and all(sp.degree(f, t) > bound for f, _ in sp.factor_list(numerator)[1]):
        return []
    _, factors = sp.factor_list(sp.numer(sp.together(map.determinant)))
    live = [f for f, _ in factors if f.has(*map.state)]
    return [f for f in live if sp.Poly(f, *map.state).total_degree() <= bound]


def of_degree(
    map: DiscreteMap, degree: int, factors: Sequence[sp.Expr], known: Sequence[Candidate]
) -> Iterator[Candidate]:
    """Find irreducible m of that degree of a rational map, with cofactor λ·(product of factors).

    With N the denominator of F, C such a product and V the polynomials up to the degree, the m
    sought are the eigenvectors, with eigenvalue λ, of m ↦ N^degree (m∘F)/C on the largest subspace
    of V that this maps into V. λ is looked for in the field of the parameters.

    Yields
    ------
    Candidate
        One by one, so that what is found before the time is over is not lost.
    """
    x = map.state
    N = sp.lcm_list([sp.fraction(sp.together(e))[1] for e in map.expressions])
    monomials = sorted(sp.itermonomials(x, degree), key=sp.polys.orderings.monomial_key("grlex", x))
    # c = (λ C/N^degree) in lowest terms: C may share factors with the denominator.
    factors = [*factors, *(f for f, _ in sp.factor_list(N)[1] if f.has(*x))]
    screen = _Screen(map, N, monomials)
    bound = max(e.degree() for e in screen.images[0]) - degree
    images: list[sp.Poly] = []
    found = [k for k in known if not k.constants and not _without_roots(k.polynomial)[1]]
    found = [k for k in found if not k.relations]
    known_products = list(_power_products(found, degree, x))
    for C in _products(x, factors, [k.cofactor for k in found], bound):
        possible = screen.dimension(C, degree)
        if possible == 0:
            continue
        products = [
            (m, sp.cancel(c * N**degree / C))
            for m, c in known_products
            if screen.proportional(c * N**degree, C)
        ]
        if possible <= _rank([m for m, _ in products], monomials, x):
            continue
        images = images or [
            sp.Poly(sp.cancel(N**degree * e.subs(map.update, simultaneous=True)), *x)
            for e in monomials
        ]
        basis = [sp.Poly(C * e, *x) for e in monomials]
        for eigenvalue, vectors in _eigenspaces(images, basis):
            span = [m for m, ratio in products if sp.cancel(ratio - eigenvalue) == 0]
            for m in _new_directions(vectors, monomials, span, x):
                if sp.Poly(m, *x).total_degree() == degree and not _factors(m, x):
                    found.append(Candidate(m, sp.factor(eigenvalue * C / N**degree)))
                    yield found[-1]
                    known_products = list(_power_products(found, degree, x))


class _Screen:
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


def _products(
    x: tuple[sp.Symbol, ...], factors: Sequence[sp.Expr], cofactors: Sequence[sp.Expr], bound: int
) -> Iterator[sp.Expr]:
    """Yield products of powers of the factors, and of one factor of a known cofactor."""

    def degree(f: sp.Expr) -> int:
        return sp.Poly(f, *x).total_degree()

    def powers(left: Sequence[sp.Expr], bound: int) -> Iterator[sp.Expr]:
        if not left:
            yield sp.S.One
            return
        for e in range(bound // degree(left[0]) + 1):
            for tail in powers(left[1:], bound - e * degree(left[0])):
                yield left[0] ** e * tail

    seen = {g for f in factors for g in (sp.expand(f), sp.expand(-f))}
    further: list[sp.Expr] = []
    for c in cofactors:
        numerator = sp.numer(sp.together(c))
        for f, _ in sp.factor_list(numerator)[1] if numerator.is_polynomial(*x) else []:
            if f.has(*x) and sp.expand(f) not in seen:
                seen |= {sp.expand(f), sp.expand(-f)}
                further.append(f)
    products = list(powers(factors, bound))
    for f in further:
        products += [f * e for e in powers(factors, bound - degree(f))]
    yield from sorted(products, key=lambda e: (degree(e), e.count_ops()))


def _matrices(
    images: Sequence[sp.Poly], basis: Sequence[sp.Poly]
) -> tuple[DomainMatrix, DomainMatrix]:
    """Return A and B with the coefficients of the polynomials in their columns."""
    polynomials, _ = sp.polys.polytools.parallel_poly_from_expr([*images, *basis], *basis[0].gens)
    columns = [dict(p.rep.to_dict()) for p in polynomials]
    rows = sorted({t for column in columns for t in column})
    domain = polynomials[0].domain
    entries = [[column.get(t, domain.zero) for column in columns] for t in rows]
    both = DomainMatrix(entries, (len(rows), len(columns)), domain).to_field()
    n = len(images)
    everything = list(range(len(rows)))
    return (
        both.extract(everything, list(range(n))),
        both.extract(everything, list(range(n, 2 * n))),
    )


def _largest_subspace(A: DomainMatrix, B: DomainMatrix) -> tuple[DomainMatrix, DomainMatrix]:
    """Return W and T: columns of W span the largest space with A·W = B·(T·W), T·W within it."""
    n = A.shape[1]
    columns = list(range(n))
    # B has full column rank (the basis is independent): pick n rows of B that are invertible.
    picked = list(B.transpose().rref()[1])
    others = [i for i in range(A.shape[0]) if i not in set(picked)]
    T = B.extract(picked, columns).inv() * A.extract(picked, columns)
    W = DomainMatrix.eye(n, A.domain).to_dense()
    if not others:
        return W, T
    # A·a = B·(T·a) must hold in the other rows too, and for T·a, and so on.
    defect = A.extract(others, columns) - B.extract(others, columns) * T
    constraints = defect.to_dense()
    while True:
        W = constraints.nullspace().transpose()
        defect = defect * T
        if W.shape[1] == 0 or (defect * W).is_zero_matrix:
            return W, T
        constraints = constraints.vstack(defect.to_dense())


def _eigenspaces(
    images: list[sp.Poly], basis: list[sp.Poly]
) -> Iterator[tuple[sp.Expr, list[list[sp.Expr]]]]:
    """Yield each λ in the field, and a basis of the a with Σ aᵢ imageᵢ = λ Σ aᵢ basisᵢ."""
    W, T = _largest_subspace(*_matrices(images, basis))
    k = W.shape[1]
    if k == 0:
        return
    rows = list(W.transpose().rref()[1])
    on_W = W.extract(rows, list(range(k))).inv() * (T * W).extract(rows, list(range(k)))
    K, lam = W.domain, sp.Dummy("lam")
    characteristic = sum(
        (K.to_sympy(c) * lam**i for i, c in enumerate(reversed(on_W.charpoly()))), sp.S.Zero
    )
    for f, _ in sp.factor_list(sp.numer(sp.together(characteristic)), lam)[1]:
        if sp.degree(f, lam) != 1 or f == lam:
            continue
        a, b = sp.Poly(f, lam).all_coeffs()
        value = sp.cancel(-b / a)
        shifted = on_W - DomainMatrix.eye(k, K).to_dense() * K.from_sympy(value)
        kernel = shifted.to_dense().nullspace() * W.transpose()
        yield value, kernel.to_Matrix().tolist()


def _rank(span: Sequence[sp.Expr], monomials: list[sp.Expr], x: tuple[sp.Symbol, ...]) -> int:
    rows = [[sp.Poly(e, *x).coeff_monomial(t) for t in monomials] for e in span]
    return sp.Matrix(rows).rank(simplify=True) if rows else 0


def _power_products(
    known: Sequence[Candidate], degree: int, x: tuple[sp.Symbol, ...]
) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    if not known:
        yield sp.S.One, sp.S.One
        return
    first, rest = known[0], known[1:]
    d = sp.Poly(first.polynomial, *x).total_degree()
    for e in range(degree // d + 1):
        for m, c in _power_products(rest, degree - e * d, x):
            yield first.polynomial**e * m, first.cofactor**e * c


def _new_directions(
    vectors: list[list[sp.Expr]],
    monomials: list[sp.Expr],
    span: list[sp.Expr],
    x: tuple[sp.Symbol, ...],
) -> Iterator[sp.Expr]:
    """Yield primitive polynomials that extend the known span to that of the vectors."""
    rows = [[sp.Poly(e, *x).coeff_monomial(t) for t in monomials] for e in span]
    new = [sp.Matrix([row]) for row in vectors]
    rank = sp.Matrix(rows).rank(simplify=True) if rows else 0
    for v in new:
        extended = [*rows, list(v)]
        if sp.Matrix(extended).rank(simplify=True) == rank:
            continue
        rows, rank = extended, rank + 1
        m = sum((a * t for a, t in zip(v, monomials, strict=True)), sp.S.Zero)
        if v[monomials.index(sp.S.One)] and sp.S.One in span:
            m -= v[monomials.index(sp.S.One)]
        yield _primitive(m, x)


def _primitive(m: sp.Expr, x: tuple[sp.Symbol, ...]) -> sp.Expr:
    numerator = sp.numer(sp.together(m))
    _, factors = sp.factor_list(numerator)
    m = sp.expand(sp.Mul(*(f**e for f, e in factors if f.has(*x))))
    return -m if sp.Poly(m, *x).LC().could_extract_minus_sign() else m


def _factors(m: sp.Expr, x: tuple[sp.Symbol, ...]) -> bool:
    return sum(e for f, e in sp.factor_list(m)[1] if f.has(*x)) > 1
