"""Units of the state variables: lengths that count alike along a branch."""

from __future__ import annotations

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

ROUNDING = 1e-10  # of the guess: a state below this vanishes
SMALL = 1e-6  # of the whole state: what a variable vanishes below


def scale_of(states: Array, guess: Array | None = None) -> Array:
    """Return a unit for each state variable: its size, or that of the state where it vanishes.

    What is rounding against the guess vanishes.
    """
    size = np.max(np.abs(states), axis=0)
    whole = size.max()
    if guess is not None and whole <= ROUNDING * np.max(np.abs(guess)):
        return np.ones(size.size)
    return np.where(size > SMALL * whole, size, whole) if whole > 0 else np.ones(size.size)


def scale_at(curve: Curve, y: Array, guess: Array) -> Array:
    """Return units for the state variables at a solution.

    One that vanishes there has a unit that a step carries into no more than a unit of another.
    """
    states = curve.states(y)
    nothing = np.max(np.abs(states)) <= ROUNDING * np.max(np.abs(guess))
    if nothing:
        return natural_scale(curve, y)
    scale = scale_of(states, guess)
    largest = np.max(np.abs(curve.jacobians(y)), axis=0)
    reach = np.where(largest > 0, scale[:, None] / np.where(largest > 0, largest, 1), np.inf)
    vanishes = np.max(np.abs(curve.states(y)), axis=0) <= SMALL * scale
    return np.where(vanishes, np.minimum(scale, reach.min(axis=0)), scale)


def natural_scale(curve: Curve, y: Array) -> Array:
    """Return units for the state variables where all vanish: lengths on which the map is linear.

    ∂²G_j/∂x_j∂x_k has the unit 1/x_k, ∂³G_j/∂x_j∂x_k² its square, whatever the units of the others:
    the largest counts, of start and edges of the span the median. A variable on which none depends
    in this way has the unit of what a step puts into it; 1 if that has none either.
    """
    n, e = curve.dimension, np.eye(curve.dimension + 1)
    found: list[Array] = []
    for value in (float(y[-1]), *curve.span):
        forms = Forms(curve, np.append(y[:-1], value))
        rows = []
        for k in range(n):
            two = max(abs(forms.second(e[j], e[k])[j]) for j in range(n))
            three = max(abs(forms.third(e[j], e[k], e[k])[j]) for j in range(n))
            rows.append(max(two, np.sqrt(three)))
        found.append(np.array(rows))
    scale = np.zeros(n)
    for k, inverse in enumerate(np.array(found).T):
        known = inverse[np.isfinite(inverse) & (inverse > 0)]
        scale[k] = 1 / np.median(known) if known.size else 0.0
    A = np.abs(product(curve.jacobians(y)))
    for _ in range(n):
        scale = np.where(scale > 0, scale, (A * scale).max(axis=1))
    return np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
