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

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from dynsharp.map import DiscreteMap
from dynsharp.symbolic._decompose import decompose

__all__ = ["Candidate", "affine", "cofactor", "determinant_factors", "of_degree"]


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


def affine(map: DiscreteMap, budget: float) -> tuple[list[Candidate], list[str]]:
    """Find all affine m of a rational map.

    m is normalised to coefficient 1 of its last variable x_p. On m = 0 that variable is an affine
    function of the others; substituted in m∘F, the coefficients of what remains are equations in
    the coefficients of m alone. They are solved with the parameters generic.
    """
    found: list[Candidate] = []
    unresolved: list[str] = []
    for p in reversed(range(map.dimension)):
        pivot, others = map.state[p], map.state[:p]
        constant = sp.Symbol("c", real=True)
        slopes = [sp.Symbol(f"c_{x}", real=True) for x in others]
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
    return found, unresolved


def _candidate(
    map: DiscreteMap,
    m: sp.Expr,
    free: tuple[sp.Symbol, ...],
    relations: tuple[sp.Expr, ...],
    constant: sp.Symbol,
) -> Candidate:
    denominator = sp.fraction(sp.together(m))[1]
    m = sp.expand(sp.cancel(sp.together(m) * denominator) if denominator.free_symbols else m)
    if constant in free and not relations:  # m − c for every c: a first integral, reported once
        return Candidate(m.subs(constant, 0), sp.S.One, tuple(x for x in free if x != constant))
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
    minimal += [r.subs({v: s for s, v in values.items()}) for r in relations]
    image, denominator = sp.fraction(
        sp.together(m.subs(map.update, simultaneous=True), deep=True)
    )
    pivot = next(x for x in reversed(map.state) if m.has(x))
    quotient, remainder = sp.div(sp.Poly(image, pivot), sp.Poly(m, pivot))
    if not all(_vanishes(c, minimal) for c in remainder.all_coeffs()):
        raise ArithmeticError(f"{m} is not invariant")
    reduced = sp.cancel(_reduced(quotient.as_expr(), minimal) / denominator)
    return sp.factor(reduced).subs(values)


def _without_roots(
    e: sp.Expr,
) -> tuple[sp.Expr, dict[sp.Symbol, sp.Expr], list[sp.Expr]]:
    """Replace roots by symbols; return their values, and polynomials that vanish at them."""
    values: dict[sp.Symbol, sp.Expr] = {}
    minimal: list[sp.Expr] = []

    def hide(root: sp.Expr) -> sp.Symbol:
        for s, v in values.items():
            if v == root:
                return s
        s = sp.Dummy("root", real=True)
        values[s] = root
        if isinstance(root, sp.Pow):
            minimal.append(s**root.exp.q - root.base**root.exp.p)
        else:
            minimal.append(root.poly.as_expr(s))
        return s

    def is_root(a: sp.Expr) -> bool:
        power = isinstance(a, sp.Pow) and a.exp.is_Rational and a.exp.q > 1
        return power or isinstance(a, sp.CRootOf)

    return e.replace(is_root, hide), values, minimal


def _reduced(e: sp.Expr, minimal: Sequence[sp.Expr]) -> sp.Expr:
    for r in minimal:
        roots = [x for x in r.free_symbols if isinstance(x, sp.Dummy) or x.name.startswith("c")]
        x = min(roots, key=lambda s: (not isinstance(s, sp.Dummy), s.name))
        numerator, denominator = sp.fraction(sp.together(e))
        e = sp.rem(numerator, r, x) / sp.rem(denominator, r, x)
    return e


def _vanishes(e: sp.Expr, minimal: Sequence[sp.Expr]) -> bool:
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
    monomials = sorted(
        sp.itermonomials(x, degree), key=sp.polys.orderings.monomial_key("grlex", x)
    )
    images = [
        sp.Poly(sp.cancel(N**degree * e.subs(map.update, simultaneous=True)), *x)
        for e in monomials
    ]
    bound = max(e.total_degree() for e in images)
    found = list(known)
    for C in _products(x, factors, bound):
        basis = [sp.Poly(C * e, *x) for e in monomials]
        for eigenvalue, vectors in _eigenspaces(images, basis):
            c = sp.factor(eigenvalue * C / N**degree)
            span = [e for e in _known_products(found, degree, c, x)]
            for m in _new_directions(vectors, monomials, span, x):
                if sp.Poly(m, *x).total_degree() == degree and not _factors(m, x):
                    found.append(Candidate(m, c))
                    yield found[-1]


