"""All cycles of a map up to a period, in a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dynsharp.arguments import checked_count
from dynsharp.compiled.elimination import multipliers
from dynsharp.cycle_search.box import Box, box_of
from dynsharp.cycle_search.one_dimension import Itineraries
from dynsharp.cycle_search.registry import Found
from dynsharp.cycle_search.result import (
    CycleFamily,
    Cycles,
    NumericalCycle,
    PeriodReport,
    interrupted,
)
from dynsharp.cycle_search.several_dimensions import Search
from dynsharp.map import DiscreteMap, Name
from dynsharp.types import Array

DOUBTFUL = 1e-4  # distance of a multiplier from 1 at which a cycle's status mentions it


def find_cycles(
    map: DiscreteMap,
    period: int,
    box: Mapping[Name, Any],
    *,
    exactly: bool = False,
    fixed: Mapping[Name, Any] | None = None,
    starts: int = 60_000,
    seed: int = 0,
    progress: bool | None = None,
) -> Cycles:
    """Find all cycles of a map up to a period whose points all lie in a box.

    In one dimension nothing is left to chance: the box is cut into laps, on which the map is smooth
    and monotone, and every sequence of laps that an orbit can visit is searched; each cycle is in
    one of them. In several dimensions closed walks on a grid of cells are guesses for Newton's
    method on all points of the cycle, more and more of them until every cycle was found several
    times; then the known cycles are deflated, so that further guesses can only lead to others. How
    often each was found says how many are likely to be missing.

    Parameters
    ----------
    map
        The map.
    period
        Greatest minimal period.
    box
        For each state variable its interval (low, high), closed. A cycle with a point outside the
        box or outside the map's domain does not count.
    exactly
        Only the cycles of that minimal period, not those of lesser ones.
    fixed
        A number for every parameter.
    starts
        In several dimensions the number of guesses after which a period's search ends in any case.
    seed
        Of the guesses.
    progress
        Whether to show a progress bar; if left out, on a terminal after a second.

    Returns
    -------
    Cycles
        Each cycle once, with its multipliers; families of cycles apart from these; and for every
        period how complete the search was. Ctrl-C returns what was found until then.

    Raises
    ------
    InputError
        If a name is unknown, a parameter has no number or a state variable no interval, ``period``
        or ``starts`` is not a positive integer, or the map has functions that cannot be compiled.

    References
    ----------
    Milnor, Thurston, *On iterated maps of the interval*, Lect. Notes Math. 1342, 1988 (one
    dimension). Farrell, Birkisson, Funke, *Deflation techniques for
    finding distinct solutions of nonlinear partial differential equations*, SIAM J. Sci. Comput.
    37, 2015; Chao, *Nonparametric estimation of the number of classes in a population*, Scand. J.
    Statist. 11, 1984 (several dimensions).

    Examples
    --------
    >>> import dynsharp as ds
    >>> cycles = find_cycles(ds.systems.logistic(), 5, {"x": (0, 1)}, fixed={"r": 4})
    >>> cycles.counts
    {1: 2, 2: 1, 3: 2, 4: 3, 5: 6}
    """
    period, starts = checked_count("period", period), checked_count("starts", starts)
    searched = box_of(map, box, fixed)
    reports: list[PeriodReport] = []
    found: dict[int, Found] = {}
    try:
        search: Any = (
            Itineraries(searched, progress)
            if searched.dimension == 1
            else Search(searched, starts, seed, progress)
        )
        found = search.found
        for n in range(1, period + 1):
            reports.append(search.period(n))
            if reports[-1].status.startswith("interrupted"):
                break
    except KeyboardInterrupt:
        reports.append(interrupted(len(reports) + 1, 0))
    if exactly:
        reports = [r for r in reports if r.period == period or r.status.startswith("interrupted")]
        found = {n: f for n, f in found.items() if n == period}
    cycles, families = _results(searched, found)
    sides = {
        s.name: (float(a), float(b))
        for s, a, b in zip(map.state, searched.low, searched.high, strict=True)
    }
    status = _status(reports, period)
    return Cycles(map, searched.values, sides, cycles, families, tuple(reports), status)


def _status(reports: Sequence[PeriodReport], period: int) -> str:
    """Sum up how complete the search is."""
    if reports and reports[-1].status.startswith("interrupted"):
        return f"{reports[-1].status}; lesser periods are as reported"
    doubtful = [r for r in reports if not r.certified and r.missed != 0]  # nan if not known
    if doubtful:
        return "perhaps incomplete: " + "; ".join(r.status for r in doubtful)
    if all(r.certified for r in reports):
        total = sum(r.starts for r in reports)
        return f"complete, up to rounding: all {total} itineraries up to period {period} searched"
    return (
        f"probably complete: every cycle up to period {period} was found several times, and "
        "deflation finds no other"
    )


def _results(
    searched: Box, found: Mapping[int, Found]
) -> tuple[tuple[NumericalCycle, ...], tuple[CycleFamily, ...]]:
    cycles: list[NumericalCycle] = []
    families: list[CycleFamily] = []
    unit = float(searched.units.max())
    for n, f in found.items():
        r = f.registry
        if r.states:
            J, R = searched.linearised(np.array(r.states))
            columns = zip(r.states, J, R, r.steps, r.times, strict=True)
            own = [_cycle(*column, unit) for column in columns]
            cycles += sorted(own, key=lambda c: tuple(c.states[0]))
        for family in f.families:
            mu = np.array([_multipliers(J) for J in searched.linearised(family.samples)[0]])
            families.append(CycleFamily(n, family.dimension, family.samples, mu, family.status))
    return tuple(cycles), tuple(families)


def _multipliers(J: Array) -> Array:
    """Multipliers of a cycle from its Jacobians, the largest first."""
    mu = np.empty(J.shape[1], complex)
    multipliers(J, mu, False, mu)
    return mu[np.argsort(-np.abs(mu), kind="stable")]


def _cycle(
    states: Array, J: Array, R: Array, step: float, times: int, unit: float
) -> NumericalCycle:
    residual = float(np.abs(R).max())
    mu = _multipliers(J)
    rounding = 4e-16 * float(np.abs(states).max())
    uncertainty = max(step * unit, residual, rounding)
    nearest = mu[np.argmin(np.abs(mu - 1))]
    status = "isolated"
    if abs(nearest - 1) <= DOUBTFUL:
        status = (
            f"nearly degenerate: a multiplier is {abs(nearest - 1):.1g} from 1; cycles closer than "
            f"{max(uncertainty, 1e-8):.1g} to each other are not told apart"
        )
    return NumericalCycle(states, mu, residual, uncertainty, times, status)
