"""A map's domain on numbers, with slack for rounding on its boundary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from dynsharp.map import DiscreteMap

SLACK = 1e-12  # relative to the sides of an inequality: a start on the boundary is inside


def violations(map: DiscreteMap, values: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Say where the domain condition fails; ``values`` are arrays that broadcast together."""
    symbols = [s for s in map.state + map.parameters if s in map.domain.free_symbols]
    arguments = [np.asarray(values[s.name], dtype=float) for s in symbols]
    shape = np.broadcast_shapes(*(a.shape for a in arguments))

    def number(e: sp.Expr) -> Any:
        return sp.lambdify(symbols, e, "numpy")(*arguments)

    def holds(condition: Any) -> Any:
        if isinstance(condition, sp.And):
            return np.logical_and.reduce(np.broadcast_arrays(*(holds(c) for c in condition.args)))
        if isinstance(condition, sp.Or):
            return np.logical_or.reduce(np.broadcast_arrays(*(holds(c) for c in condition.args)))
        if isinstance(condition, sp.Not):
            return np.logical_not(holds(condition.args[0]))
        if isinstance(condition, sp.Rel):
            return _compare(condition, number(condition.lhs), number(condition.rhs))
        return number(condition)  # true, false, and whatever else sympy can evaluate

    with np.errstate(all="ignore"):  # a condition that is not a number does not hold
        return ~np.broadcast_to(np.asarray(holds(map.domain), dtype=bool), shape)


def _compare(relation: sp.Rel, left: Any, right: Any) -> Any:
    slack = SLACK * (1 + np.abs(left) + np.abs(right))
    match relation.rel_op:
        case ">=" | ">":
            return left >= right - slack
        case "<=" | "<":
            return left <= right + slack
        case "==":
            return np.abs(left - right) <= slack
        case _:
            return left != right
