"""Whether two members of families of fixed points belong to the same family."""

from __future__ import annotations

import numpy as np

from dynsharp.shooting.families import Member, distance, neighbour
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

STEP = 0.1  # in units of the state
STEPS = 400
NEAR = 1e-6


def connected(curve: Curve, start: Member, goal: Array) -> bool:
    """Whether a walk on the family, always towards the goal, arrives at it.

    Families of different shape may be connected by ways that this walk does not find; they then
    count as two.
    """
    member: Member | None = start
    for _ in range(STEPS):
        if member is None:
            return False
        apart = distance(curve, member.y, goal)
        towards = member.basis @ (member.basis.T @ apart)
        length = float(np.linalg.norm(towards))
        if np.linalg.norm(apart) < NEAR:
            return True
        if length < 0.05 * np.linalg.norm(apart):
            return False
        member = neighbour(curve, member, towards * min(1.0, STEP / length))
    return False
