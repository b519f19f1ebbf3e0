"""Finding the special points of a branch: what changed between two points, and where.

Between neighbouring points are compared the numbers that the kinds count: real multipliers below
−1, real ones above 1, complex pairs outside the unit circle, the bordered system's orientation. A
change of one kind is an event and located; several at once are separated by bisection; a
multiplier that comes close and turns around is looked at more closely. Where multipliers cross in
opposite directions no number changes: such places are looked for first and cut out. What cannot be
separated or located is returned as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dynsharp.bifurcations.crossings import INDISTINCT, UNLOCATED, between, extent
from dynsharp.bifurcations.kind import EPS, LOCATED, ROUNDINGS, Counted, Kind, Place, Tested
from dynsharp.bifurcations.located import Located
from dynsharp.bifurcations.opposite_crossings import opposite_crossings, with_brackets
from dynsharp.bifurcations.registry import kind_named, kinds
from dynsharp.bifurcations.together import crossing_together
from dynsharp.bifurcations.touches import touches
from dynsharp.bifurcations.zeros import Chords, approached, may_vanish, zeros
from dynsharp.normal_forms.codim1 import NormalForm
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.types import Array

TWICE = 1e-10  # distance of two events of one kind that are the same
FINEST = 1e-8  # length below which events are no longer separated


def located_events(curve: Curve, points: Points) -> list[Located]:
    """Return what happens along a row of points, in order."""
    if len(points) < 2:
        return []
    found = list(opposite_crossings(curve, points))
    row, number, cut = with_brackets(curve, points, found)
    last = len(row) - 2
    search = _Search(
        curve, tuple(k for k in kinds() if isinstance(k, Counted)), (row[0], row[last + 1])
    )
    change = np.diff(search.table(row.MU, row.SIGN), axis=0)
    for event, chords in cut:
        for k in search.told_by(event.kind):
            change[chords, k] = 0
    sides = {0: (search.ends[0], row[1]), last: (search.ends[1], row[last])}
    for i, (end, beside) in sides.items():
        change[i] += search.on_circle(end, beside) * (1 if i else -1)
        for kind in search.kinds:
            place = kind.at_end(curve, end, beside)
            if place is not None:
                change[i, search.told_by(kind)] = 0
                event = _event(curve, kind, place, (end, beside), int(number[i]))
                found += search.within(event, end, beside)
    changed = np.asarray(change.any(axis=1))
    for i in [int(k) for k in np.flatnonzero(changed)]:
        a = search.ends[0] if i == 0 else row[i]
        b = search.ends[1] if i == last else row[i + 1]
        events = list(search.separated(a, b, int(number[i]), tuple(map(int, change[i]))))
        if i in sides:
            kept = (e for event in events for e in search.within(event, *sides[i]))
            events = [e for e in kept if not search.only_reached(e, *sides[i])]
        found += events
    away = np.abs(np.abs(row.MU) - 1)
    near = may_vanish(away[:-2], away[1:-1], away[2:]) & (away[1:-1] > INDISTINCT)
    side = np.sign(np.abs(row.MU) - 1)
    near &= (side[1:-1] == side[:-2]) & (side[1:-1] == side[2:])
    quiet = np.asarray(~changed)
    for _, chords in cut:
        quiet[chords] = False
    for i in [int(k) for k in np.flatnonzero(near.any(axis=1) & quiet[:-1] & quiet[1:])]:
        triple = row[i], row[i + 1], row[i + 2]
        pieces, _ = approached(triple, search.between, _distance, search.differ)
        for k, p, q in pieces:
            found += search.separated(p, q, int(number[i + k]))
    for tested in (*(k for k in kinds() if isinstance(k, Tested)), *curve.events):
        found += _of_function(curve, points, tested)
    return sorted(_each_once(curve, found), key=lambda event: event.index)


def _each_once(curve: Curve, found: list[Located]) -> list[Located]:
    """Leave out what is found again on the other side of a point that it lies on."""
    kept: list[Located] = []
    for event in found:
        same = (e for e in kept if e.kind is event.kind and event.status == e.status == LOCATED)
        if all(curve.length(event.y - e.y) > TWICE for e in same):
            kept.append(event)
    return kept


def changes(kinds: tuple[Counted, ...], change: tuple[int, ...]) -> dict[Counted, int]:
    """Return by how much the numbers of the kinds changed that are events.

    Left out are multipliers that met outside the circle (two real ones became a pair, or a pair two
    real ones), and one more or less of a kind that another one explains.
    """
    found = {kind: c for kind, c in zip(kinds, change, strict=True) if c}
    for kind in list(found):
        for name in kind.explains:
            for other in list(found):
                if other.name == name and abs(found[other]) == 1:
                    del found[other]
    if len(found) == 2:
        (one, c), (two, d) = found.items()
        met = one.size != two.size and one.size * c + two.size * d == 0
        return {} if met and one.size and two.size else found
    return found


def _distance(point: Point) -> float:
    return float(np.min(np.abs(np.abs(point.mu) - 1)))


@dataclass(frozen=True)
class _Search:
    """Search for the kinds that are counted, on a row with these first and last points."""

    curve: Curve
    kinds: tuple[Counted, ...]
    ends: tuple[Point, Point]

    def told_by(self, kind: Kind) -> list[int]:
        """Return the numbers of the columns that change at a point of a kind."""
        explained = getattr(kind, "explains", ())
        return [k for k, other in enumerate(self.kinds) if other is kind or other.name in explained]

    def table(self, MU: Array, SIGN: Array) -> Array:
        return np.column_stack([kind.count(MU, SIGN) for kind in self.kinds])

    def between(self, a: Point, b: Point, t: float) -> Point | None:
        return between(self.curve, a, b, t)

    def change(self, a: Point, b: Point) -> tuple[int, ...]:
        MU, SIGN = np.array([a.mu, b.mu]), np.array([a.sign, b.sign])
        change = np.diff(self.table(MU, SIGN), axis=0)[0]
        if a is self.ends[0]:
            change = change - self.on_circle(a, b)
        if b is self.ends[1]:
            change = change + self.on_circle(b, a)
        return tuple(int(c) for c in change)

    def on_circle(self, end: Point, beside: Point) -> Array:
        """Return what the numbers at an end are too small by, if multipliers are critical there.

        They count as having crossed since the point beside.
        """
        more = []
        for kind in self.kinds:
            here, before = kind.beyond(end.mu), kind.beyond(beside.mu)
            reached = (np.abs(here) <= INDISTINCT + EPS / 2) & (np.abs(before) > INDISTINCT)
            more.append(int((reached & (np.real(before) < 0)).sum()) if kind.size else 0)
        return np.array(more)

    def differ(self, a: Point, b: Point) -> bool:
        return bool(changes(self.kinds, self.change(a, b)))

    def separated(
        self, a: Point, b: Point, index: int, change: tuple[int, ...] | None = None
    ) -> Iterator[Located]:
        """Yield the events between two points, one by one."""
        found = changes(self.kinds, change or self.change(a, b))
        if not found:
            return
        (kind, count), *others = found.items()
        if not others and abs(count) == 1:
            yield _located(self.curve, kind, a, b, index)
            return
        middle = None
        if self.curve.length(b.y - a.y) > FINEST:
            middle = self.between(a, b, 0.5)
        if middle is None:
            yield from self._together(a, b, found, index)
            return
        for start, end in ((a, middle), (middle, b)):
            yield from self.separated(start, end, index)

    def only_reached(self, event: Located, end: Point, beside: Point) -> bool:
        """Whether an event is at an end, and the critical multipliers come from inside the circle.

        They do not cross on this piece.
        """
        at_end = abs(event.value - end.value) <= event.uncertainty
        return at_end and bool(self.on_circle(end, beside)[self.told_by(event.kind)].any())

    def within(self, event: Located, end: Point, beside: Point) -> list[Located]:
        """Return an event on the chord at an end, unless it is beyond the end.

        One that is beyond it by rounding is at the end.
        """
        off, inward = event.value - end.value, beside.value - end.value
        ahead = self.curve.inner(event.y - end.y, beside.y - end.y)
        if off * inward >= 0 or ahead >= 0:
            return [event]
        at_end = replace(event, y=end.y, mu=end.mu, uncertainty=event.uncertainty + abs(off))
        return [at_end] if abs(off) <= event.uncertainty else []

    def _together(
        self, a: Point, b: Point, found: dict[Counted, int], index: int
    ) -> Iterator[Located]:
        """Events that no step separates: multipliers that cross together."""
        counts: dict[Counted, int] = {}
        for kind, change in found.items():
            several = kind_named(kind.together) if kind.together and abs(change) > 1 else None
            kind = several if isinstance(several, Counted) else kind
            counts[kind] = max(abs(change), counts.get(kind, 0))
        if any(kind.size == 1 for kind in counts):  # what became of pairs belongs to these
            counts = {kind: count for kind, count in counts.items() if kind.size < 2}
        width = extent(self.curve, a, b)
        for kind, count in counts.items():
            place = kind.locate(self.curve, a, b) if count == 1 and kind.size else None
            place = place or crossing_together(self.curve, a, b, kind, count)
            place = place or Place(a, width, UNLOCATED)
            if count > 1:
                text = f"{count} multipliers reach the unit circle together: no normal form"
                place = Place(place.point, place.uncertainty, text)
            yield _event(self.curve, kind, place, (a, b), index, count)


def _located(curve: Curve, kind: Counted, a: Point, b: Point, index: int) -> Located:
    try:
        place = kind.locate(curve, a, b)
    except np.linalg.LinAlgError:
        place = None
    if place is None:
        low, high = sorted((a.value, b.value))
        text = (
            f"not located between {curve.parameter} = {low:.15g} and {high:.15g}: the defining "
            "system is singular there; look with a smaller step, or for a symmetry of the map"
        )
        place = Place(a, extent(curve, a, b), text)
    return _event(curve, kind, place, (a, b), index)


def _event(
    curve: Curve, kind: Kind, place: Place, bracket: tuple[Point, Point], index: int, count: int = 1
) -> Located:
    """Return the event with its normal form, where there is one."""
    kind, form = place.kind or kind, None
    if place.status == LOCATED:
        try:
            with np.errstate(all="ignore"):
                form = kind.form(curve, place)
        except np.linalg.LinAlgError:
            text = "the linear systems of the normal form are singular"
            form = NormalForm(kind.name, status=text)
    return Located.at(kind, place, bracket, index, count=count, form=form)


def _of_function(curve: Curve, points: Points, kind: Tested) -> Iterator[Located]:
    """Yield where a function of the points vanishes, each place once."""
    samples = kind.values(curve, points.Y, points.MU)
    found: list[Located] = []
    for column in range(samples.shape[1]):
        search = _signed if kind.signed else touches
        for index, bracket, place in search(curve, points, kind, column, samples[:, column]):
            if place.status == LOCATED and not kind.belongs(curve, place):
                continue
            if any(curve.length(e.y - place.point.y) < FINEST for e in found):
                continue
            found.append(_event(curve, kind, place, bracket, index))
    yield from found


def _signed(
    curve: Curve, points: Points, kind: Tested, column: int, values: Array
) -> Iterator[tuple[int, tuple[Point, Point], Place]]:
    """Yield where a function changes its sign: chord, bracket and place."""
    for zero in zeros(_chords(curve, points, kind, column), values):
        a, b = zero.bracket
        error = zero.error * abs(b.value - a.value) + ROUNDINGS * EPS * abs(a.value)
        yield zero.index, zero.bracket, Place(zero.point or a, error, zero.status)


def _chords(curve: Curve, points: Points, kind: Tested, column: int) -> Chords[Point]:
    """Return the points with one of the functions."""

    def test(point: Point) -> float:
        return float(kind.values(curve, point.y[None], point.mu[None])[0, column])

    def noise(point: Point) -> float:
        return kind.rounding(curve, point.y, point.mu, column)

    return Chords(points, lambda a, b, t: between(curve, a, b, t), test, noise)
