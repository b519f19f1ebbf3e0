"""Whether an expression vanishes: everywhere on a map's domain, or on a manifold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.testing._arguments import short, shown

_SAMPLES = 12
_EXACT = 1e-25  # what an exact expression that vanishes may evaluate to, in 50 digits
ROUNDED = 1e-9  # the same, relative, where floating-point numbers were given


def nonzero(expression: sp.Expr, map: DiscreteMap) -> str:
    """Return ``""`` if the expression vanishes identically, else a witness: value and place."""
    if expression == 0 or sp.expand(expression) == 0:
        return ""
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    judged = 0
    for sample in samples(map) if symbols else [{}]:
        place = {s: sample[s] for s in symbols}
        value, size = evaluated(expression, place)
        if not value.is_finite:
            continue
        judged += 1
        if abs(value) > size * (ROUNDED if expression.has(sp.Float) else _EXACT):
            return f" by {short(value)}" + (f" at {shown(place)}" if place else "")
    if not judged:
        raise InputError("map", map.name, f"a domain on which {short(expression)} is finite")
    return ""


def evaluated(expression: sp.Expr, place: Mapping[sp.Symbol, Any]) -> tuple[sp.Expr, Any]:
    """Return the value in 50 digits, and the size of what cancels in it."""
    terms = [sp.N(term.subs(place), 50) for term in sp.Add.make_args(expression)]
    return sp.Add(*terms), 1 + sum(abs(t) for t in terms)


def samples(map: DiscreteMap, count: int = _SAMPLES) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """Yield random rational states and parameters, in the domain and of the symbols' kinds."""
    rng = np.random.default_rng(0)
    found = 0
    for attempt in range(200 * count):
        spread = (1, 3, 10)[attempt % 3]
        sample = {}
        for s in (*map.state, *map.parameters):
            number = sp.Rational(int(rng.integers(-1000 * spread, 1000 * spread)) * 2 + 1, 2000)
            if s.is_nonnegative:
                number = abs(number)
            elif s.is_negative:
                number = -abs(number)
            sample[s] = sp.ceiling(number) if s.is_integer else number
        if map.domain.subs(sample) == sp.true:
            found += 1
            yield sample
        if found == count:
            return


def divides(m: sp.Expr, image: sp.Expr, state: Sequence[sp.Symbol]) -> bool:
    """Whether m is a factor of its own image, as polynomials in the state."""
    numerators = [sp.fraction(sp.together(e))[0] for e in (m, image)]
    if any(e.has(sp.Float) or not e.is_polynomial(*state) for e in numerators):
        return False
    return bool(sp.reduced(numerators[1], [numerators[0]], *state)[1] == 0)


def points_on(m: sp.Expr, map: DiscreteMap) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """Yield points of m = 0 in the domain: sign changes of m along one state variable."""
    from scipy.optimize import brentq

    if m.is_polynomial(*map.state) and not m.has(sp.Float):
        m = sp.sqf_part(m, *map.state)
    free = [x for x in map.state if m.has(x)]
    anywhere = DiscreteMap(map.update, map.parameters)
    for n, sample in enumerate(samples(anywhere, 4 * _SAMPLES)):
        x = free[n % len(free)]
        others = {s: v for s, v in sample.items() if s != x}
        along = sp.lambdify(x, m.subs(others), "numpy")
        grid = np.linspace(-20, 20, 401) + 1e-3 * np.pi
        with np.errstate(all="ignore"):
            height = np.real_if_close(along(grid) * np.ones_like(grid))
        changes = np.flatnonzero(height[:-1] * height[1:] < 0)
        for i in changes[:2]:
            root = brentq(along, grid[i], grid[i + 1], xtol=1e-15, rtol=1e-14)
            point = others | {x: sp.Float(root, 17)}
            continuous = abs(along(root)) < 1e-6 * (1 + np.abs(height[i : i + 2]).max())
            if continuous and map.domain.subs(point) == sp.true:
                yield point
