"""Tracing: run a Python function on symbols to learn the expressions it computes."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.errors import InputError

# NumPy's elementary functions and what they mean for symbols: under the same name, under sympy's
# name of an inverse, as an operator of Python, or as a formula.
_SAME = ("exp", "log", "sqrt", "cbrt", "sign", "floor", "sin", "cos", "tan", "sinh", "cosh", "tanh")
_INVERSES = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")
_OPERATORS = {"add": "add", "subtract": "sub", "multiply": "mul", "true_divide": "truediv",
              "power": "pow", "negative": "neg", "positive": "pos", "absolute": "abs",
              "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le"}  # fmt: skip
_MEANING: dict[np.ufunc, Callable[..., Any]] = {
    **{getattr(np, name): getattr(sp, name) for name in _SAME},
    **{getattr(np, f"arc{name}"): getattr(sp, f"a{name}") for name in _INVERSES},
    **{getattr(np, name): getattr(operator, own) for name, own in _OPERATORS.items()},
    np.floor_divide: lambda a, b: sp.floor(a / b),
    np.remainder: sp.Mod,
    np.square: lambda a: a**2,
    np.reciprocal: lambda a: 1 / a,
    np.equal: sp.Eq,
    np.not_equal: sp.Ne,
    np.logical_and: sp.And,
    np.logical_or: sp.Or,
    np.logical_not: sp.Not,
    np.maximum: sp.Max,
    np.minimum: sp.Min,
    np.expm1: lambda a: sp.exp(a) - 1,
    np.exp2: lambda a: 2**a,
    np.log2: lambda a: sp.log(a, 2),
    np.log10: lambda a: sp.log(a, 10),
    np.log1p: lambda a: sp.log(1 + a),
    np.hypot: lambda a, b: sp.sqrt(a**2 + b**2),
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
