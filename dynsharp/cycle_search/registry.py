"""The cycles found so far: each once, with its minimal period and how often it was found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from dynsharp.cycle_search.box import Box
from dynsharp.cycle_search.families import Family
from dynsharp.shooting.identity import canonical, same_cycle
from dynsharp.types import Array

NEAR = 1e-8  # distance in units of the box below which two cycles are the same
TRUST = 10  # errors are at most so many times the last Newton step
FEATURES = 4  # of a signature
REACH = 2  # slope of a feature in one coordinate, at most


@dataclass
class Registry:
    """Cycles of one period.

    Attributes
    ----------
    box, period
        What is searched.
    states
        The cycles, each period × n.
    steps
        Their last Newton steps, in units of the box.
    times
        How often each was found.
    """

    box: Box
    period: int
    states: list[Array] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    _signatures: Array = field(default_factory=lambda: np.empty((0, FEATURES)))

    def __len__(self) -> int:
        return len(self.states)

    def add(self, states: Array, steps: Array) -> int:
        """Count cycles (m × period × n) of this minimal period; return how many are new."""
        if not len(states):
            return 0
        signatures = self._signature(states)
        # Guesses that went to one cycle agree to rounding: count them together, then compare
        # the few that are left with each other and with what is known.
        _, first, inverse = np.unique(
            np.round(signatures / NEAR), axis=0, return_index=True, return_inverse=True
        )
        number = np.bincount(inverse.ravel())
        before = len(self)
        self.states += list(canonical(states[first]))
        self.steps += steps[first].tolist()
        self.times += number.tolist()
        self._signatures = np.concatenate([self._signatures, signatures[first]])
        self._merge()
        return len(self) - before

    def _merge(self) -> None:
        """Put together what is the same cycle; what came first keeps its place."""
        steps = np.array(self.steps)
        tree = cKDTree(self._signatures)
        pairs = tree.query_pairs(
            self.box.dimension * REACH * (NEAR + 2 * TRUST * steps.max()), p=np.inf
        )
        gone: set[int] = set()
        for i, j in sorted(pairs):
            tolerance = trusted(self.steps[i] + self.steps[j])
            if i in gone or j in gone:
                continue
            if same_cycle(self.states[i], self.states[j], self.box.units, tolerance):
                gone.add(j)
                self.times[i] += self.times[j]
                if self.steps[j] < self.steps[i]:
                    self.states[i], self.steps[i] = self.states[j], self.steps[j]
        self.remove(gone)

    def remove(self, gone: Collection[int]) -> None:
        """Forget the cycles of these numbers."""
        kept = [i for i in range(len(self.states)) if i not in gone]
        for name in ("states", "steps", "times"):
            values = getattr(self, name)
            values[:] = [values[i] for i in kept]
        self._signatures = self._signatures[kept]

    def points(self) -> Array:
        """All points of all cycles (number × n)."""
        n = self.box.dimension
        return np.concatenate(self.states) if self.states else np.empty((0, n))

    def _signature(self, states: Array) -> Array:
        """Means over the cycle of generic functions: the same for every cyclic shift."""
        n = self.box.dimension
        rng = np.random.default_rng(0)
        w, phase = rng.uniform(1.0, 2.0, (n, FEATURES)), rng.uniform(0, np.pi, FEATURES)
        x = (states - self.box.low) / self.box.units
        return np.asarray(np.cos(x @ w + phase).mean(axis=1))


@dataclass
class Found:
    """What a search has of one period.

    Attributes
    ----------
    registry
        Isolated cycles.
    families
        Families of cycles that are not.
    hits
        How often each family was met.
    """

    registry: Registry
    families: list[Family] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, box: Box, period: int) -> Found:
        """Nothing yet."""
        return cls(Registry(box, period))


def trusted(steps: Any) -> Any:
    """Return the distance, in units of the box, at which points are one, by their Newton steps."""
    return NEAR + TRUST * steps
