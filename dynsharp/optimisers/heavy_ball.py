"""The heavy ball."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from dynsharp.map import DiscreteMap
from dynsharp.optimisers.descent import descent
from dynsharp.optimisers.momentum import moved


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
    run = descent(loss, weights, step=step, momentum=momentum, weight_decay=weight_decay)
    eta, beta, gamma = run.hyper
    pull = {w: g + gamma * w for w, g in run.gradient.items()}
    return run.map(moved(pull, eta, beta), name)
