"""Families of cycles: solutions that are not isolated, recognised and followed.

Where I − DF^n is singular, the solution may be one point of a continuum (the minima of an
over-parameterised loss are one) or an isolated degenerate cycle (a fold). It is a continuum if
there are solutions at a finite distance along the null direction on both sides, or on one side at
the edge of the box; then it is followed through the box by predictor and minimum-norm corrector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynsharp.cycle_search.box import Box, unknowns
from dynsharp.shooting.singular import nearest, null_space
from dynsharp.types import Array

__all__ = ["Family", "recognise"]

PROBE = 0.02  # distance in units of the box at which a continuum must still have solutions
STEP = 0.02  # along a family of dimension 1
MOST = 1000  # points in each direction


@dataclass(frozen=True)
class Family:
    """A continuum of cycles: its dimension, and points on it (samples × period × n)."""

    dimension: int
    samples: Array
    status: str = "followed through the box along the null vector of I − DF^n"

    def contains(self, states: Array, corank: int, units: Array) -> bool:
        """Say whether a cycle of that corank lies on it: for dimension 1 near a sample.

        In more dimensions everything singular to that degree is taken to belong to it.
        """
        if self.dimension > 1:
            return corank == self.dimension
        if states.shape[1] == 1:
            low, high = self.samples.min(axis=0) - 1e-8, self.samples.max(axis=0) + 1e-8
            shifts = [np.roll(states, k, axis=0) for k in range(len(states))]
            return any(bool(((x >= low) & (x <= high)).all()) for x in shifts)
        period = len(states)
        for k in range(period):
            d = np.abs((self.samples - np.roll(states, -k, axis=0)) / units).max(axis=(1, 2))
            if d.min() <= STEP:
                return True
        return False


def recognise(box: Box, states: Array) -> Family | None:
    """Return the family that a singular solution belongs to; None if it is isolated."""
    null = null_space(box.equations(len(states)), unknowns(states))
    directions = [
        v for v in null if all(_beside(box, states, side * v) is not None for side in (1.0, -1.0))
    ]
    if not directions:
        return None
    if len(directions) > 1:
        text = "I − DF^n is singular in several directions, each with solutions on both sides"
        return Family(len(directions), states[None], text)
    (v,) = directions
    forward, backward = (_follow(box, states, side * v) for side in (1.0, -1.0))
    samples = np.array([*backward[::-1], states, *forward])
    return Family(1, samples[box.inside(samples)])


def _beside(box: Box, states: Array, direction: Array, length: float = PROBE) -> Array | None:
    """Return a solution about so far along the direction, or None."""
    shift = length * direction.reshape(states.shape) / np.abs(direction).max()
    y = nearest(box.equations(len(states)), unknowns(states + shift * box.units))
    if y is None:
        return None
    found = y[:-1].reshape(states.shape)
    moved = np.abs((found - states) / box.units).max()
    return found if 0.5 * length <= moved <= 2 * length else None


def _follow(box: Box, states: Array, direction: Array) -> list[Array]:
    """Points of a one-dimensional family from here to the edge of the box, or round to here."""
    points: list[Array] = []
    here = states
    for k in range(MOST):
        found = _beside(box, here, direction, STEP)
        if found is None:
            break
        secant = ((found - here) / box.units).ravel()
        here, direction = found, secant / np.linalg.norm(secant)
        points.append(here)
        back = np.abs((here - states) / box.units).max()
        if not box.inside(here[None])[0] or (k > 2 and back < 0.6 * STEP):
            break
    return points
