"""Weights with velocities."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp


def velocity(weight: sp.Symbol) -> sp.Symbol:
    """Return the symbol of a weight's velocity."""
    return sp.Symbol(f"m_{weight.name}", real=True)


def moved(
    gradient: Mapping[sp.Symbol, sp.Expr], step: sp.Expr, momentum: sp.Expr
) -> dict[sp.Symbol, sp.Expr]:
    """Return the update m' = βm − η·gradient, w' = w + m'."""
    kick = {w: momentum * velocity(w) - step * g for w, g in gradient.items()}
    return {w: w + k for w, k in kick.items()} | {velocity(w): k for w, k in kick.items()}
