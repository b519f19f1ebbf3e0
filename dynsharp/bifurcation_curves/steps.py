"""The control of steps along any curve: branches in one parameter and bifurcations in two."""

from __future__ import annotations

__all__ = ["GROWTH", "NEWTON_STEPS", "STRAIGHT", "UNBOUNDED"]

STRAIGHT = 0.96  # least cosine of the angle between two tangents in a row: 16 degrees
NEWTON_STEPS = 8  # greatest number of steps of a correction
UNBOUNDED = 1e4  # the state, in units of its scale at the start, beyond which a curve is left
GROWTH = 1.5  # greatest ratio of two steps in a row
