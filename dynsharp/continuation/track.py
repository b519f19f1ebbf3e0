"""A branch as the engine passes it on: arrays along it and what happens on it, tied to the problem.

Public results are made of tracks last. All functions here return new tracks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dynsharp.bifurcations.located import Located
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array


@dataclass(frozen=True, eq=False)
class Track:
    """A branch of fixed points or cycles.

    Attributes
    ----------
    curve
        The problem that its points solve.
    Y
        The unknowns (x_0, ..., x_{P-1}, p) at each point (N rows).
    MU
        The multipliers (N × n), each column following one of them.
    stable
        Whether all of them are inside the unit circle; along a family those across it.
    S
        Arclength, from 0.
    events
        What happens on it, in order.
    places
        For each event the number of its point.
    ends
        For both ends a sentence why it was not followed further.
    status
        "complete", or the sentence that says what failed.
    family
        Names of the coordinates of the family of fixed points that is followed; empty otherwise.
    axis
        Column of ``Y`` that is the coordinate along it: the parameter, or that of a family.
    """

    curve: Curve
    Y: Array
    MU: Array
    stable: Array
    S: Array
    events: tuple[Located, ...]
    places: tuple[int, ...]
    ends: tuple[str, str]
    status: str = "complete"
    family: tuple[str, ...] = ()
    axis: int = -1

    def __len__(self) -> int:
        return len(self.Y)

    @property
    def values(self) -> Array:
        """The coordinate along it at each point."""
        return self.Y[:, self.axis]

    @property
    def parameter(self) -> str:
        """The name of the coordinate along it."""
        curve = self.curve
        return curve.map.state[self.axis].name if self.family else str(curve.parameter)

    @property
    def period(self) -> int:
        """Number of points of a cycle."""
        return self.curve.period

    @property
    def states(self) -> Array:
        """The cycles, N × period × dimension."""
        return self.Y[:, :-1].reshape(len(self), self.period, self.curve.dimension)

    @property
    def closed(self) -> bool:
        """Whether it comes back to where it began."""
        return len(self) > 2 and self.ends[0].startswith("closed")


def empty(curve: Curve, status: str) -> Track:
    """Return the track without points: the start failed."""
    Y, MU = np.empty((0, curve.upward.size)), np.empty((0, curve.dimension), complex)
    none, ends = np.empty(0), ("no start", "no start")
    return Track(curve, Y, MU, np.empty(0, bool), none, (), (), ends, status)


def part(track: Track, first: int, last: int, ends: tuple[str, str]) -> Track:
    """Return the points from one to another, both included, with the events between them."""
    here = slice(first, last + 1)
    inside = [(e, i) for e, i in zip(track.events, track.places, strict=True) if first < i < last]
    return replace(
        track,
        Y=track.Y[here],
        MU=track.MU[here],
        stable=track.stable[here],
        S=track.S[here] - track.S[first],
        events=tuple(e for e, _ in inside),
        places=tuple(i - first for _, i in inside),
        ends=ends,
    )


def begun_at(track: Track, y: Array) -> Track:
    """Put the special point where a branch begins before its other points."""
    curve = track.curve
    mu = np.linalg.eigvals(curve.linearised(y).product).astype(complex)
    return replace(
        track,
        Y=np.vstack([y, track.Y]),
        MU=np.vstack([mu[matched(track.MU[0], mu)], track.MU]),
        stable=np.append(False, track.stable),
        S=np.append(0.0, track.S + curve.length(track.Y[0] - y)),
        places=tuple(i + 1 for i in track.places),
    )


def through(back: Track, event: Located, forward: Track) -> Track:
    """Join two sides of a branch, both of which lead away from the special point between them."""
    curve, size = back.curve, len(back)
    after = begun_at(forward, event.y)
    length = float(back.S[-1]) + curve.length(back.Y[0] - event.y)
    failures = [side.status for side in (back, forward) if side.status != "complete"]
    return Track(
        curve,
        np.concatenate([back.Y[::-1], after.Y]),
        np.vstack([back.MU[::-1], after.MU[:, matched(back.MU[0], after.MU[0])]]),
        np.append(back.stable[::-1], after.stable),
        np.append(back.S[-1] - back.S[::-1], length + after.S),
        (*back.events[::-1], event, *after.events),
        (
            *(size - 1 - i for i in back.places[::-1]),
            size,
            *(size + i for i in after.places),
        ),
        (back.ends[1], forward.ends[1]),
        "; ".join(failures) or "complete",
    )


def with_event(track: Track, event: Located, place: float) -> Track:
    """Put an event of another branch, where it crosses this one, among the points.

    ``place`` is where it lies on the track, as a fraction of its points' numbers.
    """
    curve, i = track.curve, int(np.ceil(place)) or 1
    same = [k for k in (i - 1, i) if np.array_equal(track.Y[k], event.y)]
    if same:  # it is one of the points already
        i, stable = same[0], track.stable.copy()
        stable[i] = False
        track = replace(track, stable=stable)
    else:
        along = float(track.S[i - 1]) + curve.length(event.y - track.Y[i - 1])
        mu = event.mu[matched(track.MU[i - 1], event.mu)]
        track = replace(
            track,
            Y=np.insert(track.Y, i, event.y, axis=0),
            MU=np.insert(track.MU, i, mu, axis=0),
            stable=np.insert(track.stable, i, False),
            S=np.insert(track.S, i, along),
            places=tuple(k + (k >= i) for k in track.places),
        )
    n = sum(k < i for k in track.places)
    return replace(
        track,
        events=(*track.events[:n], event, *track.events[n:]),
        places=(*track.places[:n], i, *track.places[n:]),
    )


def matched(before: Array, mu: Array) -> list[int]:
    """Return the order in which multipliers follow those of a neighbouring point."""
    left = list(range(mu.size))
    return [left.pop(int(np.argmin(np.abs(mu[left] - m)))) for m in before]
