"""Nesterov's method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from dynsharp.map import DiscreteMap
from dynsharp.optimisers.descent import descent
from dynsharp.optimisers.momentum import moved, velocity


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
        As for `heavy_ball`, with the same errors.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton, *On the importance of initialization and momentum in deep
    learning*, ICML 2013, equations 3–4.
    """
    run = descent(loss, weights, step=step, momentum=momentum, weight_decay=weight_decay)
    eta, beta, gamma = run.hyper
    ahead = {w: w + beta * velocity(w) for w in run.weights}
    pull = {w: (g + gamma * w).subs(ahead, simultaneous=True) for w, g in run.gradient.items()}
    return run.map(moved(pull, eta, beta), name)
