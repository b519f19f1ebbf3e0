"""The branches as a graph: special points and ends are nodes, the pieces between them edges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np

from dynsharp.branch_tree.nodes import Place, place_of
from dynsharp.continuation import Branch, SpecialPoint


def graph_of(branches: Sequence[Branch]) -> nx.MultiGraph:
    """Return the graph of branches, as `BifurcationDiagram.graph` says."""
    graph, places = nx.MultiGraph(), _Places()
    for branch in branches:
        for i, point in _marks(branch):
            places.add(graph, branch, i, point)
    for number, branch in enumerate(branches):
        _add_pieces(graph, places, number, branch)
    return graph


class _Places:
    """Nodes by where they are."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Place, int]] = []
        self.of: dict[tuple[int, int], int] = {}

    def add(self, graph: nx.MultiGraph, branch: Branch, i: int, point: SpecialPoint | None) -> None:
        place = place_of(branch.track, branch.track.Y[i])
        for other, node in self.nodes:
            known = graph.nodes[node]
            if place.same(other) and (point is not None or known["point"] is not None):
                self.of[id(branch), i] = node
                if point is not None and _more(point, known["point"]):
                    known.update(kind=point.kind, point=point, text="")
                return
        node = graph.number_of_nodes()
        self.nodes.append((place, node))
        self.of[id(branch), i] = node
        text = "" if point is not None else branch.ends[0 if i == 0 else 1]
        graph.add_node(
            node,
            kind="end" if point is None else point.kind,
            parameter=branch.parameter,
            value=place.value,
            period=len(place.states),
            point=point,
            text=text,
        )


def _more(point: SpecialPoint, known: SpecialPoint | None) -> bool:
    """Whether a point says more about a place than what is known of it."""
    return known is None or _rank(point) > _rank(known)


def _rank(point: SpecialPoint) -> float:
    """Branches of the same period that cross come before longer cycles, these before nothing."""
    times = point.located.kind.leaves.times
    return 1 / times if times else 0.0


def _marks(branch: Branch) -> list[tuple[int, SpecialPoint | None]]:
    """Rows at which a branch is cut, in order."""
    marks: dict[int, SpecialPoint | None] = {}
    if len(branch) and not branch.track.closed:
        marks = {0: None, len(branch) - 1: None}
    marks |= dict(zip(branch.track.places, branch.special_points, strict=True))
    return sorted(marks.items(), key=lambda item: item[0])


def _add_pieces(graph: nx.MultiGraph, places: _Places, number: int, branch: Branch) -> None:
    rows = [i for i, _ in _marks(branch)]
    pieces: list[tuple[tuple[int, int], ...]] = [(pair,) for pair in pairwise(rows)]
    if branch.track.closed and rows:
        pieces.append(((rows[-1], len(branch) - 1), (0, rows[0])))
    for piece in pieces:
        indices = np.concatenate([np.arange(first, last + 1) for first, last in piece])
        ends = [places.of[id(branch), i] for i in (piece[0][0], piece[-1][1])]
        graph.add_edge(*ends, **_attributes(number, branch, piece, indices))


def _attributes(
    number: int, branch: Branch, piece: tuple[tuple[int, int], ...], indices: Any
) -> dict[str, Any]:
    inside = branch.stable[indices[1:-1]]
    values = branch.values[indices]
    return {
        "branch": number,
        "period": branch.period,
        "stable": bool(inside[len(inside) // 2]) if len(inside) else False,
        "family": bool(branch.family),
        "low": float(values.min()),
        "high": float(values.max()),
        "rows": piece,
    }
