"""What an optimiser is given, checked: loss, weights, and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from dynsharp.algebra.expressions import checked_expression
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap


@dataclass(frozen=True)
class Descent:
    """A loss, the weights to descend in, and the optimiser's numbers in the order of its call."""

    loss: sp.Expr
    weights: tuple[sp.Symbol, ...]
    hyper: tuple[sp.Expr, ...]

    @cached_property
    def gradient(self) -> dict[sp.Symbol, sp.Expr]:
        """The gradient of the loss, by weight."""
        return {w: sp.diff(self.loss, w) for w in self.weights}

    def map(self, update: Mapping[sp.Symbol, sp.Expr], name: str) -> DiscreteMap:
        """Return the map: parameters are the symbols of the numbers, then those of the loss."""
        parameters: list[sp.Symbol] = []
        for expression in (*self.hyper, self.loss):
            new = expression.free_symbols - set(update) - set(parameters)
            parameters += sorted(new, key=lambda s: s.name)
        return DiscreteMap(update, parameters, name=name, observables={"loss": self.loss})


def descent(loss: Any, weights: Any, **hyper: Any) -> Descent:
    """Check what an optimiser is given.

    Raises
    ------
    InputError
        If the loss is not an expression or does not depend on any weight, the weights are not
        different symbols, or a number depends on them.
    """
    if not isinstance(weights, Iterable) or not list(weights):
        raise InputError("weights", repr(weights), "a non-empty list of sympy symbols")
    weights = list(weights)
    if not all(isinstance(w, sp.Symbol) for w in weights) or len(set(weights)) < len(weights):
        raise InputError("weights", weights, "different sympy symbols")
    if not isinstance(loss, sp.Expr) or not loss.free_symbols & set(weights):
        raise InputError("loss", repr(loss), f"a sympy expression in the weights {weights}")
    values = {argument: checked_expression(argument, value) for argument, value in hyper.items()}
    for argument, value in values.items():
        if value.free_symbols & set(weights):
            raise InputError(argument, value, "an expression without the weights")
    return Descent(loss, tuple(weights), tuple(values.values()))