def _products(
    x: tuple[sp.Symbol, ...], factors: Sequence[sp.Expr], bound: int
) -> Iterator[sp.Expr]:
    """Yield products of powers of the factors up to that degree, the low ones first."""
    degrees = [sp.Poly(f, *x).total_degree() for f in factors]

    def exponents(k: int, left: int) -> Iterator[tuple[int, ...]]:
        if k == len(factors):
            yield ()
            return
        for e in range(left // degrees[k] + 1):
            for tail in exponents(k + 1, left - e * degrees[k]):
                yield (e, *tail)

    def total(es: tuple[int, ...]) -> int:
        return sum(e * d for e, d in zip(es, degrees, strict=True))

    for es in sorted(exponents(0, bound), key=lambda es: (total(es), es)):
        yield sp.Mul(*(f**e for f, e in zip(factors, es, strict=True)))


def _eigenspaces(
    images: list[sp.Poly], basis: list[sp.Poly]
) -> Iterator[tuple[sp.Expr, list[list[sp.Expr]]]]:
    """Yield each λ and a basis of the a with Σ aᵢ imageᵢ = λ Σ aᵢ basisᵢ."""
    rows = sorted({t for e in images + basis for t in e.monoms()})
    A, B = (
        DomainMatrix.from_Matrix(sp.Matrix([[e.coeff_monomial(t) for e in side] for t in rows]))
        for side in (images, basis)
    )
    A, B = A.unify(B)
    A, B = A.to_field(), B.to_field()
    field_ = A.domain
    n = A.shape[1]
    # B has full column rank (the basis is independent): pick n rows of B that are invertible.
    _, picked = B.transpose().rref()
    others = [i for i in range(len(rows)) if i not in picked]
    square = B.extract(list(picked), list(range(n))).inv() * A.extract(
        list(picked), list(range(n))
    )
    # A·a = B·(square·a) must hold in the other rows too, and again for the image, and so on.
    W = DomainMatrix.eye(n, field_).to_dense()
    if others:
        defect = A.extract(others, list(range(n))) - B.extract(others, list(range(n))) * square
        constraints = defect
        while True:
            W = constraints.nullspace().transpose()
            if W.shape[1] == 0 or (defect * square * W).is_zero_matrix:
                break
            defect = defect * square
            constraints = constraints.vstack(defect)
    if W.shape[1] == 0:
        return
    W_rows = W.transpose().rref()[1]
    on_W = W.extract(list(W_rows), list(range(W.shape[1]))).inv() * (square * W).extract(
        list(W_rows), list(range(W.shape[1]))
    )
    lam = sp.Dummy("lam")
    characteristic = sum(
        (field_.to_sympy(c) * lam**k for k, c in enumerate(reversed(on_W.charpoly()))), sp.S.Zero
    )
    for f, _ in sp.factor_list(characteristic, lam)[1]:
        if sp.degree(f, lam) != 1 or f == lam:
            continue
        a, b = sp.Poly(f, lam).all_coeffs()
        value = sp.cancel(-b / a)
        shifted = on_W - DomainMatrix.eye(W.shape[1], field_).to_dense() * field_.from_sympy(value)
        kernel = shifted.nullspace() * W.transpose()
        yield value, kernel.to_Matrix().tolist()


def _known_products(
    known: Sequence[Candidate], degree: int, c: sp.Expr, x: tuple[sp.Symbol, ...]
) -> Iterator[sp.Expr]:
    """Yield products of known m (and 1) up to the degree whose cofactor is c."""
    plain = [k for k in known if not k.constants and not k.relations]
    for m, cof in _power_products(plain, degree, x):
        if cof == c or sp.simplify(cof - c) == 0:
            yield m


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
