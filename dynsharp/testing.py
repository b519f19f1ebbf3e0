"""Assertions that hold a map, or a simulation of it, against a theory: for a researcher's tests.

Each raises `AssertionError` with both sides of the comparison when the claim is wrong, and
`InputError` when it cannot be judged. Claims are decided exactly where sympy can; otherwise at
random points that are the same in every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name, checked_expression
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.thresholds import thresholds

__all__ = [
    "assert_conserved",
    "assert_cycle",
    "assert_fixed_point",
    "assert_invariant_manifold",
    "assert_threshold",
]

_SAMPLES = 12
_EXACT = 1e-25  # what an exact expression that vanishes may evaluate to, in 50 digits
_ROUNDED = 1e-9  # the same, relative, where floating-point numbers were given

State = Mapping[Any, Any] | Sequence[Any] | Any


# ---- exact claims ----------------------------------------------------------------------------


def assert_fixed_point(
    map: DiscreteMap, state: State, *, fixed: Mapping[Name, Any] | None = None
) -> None:
    """Assert that F(x) = x.

    Parameters
    ----------
    map
        The map.
    state
        A value for each state variable, as a dictionary or in the map's order (a single value for
        a map of one variable). Values may be expressions in the parameters, and in state symbols
        that are free along a family, such as ``{"z": 0, "k": k}``.
    fixed
        Values of parameters.

    Raises
    ------
    AssertionError
        If the state moves; the message says where to.
    InputError
        If a state variable is missing or an expression has unknown symbols.
    """
    assert_cycle(map, [state], fixed=fixed)


def assert_cycle(
    map: DiscreteMap, points: Sequence[State], *, fixed: Mapping[Name, Any] | None = None
) -> None:
    """Assert that F maps each point to the next, the last to the first, and the period is minimal.

    Parameters
    ----------
    map, fixed
        As for `assert_fixed_point`.
    points
        The states of the cycle in the order in which they are visited.

    Raises
    ------
    AssertionError
        If a step leads elsewhere, or the points repeat with a shorter period.
    InputError
        As for `assert_fixed_point`; or without any point.
    """
    if isinstance(points, str | Mapping) or len(points) == 0:
        raise InputError("points", repr(points), "a non-empty list of states")
    _checked_map(map)
    argument = "state" if len(points) == 1 else "points"
    cycle = [_state(map, argument, p, fixed) for p in points]
    map = _with_values(map, fixed)
    period = len(cycle)
    for n, point in enumerate(cycle):
        following = cycle[(n + 1) % period]
        for x, image in map.update.items():
            moved = image.subs(point, simultaneous=True)
            witness = _nonzero(moved - following[x], map)
            if witness:
                where = "the fixed point" if period == 1 else f"point {n + 1} of the cycle"
                raise AssertionError(
                    f"{map.name} maps {where}, {_shown(point)}, to {x} = {_short(moved)}; "
                    f"expected {x} = {_short(following[x])}{witness}"
                )
    for shorter in (d for d in range(1, period) if period % d == 0):
        shifts = [a[x] - b[x] for a, b in zip(cycle, cycle[shorter:], strict=False) for x in a]
        if not any(_nonzero(e, map) for e in shifts):
            raise AssertionError(f"the cycle of {map.name} has period {shorter}, not {period}")


def assert_conserved(
    map: DiscreteMap, quantity: Any, *, fixed: Mapping[Name, Any] | None = None
) -> None:
    """Assert that a quantity Q(x) keeps its value: Q(F(x)) = Q(x) on the map's domain.

    Raises
    ------
    AssertionError
        If it changes; the message says by how much.
    InputError
        If the quantity is not an expression in the map's symbols, or does not contain the state.
    """
    Q = _in_state(map, "quantity", quantity, fixed)
    map = _with_values(map, fixed)
    change = Q.subs(map.update, simultaneous=True) - Q
    witness = _nonzero(change, map)
    if witness:
        raise AssertionError(f"{Q} is not conserved by {map.name}: it changes{witness}")


def assert_invariant_manifold(
    map: DiscreteMap, equation: Any, *, fixed: Mapping[Name, Any] | None = None
) -> None:
    """Assert that the manifold ``equation == 0`` is mapped into itself.

    Decided exactly where the equation is a factor of its own image (a Darboux polynomial), or where
    it can be solved for a variable; else at points of the manifold found numerically.

    Parameters
    ----------
    equation
        An expression m in the map's symbols, or a ``sympy.Eq``.

    Raises
    ------
    AssertionError
        If a step leaves the manifold; the message gives a point that does.
    InputError
        As for `assert_conserved`; or if no point of the manifold was found.
    """
    if isinstance(equation, sp.Eq):
        equation = equation.lhs - equation.rhs
    m = _in_state(map, "equation", equation, fixed)
    map = _with_values(map, fixed)
    image = m.subs(map.update, simultaneous=True)
    if _divides(m, image, map.state):
        return
    points = list(_points_on(m, map))
    if not points:
        raise InputError("equation", m, "a manifold with real points in the domain, none was found")
    for point in points:
        distance, size = _evaluated(image, point)
        if not abs(distance) <= _ROUNDED * size:
            raise AssertionError(
                f"{m} = 0 is not invariant under {map.name}: "
                f"from {_shown(point)} a step leads to {m} = {_short(distance)}"
            )


# ---- thresholds ------------------------------------------------------------------------------


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
        an expression in the parameters. The threshold is then that of this member. Without it the
        threshold is that of the whole family, and ``simulate`` has to be given.
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
    _checked_map(map)
    symbol = p.map.parameter(parameter)
    values = _numbers(p.map, "fixed", fixed)
    missing = [s.name for s in p.map.parameters if s != symbol and s not in values]
    if missing:
        raise InputError("fixed", fixed, f"values for {', '.join(missing)}")
    member = {x: e.subs(values) for x, e in _member(p, at).items()}
    p = _at_values(p, values)
    theory = _member_thresholds(p, symbol, member) if member else _thresholds(p, symbol)
    if not theory:
        raise AssertionError(f"theory has no threshold of {p.map.name} along {symbol}")
    stable = simulate or _simulation(_with_values(map, values), p, symbol, member)

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
    member = {p.map.symbol(c, "at"): _own(p.map, f"at[{c}]", v) for c, v in at.items()}
    if set(member) != set(p.family):
        raise InputError("at", at, f"a value for each coordinate of the family, {p.family}")
    return member


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
    real = dict.fromkeys((kind, v.real) for kind, v in values if abs(v.imag) < _ROUNDED)
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
    if p.family and not member:
        wants = f"values for the coordinates {p.family} of a member, or pass simulate="
        raise InputError("at", "None", wants)
    if p.relations:
        raise InputError("p", p, "a fixed point in closed form; or pass simulate=")
    varied, state = map.parameter(symbol), [map.symbol(x, "p") for x in p.state]
    step = sp.lambdify([*state, varied], [map.update[x] for x in state], "math", cse=True)
    rest = [e.subs(member, simultaneous=True) for e in p.state.values()]
    direction = np.random.default_rng(0).normal(size=len(state))

    def stable(value: float) -> bool:
        point = [complex(e.subs(symbol, value)) for e in rest]
        if not all(np.isfinite(c) and abs(c.imag) < _ROUNDED for c in point):
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


# ---- deciding whether an expression vanishes ---------------------------------------------------


def _nonzero(expression: sp.Expr, map: DiscreteMap) -> str:
    """Return ``""`` if the expression vanishes identically, else a witness: value and place."""
    if expression == 0 or sp.expand(expression) == 0:
        return ""
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    judged = 0
    for sample in _samples(map) if symbols else [{}]:
        place = {s: sample[s] for s in symbols}
        value, size = _evaluated(expression, place)
        if not value.is_finite:
            continue
        judged += 1
        if abs(value) > size * (_ROUNDED if expression.has(sp.Float) else _EXACT):
            return f" by {_short(value)}" + (f" at {_shown(place)}" if place else "")
    if not judged:
        raise InputError("map", map.name, f"a domain on which {_short(expression)} is finite")
    return ""


def _evaluated(expression: sp.Expr, place: Mapping[sp.Symbol, Any]) -> tuple[sp.Expr, Any]:
    """Return the value in 50 digits, and the size of what cancels in it."""
    terms = [sp.N(term.subs(place), 50) for term in sp.Add.make_args(expression)]
    return sp.Add(*terms), 1 + sum(abs(t) for t in terms)


def _samples(map: DiscreteMap, count: int = _SAMPLES) -> Iterator[dict[sp.Symbol, sp.Expr]]:
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


def _divides(m: sp.Expr, image: sp.Expr, state: Sequence[sp.Symbol]) -> bool:
    """Whether m is a factor of its own image, as polynomials in the state."""
    numerators = [sp.fraction(sp.together(e))[0] for e in (m, image)]
    if any(e.has(sp.Float) or not e.is_polynomial(*state) for e in numerators):
        return False
    return bool(sp.reduced(numerators[1], [numerators[0]], *state)[1] == 0)


def _points_on(m: sp.Expr, map: DiscreteMap) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """Yield points of m = 0 in the domain: sign changes of m along one state variable."""
    from scipy.optimize import brentq

    if m.is_polynomial(*map.state) and not m.has(sp.Float):
        m = sp.sqf_part(m, *map.state)
    free = [x for x in map.state if m.has(x)]
    anywhere = DiscreteMap(map.update, map.parameters)
    for n, sample in enumerate(_samples(anywhere, 4 * _SAMPLES)):
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


# ---- arguments and messages --------------------------------------------------------------------


def _own(map: DiscreteMap, argument: str, value: Any) -> sp.Expr:
    """Return the expression in the map's own symbols, matched by name."""
    expression = checked_expression(argument, value)
    names = {s: map.symbol(s, argument) for s in expression.free_symbols}
    return expression.subs(names, simultaneous=True)


