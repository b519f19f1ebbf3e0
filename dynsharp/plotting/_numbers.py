"""A map and its conditions as plain NumPy functions, for the few thousand points of a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap


def bind(map: DiscreteMap, fixed: Mapping[Any, Any] | None) -> dict[sp.Symbol, Any]:
    """Return the value of every parameter of the map by its own symbol.

    Raises
    ------
    InputError
        If a parameter is missing, unknown, or no real number.
    """
    given = {map.parameter(p, "fixed"): sp.sympify(v) for p, v in (fixed or {}).items()}
    missing = [p.name for p in map.parameters if p not in given]
    if missing:
        raise InputError("fixed", sorted(p.name for p in given), f"values for {missing} too")
    for p, v in given.items():
        if not (v.is_number and v.is_real):
            raise InputError("fixed", f"{p} = {v}", "real numbers")
    return given


def function(
    arguments: Sequence[sp.Symbol], expression: Any, values: Mapping[sp.Symbol, Any]
) -> Callable[..., np.ndarray]:
    """Return the expression as a function of arrays; what is not real or not finite is NaN."""
    names = {s.name: v for s, v in values.items()}
    bound = expression
    if isinstance(expression, sp.Basic):
        rule = {s: names[s.name] for s in expression.free_symbols if s.name in names}
        bound = expression.subs(rule)
    # Symbols are matched by name: a result may carry the same variable with other assumptions.
    own = {s: sp.Dummy(s.name) for s in arguments}
    by_name = {s.name: d for s, d in own.items()}
    if isinstance(bound, sp.Basic):
        free = {s: by_name[s.name] for s in bound.free_symbols if s.name in by_name}
        bound = bound.xreplace(free)
        # Roots of polynomials that have no radicals: NumPy does not know them.
        bound = bound.xreplace({c: c.evalf() for c in bound.atoms(sp.CRootOf)})
        if unknown := bound.free_symbols - set(own.values()):
            raise InputError("fixed", f"no value for {unknown} of {expression}", "all parameters")
    compiled = sp.lambdify(list(own.values()), bound, "numpy")

    def call(*arrays: Any) -> np.ndarray:
        with np.errstate(all="ignore"):
            value = np.asarray(compiled(*arrays))
        value = np.broadcast_to(value, np.broadcast_shapes(*(np.shape(a) for a in arrays)))
        if value.dtype == bool:
            return value
        if np.iscomplexobj(value):
            real = np.abs(value.imag) <= 1e-9 * (1 + np.abs(value.real))
            value = np.where(real, value.real, np.nan)
        return np.where(np.isfinite(value.astype(float)), value.astype(float), np.nan)

    return call


def margin(condition: Any) -> sp.Expr:
    """Return an expression that is ≥ 0 exactly where the condition holds, up to its boundary.

    Comparisons become differences, "and" the minimum, "or" the maximum.
    """
    condition = sp.sympify(condition)
    if condition == sp.true or condition == sp.false:
        return sp.Integer(1 if condition == sp.true else -1)
    if isinstance(condition, sp.And):
        return sp.Min(*map(margin, condition.args), evaluate=False)
    if isinstance(condition, sp.Or):
        return sp.Max(*map(margin, condition.args), evaluate=False)
    if isinstance(condition, sp.Not):
        return -margin(condition.args[0])
    if isinstance(condition, Relational):
        if isinstance(condition, sp.Eq):
            return -sp.Abs(condition.lhs - condition.rhs)
        if isinstance(condition, sp.Ne):
            return sp.Abs(condition.lhs - condition.rhs)
        return condition.gts - condition.lts
    raise InputError("domain", condition, "comparisons joined by and, or, not")


def plain_orbit(
    map: DiscreteMap, values: Mapping[sp.Symbol, Any], start: Mapping[Any, Any], iterations: int
) -> np.ndarray:
    """Iterate in plain Python; shape (≤ iterations + 1, dimension), cut before what is not finite.

    Raises
    ------
    InputError
        If the start does not give every state variable.
    """
    given = {map.symbol(s, "start"): float(v) for s, v in start.items()}
    if set(given) != set(map.state):
        raise InputError("start", dict(start), f"a value for each of {[s.name for s in map.state]}")
    step = [function(map.state, e, values) for e in map.expressions]
    orbit = [np.array([given[s] for s in map.state])]
    for _ in range(iterations):
        following = np.array([float(f(*orbit[-1])) for f in step])
        if not np.isfinite(following).all():
            break
        orbit.append(following)
    return np.array(orbit)
