"""Discrete Darboux polynomials of a given degree: candidate cofactors, and linear algebra.

The cofactors are made of the factors of det DF, as in Celledoni, Evripidou, McLaren, Owren,
Quispel, Tapley, van der Kamp, J. Phys. A 52 (2019) 31LT01.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from dynsharp.algebra.pencils import eigenspaces
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.manifolds.darboux import Candidate, without_roots
from dynsharp.symbolic.manifolds.screen import Screen


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
    screen = Screen(map, N, monomials)
    bound = max(e.degree() for e in screen.images[0]) - degree
    images: list[sp.Poly] = []
    found = [k for k in known if not k.constants and not without_roots(k.polynomial)[1]]
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
        for eigenvalue, vectors in eigenspaces(images, basis):
            span = [m for m, ratio in products if sp.cancel(ratio - eigenvalue) == 0]
            for m in _new_directions(vectors, monomials, span, x):
                if sp.Poly(m, *x).total_degree() == degree and not _factors(m, x):
                    found.append(Candidate(m, sp.factor(eigenvalue * C / N**degree)))
                    yield found[-1]
                    known_products = list(_power_products(found, degree, x))


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
