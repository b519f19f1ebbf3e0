"""From a loss to a map: gradient descent, heavy ball and Nesterov, with weight decay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from dynsharp.algebra.expressions import checked_expression
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap

__all__ = ["gradient_descent", "heavy_ball", "nesterov"]


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
    loss, weights, hyper = _checked(loss, weights, step=step, weight_decay=weight_decay)
    eta, gamma = hyper
    gradient = _gradient(loss, weights, gamma)
    update = {w: w - eta * g for w, g in zip(weights, gradient, strict=True)}
    return _map(update, loss, hyper, name)


def heavy_ball(
    loss: Any,
    weights: Sequence[sp.Symbol],
    step: Any,
    momentum: Any,
    *,
    weight_decay: Any = 0,
    name: str = "heavy ball",
) -> DiscreteMap:
    r"""Polyak's heavy ball: m' = βm − η(∇L(w) + γw), w' = w + m'.

    Parameters
    ----------
    loss, weights, step, weight_decay, name
        As for `gradient_descent`.
    momentum
        β.

    Returns
    -------
    DiscreteMap
        State: the weights w, then their velocities, called ``m_w``.

    Raises
    ------
    InputError
        If the loss is not an expression or does not depend on any weight.

    References
    ----------
    Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964.
    """
    return _with_momentum(loss, weights, step, momentum, weight_decay, name, lookahead=False)


def nesterov(
    loss: Any,
    weights: Sequence[sp.Symbol],
    step: Any,
    momentum: Any,
    *,
    weight_decay: Any = 0,
    name: str = "Nesterov",
) -> DiscreteMap:
    r"""Nesterov's method: m' = βm − η(∇L + γ·)(w + βm), w' = w + m'.

    The gradient (of the loss and of the penalty) is taken at the look-ahead point w + βm.

    Parameters
    ----------
    loss, weights, step, momentum, weight_decay, name
        As for `heavy_ball`.

    Returns
    -------
    DiscreteMap
        State: the weights w, then their velocities, called ``m_w``.

    Raises
    ------
    InputError
        If the loss is not an expression or does not depend on any weight.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton, *On the importance of initialization and momentum in deep
    learning*, ICML 2013, equations 3–4.
    """
    return _with_momentum(loss, weights, step, momentum, weight_decay, name, lookahead=True)


def _with_momentum(
    loss: Any,
    weights: Sequence[sp.Symbol],
    step: Any,
    momentum: Any,
    weight_decay: Any,
    name: str,
    *,
    lookahead: bool,
) -> DiscreteMap:
    loss, weights, hyper = _checked(
        loss, weights, step=step, momentum=momentum, weight_decay=weight_decay
    )
    eta, beta, gamma = hyper
    velocities = [sp.Symbol(f"m_{w.name}", real=True) for w in weights]
    ahead = {w: w + beta * m for w, m in zip(weights, velocities, strict=True)}
    gradient = _gradient(loss, weights, gamma)
    if lookahead:
        gradient = [g.subs(ahead, simultaneous=True) for g in gradient]
    kick = [beta * m - eta * g for m, g in zip(velocities, gradient, strict=True)]
    update = {w: w + k for w, k in zip(weights, kick, strict=True)}
    update |= dict(zip(velocities, kick, strict=True))
    return _map(update, loss, hyper, name)


def _gradient(loss: sp.Expr, weights: Sequence[sp.Symbol], decay: sp.Expr) -> list[sp.Expr]:
    return [sp.diff(loss, w) + decay * w for w in weights]


def _checked(
    loss: Any, weights: Sequence[sp.Symbol], **hyper: Any
) -> tuple[sp.Expr, list[sp.Symbol], list[sp.Expr]]:
    if not isinstance(weights, Iterable) or not list(weights):
        raise InputError("weights", repr(weights), "a non-empty list of sympy symbols")
    weights = list(weights)
    if not all(isinstance(w, sp.Symbol) for w in weights) or len(set(weights)) < len(weights):
        raise InputError("weights", weights, "different sympy symbols")
    if not isinstance(loss, sp.Expr) or not loss.free_symbols & set(weights):
        raise InputError("loss", repr(loss), f"a sympy expression in the weights {weights}")
    values = []
    for argument, value in hyper.items():
        value = checked_expression(argument, value)
        if value.free_symbols & set(weights):
            raise InputError(argument, value, "an expression without the weights")
        values.append(value)
    return loss, weights, values


def _map(
    update: dict[sp.Symbol, sp.Expr], loss: sp.Expr, hyper: list[sp.Expr], name: str
) -> DiscreteMap:
    parameters: list[sp.Symbol] = []
    for expression in (*hyper, loss):
        new = expression.free_symbols - set(update) - set(parameters)
        parameters += sorted(new, key=lambda s: s.name)
    return DiscreteMap(update, parameters, name=name, observables={"loss": loss})
