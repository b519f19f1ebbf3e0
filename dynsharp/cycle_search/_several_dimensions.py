"""The search in several dimensions: random guesses until every cycle was found many times."""

from __future__ import annotations

from functools import reduce

import numpy as np

from dynsharp.cycle_search._families import recognise
from dynsharp.cycle_search._found import Found, interrupted
from dynsharp.cycle_search._problem import Array, Problem
from dynsharp.cycle_search._registry import Registry, minimal
from dynsharp.cycle_search._result import PeriodReport
from dynsharp.cycle_search._shooting import DEGENERATE, Shots, shoot
from dynsharp.cycle_search._statistics import coverage, missed
from dynsharp.cycle_search._walks import Walks, random_states

__all__ = ["Search"]

BATCH = 1024
LEAST = 2048  # guesses before a search may end
OFTEN = 4  # times that every cycle is to be found
DEFLATED = 4000  # known points up to which they are deflated
SINGULAR = 1e-5  # distance of a multiplier from 1 at which a solution may not be isolated


class Search:
    """A search of one box, period after period."""

    def __init__(self, problem: Problem, starts: int, seed: int, progress: bool | None) -> None:
        self.problem = problem
        self.starts = starts
        self.progress = progress
        self.rng = np.random.default_rng(seed)
        self.walks = Walks.of(problem, self.rng)
        self.found: dict[int, Found] = {}

    def period(self, n: int) -> PeriodReport:
        """Search the cycles of one minimal period."""
        found = self.found[n] = Found(Registry(self.problem, n))
        times = found.registry.times
        done = 0
        while done < self.starts:
            shots = self._shots(self._guesses(n), n)
            done += BATCH
            self._sort(shots, found)
            if not shots.finished.all():
                return interrupted(n, done)
            if done >= LEAST and (not times or min(times) >= OFTEN):
                break
        late = self._deflated(n, found)
        if late is None:
            return interrupted(n, done)
        return _report(n, done, times, late)

    def _guesses(self, n: int) -> Array:
        walks = self.walks.closed(n, BATCH * 3 // 4, self.rng)
        return np.concatenate([walks, random_states(self.problem, n, BATCH - len(walks), self.rng)])

    def _shots(self, guesses: Array, n: int, known: Array | None = None) -> Shots:
        label = f"cycles of period {n}"
        return shoot(self.problem, guesses, known=known, label=label, progress=self.progress)

    def _deflated(self, n: int, found: Found) -> int | None:
        """Look for more with the known ones deflated; return how many, None if interrupted."""
        new = 0
        for _ in range(8):
            known = np.concatenate(
                [f.registry.points() for k, f in self.found.items() if n % k == 0]
            )
            if not 0 < len(known) <= DEFLATED:
                return new
            shots = self._shots(self._guesses(n), n, known)
            fresh = self._sort(shots, found)
            new += fresh
            if not shots.finished.all():
                return None
            if not fresh:
                return new
        return new

    def _sort(self, shots: Shots, found: Found) -> int:
        """File what the guesses led to; return the number of cycles not known before."""
        usable = (shots.code != 0) & shots.finished
        states, steps = shots.states[usable], shots.step[usable]
        code = shots.code[usable]
        good = self.problem.inside(states) if len(states) else np.zeros(0, bool)
        states, steps, code = states[good], steps[good], code[good]
        if not len(states):
            return 0
        doubtful = np.where(code == DEGENERATE, 1e-4, steps)
        good = minimal(self.problem, states, doubtful)
        states, steps, code = states[good], steps[good], code[good]
        singular = (code == DEGENERATE) | self._near_one(states)
        new = found.registry.add(states[~singular], steps[~singular])
        for y in states[singular]:
            self._file_singular(y, found)
        return new

    def _near_one(self, states: Array) -> Array:
        """Whether a multiplier of each cycle is 1, nearly."""
        J, _ = self.problem.linearised(states)
        M = reduce(lambda product, A: A @ product, np.moveaxis(J, 1, 0))
        size = np.maximum(1.0, np.abs(M).max(axis=(1, 2)))
        least = np.linalg.svd(M - np.eye(M.shape[-1]), compute_uv=False)[:, -1]
        return np.asarray(least <= SINGULAR / size)

    def _file_singular(self, y: Array, found: Found) -> None:
        units = self.problem.units
        if any(f.contains(y, units) for f in found.families):
            return
        family = recognise(self.problem, y)
        if family is not None:
            found.families.append(family)
        else:
            found.registry.add(y[None], np.array([1e-5]))


def _report(n: int, done: int, times: list[int], late: int) -> PeriodReport:
    lost = missed(times)
    if not times:
        status = f"period {n}: no isolated cycle from {done} guesses"
    elif min(times) >= OFTEN and not late:
        status = (
            f"period {n}: each of {len(times)} cycles found at least {min(times)} times from "
            f"{done} guesses, and deflation finds no other"
        )
    else:
        status = (
            f"period {n}: {done} guesses found {len(times)} cycles, {times.count(1)} of them once "
            f"and {late} only by deflation; about {max(lost, late):.0f} more are to be expected "
            f"(coverage {coverage(times):.3f}); raise starts="
        )
    return PeriodReport(n, False, done, max(lost, float(late)), status)
