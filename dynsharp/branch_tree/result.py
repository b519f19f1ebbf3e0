"""What `bifurcation_diagram` returns: the branches, how they hang together, what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from dynsharp.branch_tree.graph import graph_of
from dynsharp.branch_tree.grow import Growth
from dynsharp.branch_tree.origin import Origin, Unfollowed
from dynsharp.continuation import Branch, SpecialPoint
from dynsharp.continuation import branch as single
from dynsharp.map import DiscreteMap
from dynsharp.results import Result, attributes, parts, plain, table

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, repr=False, eq=False)
class BifurcationDiagram(Result):
    """The branches of fixed points and cycles of a map along a parameter, and how they connect.

    Attributes
    ----------
    map, parameter, span, fixed
        What was followed: the map, the name of the parameter, its least and greatest value, numbers
        for the others.
    depth
        Number of switches from a start after which no branch is followed further.
    branches
        `Branch` objects, each solution on one of them. Families of fixed points are followed along
        their own coordinate: their ``family`` says so.
    origins
        For each branch where it comes from: ``.branch`` and ``.point`` of the switch, ``.depth``,
        and ``.text``, which says the same in words.
    unfollowed
        Whatever was not followed, each with ``.what``, ``.reason`` and ``.branch``.
    status
        "complete", or the sentence that says what ended the search early.
    """

    map: DiscreteMap
    parameter: str
    span: tuple[float, float]
    fixed: Mapping[str, float]
    depth: int
    branches: tuple[Branch, ...]
    origins: tuple[Origin, ...]
    unfollowed: tuple[Unfollowed, ...]
    status: str = "complete"

    @cached_property
    def graph(self) -> nx.MultiGraph:
        """Special points and ends as nodes, the pieces of branches between them as edges.

        Nodes are numbered and have the attributes ``kind`` ("flip", "fold", "branch",
        "neimark-sacker", "end"), ``parameter``, ``value``, ``period``, ``point`` (the
        `SpecialPoint`, None for an end) and ``text`` (of an end: why the branch was not followed
        further). Edges have ``branch`` (its number), ``period``, ``stable``, ``family``, ``low``
        and ``high`` (of the parameter) and ``rows``: the ranges (first, last) of the branch's
        points, two where a closed branch is cut.
        """
        return graph_of(self.branches)

    @property
    def special_points(self) -> tuple[SpecialPoint, ...]:
        """All special points, each once, by their value."""
        points = [p for _, p in self.graph.nodes(data="point") if p is not None]
        return tuple(sorted(points, key=lambda p: (p.parameter != self.parameter, p.value)))

    def to_dataset(self) -> xr.Dataset:
        """Return all branches as one Dataset along ``row``: a point of a branch, in one phase.

        Variables: ``branch`` (its number), ``period``, ``phase``, the parameter, the state,
        ``stable``, ``arclength``, and ``multipliers`` with dimensions ``multiplier`` and ``part``.
        The settings are in ``attrs``.
        """
        import xarray as xr

        n, every = self.map.dimension, [_columns(self, i) for i in range(len(self.branches))]
        names = ["branch", "period", "phase", self.parameter, "stable", "arclength"]
        names += [s.name for s in self.map.state]
        empty = {name: np.empty(0) for name in names} | {"multipliers": np.empty((0, n, 2))}
        columns = {
            name: np.concatenate([p[name] for p in every]) if every else none
            for name, none in empty.items()
        }
        variables: dict[str, Any] = {k: ("row", v) for k, v in columns.items()}
        variables["multipliers"] = (("row", "multiplier", "part"), columns["multipliers"])
        attrs = attributes(
            self.map,
            self.fixed,
            parameter=self.parameter,
            span=", ".join(map(repr, self.span)),
            depth=self.depth,
            status=self.status,
            unfollowed="; ".join(map(str, self.unfollowed)),
        )
        return xr.Dataset(variables, {"part": ["real", "imaginary"]}, attrs)

    def entries(self) -> dict[str, Any]:
        """Return the branches, each with where it comes from, and what was not followed."""
        names = ("parameter", "span", "fixed", "depth", "status")
        return plain({name: getattr(self, name) for name in names}) | {
            "branches": [
                {"from": o.text, **b.entries()}
                for b, o in zip(self.branches, self.origins, strict=True)
            ],
            "not_followed": [str(u) for u in self.unfollowed],
        }

    def rows(self) -> tuple[SpecialPoint, ...]:
        """Return the special points: the rows of `to_dataframe`."""
        return self.special_points

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "graph"}

    def __repr__(self) -> str:
        count = len(self.special_points)
        lines = [
            f"bifurcation diagram of {self.map.name} along {self.parameter}, {self.span[0]:g} to "
            f"{self.span[1]:g}, depth {self.depth}: {len(self.branches)} branches, {count} special "
            "points"
        ]
        head = ("branch", "period", "values", "stable", "special points", "from")
        lines += table([head, *(_row(self, i) for i in range(len(self.branches)))])
        if self.unfollowed:
            lines.append("    not followed:")
            lines += [f"        {u}" for u in self.unfollowed]
        return "\n".join(lines + [f"    {self.status}"] * (self.status != "complete"))


def wrapped(growth: Growth) -> BifurcationDiagram:
    """Return the branches that were followed, with where they come from, as a public result."""
    problem = growth.settings.problem
    branches = tuple(single.wrapped(track) for track in growth.tracks)
    origins = []
    for parent in growth.parents:
        point = None
        if parent.branch is not None and parent.event is not None:
            points = branches[parent.branch].special_points
            point = next(p for p in points if p.located is parent.event)
        origins.append(Origin(parent.branch, point, parent.text, parent.depth))
    return BifurcationDiagram(
        problem.map,
        str(problem.parameter),
        problem.span,
        dict(problem.values),
        growth.settings.depth,
        branches,
        tuple(origins),
        tuple(growth.unfollowed),
        growth.status,
    )


def _row(diagram: BifurcationDiagram, i: int) -> tuple[str, ...]:
    b, origin = diagram.branches[i], diagram.origins[i]
    values = f"{b.values.min():.6g} to {b.values.max():.6g}" if len(b) else "none"
    if b.family:
        at = f"{diagram.parameter} = {b.fixed[diagram.parameter]:.6g}"
        values = f"{b.parameter} = {values}, a family at {at}"
    stable = [
        f"{float(part[b.parameter].min()):.6g} to {float(part[b.parameter].max()):.6g}"
        for part in b.segments(stable=True)
    ]
    points = [f"{p.kind} {p.value:.6g}" for p in b.special_points]
    shown = ", ".join(points[:4]) + f", {len(points) - 4} more" * (len(points) > 4)
    pieces = ", ".join(stable[:3]) + f", {len(stable) - 3} more" * (len(stable) > 3)
    name = f"{'  ' * origin.depth}{i}"
    return name, str(b.period), values, pieces or "nowhere", shown or "none", origin.text


def _columns(diagram: BifurcationDiagram, i: int) -> dict[str, Any]:
    """One row for each point and phase of a branch."""
    b = diagram.branches[i]
    size, period = len(b), b.period
    value = b.values
    if b.family:
        value = np.full(size, b.fixed[diagram.parameter])
    mu = parts(b.multipliers)
    columns = {
        "branch": np.full(size, i, dtype=np.int32),
        "period": np.full(size, period, dtype=np.int32),
        diagram.parameter: value,
        "stable": b.stable.astype(np.int8),
        "arclength": b.arclength,
        "multipliers": mu,
    }
    rows = {k: np.repeat(v, period, axis=0) for k, v in columns.items()}
    rows["phase"] = np.tile(np.arange(period, dtype=np.int32), size)
    states = b.states.reshape(size * period, -1)
    return rows | {s.name: states[:, k] for k, s in enumerate(b.map.state)}
