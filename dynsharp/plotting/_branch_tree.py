"""The graph of a bifurcation diagram as a tree: a lane for every branch, the parameter along it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from matplotlib.axes import Axes

from dynsharp.errors import InputError
from dynsharp.plotting._kinds import DASHES, handles, mark_of
from dynsharp.plotting._labels import label
from dynsharp.plotting._style import GREY, PALETTE, STABLE, UNSTABLE, axes_for, styled

if TYPE_CHECKING:
    from dynsharp.branch_tree import BifurcationDiagram

Edge: TypeAlias = tuple[int, int, int]

_LANE = 0.26  # height of a track, in inches
_FEW = 4  # special points of a family that are named
_LABELLED = 60  # special points up to which each has its value written next to it


@styled
def bifurcation_tree(diagram: BifurcationDiagram, *, ax: Axes | None = None) -> Axes:
    """Draw how branches hang together: each on its own lane, joined where they meet.

    A branch is a line from one end to the other along the parameter, on a further track (with the
    same number) where it turns round; thick and solid where it is stable, dashed where not. A thin
    vertical line leads from a special point to each branch that begins or passes there. A family of
    fixed points stands at the value at which it was followed.

    Parameters
    ----------
    diagram
        Of `dynsharp.bifurcation_diagram`.
    ax
        Where to draw; a new figure, as high as the tree needs, if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no branch.
    """
    if not diagram.branches:
        raise InputError("diagram", "one without branches", "at least one branch")
    rows = _rows(diagram)
    ax = axes_for(ax, (6.4, 1.1 + _LANE * len(rows.branches)))
    graph = diagram.graph
    meeting: dict[int, list[float]] = {n: [] for n in graph}
    for (u, v, key), y in rows.edges.items():
        edge = graph.edges[u, v, key]
        start, end = _value(diagram, u), _value(diagram, v)
        if edge["family"]:
            start = end = diagram.branches[edge["branch"]].fixed[diagram.parameter]
        elif start == end:  # closed, or a piece that comes back to the same value
            start, end = edge["low"], edge["high"]
        style: dict[str, Any] = {"color": STABLE, "lw": 2.2} if edge["stable"] else _UNSTABLE
        (line,) = ax.plot([start, end], [y, y], solid_capstyle="butt", zorder=2, **style)
        line.set_gid(f"branch {edge['branch']}")
        meeting[u].append(y)
        meeting[v].append(y)
    count = sum(a["point"] is not None for _, a in graph.nodes(data=True))
    for n, levels in meeting.items():
        if levels:
            _draw_node(ax, diagram, n, sorted(set(levels)), count <= _LABELLED)
    _label_families(ax, diagram, rows.branches)
    _dress(ax, diagram, rows.branches)
    return ax


_UNSTABLE: dict[str, Any] = {"color": UNSTABLE, "lw": 1.1, "ls": DASHES}


@dataclass
class _Rows:
    """Where everything is drawn: the row of each edge, and the branch that each row belongs to."""

    edges: dict[Edge, float] = field(default_factory=dict)
    branches: list[int] = field(default_factory=list)


def _rows(diagram: BifurcationDiagram) -> _Rows:
    """Lay out the tree: each track of a branch, then the branches that were switched to from it.

    The pieces of a branch share a track as long as they go on in one direction.
    """
    graph = diagram.graph
    pieces: dict[int, list[Edge]] = {i: [] for i in range(len(diagram.branches))}
    for u, v, key, number in graph.edges(keys=True, data="branch"):
        pieces[number].append((u, v, key))
    children: dict[int | None, list[int]] = {}
    for i, origin in enumerate(diagram.origins):
        children.setdefault(origin.branch, []).append(i)
    rows = _Rows()
    stack: list[tuple[int, list[Edge]]] = []

    def push(numbers: list[int]) -> None:
        for i in reversed(numbers):
            stack.extend((i, track) for track in reversed(_tracks(diagram, i, pieces[i])))

    push(children.get(None, []))
    waiting = {i: list(numbers) for i, numbers in children.items() if i is not None}
    left = {i: len(_tracks(diagram, i, p)) for i, p in pieces.items()}
    while stack:
        number, track = stack.pop()
        rows.edges |= {edge: float(len(rows.branches)) for edge in track}
        rows.branches.append(number)
        left[number] -= 1
        nodes = {n for u, v, _ in track for n in (u, v)}
        here = [
            i
            for i in waiting.get(number, [])
            if left[number] == 0 or nodes & {n for u, v, _ in pieces[i] for n in (u, v)}
        ]
        waiting[number] = [i for i in waiting.get(number, []) if i not in here]
        push(here)
    return rows


def _tracks(diagram: BifurcationDiagram, number: int, pieces: list[Edge]) -> list[list[Edge]]:
    edges, values = diagram.graph.edges, diagram.branches[number].values
    tracks: list[list[Edge]] = []
    before = 0
    for edge in sorted(pieces, key=lambda e: edges[e]["rows"][0]):
        first, last = edges[edge]["rows"][0]
        direction = 1 if values[min(last, first + 1)] >= values[first] else -1
        if direction != before:
            tracks.append([])
        tracks[-1].append(edge)
        before = direction
    return tracks or [[]]


def _value(diagram: BifurcationDiagram, node: int) -> float:
    return float(diagram.graph.nodes[node]["value"])


def _draw_node(
    ax: Axes, diagram: BifurcationDiagram, node: int, levels: list[float], labelled: bool
) -> None:
    data = diagram.graph.nodes[node]
    family = data["parameter"] != diagram.parameter
    x = data["value"]
    if family:
        number = min(e["branch"] for *_, e in diagram.graph.edges(node, data=True))
        x = diagram.branches[number].fixed[diagram.parameter]
    if len(levels) > 1:
        ax.plot([x, x], [levels[0], levels[-1]], color=GREY, lw=0.7, zorder=1)
    if data["point"] is None:
        ax.plot(x, levels[0], marker="|", ms=5, color=PALETTE["black"], mew=0.8, zorder=3)
        return
    for k, y in enumerate(levels):  # where it was found, in full; small where it is passed again
        size = 5.0 if k == 0 else 3.0
        (mark,) = ax.plot(x, y, ls="none", ms=size, zorder=4, **mark_of(data["kind"]))
        mark.set_gid(data["kind"])
    if labelled and not family:
        _write(ax, x, levels[0], f"{data['value']:.5g}")


def _label_families(ax: Axes, diagram: BifurcationDiagram, rows: list[int]) -> None:
    """Write the coordinates of a family's special points above it: they stand at one value."""
    for y, i in enumerate(rows):
        b = diagram.branches[i]
        if b.family and b.special_points and i not in rows[:y]:
            values = ", ".join(f"{p.value:.5g}" for p in b.special_points[:_FEW])
            more = ", ..." * (len(b.special_points) > _FEW)
            at = b.fixed[diagram.parameter]
            _write(ax, at, y, f"{label(b.parameter)} = {values}{more}")


