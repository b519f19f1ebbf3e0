"""The route to chaos, continued: branches, their tree, and cascades to many digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dynsharp import plotting, systems
from dynsharp.branch_tree import BifurcationDiagram, bifurcation_diagram
from dynsharp.continuation import Cascade, cascade
from dynsharp.derive import Table, letter
from dynsharp.map import DiscreteMap
from dynsharp.report.effort import Effort
from dynsharp.report.exact_uv import UVTheory
from dynsharp.report.rows import ROUNDING, Row
from dynsharp.sweeps import orbit_diagram

_PART = "branches"
_DIGITS = 30
_DEPTH = 4  # switches: cycles up to period 16


@dataclass(frozen=True)
class Continued:
    """Branches of the UV map on its edge-of-stability manifold, and cascades by name of the map."""

    diagram: BifurcationDiagram
    cascades: dict[str, Cascade]


def continued(theory: UVTheory, effort: Effort, tell: Callable[[str], None]) -> Continued:
    """Follow the branches from the derived fixed points, and the cascades of UV and chains."""
    m, rho, end = theory.reduced.map, theory.rho.name, float(theory.end)
    tell("tree of branches")
    diagram = bifurcation_diagram(
        m, rho, (end / 10, end), list(theory.reduced.fixed_points), depth=_DEPTH,
        progress=False,
    )  # fmt: skip
    point = next(
        theory.reduced.fixed_points[n]
        for (n, _), found in theory.reduced.thresholds.items()
        if theory.flip in found
    )
    starts: dict[str, tuple[DiscreteMap, Any]] = {"UV": (m, point)}
    for depth in effort.depths[1:3]:  # the balanced chain of depth 2 is the UV map once more
        starts[f"chain of depth {depth}"] = systems.balanced_chain(depth), {"omega": 1.0}
    cascades = {}
    for name, (map_, start) in starts.items():  # all of them flip at the same value
        tell(f"cascade of {name}")
        before = 0.98 * float(theory.flip.value)
        cascades[name] = cascade(map_, map_.parameters[0], start, before, effort.doublings, _DIGITS)
    return Continued(diagram, cascades)


def continued_figures(
    theory: UVTheory, found: Continued, effort: Effort
) -> Iterator[tuple[str, Any, str]]:
    """Yield file name, figure and caption, one by one."""
    d = found.diagram
    (F,) = (s.name for s in d.map.state)
    values = np.linspace(float(theory.flip.value) * 0.8, d.span[1], effort.values)
    start = {F: 0.4}
    orbits = orbit_diagram(d.map, d.parameter, values, start, transient=5000, progress=False)
    caption = (
        "Branches of fixed points and cycles on the edge-of-stability manifold, continued from the "
        "derived fixed points, over the orbit diagram (grey): solid where stable, dashed where "
        f"not; {len(d.branches)} branches, {len(d.special_points)} special points."
    )
    axes = plotting.bifurcation_diagram(d, F, over=orbits)
    yield "uv_branches", axes, caption
    caption = (
        "The same as a tree: one lane a branch, from each special point to what begins there. "
        "The last flips are those that were not switched at."
    )
    yield "uv_branch_tree", plotting.bifurcation_tree(d), caption


def compare_continued(theory: UVTheory, found: Continued) -> Iterator[Row]:
    """Hold the continued flips against the derived ones, and the cascades against each other."""
    flips = [p for p in found.diagram.special_points if p.kind == "flip"]
    exact = {
        "flip of the fixed point": theory.flip.value,
        "flip of the 2-cycle": theory.second_flip,
    }
    for (name, value), point in zip(exact.items(), flips, strict=False):
        bound = point.uncertainty + ROUNDING * abs(point.value)
        because = "the stated uncertainty and one rounding"
        yield Row(_PART, f"{name}, continued", float(value), point.value, bound, because, value)
    reference = found.cascades["UV"].delta
    for name, c in found.cascades.items():
        if name == "UV":
            continue
        bound = float(c.delta.error + reference.error)
        because = "both error bounds, from the convergence of the ratios"
        label = f"Feigenbaum's δ: {name} against UV"
        yield Row(_PART, label, float(reference), float(c.delta), bound, because)


def cascade_table(name: str, c: Cascade) -> Table:
    """Return the flips of a cascade with their ratios, δ and α below."""
    parameter = letter(c.parameter)
    ratios: list[Any] = ["", "", *map(str, c.ratios)]
    rows = [
        (str(period), str(value), ratio)
        for period, value, ratio in zip(c.periods, c.thresholds, ratios, strict=False)
    ]
    notes = [
        f"Accumulation at {parameter} = {c.accumulation}; δ = {c.delta}; α = {c.alpha}. "
        + ("" if c.status == "complete" else c.status)
    ]
    columns = ("period", f"flip at {parameter}", "ratio")
    return Table(f"Period doubling, {name}", columns, rows, notes)
