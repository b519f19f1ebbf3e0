"""Zeros of a function of one variable on an interval, all of them.

Polynomials: real root isolation in exact arithmetic (sympy). Others: subdivision, vectorised; an
interval is dropped where interval arithmetic proves the function not zero, and settled by a sign
change where it proves it monotone (Moore, *Interval Analysis*, 1966). Bounds are widened by a few
units in the last place instead of directed rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from dynsharp.compiled import differentiate

NARROW = 1e-7  # relative width at which an undecided interval is taken for a multiple zero
MOST = 3000  # zeros
UNDECIDED = 100_000  # intervals at once: near a multiple zero there are many
ULPS = 4e-16


class Undecided(Exception):  # noqa: N818 (not an error: a partial answer)
    """Zeros that were found where interval arithmetic cannot prove that there are no others."""

    def __init__(self, text: str, points: list[float]) -> None:
        super().__init__(text)
        self.points = points


def zeros(f: sp.Expr, x: sp.Symbol, low: float, high: float) -> list[float]:
    """Return the zeros of a function in [low, high]; near a multiple zero several points.

    Raises
    ------
    Undecided
        If a function in it has no interval extension here, or there are too many zeros.
    """
    if not f.has(x):
        return []
    if f.is_polynomial(x):
        return _polynomial_zeros(f, x, low, high)
    return _subdivided(f, x, low, high)


def _polynomial_zeros(f: sp.Expr, x: sp.Symbol, low: float, high: float) -> list[float]:
    rational = f.xreplace({c: sp.Rational(c) for c in f.atoms(sp.Float)})
    p = sp.Poly(rational, x)
    if not p.domain.is_QQ and not p.domain.is_ZZ:
        approximate = {c: sp.Rational(sp.N(c, 30)) for c in p.as_expr().atoms(sp.NumberSymbol)}
        p = sp.Poly([sp.Rational(sp.N(c.subs(approximate), 30)) for c in p.all_coeffs()], x)
    width = sp.Rational(high - low) / 2**60
    found = p.intervals(eps=width, inf=sp.Rational(low), sup=sp.Rational(high))
    return [float((a + b) / 2) for (a, b), _ in found]


def _subdivided(f: sp.Expr, x: sp.Symbol, low: float, high: float) -> list[float]:
    (derivative,) = differentiate([f], [x])
    value = sp.lambdify(x, f, ["scipy", "numpy"])
    a, b = np.array([low]), np.array([high])
    found: list[float] = []
    multiple: list[float] = []
    try:
        while len(a):
            lower, upper = enclose(f, x, a, b)
            open_ = ~((lower > 0) | (upper < 0))
            a, b = a[open_], b[open_]
            lower, upper = enclose(derivative, x, a, b)
            monotone = (lower > 0) | (upper < 0)
            found += _crossings(value, a[monotone], b[monotone])
            a, b = a[~monotone], b[~monotone]
            narrow = b - a <= NARROW * (high - low)
            multiple += list((a[narrow] + b[narrow]) / 2)
            a, b = a[~narrow], b[~narrow]
            if len(found) > MOST or len(a) + len(multiple) > UNDECIDED:
                raise Undecided(f"too many zeros of {f} to tell apart", _sampled(value, low, high))
            middle = (a + b) / 2
            a, b = np.concatenate([a, middle]), np.concatenate([middle, b])
    except NotImplementedError as missing:
        raise Undecided(f"no bounds for {missing}", _sampled(value, low, high)) from None
    return _thinned(sorted(found + multiple), 2 * NARROW * (high - low))


def _crossings(value: Callable[..., Any], a: NDArray[Any], b: NDArray[Any]) -> list[float]:
    with np.errstate(all="ignore"):
        left, right = np.broadcast_arrays(value(a) + 0 * a, value(b) + 0 * b)
    found = list(a[left == 0]) + list(b[right == 0])
    for i in np.flatnonzero(left * right < 0):
        found.append(_root(value, a[i], b[i], xtol=1e-300, rtol=8.9e-16))
    return found


def _sampled(value: Callable[..., Any], low: float, high: float) -> list[float]:
    """Zeros by sign changes between many points."""
    x = np.linspace(low, high, 2 * MOST)
    with np.errstate(all="ignore"):
        y = np.broadcast_to(value(x), x.shape)
    change = np.flatnonzero(np.sign(y[:-1]) * np.sign(y[1:]) < 0)
    return [_root(value, x[i], x[i + 1]) for i in change] + list(x[y == 0])


def _root(value: Callable[..., Any], a: float, b: float, **tolerances: Any) -> float:
    """Brent's method for a function that may have a pole at an end: infinite, no error."""
    with np.errstate(all="ignore"):
        return float(brentq(lambda t: value(np.float64(t)), a, b, **tolerances))


