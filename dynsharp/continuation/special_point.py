"""What is told of a point of a branch at which something happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dynsharp.bifurcations.kind import LOCATED
from dynsharp.bifurcations.located import Located
from dynsharp.bifurcations.registry import kind_named
from dynsharp.continuation.track import Track
from dynsharp.normal_forms.codim1 import NormalForm
from dynsharp.results import Result, shown
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array


@dataclass(frozen=True, repr=False, eq=False)
class SpecialPoint(Result):
    """A point of a branch where stability changes, the branch turns round or another one crosses.

    Or where a function of the user's vanishes, which says nothing of stability.

    Attributes
    ----------
    kind
        "flip", "fold", "branch" or "neimark-sacker"; the name of an event of the user's.
    parameter, value
        What is continued, and its value there.
    uncertainty
        Bound on the error of ``value``, from the rounding errors of the defining system; where the
        point was not located, the width of the bracket.
    state
        For each state variable its value; for a cycle the array of its values along it.
    multipliers
        All of them, the largest first.
    normal_form
        What happens nearby: a `NormalForm`; for a family of fixed points a `FamilyFlipForm`. None
        where the status says why.
    bracket
        Parameter values between which it lies, and between which it was looked for.
    period
        Of the cycle.
    status
        "located", or the sentence that says what failed and what to try.
    curve, located
        The problem that it is a solution of, and the point as it was found: enough to go on from it
        alone.
    """

    told = (
        "kind", "parameter", "value", "uncertainty", "state", "multipliers", "criticality",
        "normal_form", "bracket", "period", "status",
    )  # fmt: skip

    kind: str
    parameter: str
    value: float
    uncertainty: float
    state: Mapping[str, Any]
    multipliers: Array
    normal_form: Any
    bracket: tuple[float, float]
    period: int = 1
    status: str = LOCATED
    curve: Curve = field(compare=False, kw_only=True)
    located: Located = field(compare=False, kw_only=True)

    @property
    def bifurcation(self) -> bool:
        """Whether it is not an event of the user's."""
        return kind_named(self.kind) is not None

    @property
    def criticality(self) -> str | None:
        """That of the normal form; None without one."""
        return getattr(self.normal_form, "criticality", None)

    def __repr__(self) -> str:
        parts = [shown(self.state), f"multipliers {shown(self.multipliers)}", self.reading]
        return f"{self.kind} at {self.parameter} = {self.value:.15g} ± {self.uncertainty:.1g}: " + (
            "; ".join(part for part in parts if part)
        )

    @property
    def reading(self) -> str:
        """The normal form and what failed, in a line."""
        parts = [_first_line(self.normal_form)] if self.bifurcation else []
        return "; ".join(parts + [self.status] * (self.status != LOCATED))


def special_points(track: Track) -> tuple[SpecialPoint, ...]:
    """Return what is told of the events on a track."""
    return tuple(_told(track, event) for event in track.events)


def _told(track: Track, event: Located) -> SpecialPoint:
    curve, axis = track.curve, track.axis
    low, high = sorted(float(point.y[axis]) for point in event.bracket)
    return SpecialPoint(
        event.kind.name,
        track.parameter,
        float(event.y[axis]),
        event.uncertainty,
        curve.named(event.y),
        event.mu[np.argsort(-np.abs(event.mu), kind="stable")],
        event.form,
        (low, high),
        curve.period,
        event.status,
        curve=curve,
        located=event,
    )


def _first_line(form: Any) -> str:
    if form is None:
        return "no normal form"
    return repr(form) if isinstance(form, NormalForm) else str(getattr(form, "reading", form))
