"""A simulation's loss of stability against the exact threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.arguments import checked_instance
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.thresholds import thresholds
from dynsharp.testing._arguments import as_numbers, own_expression, with_values
from dynsharp.testing._vanishing import ROUNDED


def assert_threshold(
    map: DiscreteMap,
    p: FixedPoint,
    parameter: Name,
    simulate: Callable[[float], bool] | None = None,
    *,
    fixed: Mapping[Name, Any] | None = None,
    at: Mapping[Name, Any] | None = None,
    tolerance: float = 1e-3,
    width: float = 0.05,
) -> None:
    """Assert that a simulation changes stability where theory says that the fixed point does.

    Every threshold of theory is bracketed by its neighbourhood and bisected on the simulation. The
    default simulation kicks the fixed point by a millionth and watches whether the orbit stays near
    and its steps decay; it need not come back, because next to a stable member of a family lie
    others.

    Parameters
    ----------
    map
        The map that is simulated.
    p
        The fixed point whose thresholds are tested, one of ``fixed_points(map)``.
    parameter
        The parameter that is varied.
    simulate
        A function of the parameter's value that returns whether the fixed point is stable: the
        user's own simulation, in place of the default.
    fixed
        Values of all other parameters.
    at
        For a family of fixed points the member: a value for each of its coordinates, which may be
        an expression in the parameters. The threshold is then that of this member. If left out it
        is the member that loses stability last (of the minima of a loss, the flattest), unless you
        give ``simulate``: then the threshold is that of the whole family.
    tolerance
        Largest accepted difference, relative to the value (absolute for a threshold at 0).
    width
        Relative half-width of the bracket; narrower where another threshold is near.

    Raises
    ------
    AssertionError
        If theory has no threshold, if the simulation does not change in the bracket, or if it
        changes elsewhere than theory says: both are given, with bracket and tolerance.
    InputError
        If a parameter or coordinate has no value, or the point no closed form to simulate from.

    Examples
    --------
    >>> from dynsharp.symbolic.fixed_points import fixed_points
    >>> x, r = sp.symbols("x r", real=True)
    >>> logistic = DiscreteMap({x: r*x*(1 - x)}, parameters=[r], name="logistic")
    >>> assert_threshold(logistic, fixed_points(logistic)[1], r)
    """
    if not isinstance(p, FixedPoint):
        raise InputError("p", repr(p), "a FixedPoint, such as fixed_points(map)[0]")
    checked_instance("map", map, DiscreteMap)
    symbol = p.map.parameter(parameter)
    values = as_numbers(p.map, "fixed", fixed)
    missing = [s.name for s in p.map.parameters if s != symbol and s not in values]
    if missing:
        raise InputError("fixed", fixed, f"values for {', '.join(missing)}")
    member = {x: e.subs(values) for x, e in _member(p, at).items()}
    p = _at_values(p, values)
    if p.family and not member and simulate is None:
        member = _last_stable_member(p, symbol)
    theory = _member_thresholds(p, symbol, member) if member else _thresholds(p, symbol)
    if not theory:
        raise AssertionError(f"theory has no threshold of {p.map.name} along {symbol}")
    stable = simulate or _simulation(with_values(map, values), p, symbol, member)

    for kind, exact in theory:
        scale = abs(exact) or 1.0
        gaps = [abs(exact - other) / 2 for _, other in theory if other != exact]
        reach = min([width * scale, *gaps])
        low, high = exact - reach, exact + reach
        claim = f"{map.name}: theory has a {kind} at {symbol} = {exact:.10g}"
        below, above = bool(stable(low)), bool(stable(high))
        if below == above:
            raise AssertionError(
                f"{claim}; the simulation is {'stable' if below else 'unstable'} on both sides, "
                f"at {symbol} = {low:.10g} and {high:.10g}"
            )
        while high - low > tolerance * scale / 4:
            middle = (low + high) / 2
            low, high = (middle, high) if bool(stable(middle)) == below else (low, middle)
        found = (low + high) / 2
        if abs(found - exact) > tolerance * scale:
            raise AssertionError(
                f"{claim}; the simulation changes at {found:.10g}, between {low:.10g} and "
                f"{high:.10g}: they differ by {abs(found - exact):.3g}, allowed is "
                f"{tolerance * scale:.3g}"
            )


def _member(p: FixedPoint, at: Mapping[Name, Any] | None) -> dict[sp.Symbol, sp.Expr]:
    """Return the coordinates of a member of the family, expressions in the parameters."""
    if at is None:
        return {}
    member = {p.map.symbol(c, "at"): own_expression(p.map, f"at[{c}]", v) for c, v in at.items()}
    if set(member) != set(p.family):
        raise InputError("at", at, f"a value for each coordinate of the family, {p.family}")
    return member


def _last_stable_member(p: FixedPoint, symbol: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """Return the coordinates of the member at which the whole family loses stability."""
    for t in reversed(thresholds(p, symbol)):
        member = {c: t.state[c] for c in p.family}
        if p.stable.subs(member, simultaneous=True).has(symbol):
            return member
    wants = f"the coordinates {p.family} of a member whose stability depends on {symbol}"
    raise InputError("at", "None", f"{wants}; or pass simulate=")


def _at_values(p: FixedPoint, values: Mapping[sp.Symbol, sp.Expr]) -> FixedPoint:
    """Return the same fixed point, of the map with these values of parameters."""
    return FixedPoint(
        p.map.substitute(values),
        {x: e.subs(values) for x, e in p.state.items()},
        p.family,
        tuple(r.subs(values) for r in p.relations),
        sp.sympify(p.exists.subs(values)),
    )


def _thresholds(p: FixedPoint, symbol: sp.Symbol) -> list[tuple[str, float]]:
    """Return kind and value of the thresholds at which the point or family changes stability."""
    found = thresholds(p, symbol)
    if not found and found.unresolved:
        raise InputError("p", p, f"thresholds that can be solved for: {found.unresolved[0]}")
    values = [(t.kind, complex(t.value)) for t in found]
    real = dict.fromkeys((kind, v.real) for kind, v in values if abs(v.imag) < ROUNDED)
    if p.family or p.relations:
        return list(real)
    # A bifurcation of a point that is unstable before and after (the saddle of a fold) is none.
    return [
        (kind, v) for kind, v in real if _is_stable(p, symbol, v, -1) != _is_stable(p, symbol, v, 1)
    ]


def _is_stable(p: FixedPoint, symbol: sp.Symbol, value: float, side: int) -> bool:
    """Whether theory says that the point exists and is stable, just beside a threshold."""
    beside = sp.Rational(value + side * 1e-6 * (abs(value) or 1.0))
    try:
        holds = [bool(c.subs(symbol, beside)) for c in (p.exists, p.stable)]
    except TypeError:  # a comparison of complex numbers: it does not exist
        return False
    return all(holds)


def _member_thresholds(
    p: FixedPoint, symbol: sp.Symbol, member: Mapping[sp.Symbol, sp.Expr]
) -> list[tuple[str, float]]:
    """Return the ends of the parameter intervals in which one member of a family is stable."""
    real = sp.Dummy(real=True)
    condition = p.stable.subs(member, simultaneous=True).subs(symbol, real)
    region = sp.sympify(condition).as_set().intersect(sp.Interval(-sp.oo, sp.oo))
    ends = sorted(float(e) for e in region.boundary if e.is_finite)
    return [("change of stability", e) for e in ends if e > 0 or not symbol.is_positive]


def _simulation(
    map: DiscreteMap,
    p: FixedPoint,
    symbol: sp.Symbol,
    member: Mapping[sp.Symbol, sp.Expr],
) -> Callable[[float], bool]:
    """Whether steps of the orbit from next to the fixed point decay, for a parameter's value."""
    if p.relations:
        raise InputError("p", p, "a fixed point in closed form; or pass simulate=")
    varied, state = map.parameter(symbol), [map.symbol(x, "p") for x in p.state]
    step = sp.lambdify([*state, varied], [map.update[x] for x in state], "math", cse=True)
    rest = [e.subs(member, simultaneous=True) for e in p.state.values()]
    direction = np.random.default_rng(0).normal(size=len(state))

    def stable(value: float) -> bool:
        point = [complex(e.subs(symbol, value)) for e in rest]
        if not all(np.isfinite(c) and abs(c.imag) < ROUNDED for c in point):
            return False  # the fixed point does not exist
        start = [c.real for c in point]
        kick = [1e-6 * (1 + max(abs(c) for c in start)) * float(d) for d in direction]
        try:
            return _settles(step, start, kick, value)
        except (OverflowError, ZeroDivisionError, ValueError):  # it left the range of numbers
            return False

    return stable


def _settles(
    step: Callable[..., Sequence[float]],
    point: Sequence[float],
    kick: Sequence[float],
    value: float,
    steps: int = 20000,
) -> bool:
    """Whether an orbit stays near the point it is kicked from, and its steps decay.

    They decay if they reach rounding level (that of a slow contraction, whose rounding errors
    accumulate), or if those of the last quarter are smaller than those of the third.
    """
    state = [a + b for a, b in zip(point, kick, strict=True)]
    near = 300 * max(abs(b) for b in kick)
    rounding = 1e-12 * (1 + max(abs(a) for a in point))
    largest = [0.0] * 4
    for n in range(steps):
        following = step(*state, value)
        if not max(abs(a - b) for a, b in zip(following, point, strict=True)) <= near:
            return False  # true for NaN as well
        length = max(abs(a - b) for a, b in zip(following, state, strict=True))
        if length < rounding:
            return True
        state = list(following)
        largest[4 * n // steps] = max(largest[4 * n // steps], length)
    return largest[3] < largest[2]