def _thinned(points: list[float], distance: float) -> list[float]:
    """Replace clusters of points by their middle; a lone point stays exactly what it is."""
    clusters: list[list[float]] = []
    for p in points:
        if clusters and p - clusters[-1][-1] <= distance:
            clusters[-1].append(p)
        else:
            clusters.append([p])
    return [(c[0] + c[-1]) / 2 if len(c) > 1 else c[0] for c in clusters]


# ---- interval arithmetic -----------------------------------------------------------------------

Bounds = tuple[Any, Any]


def enclose(f: sp.Expr, x: sp.Symbol, a: NDArray[Any], b: NDArray[Any]) -> Bounds:
    """Bounds of f over each of the intervals [a_i, b_i]; infinite where it has none.

    Raises
    ------
    NotImplementedError
        If it contains a function that has no bounds here.
    """
    with np.errstate(all="ignore"):
        lower, upper = _bounds(f, x, (a, b), {})
        lower, upper = np.broadcast_to(lower, a.shape), np.broadcast_to(upper, a.shape)
        unknown = np.isnan(lower) | np.isnan(upper)
    return np.where(unknown, -np.inf, lower), np.where(unknown, np.inf, upper)


def _bounds(e: sp.Expr, x: sp.Symbol, at: Bounds, memory: dict[sp.Expr, Bounds]) -> Bounds:
    if e in memory:
        return memory[e]
    if e == x:
        return at
    if not e.has(x):
        v = float(e)
        return v - ULPS * abs(v), v + ULPS * abs(v)
    arguments = [_bounds(g, x, at, memory) for g in e.args]
    result = _wider(*_operation(e, arguments))
    memory[e] = result
    return result


def _wider(lower: Any, upper: Any) -> Bounds:
    return lower - ULPS * np.abs(lower), upper + ULPS * np.abs(upper)


def _operation(e: sp.Expr, arguments: list[Bounds]) -> Bounds:
    if isinstance(e, sp.Add):
        return sum(a for a, _ in arguments), sum(b for _, b in arguments)
    if isinstance(e, sp.Mul):
        total = arguments[0]
        for factor in arguments[1:]:
            total = _wider(*_product(total, factor))
        return total
    if isinstance(e, sp.Pow):
        return _power(arguments[0], e.exp, arguments[1])
    if isinstance(e, sp.Max | sp.Min):
        best = np.maximum if isinstance(e, sp.Max) else np.minimum
        lower, upper = arguments[0]
        for a, b in arguments[1:]:
            lower, upper = best(lower, a), best(upper, b)
        return lower, upper
    (a, b) = arguments[0]
    for kinds, function in _INCREASING.items():
        if isinstance(e, kinds):
            return function(a), function(b)
    if isinstance(e, sp.Abs):
        return np.where((a <= 0) & (b >= 0), 0.0, np.minimum(abs(a), abs(b))), np.maximum(
            abs(a), abs(b)
        )
    if isinstance(e, sp.sin):
        return _cosine(a - np.pi / 2, b - np.pi / 2)
    if isinstance(e, sp.cos):
        return _cosine(a, b)
    if isinstance(e, sp.cosh):
        least = np.where((a <= 0) & (b >= 0), 0.0, np.minimum(abs(a), abs(b)))
        return np.cosh(least), np.cosh(np.maximum(abs(a), abs(b)))
    if isinstance(e, sp.tan):
        whole = np.floor(a / np.pi + 0.5) == np.floor(b / np.pi + 0.5)
        return np.where(whole, np.tan(a), -np.inf), np.where(whole, np.tan(b), np.inf)
    raise NotImplementedError(str(e.func))


