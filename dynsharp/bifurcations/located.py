"""A located special point, as the engine passes it on: public results are made of these last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dynsharp.bifurcations.kind import LOCATED, Kind, Place
from dynsharp.shooting.problem import Point
from dynsharp.types import Array


@dataclass(frozen=True)
class Located:
    """Something that happens on a branch between two of its points.

    Attributes
    ----------
    kind
        Its kind.
    y
        The cycle and the parameter, (x_0, ..., x_{P-1}, p).
    mu
        The multipliers, in the order of the branch.
    uncertainty
        Bound on the error of the parameter; the width of the bracket if it was not located.
    bracket
        Points between which it lies.
    index
        It lies after the point of this number.
    count
        How many multipliers (or pairs) are critical together.
    tangents
        At a branch point those (x_0, p) of the branch that was followed and of the other one.
    form
        The normal form; None where the status or the kind says why.
    status
        "located", or the sentence that says what failed and what to try.
    """

    kind: Kind
    y: Array
    mu: Array
    uncertainty: float
    bracket: tuple[Point, Point]
    index: int
    count: int = 1
    tangents: tuple[Array, ...] = ()
    form: Any = None
    status: str = LOCATED

    @classmethod
    def at(
        cls, kind: Kind, place: Place, bracket: tuple[Point, Point], index: int, **more: Any
    ) -> Located:
        """Return the event of a kind at a place; ``more`` is what the place does not say."""
        known = {"tangents": place.tangents, "status": place.status} | more
        point = place.point
        return cls(kind, point.y, point.mu, place.uncertainty, bracket, index, **known)

    @property
    def value(self) -> float:
        """The parameter."""
        return float(self.y[-1])
