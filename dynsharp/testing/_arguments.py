"""Arguments of assertions in the map's own symbols, and numbers as messages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.algebra.expressions import checked_expression
from dynsharp.arguments import checked_instance, checked_mapping
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name

State = Mapping[Any, Any] | Sequence[Any] | Any


def own_expression(map: DiscreteMap, argument: str, value: Any) -> sp.Expr:
    """Return the expression in the map's own symbols, matched by name."""
    expression = checked_expression(argument, value)
    names = {s: map.symbol(s, argument) for s in expression.free_symbols}
    return expression.subs(names, simultaneous=True)


def as_numbers(
    map: DiscreteMap, argument: str, values: Mapping[Name, Any] | None
) -> dict[sp.Symbol, sp.Expr]:
    """Return values of parameters, decimal numbers taken as the fractions that they spell."""
    numbers = {}
    for name, value in checked_mapping(argument, values or {}).items():
        number = own_expression(map, f"{argument}[{name}]", value)
        if number.free_symbols:
            raise InputError(f"{argument}[{name}]", number, "a number")
        numbers[map.parameter(name, argument)] = sp.nsimplify(number, rational=True)
    return numbers


def with_values(map: DiscreteMap, fixed: Mapping[Name, Any] | None) -> DiscreteMap:
    return map.substitute(as_numbers(map, "fixed", fixed)) if fixed else map


def in_state(
    map: DiscreteMap, argument: str, value: Any, fixed: Mapping[Name, Any] | None
) -> sp.Expr:
    """Return the expression with parameters fixed; it has to depend on the state."""
    checked_instance("map", map, DiscreteMap)
    expression = own_expression(map, argument, value).subs(as_numbers(map, "fixed", fixed))
    if not expression.free_symbols & set(map.state):
        raise InputError(argument, expression, f"an expression in the state {map.state}")
    return expression


def as_state(
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
    numbers = as_numbers(map, "fixed", fixed)
    return {x: own_expression(map, f"{argument}[{x}]", given[x]).subs(numbers) for x in map.state}


def short(value: Any) -> str:
    return str(sp.N(value, 10) if value.is_number and not value.is_Rational else value)


def shown(point: Mapping[sp.Symbol, Any]) -> str:
    return "(" + ", ".join(f"{s} = {short(v)}" for s, v in point.items()) + ")"
