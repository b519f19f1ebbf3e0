"""Claims about a map that are decided exactly, or at points where sympy cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from dynsharp.arguments import checked_instance
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.testing._arguments import (
    State,
    as_state,
    in_state,
    short,
    shown,
    with_values,
)
from dynsharp.testing._vanishing import ROUNDED, divides, evaluated, nonzero, points_on


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
    checked_instance("map", map, DiscreteMap)
    argument = "state" if len(points) == 1 else "points"
    cycle = [as_state(map, argument, p, fixed) for p in points]
    map = with_values(map, fixed)
    period = len(cycle)
    for n, point in enumerate(cycle):
        following = cycle[(n + 1) % period]
        for x, image in map.update.items():
            moved = image.subs(point, simultaneous=True)
            witness = nonzero(moved - following[x], map)
            if witness:
                where = "the fixed point" if period == 1 else f"point {n + 1} of the cycle"
                raise AssertionError(
                    f"{map.name} maps {where}, {shown(point)}, to {x} = {short(moved)}; "
                    f"expected {x} = {short(following[x])}{witness}"
                )
    for shorter in (d for d in range(1, period) if period % d == 0):
        shifts = [a[x] - b[x] for a, b in zip(cycle, cycle[shorter:], strict=False) for x in a]
        if not any(nonzero(e, map) for e in shifts):
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
    Q = in_state(map, "quantity", quantity, fixed)
    map = with_values(map, fixed)
    change = Q.subs(map.update, simultaneous=True) - Q
    witness = nonzero(change, map)
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
    m = in_state(map, "equation", equation, fixed)
    map = with_values(map, fixed)
    image = m.subs(map.update, simultaneous=True)
    if divides(m, image, map.state):
        return
    points = list(points_on(m, map))
    if not points:
        raise InputError("equation", m, "a manifold with real points in the domain, none was found")
    for point in points:
        distance, size = evaluated(image, point)
        if not abs(distance) <= ROUNDED * size:
            raise AssertionError(
                f"{m} = 0 is not invariant under {map.name}: "
                f"from {shown(point)} a step leads to {m} = {short(distance)}"
            )
