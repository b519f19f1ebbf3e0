"""Truncated power series in several variables, and sympy expressions evaluated on them.

A series is the array of its coefficients, one for each monomial up to a total degree. Sums and
products are those of polynomials; a function f of the series s₀ + δ is Σ f⁽ᵏ⁾(s₀) δᵏ / k!.
(Griewank, Walther, *Evaluating Derivatives*, 2nd ed., chapter 13.) It is meant for a few points
and any order; the compiled counterpart for many points and order three is `_taylor`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.compiled import differentiate
from dynsharp.types import Array

Exponents = tuple[int, ...]


class Ring:
    """The power series in so many variables up to a total degree.

    Attributes
    ----------
    variables, order
        Their number, and the degree.
    exponents
        Of each monomial (N × variables), by degree: the constant first, then the variables.
    degrees
        Total degree of each monomial (N).
    """

    def __init__(self, variables: int, order: int) -> None:
        self.variables, self.order = variables, order
        monomials = [
            tuple(chosen.count(i) for i in range(variables))
            for degree in range(order + 1)
            for chosen in itertools.combinations_with_replacement(range(variables), degree)
        ]
        self.exponents = np.array(monomials, dtype=int).reshape(len(monomials), variables)
        self.degrees = self.exponents.sum(axis=1)
        self.index = {e: i for i, e in enumerate(monomials)}
        pairs = [
            (self.index[tuple(map(sum, zip(a, b, strict=True)))], i, j)
            for (i, a), (j, b) in itertools.product(enumerate(monomials), repeat=2)
            if sum(a) + sum(b) <= order
        ]
        product, self._left, self._right = np.array(sorted(pairs)).T
        self._starts = np.searchsorted(product, np.arange(len(monomials)))

    @property
    def size(self) -> int:
        """Number of monomials."""
        return len(self.degrees)

    def constant(self, value: complex) -> Array:
        """Return the series of a number."""
        series = np.zeros(self.size, dtype=np.result_type(type(value), float))
        series[0] = value
        return series

    def multiply(self, a: Array, b: Array) -> Array:
        """Return the product of two series."""
        return np.add.reduceat(a[self._left] * b[self._right], self._starts)

    def power(self, a: Array, n: int) -> Array:
        """Return a series to a whole power n ≥ 0, by repeated squaring."""
        result = self.constant(1.0)
        for bit in bin(n)[2:]:
            result = self.multiply(result, result)
            if bit == "1":
                result = self.multiply(result, a)
        return result

    def substitution(self, series: Array) -> Array:
        """Return the matrix C of composition: row ν is the monomial ν of the given series.

        With h the coefficients of a series in the variables, h C are those of h(series); the given
        series (variables × N) have no constant term.
        """
        C = np.zeros((self.size, self.size), dtype=series.dtype)
        C[0, 0] = 1.0
        for row, exponents in enumerate(self.exponents[1:], 1):
            first = int(np.argmax(exponents > 0))
            lower = exponents.copy()
            lower[first] -= 1
            C[row] = self.multiply(C[self.index[tuple(lower)]], series[first])
        return C


@lru_cache(maxsize=64)
def ring(variables: int, order: int) -> Ring:
    """Return the ring, made once."""
    return Ring(variables, order)


def evaluate(
    expressions: Sequence[sp.Expr], values: Mapping[sp.Symbol, Array], within: Ring
) -> list[Array]:
    """Return the series of expressions in real symbols (see `real_form`) whose series are given.

    Of a piecewise function the side is taken that holds for the constant terms. Where a function
    or one of its derivatives does not exist, also at a kink, the coefficients are not finite.
    """
    known: dict[sp.Expr, Array] = dict(values)
    with np.errstate(all="ignore"):
        return [_series(e, known, within) for e in expressions]


def _series(e: sp.Expr, known: dict[sp.Expr, Array], R: Ring) -> Array:
    if e not in known:
        known[e] = _computed(e, known, R)
    return known[e]


def _computed(e: sp.Expr, known: dict[sp.Expr, Array], R: Ring) -> Array:
    if not e.args:
        return R.constant(_number(e))
    if isinstance(e, sp.Piecewise):
        at = {s: sp.Float(float(known[s][0].real)) for s in e.free_symbols}
        for value, condition in e.args:
            if condition.xreplace(at) == sp.true:
                return _series(value, known, R)
        return R.constant(math.nan)
    if isinstance(e, sp.Mul):
        number, factors = e.as_coeff_mul()
        return _number(number) * reduce(
            R.multiply, [_series(a, known, R) for a in factors or (sp.S.One,)]
        )
    parts = [_series(a, known, R) for a in e.args]
    if isinstance(e, sp.Add):
        return np.asarray(sum(parts))
    if isinstance(e, sp.Pow):
        return _to_the_power(parts[0], parts[1], R)
    if isinstance(e, (sp.Max, sp.Min)):
        choose = max if isinstance(e, sp.Max) else min
        best = choose(parts, key=lambda part: part[0].real)
        tied = any(part[0] == best[0] and not np.array_equal(part, best) for part in parts)
        return best * np.nan if tied else best
    return _function(e, parts, R)


def _to_the_power(base: Array, exponent: Array, R: Ring) -> Array:
    if np.any(exponent[1:]):
        logarithm = _function(sp.log(sp.Dummy()), [base], R)
        return _function(sp.exp(sp.Dummy()), [R.multiply(exponent, logarithm)], R)
    p = float(exponent[0].real)
    if p >= 0 and p.is_integer():
        return R.power(base, int(p))
    derivatives = [
        math.prod(p - j for j in range(k)) * np.power(base[0].real, p - k)
        for k in range(R.order + 1)
    ]
    return _taylor(derivatives, base, R)


def _function(e: sp.Expr, parts: Sequence[Array], R: Ring) -> Array:
    """Return a function of series, by its derivatives at the constant terms."""
    at = tuple(float(part[0].real) for part in parts)
    if _at_kink(e, at[0]) and np.any(parts[0][1:]):
        return parts[0] * np.nan
    if len(parts) == 1:
        return _taylor([_derivative(e.func, at, (k,)) for k in range(R.order + 1)], parts[0], R)
    moving = [np.append(0.0, part[1:]) for part in parts]
    total = R.constant(0.0)
    for orders in ring(len(parts), R.order).exponents:
        term = R.constant(_derivative(e.func, at, tuple(int(k) for k in orders)))
        for part, k in zip(moving, orders, strict=True):
            term = R.multiply(term, R.power(part, int(k))) / math.factorial(int(k))
        total = total + term
    return total


def _at_kink(e: sp.Expr, at: float) -> bool:
    if isinstance(e, (sp.floor, sp.ceiling)):
        return at.is_integer()
    return isinstance(e, (sp.Abs, sp.sign, sp.Heaviside)) and at == 0


def _taylor(derivatives: Sequence[float], s: Array, R: Ring) -> Array:
    """Σ f⁽ᵏ⁾ (s − s₀)ᵏ / k!, by Horner's rule."""
    moving = np.append(0.0, s[1:])
    result = R.constant(derivatives[-1] / math.factorial(len(derivatives) - 1))
    for k in range(len(derivatives) - 2, -1, -1):
        result = R.multiply(result, moving)
        result[0] += derivatives[k] / math.factorial(k)
    return result


@lru_cache(maxsize=4096)
def _derivative(function: Any, at: tuple[float, ...], orders: Exponents) -> float:
    """Return a partial derivative of a function at a point; not a number where there is none."""
    if not all(map(math.isfinite, at)):
        return math.nan
    symbols = _arguments(len(at))
    e = _differentiated(function, orders)
    return _number(e.xreplace(dict(zip(symbols, map(sp.Float, at), strict=True))))


@lru_cache(maxsize=1024)
def _differentiated(function: Any, orders: Exponents) -> sp.Expr:
    symbols = _arguments(len(orders))
    for i, k in enumerate(orders):
        if k:
            lower = tuple(m - (j == i) for j, m in enumerate(orders))
            return differentiate([_differentiated(function, lower)], [symbols[i]])[0]
    return function(*symbols)


@lru_cache(maxsize=8)
def _arguments(count: int) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(f"argument{i}", real=True) for i in range(count))


def _number(e: sp.Expr) -> float:
    if e.is_Float or e.is_Rational:
        return float(e)
    try:
        value = complex(e.doit().evalf())
    except TypeError:  # an undefined derivative stays in symbols
        return math.nan
    return value.real if value.imag == 0.0 else math.nan
