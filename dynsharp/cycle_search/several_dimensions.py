"""The search in several dimensions: random guesses until every cycle was found many times.

Closed walks and orbits from random states are guesses for Newton's method on all points of a cycle.
When each cycle was found several times, deflation looks for others.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from dynsharp.cycle_search.box import Box, unknowns
from dynsharp.cycle_search.families import recognise
from dynsharp.cycle_search.missed import coverage, missed
from dynsharp.cycle_search.registry import Found, trusted
from dynsharp.cycle_search.result import PeriodReport, interrupted
from dynsharp.cycle_search.walks import Walks, random_states
from dynsharp.shooting.families import kernels
from dynsharp.shooting.identity import minimal_periods, same_cycle
from dynsharp.shooting.many import Shots
from dynsharp.shooting.newton import DEGENERATE, FAILED
from dynsharp.types import Array

BATCH = 1024
LEAST = 2048  # guesses before a search may end
OFTEN = 4  # times that every cycle is to be found
DEFLATED = 40_000  # known points that are deflated, at most
DEGENERATE_ERROR = 1e-5  # error of a degenerate cycle, in units of the box
SAME = 1e-3  # distance at which degenerate cycles are one, likewise
ROUNDS = 4  # of guesses, then deflation, until it finds nothing new
SINGULAR = 1e-5  # distance of a multiplier from 1 at which a solution may not be isolated


class Search:
    """A search of one box, period after period."""

    def __init__(self, box: Box, starts: int, seed: int, progress: bool | None) -> None:
        self.box = box
        self.starts = starts
        self.progress = progress
        self.rng = np.random.default_rng(seed)
        self.walks = Walks.of(box, self.rng)
        self.found: dict[int, Found] = {}
        self.stopped = False

    def period(self, n: int) -> PeriodReport:
        """Search the cycles of one minimal period."""
        found = self.found[n] = Found.of(self.box, n)
        done, late = 0, 0
        for _ in range(ROUNDS):
            done += self._often(n, found, self.starts - done)
            late = 0 if self.stopped else self._deflated(n, found)
            if self.stopped:
                return interrupted(n, done)
            if not late:
                break
        self._settle_degenerate(found)
        return _report(n, done, found, late)

    def _often(self, n: int, found: Found, most: int) -> int:
        """Try guesses until everything was found several times; return how many."""
        done = 0
        while done < most and not self.stopped:
            self._sort(self._shots(self._guesses(n), n), found)
            done += BATCH
            if done >= LEAST and min(found.registry.times + found.hits, default=OFTEN) >= OFTEN:
                break
        return done

    def _guesses(self, n: int) -> Array:
        walks = self.walks.closed(n, BATCH * 3 // 4, self.rng)
        return np.concatenate([walks, random_states(self.box, n, BATCH - len(walks), self.rng)])

    def _shots(self, guesses: Array, n: int, known: Array | None = None) -> Shots:
        label = f"cycles of period {n}"
        shots = self.box.shoot(guesses, known=known, label=label, progress=self.progress)
        self.stopped |= not shots.finished.all()
        return shots

    def _deflated(self, n: int, found: Found) -> int:
        """Look for more with the known ones deflated; return how many."""
        new = 0
        for _ in range(8):
            known = np.concatenate(
                [f.registry.points() for k, f in self.found.items() if n % k == 0]
            )
            if not len(known):
                return new
            if len(known) > DEFLATED:
                known = self.rng.permutation(known)[:DEFLATED]
            shots = self._shots(self._guesses(n), n, known)
            fresh = self._sort(shots, found)
            new += fresh
            if self.stopped or not fresh:
                return new
        return new

    def _sort(self, shots: Shots, found: Found) -> int:
        """File what the guesses led to; return the number of cycles not known before."""
        usable = (shots.code != FAILED) & shots.finished
        states, steps = shots.states[usable], shots.step[usable]
        code = shots.code[usable]
        good = self.box.inside(states) if len(states) else np.zeros(0, bool)
        states, steps, code = states[good], steps[good], code[good]
        if not len(states):
            return 0
        doubtful = np.where(code == DEGENERATE, 1e-4, steps)
        minimal = minimal_periods(states, self.box.units, trusted(doubtful))
        good = minimal == states.shape[1]
        states, steps, code = states[good], steps[good], code[good]
        singular = (code == DEGENERATE) | self._near_one(states)
        new = found.registry.add(states[~singular], steps[~singular])
        for y in states[singular]:
            self._file_singular(y, found)
        return new

    def _near_one(self, states: Array) -> Array:
        """Whether a multiplier of each cycle is 1, nearly."""
        J, _ = self.box.linearised(states)
        M = reduce(lambda product, A: A @ product, np.moveaxis(J, 1, 0))
        size = np.maximum(1.0, np.abs(M).max(axis=(1, 2)))
        least = np.linalg.svd(M - np.eye(M.shape[-1]), compute_uv=False)[:, -1]
        return np.asarray(least <= SINGULAR / size)

    def _file_singular(self, y: Array, found: Found) -> None:
        """Put a solution with a multiplier 1 to a family, or down as a degenerate cycle."""
        corank = kernels(self.box.equations(len(y)), unknowns(y))[1].shape[1]
        for k, f in enumerate(found.families):
            if f.contains(y, corank, self.box.units):
                found.hits[k] += 1
                return
        r = found.registry
        for k, (known, step) in enumerate(zip(r.states, r.steps, strict=True)):
            if step >= DEGENERATE_ERROR and same_cycle(y, known, self.box.units, SAME):
                r.times[k] += 1
                return
        family = recognise(self.box, y)
        if family is not None:
            found.families.append(family)
            found.hits.append(1)
        else:
            r.add(y[None], np.array([DEGENERATE_ERROR]))

    def _settle_degenerate(self, found: Found) -> None:
        """Take out degenerate cycles on a family found later, as where two of them meet."""
        r = found.registry
        on = [
            k
            for k, (y, step) in enumerate(zip(r.states, r.steps, strict=True))
            if step >= DEGENERATE_ERROR
            and any(f.contains(y, f.dimension, self.box.units) for f in found.families)
        ]
        r.remove(on)


def _report(n: int, done: int, found: Found, late: int) -> PeriodReport:
    times = found.registry.times
    rarest = min(times, default=0)
    if not late and (not times or rarest >= OFTEN):
        often = f"each of {len(times)} cycles found at least {rarest} times from" if times else ""
        status = (
            f"period {n}: {often or 'no isolated cycle from'} {done} guesses; "
            "deflation finds no other"
        )
        return PeriodReport(n, False, done, 0.0, status)
    lost = max(missed(times), float(late))
    status = (
        f"period {n}: {done} guesses found {len(times)} cycles, {times.count(1)} of them once, and "
        f"deflation {late} more; about {lost:.0f} may be missing "
        f"(coverage {coverage(times):.3f}): raise starts="
    )
    return PeriodReport(n, False, done, lost, status)
