"""Places where branches meet: special points and ends, the same ones on different branches once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynsharp.continuation.track import Track
from dynsharp.shooting.identity import minimal_period, same_cycle
from dynsharp.types import Array

NEAR = 1e-5  # in units of the span and of the state: what several multipliers at 1 leave of digits


@dataclass(frozen=True, eq=False)
class Place:
    """A cycle in its minimal period, with the value; lengths that count as none."""

    parameter: str
    value: float
    states: Array
    scale: Array
    width: float

    def same(self, other: Place) -> bool:
        """Whether it is the same cycle at the same value, up to a cyclic shift."""
        if self.parameter != other.parameter:
            return False
        if abs(self.value - other.value) > NEAR * max(self.width, other.width):
            return False
        return same_cycle(self.states, other.states, np.maximum(self.scale, other.scale), NEAR)


def place_of(track: Track, y: Array) -> Place:
    """Return the place of a solution on a track."""
    curve, value = track.curve, float(y[track.axis])
    width = float(curve.scale[track.axis]) if track.family else curve.span[1] - curve.span[0]
    states = curve.states(y)[: minimal_period(curve, y)]
    return Place(track.parameter, value, states, curve.scale, width)
