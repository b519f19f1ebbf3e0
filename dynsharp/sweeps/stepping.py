"""Steps of all orbits of a sweep, in chunks that can be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from dynsharp.arguments import checked_positive, checked_word
from dynsharp.compiled import threads
from dynsharp.compiled.kernels import kernels
from dynsharp.compiled.threads import CHUNK
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.sweeps.layout import Sweep
from dynsharp.types import Array


class Orbits:
    """The moving state of a sweep's orbits, with the compiled kernels of its map.

    Attributes
    ----------
    x, p
        States × orbits and parameters × orbits.
    alive
        1 for every orbit that has not escaped and whose start is in the domain, else 0.
    outside
        Which orbits start outside the map's domain.
    finished
        Which orbits have been worked on to the end; known after `run`.
    """

    def __init__(
        self, sweep: Sweep, kind: str, extra: Sequence[sp.Expr] = (), *, escape: float
    ) -> None:
        m = sweep.map
        self.escape = checked_escape(escape)
        self.x: Array = sweep.start.copy()
        self.p: Array = sweep.parameters
        self.outside = sweep.outside
        within = (np.abs(self.x) <= escape).all(axis=0)
        self.alive: Array = (within & ~self.outside).astype(float)
        lanes = {"lanes": 1} if sweep.size == 1 else {}
        self.kernels = kernels(kind, m.state, m.parameters, m.expressions, tuple(extra), **lanes)

    def call(self, name: str, first: int, last: int, *arguments: Any) -> None:
        """Call a kernel on the orbits ``first`` to ``last``."""
        kernel = getattr(self.kernels, name)
        kernel(self.x, self.p, self.alive, first, last, self.escape, *arguments)

    def run(self, work: Callable[[int, int], Iterator[float]], **options: Any) -> None:
        """Do the work for all orbits (see `threads.run`); what began outside has none to do."""
        self.finished = threads.run(self.x.shape[1], work, **options) | self.outside

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which orbits escaped."""
        return (self.alive == 0) & self.finished & ~self.outside

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which orbits have no data: they escaped, began outside or were not finished."""
        return (self.alive == 0) | ~self.finished

    @property
    def counts(self) -> dict[str, Any]:
        """What every result says in its attributes about orbits without data."""
        return {
            "escape": self.escape,
            "diverged": int(self.diverged.sum()),
            "outside_domain": int(self.outside.sum()),
            "unfinished": int((~self.finished).sum()),
        }

    def advance(self, first: int, last: int, steps: int) -> Iterator[int]:
        """Take steps, yielding how many were taken so far."""
        for begin, end in chunks(steps, last - first):
            self.call("advance", first, last, end - begin)
            yield end


def chunks(steps: int, orbits: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces of ``range(steps)`` that take well under a second each."""
    piece = max(1, CHUNK // orbits)
    for begin in range(0, steps, piece):
        yield begin, min(begin + piece, steps)


def observed(map: DiscreteMap, record: Any) -> dict[str, sp.Expr]:
    """Return the expressions of what to record: state variables and observables by name.

    Raises
    ------
    InputError
        If there is no such state variable or observable.
    """
    known = {**{s.name: s for s in map.state}, **dict(map.observables)}
    names = [record] if isinstance(record, (str, sp.Symbol)) else list(record)
    if not names:
        raise InputError("record", names, f"at least one of {', '.join(known)}")
    return {name: known[name] for name in (checked_word("record", n, known) for n in names)}


def checked_escape(value: Any) -> float:
    """Return the bound beyond which an orbit counts as diverged, or raise InputError."""
    return checked_positive("escape", value, most=1e150)
