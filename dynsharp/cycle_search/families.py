"""Families of cycles in a box: solutions that are not isolated, recognised and followed.

Where I − DF^n is singular, the solution may be one point of a continuum (the minima of an
over-parameterised loss are one) or an isolated degenerate cycle (a fold): see `shooting.families`.
A continuum of dimension 1 is followed through the box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dynsharp.cycle_search.box import Box, unknowns
from dynsharp.shooting.families import Member, family_at, neighbour
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

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
    problem = box.equations(len(states))
    member = family_at(problem, unknowns(states))
    if member is None:
        return None
    dimension = member.basis.shape[1]
    if dimension > 1:
        text = "I − DF^n is singular in several directions, each with solutions along it"
        return Family(dimension, states[None], text)
    forward = _follow(box, problem, member)
    backward = _follow(box, problem, replace(member, direction=-member.direction))
    samples = np.array([*backward[::-1], states, *forward])
    return Family(1, samples[box.inside(samples)])


def _follow(box: Box, problem: Curve, start: Member) -> list[Array]:
    """Points of a one-dimensional family from here to the edge of the box, or round to here."""
    points: list[Array] = []
    member: Member | None = start
    while member is not None and len(points) < MOST:
        # the point of the cycle that moves most goes a step
        along = problem.carried(member.y, np.append(member.direction * box.units, 0.0))
        length = STEP / np.abs(problem.states(along) / box.units).max()
        member = neighbour(problem, member, length * member.direction)
        if member is None:
            break
        points.append(problem.states(member.y))
        back = np.abs((member.y - start.y)[:-1] / np.tile(box.units, problem.period)).max()
        if not box.inside(points[-1][None])[0] or (len(points) > 3 and back < 0.6 * STEP):
            break
    return points
