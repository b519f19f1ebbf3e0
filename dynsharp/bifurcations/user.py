"""Events of the user's own: where a scalar function of the branch changes its sign."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.algebra.expressions import checked_expression, names
from dynsharp.bifurcations.kind import Marker, Tested
from dynsharp.bifurcations.registry import kind_named, kinds
from dynsharp.compiled import real_form
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array


@dataclass(frozen=True)
class UserEvent(Tested):
    """A function whose zeros are looked for: an expression, or a callable.

    Attributes
    ----------
    name
        The kind of its special points.
    function
        Expression in the map's symbols, or callable of (state, parameters), or of (state,
        parameters, multipliers).
    state, parameters
        Symbols of the map, in the order of the numbers that it is given.
    """

    name: str
    function: Any
    state: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    marker = Marker("v", "yellow", "event")
    critical = False

    def values(self, curve: Curve, Y: Array, MU: Array) -> Array:
        """Return the function's values, N × (1 or period)."""
        known = [curve.values.get(p.name, 0.0) for p in curve.map.parameters]
        P = np.tile(np.array(known, dtype=float), (len(Y), 1))
        P[:, curve.map.parameters.index(curve.parameter)] = Y[:, -1]
        X = Y[:, :-1].reshape(len(Y), curve.period, curve.dimension)
        if isinstance(self.function, sp.Expr):
            code = _compiled(self.function, self.state, self.parameters)
            depends = self.function.free_symbols & set(self.state)
            shape = X.shape[:2] if depends else (len(X), 1)
            columns = [X[:, : shape[1], i] for i in range(len(self.state))]
            with np.errstate(all="ignore"):
                result = code(*columns, *(P[:, i, None] for i in range(P.shape[1])))
            return np.array(np.broadcast_to(np.asarray(result, dtype=float), shape))
        rows = [self._called(*row) for row in zip(X, P, MU, strict=True)]
        return np.array(rows).reshape(len(X), -1)

    def _called(self, x: Array, p: Array, mu: Array) -> Array:
        state = {
            s.name: float(x[0, i]) if len(x) == 1 else x[:, i].copy()
            for i, s in enumerate(self.state)
        }
        known = {s.name: float(v) for s, v in zip(self.parameters, p, strict=True)}
        extra = (mu[np.argsort(-np.abs(mu), kind="stable")],) if _takes_three(self.function) else ()
        got = self.function(state, known, *extra)
        try:
            value = np.asarray(got, dtype=float)
        except (TypeError, ValueError):
            value = np.empty((0, 0))
        if value.size not in (1, len(x)):
            raise InputError(
                f"events[{self.name!r}]",
                f"the value {got!r}",
                "a function (state, parameters) of one real number, or one for each point of a "
                "cycle",
            )
        return value.ravel()


def _takes_three(function: Any) -> bool:
    """Whether a function can be called with the multipliers too."""
    try:
        inspect.signature(function).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return True


@lru_cache(maxsize=128)
def _compiled(
    expression: sp.Expr, state: tuple[sp.Symbol, ...], parameters: tuple[sp.Symbol, ...]
) -> Any:
    plain = {s: f"v{i}" for i, s in enumerate((*state, *parameters))}
    arguments = [sp.Symbol(name, real=True) for name in plain.values()]
    return sp.lambdify(arguments, real_form([expression], plain)[0], ["scipy", "numpy"], cse=True)


def user_events(map: DiscreteMap, events: Mapping[str, Any] | None) -> tuple[UserEvent, ...]:
    """Check what the user gave.

    Raises
    ------
    InputError
        If a name is taken, or a function is neither callable nor an expression in the map's
        symbols.
    """
    if events is None:
        return ()
    if not isinstance(events, Mapping):
        raise InputError("events", repr(events), "a dictionary {name: expression or function}")
    symbols = {s.name: s for s in (*map.state, *map.parameters)}
    found = []
    for name, function in events.items():
        argument = f"events[{name!r}]"
        if not isinstance(name, str) or not name or kind_named(name) is not None:
            taken = ", ".join(kind.name for kind in kinds())
            raise InputError("events", repr(name), f"names other than {taken}")
        if isinstance(function, sp.Eq):
            function = function.lhs - function.rhs
        if isinstance(function, sp.Basic) or not callable(function):
            function = checked_expression(argument, function)
            unknown = [s for s in function.free_symbols if s.name not in symbols]
            if unknown:
                wants = f"the symbols of {map.name}: {names(symbols.values())}"
                raise InputError(argument, f"unknown symbols {names(unknown)}", wants)
            function = function.xreplace({s: symbols[s.name] for s in function.free_symbols})
        found.append(UserEvent(name, function, map.state, map.parameters))
    return tuple(found)
