"""Everything exact about a map, in one object: as text, tables, LaTeX, HTML and JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from rich.console import Console

from dynsharp.derive.formats import Table, as_html, as_latex, as_text
from dynsharp.derive.tables import (
    cycles_table,
    fixed_points_table,
    manifolds_table,
    map_table,
    regions_table,
    subspaces_table,
    thresholds_table,
)
from dynsharp.map import DiscreteMap, Name
from dynsharp.results import Result, plain
from dynsharp.symbolic.cycles import Cycles, cycles
from dynsharp.symbolic.fixed_points import FixedPoints, fixed_points
from dynsharp.symbolic.manifolds.invariants import InvariantManifolds, invariant_manifolds
from dynsharp.symbolic.manifolds.regions import ForwardInvariantRegion
from dynsharp.symbolic.thresholds import Thresholds, thresholds

_CYCLES_UP_TO = 2  # state variables: the resultants of larger maps are no longer cheap


@dataclass(frozen=True, repr=False, eq=False)
class Derivation(Result):
    """The exact statements about a map. Printed, it is the tables as text.

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

    def entries(self) -> dict[str, Any]:
        """Return every statement as plain data; thresholds with the place of their fixed point."""
        invariant = self.manifolds
        return {
            "fixed_points": plain(self.fixed_points.points),
            "thresholds": [
                {"fixed_point": n, **t.entries()}
                for (n, _), found in self.thresholds.items()
                for t in found
            ],
            "manifolds": [] if invariant is None else plain(invariant.manifolds),
            "subspaces": [] if invariant is None else plain(invariant.subspaces),
            "regions": plain(self.regions),
            "cycles": [c.entries() for found in self.cycles for c in found],
            "unresolved": self.unresolved,
        }

    def tables(self) -> list[Table]:
        """Return a table for each kind of statement; those without content say so."""
        made = [
            map_table(self.map),
            fixed_points_table(self.fixed_points),
            thresholds_table(self.thresholds),
        ]
        if self.manifolds is not None:
            made.append(manifolds_table(self.manifolds))
            if self.manifolds.subspaces:
                made.append(subspaces_table(self.manifolds))
            if self.regions:
                made.append(regions_table(self.regions))
        made += map(cycles_table, self.cycles)
        if self.unresolved:
            made.append(Table("Unresolved", ("what",), [(text,) for text in self.unresolved]))
        return made

    def latex(self) -> str:
        """Return the tables as a fragment for a document that loads amsmath."""
        return as_latex(self.tables())

    def html(self) -> str:
        """Return the tables as HTML with MathML, which browsers render by themselves."""
        return as_html(self.tables())

    def __repr__(self) -> str:
        return as_text(self.tables(), Console(width=10_000, color_system=None))


def derive(
    map: DiscreteMap,
    parameter: Name | Sequence[Name] | None = None,
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
    parameter
        What to find thresholds along, one or several; all parameters of the map if left out.
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

    Examples
    --------
    >>> import dynsharp as ds
    >>> d = derive(ds.systems.uv_eos(), "rho", periods=())
    >>> [str(t) for found in d.thresholds.values() for t in found]
    ['flip at rho = 1, supercritical']
    """
    along = [parameter] if isinstance(parameter, str | sp.Symbol) else parameter
    parameters = map.parameters if along is None else [map.parameter(p) for p in along]
    points, interrupted = FixedPoints(map, ()), False
    found: dict[tuple[int, sp.Symbol], Thresholds] = {}
    invariant: InvariantManifolds | None = None
    regions: tuple[ForwardInvariantRegion, ...] = ()
    periodic: list[Cycles] = []
    try:
        tell("fixed points")
        points = fixed_points(map, budget)
        for n, p in enumerate(points):
            for symbol in parameters:
                tell(f"thresholds of fixed point {n + 1} along {symbol}")
                found[n, symbol] = thresholds(p, symbol, budget / 4)
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