_INCREASING: dict[Any, Any] = {
    sp.exp: np.exp,
    sp.log: np.log,
    sp.atan: np.arctan,
    sp.tanh: np.tanh,
    sp.sinh: np.sinh,
    sp.asinh: np.arcsinh,
    sp.floor: np.floor,
    sp.ceiling: np.ceil,
    sp.sign: np.sign,
    sp.Heaviside: lambda v: np.heaviside(v, 0.5),
}


def _product(p: Bounds, q: Bounds) -> Bounds:
    corners = [a * b for a in p for b in q]
    # 0 · ∞ is 0 here: the bound of one factor is then exact
    corners = [np.where(np.isnan(c), 0.0, c) for c in corners]
    return np.minimum.reduce(np.broadcast_arrays(*corners)), np.maximum.reduce(
        np.broadcast_arrays(*corners)
    )


def _power(base: Bounds, exponent: sp.Expr, bounds: Bounds) -> Bounds:
    a, b = base
    if exponent.is_Integer:
        n = int(exponent)
        if n < 0:
            lower, upper = _power(base, -exponent, bounds)
            across = (lower <= 0) & (upper >= 0)
            return np.where(across, -np.inf, 1 / upper), np.where(across, np.inf, 1 / lower)
        if n % 2:
            return a**n, b**n
        least = np.where((a <= 0) & (b >= 0), 0.0, np.minimum(abs(a), abs(b)))
        return least**n, np.maximum(abs(a), abs(b)) ** n
    # base^y = exp(y ln base), real for base > 0
    lower, upper = _product(bounds, (np.log(a), np.log(b)))
    return np.exp(lower), np.exp(upper)


def _cosine(a: Any, b: Any) -> Bounds:
    """Range of cos over [a, b]: 1 if an even multiple of π is inside, −1 if an odd one is."""
    slack = 1e-15 * np.maximum(abs(a), abs(b))
    a, b = a - slack, b + slack
    top = np.floor(b / (2 * np.pi)) > np.ceil(a / (2 * np.pi)) - 1
    bottom = np.floor(b / (2 * np.pi) - 0.5) > np.ceil(a / (2 * np.pi) - 0.5) - 1
    lower, upper = np.minimum(np.cos(a), np.cos(b)), np.maximum(np.cos(a), np.cos(b))
    return np.where(bottom, -1.0, lower - 1e-15), np.where(top, 1.0, upper + 1e-15)


def branches(F: sp.Expr, x: sp.Symbol) -> list[sp.Expr]:
    """Replace every kink of F by each of its branches: where F is smooth, it is one of these."""
    kinds = (sp.Abs, sp.Max, sp.Min, sp.Piecewise)
    kinks = [e for e in sp.postorder_traversal(F) if isinstance(e, kinds) and e.has(x)]
    if not kinks:
        return [F]
    kink = kinks[0]
    if isinstance(kink, sp.Abs):
        cases = [kink.args[0], -kink.args[0]]
    elif isinstance(kink, sp.Piecewise):
        cases = [value for value, _ in kink.args]
    else:
        cases = list(kink.args)
    found: list[sp.Expr] = []
    for case in cases:
        found += [e for e in branches(F.xreplace({kink: case}), x) if e not in found]
    return found