def _numbers(
    map: DiscreteMap, argument: str, values: Mapping[Name, Any] | None
) -> dict[sp.Symbol, sp.Expr]:
    """Return values of parameters, decimal numbers taken as the fractions that they spell."""
    if not isinstance(values or {}, Mapping):
        raise InputError(argument, repr(values), "a dictionary {parameter: value}")
    numbers = {}
    for name, value in (values or {}).items():
        number = _own(map, f"{argument}[{name}]", value)
        if number.free_symbols:
            raise InputError(f"{argument}[{name}]", number, "a number")
        numbers[map.parameter(name, argument)] = sp.nsimplify(number, rational=True)
    return numbers


def _checked_map(map: DiscreteMap) -> None:
    if not isinstance(map, DiscreteMap):
        raise InputError("map", repr(map), "a DiscreteMap")


def _with_values(map: DiscreteMap, fixed: Mapping[Name, Any] | None) -> DiscreteMap:
    return map.substitute(_numbers(map, "fixed", fixed)) if fixed else map


def _in_state(
    map: DiscreteMap, argument: str, value: Any, fixed: Mapping[Name, Any] | None
) -> sp.Expr:
    """Return the expression with parameters fixed; it has to depend on the state."""
    _checked_map(map)
    expression = _own(map, argument, value).subs(_numbers(map, "fixed", fixed))
    if not expression.free_symbols & set(map.state):
        raise InputError(argument, expression, f"an expression in the state {map.state}")
    return expression


def _state(
    map: DiscreteMap, argument: str, value: State, fixed: Mapping[Name, Any] | None
) -> dict[sp.Symbol, sp.Expr]:
    """Return a state as a dictionary, in the map's order."""
    if not isinstance(value, Mapping):
        values = list(np.atleast_1d(np.asarray(value, dtype=object)))
        if len(values) != map.dimension:
            raise InputError(argument, value, f"{map.dimension} values, for {map.state}")
        value = dict(zip(map.state, values, strict=True))
    given = {map.symbol(x, argument): v for x, v in value.items()}
    if set(given) != set(map.state):
        raise InputError(argument, value, f"a value for each of {map.state}")
    numbers = _numbers(map, "fixed", fixed)
    return {x: _own(map, f"{argument}[{x}]", given[x]).subs(numbers) for x in map.state}


def _short(value: Any) -> str:
    return str(sp.N(value, 10) if value.is_number and not value.is_Rational else value)


def _shown(point: Mapping[sp.Symbol, Any]) -> str:
    return "(" + ", ".join(f"{s} = {_short(v)}" for s, v in point.items()) + ")"
