"""What a map is made of: symbols, each once, and expressions in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from dynsharp.algebra.expressions import checked_expression, names
from dynsharp.arguments import checked_mapping
from dynsharp.errors import InputError

Symbols = tuple[sp.Symbol, ...]


def checked_symbols(update: Any, parameters: Any) -> tuple[Symbols, Symbols]:
    """Return state and parameters: symbols, every name once.

    Raises
    ------
    InputError
        If the state is empty, something is no symbol, or a name is there twice.
    """
    if not isinstance(update, Mapping) or not update:
        raise InputError("update", update, "a non-empty dictionary {state symbol: expression}")
    if not isinstance(parameters, Iterable):
        raise InputError("parameters", repr(parameters), "a list")
    state, parameters = tuple(update), tuple(parameters)
    for argument, symbols in (("update", state), ("parameters", parameters)):
        for s in symbols:
            if not isinstance(s, sp.Symbol):
                raise InputError(argument, repr(s), "sympy symbols")
    taken = [s.name for s in state + parameters]
    for s in parameters:
        if taken.count(s.name) > 1:
            role = "both state and parameter" if s.name in map(str, state) else "there twice"
            raise InputError("parameters", f"{s}, which is {role}", "every symbol once")
    if len(set(taken)) < len(taken):
        raise InputError("update", f"the state {names(state)}", "every name once")
    return state, parameters


def checked_observables(observables: Any, taken: Symbols) -> Mapping[str, Any]:
    """Return a dictionary whose keys are no symbol's name."""
    observables = {} if observables is None else observables
    checked_mapping("observables", observables, "a dictionary {name: expression}")
    for key in observables:
        if not isinstance(key, str) or key in map(str, taken):
            raise InputError("observables", repr(key), "names that no symbol of the map has")
    return dict(observables)


def in_symbols(argument: str, value: Any, kind: Any, state: Symbols, parameters: Symbols) -> Any:
    """Return ``value`` as a sympy object of that kind in the known symbols.

    Raises
    ------
    InputError
        If it is none, or has a symbol that is neither state nor parameter.
    """
    expression = checked_expression(argument, value, kind)
    if unknown := expression.free_symbols - set(state) - set(parameters):
        named = {s.name for s in state + parameters}
        twins = names(s for s in unknown if s.name in named)
        raise InputError(
            argument,
            f"unknown symbols {names(unknown)} in {expression}",
            f"only the state {names(state)} and the parameters {names(parameters) or '(none)'}"
            + (f"; {twins} differ in their assumptions from those of the same name" * bool(twins)),
        )
    return expression
