"""A claim: what theory says, what a simulation gives, and how far apart they may be, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.map import DiscreteMap
from dynsharp.results import Result, plain
from dynsharp.sweeps import orbit_diagram

ROUNDING = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Row(Result):
    """One comparison.

    Attributes
    ----------
    part
        What it is about: the UV model, the chain, the chain on data.
    name
        The claim in words.
    theory, simulation
        Both values.
    tolerance
        Largest difference that the measurement can explain; absolute.
    because
        Where the tolerance comes from.
    exact
        The theory as an exact expression, where it is one.
    """

    part: str
    name: str
    theory: float
    simulation: float
    tolerance: float
    because: str
    exact: sp.Expr | None = None

    def entries(self) -> dict[str, Any]:
        """Return the fields, the name as ``claim``, with the difference and the verdict."""
        fields = super().entries()
        found = {"difference": plain(self.difference), "passed": self.passed}
        return {"claim": fields.pop("name"), **fields, **found}

    @property
    def difference(self) -> float:
        """|simulation − theory|."""
        return abs(self.simulation - self.theory)

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance: never if something is not a number."""
        return math.isfinite(self.tolerance) and self.difference <= self.tolerance


def number(exact: sp.Expr | None, at: Mapping[sp.Symbol, Any] | None = None) -> float:
    """Return an exact value as a float, after a substitution; not a number where there is none."""
    return math.nan if exact is None else float(exact.subs(at or {}))


def bisect(
    holds: Callable[[float], bool], low: float, high: float, width: float
) -> tuple[float, float]:
    """Return the middle and half the width of the bracket in which a property is lost.

    ``holds`` is true at ``low`` and false at ``high``; if not so, the middle is not a number.
    """
    if not holds(low) or holds(high):
        return math.nan, math.nan
    while high - low > width:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return (low + high) / 2, (high - low) / 2


@dataclass(frozen=True)
class Onset:
    """Where an orbit stops settling on a period: the value, and how well it is known."""

    value: float
    error: float
    because: str


def onset(
    map: DiscreteMap,
    parameter: str,
    span: tuple[float, float],
    start: dict[str, Any],
    *,
    period: int = 1,
    fixed: dict[str, float] | None = None,
    steps: int = 200_000,
    scale: float = 1.0,
) -> Onset:
    """Find by sectioning where orbits stop settling on a cycle of that period.

    A state counts as settled if it comes back within 0.0002. At a distance δ from the flip (in
    units of ``scale``) deviations decay like e^(−2δn) below it and settle at √δ above, so that n
    steps resolve δ ≈ 5/n and no less; the bracket ends below that.
    """
    low, high = span
    resolution = 5 / steps * scale
    while high - low > resolution / 4:
        values = np.linspace(low, high, 129)
        data = orbit_diagram(
            map, parameter, values, start, transient=steps, keep=period + 1, fixed=fixed,
            progress=False,
        )  # fmt: skip
        moves = [np.abs(data[s.name][:, period] - data[s.name][:, 0]) for s in map.state]
        moving = ~(np.max(moves, axis=0) < 2e-4)  # true where the orbit diverged
        first = int(np.argmax(moving))
        if first == 0:  # nowhere, or from the start on: the span does not hold the onset
            return Onset(math.nan, resolution, f"no onset in {span}")
        low, high = float(values[first - 1]), float(values[first])
    error = (high - low) / 2 + resolution
    return Onset((low + high) / 2, error, f"half the bracket and what {steps:,} steps resolve")
