"""A sweep of one parameter, ready to run: map, values, start and thresholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.cli.arguments import load, start_of, sweeps
from dynsharp.cli.starts import start_next_to
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.results import number
from dynsharp.symbolic.fixed_points import FixedPoints, fixed_points
from dynsharp.symbolic.thresholds import Threshold, thresholds

_BUDGET = 5.0  # seconds for the thresholds of a fixed point


@dataclass(frozen=True)
class Swept:
    """A sweep that is ready to run.

    Attributes
    ----------
    map, parameter, values
        The map with all other parameters put in, and what is swept.
    start, begins
        A start for every value, and a sentence that says which.
    thresholds, unresolved
        The thresholds with a closed form between the ends, and what was not resolved.
    """

    map: DiscreteMap
    parameter: str
    values: Any
    start: Mapping[str, Any]
    begins: str
    thresholds: list[Threshold]
    unresolved: list[str]

    def numbers(self, sweep: Any) -> dict[str, Any]:
        """Return what a command says of the sweep, and of the Dataset that it led to."""
        return {
            "system": self.map.name,
            "parameter": self.parameter,
            "from": float(self.values[0]),
            "to": float(self.values[-1]),
            "number": len(self.values),
            "start": self.begins,
            "transient": int(sweep.attrs["transient"]),
            "diverged": int(sweep.attrs["diverged"]),
            "outside_domain": int(sweep.attrs.get("outside_domain", 0)),
            "unfinished": int(sweep.attrs["unfinished"]),
            "thresholds": [
                {
                    "kind": t.kind,
                    "value": str(t.value),
                    "float": number(t.value),
                    "criticality": t.criticality,
                }
                for t in self.thresholds
            ],
            "unresolved": self.unresolved,
        }


def swept(
    system: str,
    sweep: list[str],
    fixed: list[str] | None,
    start: list[str] | None,
    tell: Callable[..., None],
) -> Swept:
    """Read the words of a command; without a start it is next to a fixed point.

    Raises
    ------
    InputError
        If a word is wrong, more than one parameter is swept, or another has no value.
    """
    grid = sweeps(sweep)
    if len(grid) != 1:
        raise InputError("--sweep", f"{len(grid)} parameters", "one")
    ((parameter, values),) = grid.items()
    m = load(system, fixed, swept=[parameter])
    given = start_of(m, start)
    tell("fixed points and thresholds")
    points = fixed_points(m)
    found, unresolved = _thresholds(points, parameter, values)
    if given is not None:
        begins = ", ".join(f"{name} = {v:g}" for name, v in given.items())
        return Swept(m, parameter, values, given, begins, found, unresolved)
    tell("a start")
    chosen, begins = start_next_to(m, points, parameter, values)
    return Swept(m, parameter, values, chosen, begins, found, unresolved)


def _thresholds(
    points: FixedPoints, parameter: str, values: Any
) -> tuple[list[Threshold], list[str]]:
    """Return the thresholds of fixed points between the ends of a sweep, and what is unresolved.

    A threshold whose condition fails, or that is not real, does not exist for these parameters.
    """
    found: list[Threshold] = []
    unresolved = list(points.unresolved)
    for p in points:
        some = thresholds(p, parameter, budget=_BUDGET)
        unresolved += some.unresolved
        for t in some:
            if not (t.value.is_number and t.value.is_extended_real):
                continue
            inside = values[0] <= float(t.value) <= values[-1]
            known = any((o.kind, o.value) == (t.kind, t.value) for o in found)
            if inside and not known and t.condition != sp.false:
                found.append(t)
    return sorted(found, key=lambda t: float(t.value)), unresolved


def summary(growth: Any) -> dict[str, Any]:
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


def counts(dataset: Any) -> dict[str, int]:
    """Return how many orbits of a phase diagram settle on each period, and on none."""
    names = {
        0: f"none up to {dataset.attrs['max_period']}",
        -1: "diverged",
        -2: "unfinished",
        -3: "start outside the domain",
    }
    found, number = np.unique(dataset["period"].to_numpy(), return_counts=True)
    order = sorted(zip(found.tolist(), number.tolist(), strict=True), key=lambda c: (c[0] <= 0, c))
    return {names.get(p, str(p)): n for p, n in order}
