"""The control of steps along any curve: branches in one parameter, and bifurcations in two."""

from __future__ import annotations

from numba import njit

from dynsharp.compiled.elimination import OPTIONS

STRAIGHT = 0.96  # least cosine of the angle between two tangents in a row: 16 degrees
NEWTON_STEPS = 8  # greatest number of steps of a correction
GROWTH = 1.5  # greatest ratio of two steps in a row
LARGEST_STATE = 1e4  # in units of its scale at the start, beyond which a curve is left


@njit(**OPTIONS)
def lengthened(step: float, greatest: float, turn: float) -> float:
    """Return the next step after one that was easy: longer, if the tangent turned little.

    ``turn`` is the cosine of the angle by which it did.
    """
    return min(greatest, GROWTH * step) if turn > 0.5 * (1.0 + STRAIGHT) else step
