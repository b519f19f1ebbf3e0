"""The search in one dimension: every admissible itinerary, so that no cycle is missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dynsharp.compiled import threads
from dynsharp.cycle_search.box import SLACK, Box
from dynsharp.cycle_search.families import Family
from dynsharp.cycle_search.itineraries import FAMILY, OVERFLOW, pull_back, solve
from dynsharp.cycle_search.laps import laps
from dynsharp.cycle_search.registry import Found, trusted
from dynsharp.cycle_search.result import PeriodReport, interrupted
from dynsharp.shooting.identity import minimal_periods
from dynsharp.shooting.newton import DEGENERATE, SOLVED
from dynsharp.types import Array

ULPS = 8  # laps end so many units in the last place before a cut: F is one-sided there
MOST = 2_000_000  # itineraries of one period
ROOM = 10_000_000  # candidates for itineraries at once
PIECE = 512
CLOSED = 1e-11  # residual of a cycle, in units of the box
SINGULAR, COARSE = 1e-7, 1e-3  # least and greatest error of a degenerate cycle, likewise


class Itineraries:
    """The search of an interval, period after period."""

    def __init__(self, box: Box, progress: bool | None) -> None:
        self.box = box
        self.progress = progress
        self.found: dict[int, Found] = {}
        self.unit = float(box.units[0])
        self.laps = laps(box)
        low, high = self._ends(self.laps.cuts)
        real = np.isfinite(self._values(0.5 * (low + high))[:, 0])
        real &= (high > low) & np.isfinite(self._values(low) + self._values(high))[:, 0]
        self.low, self.high = low[real], high[real]
        self.left, self.right = self._values(self.low)[:, 0], self._values(self.high)[:, 0]
        self.turns = self.laps.turns
        self.bends = np.abs(self._values(self.turns)[:, 1])
        # Words of the last length: their intervals, and letters (words × length).
        self.least, self.most = self.low, self.high
        self.words = np.arange(len(self.low), dtype=np.int32)[:, None]

    def _ends(self, cuts: Array) -> tuple[Array, Array]:
        """Return ends of the laps between cuts, where F has its one-sided values.

        The ends of the box are moved outward by the slack for rounding, unless F jumps there.
        """
        gap = ULPS * np.spacing(np.maximum(np.abs(cuts), 1e-3 * self.unit))
        low, high = (cuts + gap)[:-1], (cuts - gap)[1:]
        for ends, k, outward in ((low, 0, -1.0), (high, -1, 1.0)):
            beyond = np.array([ends[k], cuts[k] + outward * SLACK * self.unit])
            (inner, outer), slope = self._values(beyond)[:, 0], self._values(beyond)[:, 1]
            if abs(outer - inner) <= 1e3 * SLACK * self.unit * (1 + abs(slope[0])):
                ends[k] = beyond[1]
        return low, high

    def _values(self, x: Array) -> Array:
        """F and F' at each x."""
        x = np.asarray(x, dtype=float)[:, None]
        slope, residual = self.box.linearised(x[:, None])
        with np.errstate(invalid="ignore"):  # beyond a pole
            return np.concatenate([residual[:, 0] + x, slope[:, 0, 0]], axis=1)

    def period(self, n: int) -> PeriodReport:
        """Find the cycles of one minimal period; periods are to be asked for in order."""
        found = self.found[n] = Found.of(self.box, n)
        if n > 1:
            if len(self.words) > MOST or len(self.words) * len(self.low) > ROOM:
                text = f"more than {MOST} itineraries: take a smaller box"
                return PeriodReport(n, False, 0, float("nan"), f"period {n} not searched: {text}")
            p = self.box.equations(1)
            self.least, self.most, letter, suffix = pull_back(
                p.code.value, self.low, self.high, self.left, self.right, p.parameters, self.least,
                self.most,
            )  # fmt: skip
            self.words = np.concatenate([letter[:, None], self.words[suffix]], axis=1)
        return self._solved(n, found)

    def _solved(self, n: int, found: Found) -> PeriodReport:
        p = self.box.equations(1)
        pieces: list[tuple[Any, ...]] = []

        def work(first: int, last: int) -> Iterator[float]:
            for begin in range(first, last, PIECE):
                part = slice(begin, min(begin + PIECE, last))
                room = 8 * PIECE
                while True:
                    orbits, kind = np.empty((room, n)), np.empty(room, np.int64)
                    which = np.empty(room, np.int64)
                    count = solve(
                        p.code.value, self.low, self.high, self.left, self.right, self.turns,
                        self.bends, p.parameters.copy(), self.words[part], self.least[part],
                        self.most[part], self.unit, orbits, kind, which,
                    )  # fmt: skip
                    if count <= room:
                        break
                    room = count
                pieces.append((begin, orbits[:count], kind[:count]))
                yield (part.stop - first) / (last - first)

        label = f"cycles of period {n}"
        finished = threads.run(len(self.words), work, label=label, progress=self.progress)
        pieces.sort(key=lambda piece: piece[0])
        orbits = np.concatenate([np.empty((0, n)), *(o for _, o, _ in pieces)])
        kind = np.concatenate([np.empty(0, np.int64), *(k for _, _, k in pieces)])
        through = self._through_cuts(n)
        orbits = np.concatenate([orbits, through])
        kind = np.concatenate([kind, np.zeros(len(through), np.int64)])
        self._file(orbits, kind, found)
        if not finished.all():
            return interrupted(n, int(finished.sum()))
        return self._report(n, len(found.registry), int((kind == OVERFLOW).sum()))

    def _file(self, orbits: Array, kind: Array, found: Found) -> None:
        """Refine what was found, and put each cycle down once."""
        p = self.box
        units = p.units
        for ends in orbits[kind == FAMILY].reshape(-1, 3, orbits.shape[1]):
            inner = ends[2][:, None]
            if minimal_periods(inner[None], units, trusted(1e-8))[0] == len(inner) and not any(
                f.contains(inner, 1, units) for f in found.families
            ):
                found.families.append(self._family(ends[0], ends[1]))
        orbits = orbits[kind != FAMILY][:, :, None]
        if not len(orbits):
            return
        shots = p.shoot(orbits, label="cycles")
        solved = shots.code == SOLVED
        states = np.where(solved[:, None, None], shots.states, orbits)
        slow = np.where(shots.code == DEGENERATE, shots.step, SINGULAR)
        steps = np.where(solved, shots.step, np.clip(slow, SINGULAR, COARSE))
        states = np.where((shots.code == DEGENERATE)[:, None, None], shots.states, states)
        closed = np.abs(p.linearised(states)[1]).max(axis=(1, 2)) <= CLOSED * self.unit
        good = closed & p.inside(states)
        states, steps = states[good], steps[good]
        good = minimal_periods(states, units, trusted(steps)) == states.shape[1]
        found.registry.add(states[good], steps[good])
        on = [
            k
            for k, y in enumerate(found.registry.states)
            if any(f.contains(y, 1, units) for f in found.families)
        ]
        found.registry.remove(on)

    def _through_cuts(self, n: int) -> Array:
        """Return the orbits of the cuts themselves (count × n), which belong to no lap."""
        x = self.laps.cuts
        orbits = np.empty((len(x), n))
        for k in range(n):
            orbits[:, k] = x
            x = self._values(x)[:, 0]
        with np.errstate(invalid="ignore"):
            return orbits[np.abs(x - self.laps.cuts) <= CLOSED * self.unit]

    def _family(self, first: Array, last: Array) -> Family:
        """Orbits of points between the ends of an interval of cycles."""
        x = np.linspace(first[0], last[0], 33)
        samples = np.empty((len(x), len(first), 1))
        for k in range(len(first)):
            samples[:, k, 0] = x
            x = self._values(x)[:, 0]
        return Family(1, samples, "F^n is the identity on an interval")

    def _report(self, n: int, cycles: int, overflow: int) -> PeriodReport:
        itineraries = len(self.words)
        if self.laps.doubt or overflow:
            why = self.laps.doubt or f"{overflow} itineraries have too many nearby solutions"
            status = f"period {n}: {cycles} cycles from {itineraries} itineraries; uncertain: {why}"
            return PeriodReport(n, False, itineraries, float("nan"), status)
        status = f"period {n}: all {itineraries} itineraries on {len(self.low)} laps searched"
        return PeriodReport(n, True, itineraries, 0.0, status)
