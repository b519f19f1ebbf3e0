"""What a search returns: the cycles, the families of them, and how complete it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from dynsharp.map import DiscreteMap
from dynsharp.results import Result, attributes, parts, shown, table
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr

SHOWN = 12  # cycles in a repr


@dataclass(frozen=True, repr=False, eq=False)
class NumericalCycle(Result):
    """A cycle of minimal period n.

    Attributes
    ----------
    states
        Its points in order (period × dimension), the one with the least first coordinate first.
    multipliers
        Eigenvalues of DF(x_{n−1})···DF(x_0), the largest first.
    residual
        Largest |F(x_i) − x_{i+1}| of any coordinate.
    uncertainty
        Distance to the exact cycle, estimated by the last Newton step and by rounding: for any
        coordinate of any point.
    times_found
        Number of starting guesses that led to it; in one dimension the number of its itineraries.
    status
        "isolated", or what is uncertain about it.
    """

    told = ("period", "stable", "states", "multipliers", "residual", "uncertainty", "times_found",
            "status")  # fmt: skip

    states: Array
    multipliers: Array
    residual: float
    uncertainty: float
    times_found: int = 1
    status: str = "isolated"

    @property
    def period(self) -> int:
        """Its minimal period."""
        return len(self.states)

    @property
    def stable(self) -> bool:
        """Whether all multipliers are inside the unit circle."""
        return bool(np.max(np.abs(self.multipliers)) < 1)

    def cells(self) -> tuple[str, ...]:
        """Return the cycle as a row of text: period, first point, multipliers, what it is."""
        point, mu = f"({shown(self.states[0], 8)})", shown(self.multipliers)
        stable = "stable" if self.stable else "unstable"
        doubt = "" if self.status == "isolated" else self.status
        return str(self.period), point, mu, stable, doubt

    def __repr__(self) -> str:
        period, point, mu, *words = self.cells()
        what = ", ".join(w for w in words if w)
        return f"cycle of period {period} through {point}, multipliers {mu}: {what}"


@dataclass(frozen=True, repr=False, eq=False)
class CycleFamily(Result):
    """A continuum of cycles: I − DF^n is singular along it, and solutions lie on both sides.

    Attributes
    ----------
    period
        Minimal period of its cycles, but for special ones on it.
    dimension
        Of the family: the number of multipliers that are 1.
    samples
        Some of its cycles: samples × period × n, all points in the box.
    multipliers
        Those of each sample.
    status
        How it was recognised.
    """

    period: int
    dimension: int
    samples: Array
    multipliers: Array
    status: str

    def __repr__(self) -> str:
        return f"family of dimension {self.dimension}, period {self.period}: {self.status}"


@dataclass(frozen=True, eq=False)
class PeriodReport(Result):
    """How the cycles of one period were searched for.

    Attributes
    ----------
    period
        The minimal period.
    certified
        Whether the method finds all cycles, up to rounding, rather than probably all.
    starts
        Number of itineraries or of starting guesses.
    missed
        Estimated number of cycles that were not found (Chao); 0 where certified.
    status
        The sentence that says why.
    """

    period: int
    certified: bool
    starts: int
    missed: float
    status: str


def interrupted(period: int, done: int) -> PeriodReport:
    """Return the report of a period that was not searched to its end."""
    status = f"interrupted in period {period}, after {done} starts"
    return PeriodReport(period, False, done, float("nan"), status)


@dataclass(frozen=True, repr=False, eq=False)
class Cycles(Result, Sequence[NumericalCycle]):
    """What `find_cycles` found: a sequence of cycles by period, then by their first point.

    Attributes
    ----------
    map, values
        The map and the numbers of its parameters.
    box
        For each state variable its interval: all points of a cycle lie in the box.
    found
        The cycles, each once.
    families
        Continua of cycles, which are not among ``found``.
    reports
        For each period how it was searched.
    status
        A sentence: how complete the search is, and why.
    """

    map: DiscreteMap
    values: Mapping[str, float]
    box: Mapping[str, tuple[float, float]]
    found: tuple[NumericalCycle, ...]
    families: tuple[CycleFamily, ...]
    reports: tuple[PeriodReport, ...]
    status: str

    @overload
    def __getitem__(self, index: int) -> NumericalCycle: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[NumericalCycle, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    @property
    def counts(self) -> dict[int, int]:
        """Number of cycles of each minimal period that was searched."""
        number = Counter(c.period for c in self.found)
        return {r.period: number[r.period] for r in self.reports}

    @property
    def complete(self) -> bool:
        """Whether every period was searched by a method that finds all cycles."""
        return bool(self.reports) and all(r.certified for r in self.reports)

    def of_period(self, period: int) -> tuple[NumericalCycle, ...]:
        """Return the cycles of one minimal period."""
        return tuple(c for c in self.found if c.period == period)

    def rows(self) -> list[dict[str, Any]]:
        """Return what the table says of each cycle, its points by the names of the state."""
        names = [s.name for s in self.map.state]
        return [
            {
                **{k: getattr(c, k) for k in c.told},
                "states": dict(zip(names, c.states.T, strict=True)),
            }
            for c in self.found
        ]

    def to_dataset(self) -> xr.Dataset:
        """Return the cycles as a Dataset along ``cycle`` and ``phase``.

        Every state variable has the dimensions (cycle, phase), where phases past the period repeat
        the cycle; ``period``, ``stable``, ``residual``, ``uncertainty``, ``times_found`` and
        ``multipliers`` (cycle, multiplier, part: real, imaginary) go with it. Families are not in
        it; their number, the box, the numbers of the parameters and the status are in ``attrs``.
        """
        import xarray as xr

        n = self.map.dimension
        longest = max((c.period for c in self.found), default=1)
        states = np.empty((len(self), longest, n))
        mu = np.empty((len(self), n), complex)
        for k, c in enumerate(self.found):
            states[k] = c.states[np.arange(longest) % c.period]
            mu[k] = c.multipliers
        variables: dict[str, Any] = {
            s.name: (("cycle", "phase"), states[:, :, i]) for i, s in enumerate(self.map.state)
        }
        variables["multipliers"] = (("cycle", "multiplier", "part"), parts(mu))
        for name in ("period", "stable", "residual", "uncertainty", "times_found"):
            variables[name] = ("cycle", np.array([getattr(c, name) for c in self.found]))
        box = ", ".join(f"{k}: {a!r} to {b!r}" for k, (a, b) in self.box.items())
        more = {"box": box, "families": len(self.families), "status": self.status}
        attrs = attributes(self.map, self.values, **more)
        return xr.Dataset(variables, {"part": ["real", "imaginary"]}, attrs)

    def __repr__(self) -> str:
        settings = ", ".join(f"{k} = {v:g}" for k, v in self.values.items())
        where = ", ".join(f"{k} in [{a:g}, {b:g}]" for k, (a, b) in self.box.items())
        head = f"cycles of {self.map.name}" + f" at {settings}" * bool(settings)
        lines = [f"{head}, {where}: {len(self)}"]
        counts = ", ".join(f"{p}: {k}" for p, k in self.counts.items())
        lines.append(f"    by period  {counts or 'none searched'}")
        rows = [c.cells() for c in self.found[:SHOWN]]
        if rows:
            lines += table([("period", "first point", "multipliers", "", ""), *rows])
        if len(self) > SHOWN:
            lines.append(f"    ... and {len(self) - SHOWN} more")
        lines += [f"    {f!r}" for f in self.families]
        return "\n".join([*lines, f"    {self.status}"])
