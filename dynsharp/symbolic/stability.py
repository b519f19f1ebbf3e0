"""Schur–Cohn (Jury) conditions: when every root lies strictly inside the unit circle.

The Möbius map μ = (s + 1)/(s − 1) takes the unit disc to the left half-plane; there the criterion
of Liénard and Chipart (1914) needs half of the Hurwitz determinants. For degree 2 these are Jury's
1 + a₁ + a₀ > 0, 1 − a₁ + a₀ > 0, 1 − a₀ > 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.errors import InputError


def stability_conditions(
    matrix_or_char_poly: Any,
    variable: sp.Symbol | None = None,
    *,
    facts: Iterable[Boolean] = (),
    order: Sequence[sp.Symbol] = (),
) -> Boolean:
    r"""Return the condition that every root lies strictly inside the unit circle.

    Parameters
    ----------
    matrix_or_char_poly
        A square matrix (its eigenvalues are meant), a `sympy.Poly`, or an expression, which then
        needs ``variable`` unless it has only one symbol.
    variable
        The unknown of the polynomial.
    facts
        Conditions that may be taken for granted, such as ``q > 0``; they only simplify the result.
    order
        Symbols to solve for, the most wanted first.

    Returns
    -------
    Boolean
        Strict: on the boundary (a root on the unit circle) it is false.

    Raises
    ------
    InputError
        If the matrix is not square, the polynomial is zero or has complex coefficients, or its
        variable is not clear.

    Examples
    --------
    >>> a = sp.Symbol("a", real=True)
    >>> stability_conditions(sp.Matrix([[0, 1], [-a, 0]]))
    (a > -1) & (a < 1)
    """
    polynomial = _polynomial(matrix_or_char_poly, variable)
    parts: list[Boolean] = []
    for factor in factored_characteristic(polynomial):
        parts += [e > 0 for e in boundary(factor).expressions()]
        if factor.LC().free_symbols:
            parts.append(sp.Ne(factor.LC(), 0))
    return conditions.simplify(sp.And(*parts), facts, order)


def _polynomial(given: Any, variable: sp.Symbol | None) -> sp.Poly:
    argument = "matrix_or_char_poly"
    if isinstance(given, sp.MatrixBase):
        if given.rows != given.cols or given.rows == 0:
            raise InputError(argument, f"a {given.rows}x{given.cols} matrix", "a square matrix")
        polynomial = characteristic_polynomial(given)
    elif isinstance(given, sp.Poly):
        if len(given.gens) != 1:
            raise InputError(argument, f"a polynomial in {given.gens}", "one in one variable")
        polynomial = given
    else:
        expression = sp.sympify(given)
        if not isinstance(expression, sp.Expr):
            raise InputError(argument, repr(given), "a matrix, a Poly or an expression")
        symbols = expression.free_symbols
        if variable is None and len(symbols) != 1:
            raise InputError("variable", None, f"the unknown among {sorted(map(str, symbols))}")
        x = variable if variable is not None else next(iter(symbols))
        if not expression.is_polynomial(x):
            raise InputError(argument, expression, f"a polynomial in {x}")
        polynomial = sp.Poly(expression, x)
    if polynomial.is_zero:
        raise InputError(argument, 0, "a polynomial that is not zero")
    if any(c.has(sp.I) for c in polynomial.all_coeffs()):
        raise InputError(argument, polynomial.as_expr(), "real coefficients")
    return polynomial


def characteristic_polynomial(matrix: sp.MatrixBase) -> sp.Poly:
    """Characteristic polynomial det(μ − A) with coefficients in lowest terms."""
    mu = sp.Dummy("mu")
    n = matrix.rows
    ring = sp.polys.matrices.DomainMatrix.from_Matrix(sp.Matrix(matrix).applyfunc(sp.cancel))
    ring = ring.to_field()
    coefficients = [ring.domain.to_sympy(c) for c in ring.charpoly()]
    return sp.Poly(sum(sp.cancel(c) * mu ** (n - i) for i, c in enumerate(coefficients)), mu)


def factored_characteristic(polynomial: sp.Poly) -> list[sp.Poly]:
    """Irreducible factors with multiplicity, each made monic where its leading coefficient allows.

    For the coefficients in symbols this is a factorisation over the rational functions in them.
    """
    x = polynomial.gen
    numerator = sp.fraction(sp.together(polynomial.as_expr()))[0]
    _, factors = sp.factor_list(sp.expand(numerator), x)
    result = []
    for f, n in factors:
        p = sp.Poly(f, x)
        if p.degree() > 0:
            result += [sp.Poly([sp.cancel(c / p.LC()) for c in p.all_coeffs()], x)] * n
    return result


@dataclass(frozen=True)
class Boundary:
    """Expressions of a monic polynomial p that are all positive iff it is stable.

    On the boundary of stability one of the first three vanishes: ``at_one`` = p(1), then a root is
    1; ``at_minus_one`` = (−1)ⁿp(−1), then a root is −1; ``pair`` = Δ_{n−1} (None for degree 1),
    then a pair of roots is on the unit circle (Orlando's formula). ``others`` complete the
    criterion.
    """

    at_one: sp.Expr
    at_minus_one: sp.Expr
    pair: sp.Expr | None
    others: tuple[sp.Expr, ...]

    def expressions(self) -> list[sp.Expr]:
        """Return all of them."""
        pair = [] if self.pair is None else [self.pair]
        return [self.at_one, self.at_minus_one, *pair, *self.others]


def boundary(polynomial: sp.Poly, real_roots: bool = False) -> Boundary:
    """Return the boundary expressions of a monic real polynomial of any positive degree.

    For degree 1, μ + a: 1 + a and 1 − a. Where all roots are known to be real (a symmetric matrix)
    they are below 1 iff all coefficients of p(1 + s) are positive, by Descartes' rule of signs, and
    above −1 iff those of (−1)ⁿp(−1 − s) are; no pair of roots can then leave the unit circle.
    """
    n = polynomial.degree()
    if real_roots:
        x = polynomial.gen
        below = polynomial.compose(sp.Poly(1 + x, x)).all_coeffs()[::-1]
        above = ((-1) ** n * polynomial.compose(sp.Poly(-1 - x, x))).all_coeffs()[::-1]
        inner = tuple(sp.factor_terms(e) for e in below[1:-1] + above[1:-1])
        return Boundary(sp.factor_terms(below[0]), sp.factor_terms(above[0]), None, inner)
    s = sp.Dummy("s")
    moebius = sum(
        c * (s + 1) ** (n - i) * (s - 1) ** i for i, c in enumerate(polynomial.all_coeffs())
    )
    transformed = sp.Poly(sp.expand(moebius), s)
    a = [sp.factor_terms(transformed.coeff_monomial(s ** (n - i))) for i in range(n + 1)]

    def hurwitz(k: int) -> sp.Expr:
        def entry(i: int, j: int) -> sp.Expr:
            m = 2 * (j + 1) - (i + 1)
            return a[m] if 0 <= m <= n else sp.S.Zero

        return sp.factor_terms(sp.Matrix(k, k, entry).det(method="berkowitz"))

    # a₀ = p(1) > 0; a_n = (−1)ⁿp(−1), a_{n−2}, ... > 0; Δ_{n−1}, Δ_{n−3}, ... > 0
    determinants = [hurwitz(k) for k in range(n - 1, 0, -2)]
    others = [a[i] for i in range(n - 2, 0, -2)] + determinants[1:]
    return Boundary(a[0], a[n], determinants[0] if determinants else None, tuple(others))
