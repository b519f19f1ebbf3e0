"""Whether a cycle lies on a branch that was followed already, and what a branch has at a value.

A branch is known by the points that were stored of it. A cycle is projected on the chords between
neighbouring ones; Newton's method in the plane through its projection, perpendicular to the chord,
leads to the branch's own point in that plane, which is the cycle if that lies on the branch.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from dynsharp.continuation.track import Track
from dynsharp.shooting.identity import SAME, same_solution
from dynsharp.types import Array

BEYOND = 0.25  # how far beyond a chord's ends, in chords, the foot of a perpendicular may lie
TRIED = 4  # chords
FEW = 8  # phases that tell, and shifts of a long cycle that are tried


def position(track: Track, y: Array) -> float | None:
    """Return where a cycle lies on a track, as a fraction of its points' numbers.

    The track is one of cycles of the same period along the same parameter; None if the cycle lies
    on it in none of its phases.
    """
    curve, Y, size = track.curve, track.Y, len(track)
    if not size:
        return None
    if size == 1:
        return 0.0 if same_solution(curve, Y[0], y) else None
    weights = np.sqrt(curve.weights)
    rows = Y * weights
    chords = np.diff(rows, axis=0)
    lengths = np.maximum(np.linalg.norm(chords, axis=1), 1e-300)
    tried: list[tuple[float, int, int, float]] = []
    for shift in _shifts(track, y):
        phases = np.roll(curve.states(y), shift, axis=0).ravel()
        apart = np.append(phases, y[-1]) * weights - rows[:-1]
        along = np.sum(apart * chords, axis=1) / lengths / lengths
        nearest = np.clip(along, 0.0, 1.0)
        distances = np.linalg.norm(apart - nearest[:, None] * chords, axis=1)
        near = np.flatnonzero((np.abs(along - 0.5) <= 0.5 + BEYOND) & (distances <= lengths + SAME))
        best = near[np.argsort(distances[near])][:TRIED]
        tried += [(float(distances[i]), shift, int(i), float(along[i])) for i in best]
    for distance, shift, i, t in sorted(tried)[: 2 * TRIED]:
        if distance < SAME * 1e-2:
            return i + t
        chord = Y[i + 1] - Y[i]
        foot = curve.corrected(Y[i] + t * chord, chord)
        wanted = np.append(np.roll(curve.states(y), shift, axis=0).ravel(), y[-1])
        if foot is not None and curve.length(foot - wanted) < SAME:
            return i + t
    return None


def _shifts(track: Track, y: Array) -> list[int]:
    """Return cyclic shifts that may bring a cycle onto a track; for long ones by a few phases."""
    curve = track.curve
    if curve.period <= FEW:
        return list(range(curve.period))
    some = np.arange(FEW) * curve.period // FEW
    x = curve.states(y) / curve.scale
    shifted = np.array([np.roll(x, k, axis=0)[some].ravel() for k in range(curve.period)])
    stored = (track.states[:, some] / curve.scale).reshape(len(track), -1)
    nearest = cdist(shifted, stored).min(axis=1)
    return [int(k) for k in np.argsort(nearest)[:FEW]]


def at_value(track: Track, value: float) -> list[Array]:
    """Return the cycles that a track has at a value of the parameter."""
    curve, Y = track.curve, track.Y
    before = Y[:, -1] - value
    found: list[Array] = []
    for i in [int(k) for k in np.flatnonzero((before[1:] * before[:-1] < 0) | (before[1:] == 0))]:
        a, b = Y[i], Y[i + 1]
        y = a + (value - a[-1]) / (b[-1] - a[-1]) * (b - a) if b[-1] != a[-1] else b.copy()
        y[-1] = value
        solution = curve.corrected(y, curve.upward)
        if solution is None or curve.length(solution - y) > curve.length(b - a):
            solution = y  # next to a fold or a branch point: to the accuracy of interpolation
        solution[-1] = value
        found.append(solution)
    if len(Y) and before[0] == 0:
        found.append(Y[0])
    return found
