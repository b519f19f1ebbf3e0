"""Tracing: run a Python function on symbols to learn the expressions it computes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.errors import InputError

__all__ = ["trace"]

# NumPy's elementary functions and what they mean for symbols.
_MEANING: dict[np.ufunc, Callable[..., Any]] = {
    np.add: lambda a, b: a + b,
    np.subtract: lambda a, b: a - b,
    np.multiply: lambda a, b: a * b,
    np.true_divide: lambda a, b: a / b,
    np.floor_divide: lambda a, b: sp.floor(a / b),
    np.remainder: sp.Mod,
    np.power: lambda a, b: a**b,
    np.negative: lambda a: -a,
    np.positive: lambda a: a,
    np.square: lambda a: a**2,
    np.reciprocal: lambda a: 1 / a,
    np.absolute: sp.Abs,
    np.sign: sp.sign,
    np.floor: sp.floor,
    np.greater: lambda a, b: a > b,
    np.greater_equal: lambda a, b: a >= b,
    np.less: lambda a, b: a < b,
    np.less_equal: lambda a, b: a <= b,
    np.equal: sp.Eq,
    np.not_equal: sp.Ne,
    np.logical_and: sp.And,
    np.logical_or: sp.Or,
    np.logical_not: sp.Not,
    np.maximum: sp.Max,
    np.minimum: sp.Min,
    np.sqrt: sp.sqrt,
    np.cbrt: sp.cbrt,
    np.exp: sp.exp,
    np.expm1: lambda a: sp.exp(a) - 1,
    np.log: sp.log,
    np.exp2: lambda a: 2**a,
    np.log2: lambda a: sp.log(a, 2),
    np.log10: lambda a: sp.log(a, 10),
    np.log1p: lambda a: sp.log(1 + a),
    np.sin: sp.sin,
    np.cos: sp.cos,
    np.tan: sp.tan,
    np.arcsin: sp.asin,
    np.arccos: sp.acos,
    np.arctan: sp.atan,
    np.arctan2: sp.atan2,
    np.hypot: lambda a, b: sp.sqrt(a**2 + b**2),
    np.sinh: sp.sinh,
    np.cosh: sp.cosh,
    np.tanh: sp.tanh,
    np.arcsinh: sp.asinh,
    np.arccosh: sp.acosh,
    np.arctanh: sp.atanh,
    np.logaddexp: lambda a, b: sp.log(sp.exp(a) + sp.exp(b)),
}


class _Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A number that is not known yet: every operation on it is written down."""

    def __init__(self, expression: sp.Expr) -> None:
        self.expression = expression

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise InputError(
                "function",
                f"np.{ufunc.__name__}.{method}, or an option of it, on a single value",
                "elementwise functions",
            )
        plain = [_plain(i) for i in inputs]
        if any(isinstance(i, np.ndarray) for i in plain):
            return ufunc(*(np.asarray(_boxed(i), dtype=object) for i in plain))
        if ufunc not in _MEANING:
            raise InputError(
                "function", f"np.{ufunc.__name__}", "functions that have a symbolic meaning"
            )
        return _Traced(sp.sympify(_MEANING[ufunc](*map(sp.sympify, plain))))

    def __getattr__(self, name: str) -> Any:
        # np.tanh of an object array asks each element for its own method "tanh".
        ufunc = getattr(np, name, None)
        if isinstance(ufunc, np.ufunc) and ufunc in _MEANING:
            return lambda: ufunc(self)
        raise AttributeError(name)

    def _sympy_(self) -> sp.Expr:
        return self.expression

    def __bool__(self) -> bool:
        raise InputError(
            "function", "a branch on the value of the state", "np.maximum, np.abs or sp.Piecewise"
        )

    def __float__(self) -> float:
        raise InputError("function", "a call that needs a number", "NumPy's or sympy's functions")


def _plain(value: Any) -> Any:
    return value.expression if isinstance(value, _Traced) else value


def _boxed(value: Any) -> Any:
    return _Traced(value) if isinstance(value, sp.Expr) else value


def trace(function: Callable[..., Any], symbols: Mapping[str, sp.Symbol]) -> list[sp.Expr]:
    """Call ``function`` with symbols for its arguments, by name; return the expressions it returns.

    Raises
    ------
    InputError
        If the argument names differ from those of ``symbols``, or the function cannot be traced.
    """
    if not callable(function):
        raise InputError("function", repr(function), "a function")
    names = list(inspect.signature(function).parameters)
    if set(names) != set(symbols):
        raise InputError("function", f"arguments {names}", f"the names {list(symbols)}")
    returned = function(**{name: _Traced(symbols[name]) for name in names})
    values = returned if isinstance(returned, tuple | list | np.ndarray) else (returned,)
    return [sp.sympify(_plain(v)) for v in np.ravel(np.asarray(values, dtype=object))]
