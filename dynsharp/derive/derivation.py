"""Everything exact about a map, in one object: what ``dynsharp derive`` and the report show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from dynsharp.map import DiscreteMap, Name
from dynsharp.symbolic.cycles import Cycles, cycles
from dynsharp.symbolic.fixed_points import FixedPoints, fixed_points
from dynsharp.symbolic.manifolds.invariants import InvariantManifolds, invariant_manifolds
from dynsharp.symbolic.manifolds.regions import ForwardInvariantRegion
from dynsharp.symbolic.thresholds import Thresholds, thresholds

__all__ = ["Derivation", "derive"]

_CYCLES_UP_TO = 2  # state variables: the resultants of larger maps are no longer cheap


@dataclass(frozen=True)
class Derivation:
    """The exact statements about a map.

    Attributes
    ----------
    map
        The map.
    fixed_points
        Its fixed points and families of them.
    thresholds
        For each fixed point (by its place in the list) and each parameter the thresholds.
    manifolds
        Invariant manifolds and subspaces; None where they were not sought.
    regions
        Forward-invariant regions between them.
    cycles
        For each period that was asked for its cycles.
    interrupted
        Whether Ctrl-C ended the derivation; what came before is there.
    """

    map: DiscreteMap
    fixed_points: FixedPoints
    thresholds: dict[tuple[int, sp.Symbol], Thresholds]
    manifolds: InvariantManifolds | None
    regions: tuple[ForwardInvariantRegion, ...]
    cycles: tuple[Cycles, ...]
    interrupted: bool = False

    @property
    def unresolved(self) -> list[str]:
        """Return one sentence for each question that was not answered completely."""
        found = list(self.fixed_points.unresolved)
        for (n, _), ts in self.thresholds.items():
            found += [f"fixed point {n + 1}: {text}" for text in ts.unresolved]
        found += [] if self.manifolds is None else self.manifolds.unresolved
        found += [text for c in self.cycles for text in c.unresolved]
        if self.interrupted:
            found.append("interrupted: what would have followed is missing")
        return found


def derive(
    map: DiscreteMap,
    along: Sequence[Name] | None = None,
    *,
    periods: Sequence[int] = (2,),
    manifolds: bool = True,
    budget: float = 20.0,
    tell: Callable[[str], None] = lambda stage: None,
) -> Derivation:
    """Derive fixed points, thresholds, invariant manifolds, regions and short cycles.

    Parameters
    ----------
    map
        Any map.
    along
        Parameters to find thresholds along; all of the map's if left out.
    periods
        Periods of the cycles to find, in maps of at most two variables.
    manifolds
        Whether to look for invariant manifolds and regions.
    budget
        Seconds of algebra for each question; a quarter of it for each period and threshold.
    tell
        Called with the name of each stage as it begins.

    Raises
    ------
    InputError
        If the map has no such parameter.
    """
    parameters = map.parameters if along is None else [map.parameter(p, "--along") for p in along]
    points, interrupted = FixedPoints(map, ()), False
    found: dict[tuple[int, sp.Symbol], Thresholds] = {}
    invariant: InvariantManifolds | None = None
    regions: tuple[ForwardInvariantRegion, ...] = ()
    periodic: list[Cycles] = []
    try:
        tell("fixed points")
        points = fixed_points(map, budget)
        for n, p in enumerate(points):
            for parameter in parameters:
                tell(f"thresholds of fixed point {n + 1} along {parameter}")
                found[n, parameter] = thresholds(p, parameter, budget / 4)
        if map.dimension > 1 and manifolds:
            tell("invariant manifolds")
            invariant = invariant_manifolds(map, budget=budget)
            tell("forward-invariant regions")
            regions = invariant.regions
        for period in periods if map.dimension <= _CYCLES_UP_TO else ():
            tell(f"cycles of period {period}")
            periodic.append(cycles(map, period, budget / 4))
    except KeyboardInterrupt:
        interrupted = True
    return Derivation(map, points, found, invariant, regions, tuple(periodic), interrupted)