def _write(ax: Axes, x: float, y: float, text: str) -> None:
    ax.annotate(
        text,
        (x, y),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=6,
        zorder=3.5,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.2},
    )


def _dress(ax: Axes, diagram: BifurcationDiagram, rows: list[int]) -> None:
    ax.set_ylim(len(rows) - 0.3, -1.0)
    low, high = diagram.span
    room = 0.03 * (high - low)
    ax.set_xlim(low - room, high + room)
    ax.set_xlabel(label(diagram.parameter))
    names = [
        f"{i}" if i in rows[:row] else _named(diagram, i) for row, i in enumerate(rows)
    ]  # further tracks of a branch have its number
    ax.set_yticks(range(len(rows)), names)
    ax.tick_params(axis="y", length=0, labelsize=7)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    stable = {bool(s) for _, _, s in diagram.graph.edges(data="stable")}
    kinds = {k for n, k in diagram.graph.nodes(data="kind") if k != "end"}
    ax.legend(
        handles=handles(stable, kinds),
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=6,
        columnspacing=1.2,
        handletextpad=0.4,
    )


def _named(diagram: BifurcationDiagram, i: int) -> str:
    b = diagram.branches[i]
    kind = "fixed points" if b.period == 1 else f"{b.period}-cycles"
    return f"{i}: " + (f"family along {b.parameter}" if b.family else kind)
