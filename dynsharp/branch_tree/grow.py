"""From starts to all branches: follow, switch at every special point, recognise what is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import sympy as sp

from dynsharp.branch_tree.nodes import Place, place_of
from dynsharp.branch_tree.search import unknown_solutions
from dynsharp.branch_tree.starts import Start
from dynsharp.continuation import Branch, SpecialPoint, continue_fixed_point
from dynsharp.continuation.assemble import Options
from dynsharp.continuation.families.identity import connected
from dynsharp.continuation.start import scale_of, solved, starting_state
from dynsharp.continuation.switching.membership import at_value, position, row
from dynsharp.continuation.switching.switch import marked, ways_out
from dynsharp.map import DiscreteMap
from dynsharp.progress import ProgressBar
from dynsharp.shooting.families import family_at
from dynsharp.shooting.identity import minimal_period
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["Growth", "Origin", "Settings", "Unfollowed"]

SEARCHED = (0.13, 0.31, 0.52, 0.71, 0.89)  # fractions of the span at which solutions are sought
_FULL = "max_branches reached, allow more"
SAMPLES = (0.21, 0.53, 0.84)  # fractions of a new branch that tell whether it is a known one


@dataclass(frozen=True)
class Settings:
    """What every branch of a diagram has in common, and how far it goes."""

    map: DiscreteMap
    parameter: sp.Symbol
    span: tuple[float, float]
    fixed: dict[str, float]
    period: int
    depth: int
    step: float
    max_branches: int


@dataclass(frozen=True)
class Origin:
    """Where a branch comes from: the branch and special point it was switched to from, or a start.

    Attributes
    ----------
    branch
        Number of the branch it was switched to from; None for a start.
    point
        The special point there; None for a start and where cycles collapse onto shorter ones.
    text
        The same in words.
    depth
        Number of switches from a start.
    """

    branch: int | None
    point: SpecialPoint | None
    text: str
    depth: int


@dataclass(frozen=True)
class Unfollowed:
    """Something that was not followed, and why.

    ``what`` names it, ``branch`` is the number of the branch it is on, None if it is on none.
    """

    what: str
    reason: str
    branch: int | None = None

    def __str__(self) -> str:
        on = "" if self.branch is None else f" on branch {self.branch}"
        return f"{self.what}{on}: {self.reason}"


class _Full(Exception):  # noqa: N818 - not an error
    """As many branches as were asked for."""


@dataclass
class Growth:
    """The branches found so far, and what is left to look at."""

    settings: Settings
    branches: list[Branch] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    unfollowed: list[Unfollowed] = field(default_factory=list)
    status: str = "complete"
    _queue: deque[int] = field(default_factory=deque)
    _extent: Array | None = None
    _places: list[Place] = field(default_factory=list)
    _deferred: list[tuple[int, SpecialPoint, Place]] = field(default_factory=list)

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
                self.status = f"{cause}: {len(self.branches)} branches are followed, {left} starts "
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
        for fraction in SEARCHED if search else ():
            for start in self._unknown(fraction):
                self._begin(start)
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

    def _note_deferred(self) -> None:
        for number, p, place in self._deferred:
            handled = any(place.same(other) for other in self._places)
            if not handled and not self._is_joined(number, place):
                reason = f"depth {self.settings.depth} reached"
                self.unfollowed.append(Unfollowed(_named(p), reason, number))
                self._places.append(place)

    def _note_rest(self, waiting: deque[Start], cause: str) -> None:
        self.unfollowed += [Unfollowed(s.name, cause) for s in waiting]
        for i in self._queue:
            for p in self.branches[i].special_points:
                place = place_of(self.branches[i], p._y)
                handled = any(place.same(other) for other in self._places)
                if p.kind in ("flip", "branch") and not handled:
                    self.unfollowed.append(Unfollowed(_named(p), cause, i))

    # ---- starts ----------------------------------------------------------------------------

    def _begin(self, start: Start) -> None:
        """Follow the branch of a start, if it is a new one."""
        s = self.settings
        if start.branch is not None:
            self._add(start.branch, Origin(None, None, start.name, 0))
            return
        ones = np.ones(s.map.dimension)
        rough = Curve(s.map, s.parameter, s.fixed, s.period, s.span, ones)
        values = {**s.fixed, s.parameter.name: start.value}
        states = starting_state(s.map, start.state, s.period, values)
        text = f"{start.name} at {s.parameter} = {start.value:.6g}"
        first = solved(rough, states, start.value)
        if first.y is None:
            self.unfollowed.append(Unfollowed(text, first.status))
        elif not self._known(rough, first.y):
            branch = self._continued(rough.states(first.y), start.value, s.period)
            if len(branch):
                self._add(branch, Origin(None, None, text, 0))
            else:
                self.unfollowed.append(Unfollowed(text, branch.status))

    def _continued(self, states: Array, value: float, period: int) -> Branch:
        s = self.settings
        start = {x.name: states[:, i] for i, x in enumerate(s.map.state)}
        return continue_fixed_point(
            s.map, s.parameter, start, value, s.span, period=period, fixed=s.fixed, step=s.step
        )

    def _known(self, curve: Curve, y: Array) -> bool:
        """Whether a cycle lies on a branch that was followed, or on a followed family."""
        same = [b for b in self.branches if b.period == curve.period]
        if any(position(b, y) is not None for b in same if not b.family):
            return True
        families = [b for b in same if b.family]
        if not families:
            return False
        curve = replace(curve, scale=scale_of(curve.states(y)))
        name = curve.parameter.name
        for b in families:
            moved = np.append(b.states[len(b) // 2].ravel(), b.fixed[name])
            here = y if b.fixed[name] == y[-1] else None
            member = None if here is None else family_at(curve, here)
            if member is not None and connected(curve, member, moved):
                return True
        return False

    def _unknown(self, fraction: float) -> Iterator[Start]:
        """Solutions at a value of the parameter that are on no branch, by deflation."""
        s = self.settings
        value = s.span[0] + fraction * (s.span[1] - s.span[0])
        alone = [b for b in self.branches if not b.family]
        known = [
            y[:-1].reshape(b.period, -1)
            for b in alone
            if s.period % b.period == 0
            for y in at_value(b, value)
        ]
        near = [b.states[len(b) * k // 4, 0] for b in self.branches for k in (1, 2, 3)]
        size = scale_of(np.array([x for c in known for x in c])) if known else None
        scale = np.ones(s.map.dimension) if size is None else size
        curve = Curve(s.map, s.parameter, s.fixed, s.period, s.span, scale)
        for y in unknown_solutions(curve, value, known, near, self._box(curve.scale)):
            x = curve.states(y)
            state = {v.name: x[:, i] for i, v in enumerate(s.map.state)}
            yield Start(state, value, "a solution found by deflation")

    def _box(self, scale: Array) -> Array:
        """Where to look: twice the extent of all branches that starts and switches led to."""
        if self._extent is None:
            n = self.settings.map.dimension
            places = np.concatenate([np.zeros((0, n)), *(b.states[:, 0] for b in self.branches)])
            if not len(places):
                places = np.zeros((1, n))
            low, high = places.min(axis=0), places.max(axis=0)
            room = np.maximum((high - low) / 2, scale)
            self._extent = np.array([low - room, high + room])
        return self._extent

    # ---- branches --------------------------------------------------------------------------

    def _add(self, branch: Branch, origin: Origin) -> None:
        """Keep a branch, unless it is one that is there already."""
        s = self.settings
        if len(self.branches) >= s.max_branches:
            self.unfollowed.append(Unfollowed(origin.text, _FULL, origin.branch))
            raise _Full
        if not branch.family and len(branch) > 4:
            rows = [row(branch, int(f * len(branch))) for f in SAMPLES]
            same = [b for b in self.branches if b.period == branch.period and not b.family]
            if any(sum(position(b, y) is not None for y in rows) >= 2 for b in same):
                return
        self._queue.append(len(self.branches))
        self.branches.append(branch)
        self.origins.append(origin)
        number = len(self.branches) - 1
        for end in dict.fromkeys(branch.ends):
            if end in branch.status or "grows beyond" in end:  # all others are real ends
                self.unfollowed.append(Unfollowed("an end", end, number))

    def _switch(self, number: int) -> None:
        """Follow all branches that leave from a branch."""
        branch, depth = self.branches[number], self.origins[number].depth
        for p in branch.special_points:
            if p.kind in ("flip", "branch"):
                self._switch_at(number, p, depth)
            elif p.kind == "neimark-sacker":
                reason = "an invariant circle emanates, which is no branch of cycles"
                self.unfollowed.append(Unfollowed(_named(p), reason, number))
        if len(branch) and not branch.family:
            for i in (0, len(branch) - 1):
                self._shorter(number, i, depth)

    def _switch_at(self, number: int, p: SpecialPoint, depth: int) -> None:
        branch = self.branches[number]
        if branch.family:
            reason = "on a family of fixed points: start from a cycle to follow its branch"
            self.unfollowed.append(Unfollowed(_named(p), reason, number))
            return
        place = place_of(branch, p._y)
        if any(place.same(other) for other in self._places):
            return
        if depth >= self.settings.depth:
            self._deferred.append((number, p, place))
            return
        ways, status = ways_out(branch, p)
        if status != "complete":
            self.unfollowed.append(Unfollowed(_named(p), status, number))
        for way in ways:
            found = {self._on(way.curve.period, arm.y) for arm in way.arms}
            known = [i for i in found if i is not None]
            if known:
                for i in known if p.kind == "branch" else ():
                    self.branches[i] = marked(self.branches[i], p)
                continue
            new = way.followed(Options(self.settings.step))
            self._add(new, Origin(number, p, f"{_named(p)} of branch {number}", depth + 1))
        self._places.append(place)

    def _on(self, period: int, y: Array) -> int | None:
        """Return the number of the branch that a cycle lies on."""
        for i, b in enumerate(self.branches):
            if b.period == period and not b.family and position(b, y) is not None:
                return i
        return None

    def _is_joined(self, number: int, place: Place) -> bool:
        """Whether another branch that leaves here was followed already, from its other side."""
        for i, b in enumerate(self.branches):
            if i == number or b.family or not len(b):
                continue
            ends = [row(b, 0), row(b, len(b) - 1)]
            if any(place.same(place_of(b, y)) for y in [*ends, *(q._y for q in b.special_points)]):
                return True
        return False

    def _shorter(self, number: int, i: int, depth: int) -> None:
        """Follow the cycles of a shorter period onto which a branch collapses at an end."""
        branch = self.branches[number]
        curve = branch._curve
        assert curve is not None
        y = row(branch, i)
        period = minimal_period(curve, y)
        if period == curve.period:
            return
        short = replace(curve, period=period)
        x = np.append(curve.states(y)[:period].ravel(), y[-1])
        if self._on(period, x) is not None:
            return
        text = f"the collapse at {branch.parameter} = {y[-1]:.10g}"
        if depth >= self.settings.depth:
            self.unfollowed.append(Unfollowed(text, f"depth {depth} reached", number))
            return
        beside = _beside(short, x)
        new = None if beside is None else self._continued(short.states(beside), beside[-1], period)
        if new is None or not len(new):
            reason = (
                "the cycles of shorter period were not found there" if new is None else new.status
            )
            self.unfollowed.append(Unfollowed(text, reason, number))
        else:
            self._add(new, Origin(number, None, f"{text} of branch {number}", depth + 1))


def _beside(curve: Curve, y: Array) -> Array | None:
    """Return a cycle of the regular branch through a solution, a little way from it."""
    border = np.zeros(y.size)
    border[-1] = 1.0
    point = curve.point(y, border)
    if point is None:
        return None
    for length in (1e-3, -1e-3):
        moved = curve.corrected(y + length * point.tangent, point.tangent)
        if moved is not None and curve.span[0] <= moved[-1] <= curve.span[1]:
            return moved
    return None


def _named(p: SpecialPoint) -> str:
    return f"the {p.kind} at {p.parameter} = {p.value:.10g}"
