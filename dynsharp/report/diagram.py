"""The orbit diagram of the command line: simulate, find the thresholds, draw, summarise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.derive.machine import value
from dynsharp.map import DiscreteMap
from dynsharp.report.starting_points import default_start
from dynsharp.sweeps import lyapunov, orbit_diagram, phase_diagram
from dynsharp.symbolic.fixed_points import FixedPoints, fixed_points
from dynsharp.symbolic.thresholds import Threshold, thresholds

__all__ = ["diagram", "thresholds_within"]

_LONGEST = 64  # period that is looked for


def diagram(
    map: DiscreteMap,
    parameter: str,
    values: Any,
    output: Path,
    *,
    start: Mapping[str, Any] | None = None,
    transient: int = 5000,
    keep: int = 256,
    exponent: bool = True,
    variable: str | None = None,
    periods: bool = False,
    branches: bool = False,
    tell: Callable[..., None] = lambda *stage: None,
) -> dict[str, Any]:
    """Draw an orbit diagram with exact thresholds into a file; return the numbers.

    Parameters
    ----------
    map
        A map whose parameters, but for the one that is swept, have values.
    parameter, values
        What to sweep.
    output
        The file.
    start
        Values of the state variables; next to a fixed point if left out.
    transient, keep
        As for `orbit_diagram`.
    exponent
        Whether to compute and draw the Lyapunov exponent.
    variable
        State variable or observable to draw; the first state variable if left out.
    periods
        Whether to count the periods that orbits settle on.
    branches
        Whether to follow the branches of fixed points and cycles, and draw them in place of the
        exponent; the `BifurcationDiagram` is under ``branches``.
    tell
        Called with the name of each stage.

    Raises
    ------
    InputError
        If every start is outside the domain, or a name is unknown.
    """
    from dynsharp import plotting

    tell("fixed points and thresholds")
    points = fixed_points(map)
    found, unresolved = thresholds_within(points, parameter, values)
    description = "given"
    if start is None:
        tell("a start")
        start, description = default_start(map, points, parameter, values)
    sweep: dict[str, Any] = {"transient": transient, "progress": False}
    tell("orbit diagram")
    orbits = orbit_diagram(
        map, parameter, values, start, keep=keep, record=variable and [variable], **sweep
    )
    numbers: dict[str, Any] = {
        "system": map.name,
        "parameter": parameter,
        "from": float(values[0]),
        "to": float(values[-1]),
        "number": len(values),
        "start": _shown(start) if description == "given" else description,
        "transient": transient,
        "keep": keep,
        "diverged": int(orbits.attrs["diverged"]),
        "outside_domain": int(orbits.attrs.get("outside_domain", 0)),
        "unfinished": int(orbits.attrs["unfinished"]),
        "thresholds": [
            {"kind": t.kind, **value(t.value), "criticality": t.criticality} for t in found
        ],
        "unresolved": unresolved,
    }
    growth = None
    if exponent and not branches and not numbers["unfinished"]:
        tell("Lyapunov exponent")
        growth = lyapunov(map, parameter, values, start, **sweep)
        numbers["exponent"] = _summary(growth)
        numbers["unfinished"] += int(growth.attrs["unfinished"])
    if periods and not numbers["unfinished"]:
        tell("periods")
        settled = phase_diagram(map, {parameter: values}, start, max_period=_LONGEST, **sweep)
        numbers["periods"] = _counts(settled["period"].to_numpy())
    if branches:
        from dynsharp.branch_tree import bifurcation_diagram

        tell("branches")
        span = float(np.min(values)), float(np.max(values))
        tree = bifurcation_diagram(map, parameter, span, progress=False)
        tell("figure")
        axes = plotting.bifurcation_diagram(tree, variable, over=orbits)
        return numbers | {"file": str(plotting.save(axes, output)), "branches": tree}
    tell("figure")
    drawn = plotting.orbit_diagram(orbits, variable, thresholds=found, exponent=growth)
    numbers["file"] = str(plotting.save(drawn, output))
    return numbers


def thresholds_within(
    points: FixedPoints, parameter: str, values: Any
) -> tuple[list[Threshold], list[str]]:
    """Return the thresholds of fixed points between the ends of a sweep, and what is unresolved.

    A threshold whose condition fails, or that is not real, does not exist for these parameters.
    """
    found: list[Threshold] = []
    unresolved = list(points.unresolved)
    for p in points:
        some = thresholds(p, parameter, budget=5.0)
        unresolved += some.unresolved
        for t in some:
            if not (t.value.is_number and t.value.is_extended_real):
                continue
            inside = values[0] <= float(t.value) <= values[-1]
            known = any((o.kind, o.value) == (t.kind, t.value) for o in found)
            if inside and not known and t.condition != sp.false:
                found.append(t)
    return sorted(found, key=lambda t: float(t.value)), unresolved


def _shown(start: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {float(v):g}" for name, v in start.items())


def _summary(growth: Any) -> dict[str, Any]:
    """Return how many exponents are positive beyond two standard errors, and the largest."""
    x, e = growth["exponent"].to_numpy(), growth["standard_error"].to_numpy()
    at = growth[growth.attrs["parameter"]].to_numpy()
    finite = np.isfinite(x)
    numbers: dict[str, Any] = {"positive": int(np.sum(x[finite] > 2 * np.nan_to_num(e[finite])))}
    numbers |= {"of": int(finite.sum()), "iterations": int(growth.attrs["iterations"])}
    if finite.any():
        top = int(np.nanargmax(np.where(finite, x, np.nan)))
        numbers |= {"largest": float(x[top]), "at": float(at[top]), "standard_error": float(e[top])}
    return numbers


def _counts(period: Any) -> dict[str, int]:
    names = {
        0: f"none up to {_LONGEST}",
        -1: "diverged",
        -2: "unfinished",
        -3: "start outside the domain",
    }
    counts = Counter(int(p) for p in period)
    return {names.get(p, str(p)): counts[p] for p in sorted(counts, key=lambda p: (p <= 0, p))}
