"""A point of codimension two on a bifurcation curve, as it is found and as it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynsharp.normal_forms.critical_form import Codim2Form
from dynsharp.results import Result, shown
from dynsharp.types import Array


@dataclass(frozen=True, repr=False, eq=False)
class Codim2Point(Result):
    """A point of a bifurcation curve at which a second condition holds.

    Attributes
    ----------
    kind
        The name of one of `dynsharp.bifurcations.codim2.kinds`, such as "cusp" or "1:2".
    parameters, values
        What is continued, and the values there.
    uncertainty
        Bound on the error of each value, from rounding; where the point was not located, the
        extent of the bracket.
    state
        For each state variable its value; for a cycle the array of its values along it.
    multipliers
        All of them, those of the curve first.
    normal_form
        What happens nearby; None where the point was not located.
    bracket
        The values of both parameters at the two points between which it lies.
    period
        Of the cycle.
    status
        "located", or the sentence that says what failed and what to try.
    """

    kind: str
    parameters: tuple[str, str]
    values: tuple[float, float]
    uncertainty: tuple[float, float]
    state: Mapping[str, Any]
    multipliers: Array
    normal_form: Codim2Form | None
    bracket: tuple[tuple[float, float], tuple[float, float]]
    period: int = 1
    status: str = "located"

    @property
    def place(self) -> str:
        """The values, in words."""
        pairs = zip(self.parameters, self.values, strict=True)
        return ", ".join(f"{name} = {value:.10g}" for name, value in pairs)

    @property
    def says(self) -> str:
        """The normal form and what failed, in words."""
        note = f"; {self.status}" * (self.status != "located")
        return f"{self.normal_form or 'no normal form'}{note}"

    def __repr__(self) -> str:
        rows = zip(self.parameters, self.values, self.uncertainty, strict=True)
        where = ", ".join(f"{name} = {value:.15g} ± {error:.1g}" for name, value, error in rows)
        mu = ", ".join(shown(m) for m in self.multipliers[:4])
        return f"{self.kind} at {where}: {shown(self.state)}; multipliers {mu}; {self.says}"
