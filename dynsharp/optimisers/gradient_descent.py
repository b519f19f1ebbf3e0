"""Gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from dynsharp.map import DiscreteMap
from dynsharp.optimisers.descent import descent


def gradient_descent(
    loss: Any,
    weights: Sequence[sp.Symbol],
    step: Any,
    *,
    weight_decay: Any = 0,
    name: str = "gradient descent",
) -> DiscreteMap:
    r"""Full-batch gradient descent w' = w − η(∇L(w) + γw).

    Parameters
    ----------
    loss
        L(w), an expression in the weights and in parameters.
    weights
        The symbols to descend in: the state of the map.
    step
        η: a symbol, a number or an expression in parameters.
    weight_decay
        γ of the penalty γ|w|²/2 added to the loss (L2, the coupled convention). For plain gradient
        descent the decoupled decay w' = (1 − κ)w − η∇L is the same with κ = ηγ.
    name
        Name of the map.

    Returns
    -------
    DiscreteMap
        State: the weights. Parameters: step, weight decay, then those of the loss by name.
        Observable ``loss`` (without the penalty).

    Raises
    ------
    InputError
        If the loss is not an expression or does not depend on any weight.

    Examples
    --------
    >>> u, v, eta, q = sp.symbols("u v eta q", real=True)
    >>> gradient_descent((u*v - q)**2/2, weights=[u, v], step=eta).update[u]
    -eta*v*(-q + u*v) + u
    """
    run = descent(loss, weights, step=step, weight_decay=weight_decay)
    eta, gamma = run.hyper
    return run.map({w: w - eta * (g + gamma * w) for w, g in run.gradient.items()}, name)
