"""How special points are drawn: the markers that their kinds name, and their legend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matplotlib.lines import Line2D

from dynsharp.bifurcations import kinds, marker_of
from dynsharp.plotting._style import PALETTE, STABLE, UNSTABLE

DASHES = (0, (3.2, 1.6))


def mark_of(kind: str) -> dict[str, Any]:
    """Return the marker of a kind of special point, as matplotlib takes it."""
    marker = marker_of(kind)
    colour = PALETTE[marker.colour]
    return {"marker": marker.symbol, "mfc": colour, "mec": PALETTE["black"], "mew": 0.6}


def handles(stable: Iterable[bool], found: Iterable[str]) -> list[Line2D]:
    """Return the legend of branches, stable and not, and of the kinds of special points."""
    parts, found = set(stable), set(found)
    lines = [
        Line2D([], [], color=STABLE, lw=1.4, label="stable"),
        Line2D([], [], color=UNSTABLE, lw=1.1, ls=DASHES, label="unstable"),
    ]
    known = [kind.name for kind in kinds()]
    order = [*(name for name in known if name in found), *sorted(found - set(known))]
    return [line for line, s in zip(lines, (True, False), strict=True) if s in parts] + [
        Line2D([], [], ls="none", ms=5, label=marker_of(name).label, **mark_of(name))
        for name in order
    ]
