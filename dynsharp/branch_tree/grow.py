"""From starts to all branches: follow, switch at every special point, recognise what is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from dynsharp.bifurcations.located import Located
from dynsharp.branch_tree.known import crossed_by, number_of, on_family, passes, repeats
from dynsharp.branch_tree.nodes import Place, place_of
from dynsharp.branch_tree.origin import Parent, Unfollowed
from dynsharp.branch_tree.search import SEARCHED, Search
from dynsharp.branch_tree.starts import Start
from dynsharp.continuation.follow import Options
from dynsharp.continuation.from_state import followed_from
from dynsharp.continuation.start import solved, starting_state
from dynsharp.continuation.switching.emanating import emanating
from dynsharp.continuation.switching.switch import followed
from dynsharp.continuation.track import Track
from dynsharp.progress import ProgressBar
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

_FULL = "max_branches reached, allow more"


@dataclass(frozen=True)
class Settings:
    """The problem that the starts solve, how far branches are followed, and how many."""

    problem: Curve
    depth: int
    options: Options
    max_branches: int


class _Full(Exception):  # noqa: N818 - not an error
    """As many branches as were asked for."""


@dataclass
class Growth:
    """The branches found so far, and what is left to look at."""

    settings: Settings
    tracks: list[Track] = field(default_factory=list)
    parents: list[Parent] = field(default_factory=list)
    unfollowed: list[Unfollowed] = field(default_factory=list)
    status: str = "complete"
    _queue: deque[int] = field(default_factory=deque)
    _places: list[Place] = field(default_factory=list)
    _deferred: list[tuple[int, Located, Place]] = field(default_factory=list)

    def run(self, starts: list[Start], search: bool, progress: bool | None) -> None:
        """Follow everything from the starts; whatever is done when the user interrupts is kept."""
        waiting = deque(starts)
        with ProgressBar("bifurcation diagram", progress) as bar:
            try:
                for done, _ in enumerate(self._tasks(waiting, search), 1):
                    bar.update(done / (done + len(waiting) + len(self._queue) + 1))
            except (KeyboardInterrupt, _Full) as reason:
                cause = _FULL if isinstance(reason, _Full) else "interrupted"
                left = len(waiting) + len(self._queue)
                self.status = f"{cause}: {len(self.tracks)} branches are followed, {left} starts "
                self.status += "and branches were not looked at"
                self._note_rest(waiting, cause)
        self._note_deferred()
        self._merge_starts()

    def _tasks(self, waiting: deque[Start], search: bool) -> Iterator[None]:
        while waiting:
            self._begin(waiting[0])
            waiting.popleft()
            yield
        yield from self._grow()
        problem = self.settings.problem
        elsewhere = Search(problem)
        low, high = problem.span
        for value in [low + f * (high - low) for f in SEARCHED] if search else ():
            for y in elsewhere.at(value, self.tracks):
                state = {
                    s.name: x for s, x in zip(problem.map.state, problem.states(y).T, strict=True)
                }
                self._begin(Start(state, value, "a solution found by deflation"))
                yield from self._grow()
            yield

    def _grow(self) -> Iterator[None]:
        """Breadth first, so that every branch is reached by the fewest switches."""
        while self._queue:
            self._switch(self._queue[0])
            self._queue.popleft()
            yield

    def _merge_starts(self) -> None:
        """Make one of a start that fails in the same way at several values."""
        merged: dict[object, list[Unfollowed]] = {}
        for i, u in enumerate(self.unfollowed):
            alike = (u.what.split(" at ")[0], u.reason.split(" at ")[0]) if u.branch is None else i
            merged.setdefault(alike, []).append(u)
        self.unfollowed = [
            replace(first, what=first.what + f", and at {len(others)} other values" * bool(others))
            for first, *others in merged.values()
        ]

    def _met(self, place: Place) -> bool:
        """Whether the branches that leave from a place are followed already."""
        return any(place.same(other) for other in self._places)

    def _note(self, number: int, event: Located, reason: str) -> None:
        what = _named(self.tracks[number], event)
        self.unfollowed.append(Unfollowed(what, reason, number))

    def _note_deferred(self) -> None:
        for number, event, place in self._deferred:
            others = (t for i, t in enumerate(self.tracks) if i != number)
            if not self._met(place) and not any(passes(t, place) for t in others):
                self._note(number, event, f"depth {self.settings.depth} reached")
                self._places.append(place)

    def _note_rest(self, waiting: deque[Start], cause: str) -> None:
        self.unfollowed += [Unfollowed(s.name, cause) for s in waiting]
        for i in self._queue:
            for event in self.tracks[i].events:
                place = place_of(self.tracks[i], event.y)
                if event.kind.leaves.times and not self._met(place):
                    self._note(i, event, cause)

    # ---- branches --------------------------------------------------------------------------

    def _begin(self, start: Start) -> None:
        """Follow the branch of a start, if it is a new one."""
        if start.track is not None:
            self._add(start.track, Parent(None, None, start.name, 0))
            return
        problem = self.settings.problem
        values = {**problem.values, str(problem.parameter): start.value}
        states = starting_state(problem.map, start.state, problem.period, values)
        text = f"{start.name} at {problem.parameter} = {start.value:.6g}"
        y, status = (found := solved(problem, states, start.value)).y, found.status
        if y is not None:
            tracks = self.tracks
            if number_of(tracks, problem.period, y) is not None or on_family(tracks, problem, y):
                return
            track = self._followed(problem, y)
            if len(track):
                self._add(track, Parent(None, None, text, 0))
                return
            status = track.status
        self.unfollowed.append(Unfollowed(text, status))

    def _followed(self, problem: Curve, y: Array) -> Track:
        rough = replace(problem, scale=np.ones(problem.dimension))
        return followed_from(rough, rough.states(y), float(y[-1]), self.settings.options)

    def _add(self, track: Track, parent: Parent) -> None:
        """Keep a branch, unless it is one that is there already."""
        if len(self.tracks) >= self.settings.max_branches:
            self.unfollowed.append(Unfollowed(parent.text, _FULL, parent.branch))
            raise _Full
        if repeats(self.tracks, track):
            return
        number = len(self.tracks)
        self._queue.append(number)
        self.tracks.append(track)
        self.parents.append(parent)
        for end in dict.fromkeys(track.ends):
            if end in track.status or "grows beyond" in end:  # all others are real ends
                self.unfollowed.append(Unfollowed("an end", end, number))

    def _switch(self, number: int) -> None:
        """Follow all branches that leave from a branch."""
        track, depth = self.tracks[number], self.parents[number].depth
        for event in track.events:
            if event.kind.leaves.times:
                self._switch_at(number, event, depth)
            elif event.kind.leaves.text:
                self._note(number, event, event.kind.leaves.text)
        if len(track) and not track.family:
            for y in (track.Y[0], track.Y[-1]):
                self._shorter(number, y, depth)

    def _switch_at(self, number: int, event: Located, depth: int) -> None:
        track = self.tracks[number]
        if track.family:
            reason = "on a family of fixed points: start from a cycle to follow its branch"
            self._note(number, event, reason)
            return
        place = place_of(track, event.y)
        if self._met(place):
            return
        if depth >= self.settings.depth:
            self._deferred.append((number, event, place))
            return
        ways, status = emanating(track, event)
        if status != "complete":
            self._note(number, event, status)
        for way in ways:
            met = {number_of(self.tracks, way.curve.period, start.y) for start in way.starts}
            known = [i for i in met if i is not None]
            if not known:
                text = f"{_named(track, event)} of branch {number}"
                new = followed(way, self.settings.options)
                self._add(new, Parent(number, event, text, depth + 1))
            elif event.kind.leaves.times == 1:
                for i in known:
                    self.tracks[i] = crossed_by(self.tracks[i], event)
        self._places.append(place)

    def _shorter(self, number: int, y: Array, depth: int) -> None:
        """Follow the cycles of a shorter period onto which a branch collapses at an end."""
        track = self.tracks[number]
        curve = track.curve
        period = minimal_period(curve, y)
        if period == curve.period:
            return
        short = replace(curve, period=period)
        x = np.append(curve.states(y)[:period].ravel(), y[-1])
        if number_of(self.tracks, period, x) is not None:
            return
        text = f"the collapse at {track.parameter} = {y[-1]:.10g}"
        if depth >= self.settings.depth:
            self.unfollowed.append(Unfollowed(text, f"depth {depth} reached", number))
            return
        start = _away(short, x)
        new = None if start is None else self._followed(short, start)
        if new is None or not len(new):
            reason = (
                "the cycles of shorter period were not found there" if new is None else new.status
            )
            self.unfollowed.append(Unfollowed(text, reason, number))
        else:
            parent = Parent(number, None, f"{text} of branch {number}", depth + 1)
            self._add(new, parent)


def _away(curve: Curve, y: Array) -> Array | None:
    """Return a cycle of the regular branch through a solution, a little way from it."""
    point = curve.point(y, curve.upward)
    if point is None:
        return None
    for length in (1e-3, -1e-3):
        moved = curve.corrected(y + length * point.tangent, point.tangent)
        if moved is not None and curve.span[0] <= moved[-1] <= curve.span[1]:
            return moved
    return None


def _named(track: Track, event: Located) -> str:
    return f"the {event.kind.name} at {track.parameter} = {event.y[track.axis]:.10g}"
