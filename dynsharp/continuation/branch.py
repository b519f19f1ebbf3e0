"""What continuation returns: a branch of fixed points or cycles, with its special points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.arguments import checked_count
from dynsharp.bifurcations.located import Located
from dynsharp.bifurcations.registry import kind_named
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.normal_forms.codim1 import NormalForm
from dynsharp.results import Result, attributes, parts, plain, shown, table
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Branch", "SpecialPoint", "same_rows", "special_point"]


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
    status: str = "located"
    _y: Array = field(default_factory=lambda: np.zeros(0))
    _tangents: tuple[Array, ...] = ()
    _curve: Curve | None = None  # the problem it is a point of: enough to go on from it alone

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
        return "; ".join(parts + [self.status] * (self.status != "located"))


def special_point(curve: Curve, event: Located) -> SpecialPoint:
    """Return what is reported of an event."""
    low, high = sorted(point.value for point in event.bracket)
    return SpecialPoint(
        event.kind.name,
        str(curve.parameter),
        event.value,
        event.uncertainty,
        curve.named(event.y),
        event.mu[np.argsort(-np.abs(event.mu), kind="stable")],
        event.form,
        (low, high),
        curve.period,
        event.status,
        event.y,
        event.tangents,
        curve,
    )


@dataclass(frozen=True, repr=False, eq=False)
class Branch(Result):
    """A branch of fixed points or cycles, as arrays along it, and its special points.

    Attributes
    ----------
    map
        The map.
    parameter
        Name of what is continued: a parameter, or the coordinate of a family of fixed points.
    fixed
        Numbers of the other parameters.
    period
        Number of points of a cycle.
    values
        The parameter at each point of the branch (N).
    states
        The cycles: N × period × dimension.
    multipliers
        N × dimension, complex; each column follows one multiplier.
    stable
        Whether all multipliers are inside the unit circle (N); along a family of fixed points those
        across it.
    arclength
        Length along the branch (N), the parameter in units of the span and the state, as the mean
        square over the cycle, in units of its size at the start.
    special_points
        In order along the branch; they are points of the arrays.
    ends
        For both ends a sentence why the branch was not followed further.
    status
        "complete", or the sentence that says what failed and what to try.
    family
        Names of the coordinates of the family of fixed points that is followed; empty otherwise.
    """

    map: DiscreteMap
    parameter: str
    fixed: Mapping[str, float]
    period: int
    values: Array
    states: Array
    multipliers: Array
    stable: Array
    arclength: Array
    special_points: tuple[SpecialPoint, ...]
    ends: tuple[str, str]
    status: str = "complete"
    family: tuple[str, ...] = ()
    _curve: Curve | None = None

    def __len__(self) -> int:
        return len(self.values)

    def entries(self) -> dict[str, Any]:
        """Return what was found on it; the points themselves are in `to_dataset`."""
        stable = (piece[self.parameter] for piece in self.segments(stable=True))
        names = ("parameter", "fixed", "period", "family", "special_points", "ends", "status")
        return plain({name: getattr(self, name) for name in names}) | {
            "points": len(self),
            "stable": [[float(p.min()), float(p.max())] for p in stable],
        }

    def rows(self) -> tuple[SpecialPoint, ...]:
        """Return the special points: the rows of `to_dataframe`."""
        return self.special_points

    def to_dataset(self) -> xr.Dataset:
        """Return the branch as a Dataset along ``point``.

        Variables: the parameter and every state variable (with a dimension ``phase`` for a cycle),
        ``multipliers`` (dimensions ``multiplier`` and ``part``: real, imaginary), ``stable`` and
        ``arclength``, which is a coordinate. The settings are in ``attrs``.
        """
        return self._piece(slice(None))

    def segments(self, stable: bool | None = None) -> list[xr.Dataset]:
        """Return the pieces of the branch between changes of stability, as Datasets.

        Neighbouring pieces share the special point between them.

        Parameters
        ----------
        stable
            Only the pieces that are stable (True) or not (False); all if left out.
        """
        size = len(self)
        if not size:
            return []
        cuts = {int(np.argmin(np.abs(self.arclength - s))) for s in self._special_arclengths()}
        edges = sorted({0, size - 1, *cuts})
        ranges = list(pairwise(edges)) or [(0, 0)]
        pieces: list[tuple[int, int, bool]] = []
        for first, last in ranges:
            inside = self.stable[first + 1 : last] if last - first > 1 else self.stable[first:last]
            kind = bool(inside[len(inside) // 2]) if len(inside) else bool(self.stable[first])
            if pieces and pieces[-1][2] == kind:
                pieces[-1] = (pieces[-1][0], last, kind)
            else:
                pieces.append((first, last, kind))
        return [
            self._piece(slice(first, last + 1), kind)
            for first, last, kind in pieces
            if stable is None or kind == stable
        ]

    def switch(
        self, special_point: SpecialPoint, *, which: int = 0, step: float | None = None
    ) -> Branch:
        """Follow another branch at a special point.

        At a flip the cycle of twice the period, away from it. At a branch point the other branch,
        both ways; where several others pass, as symmetries make it, that of the number ``which``.

        Parameters
        ----------
        special_point
            A flip or branch point of this branch.
        which
            Which of the branches of `switch_all`.
        step
            Greatest step, as for `continue_fixed_point`.

        Raises
        ------
        InputError
            If it is no flip or branch point of this branch, or has no branch of that number.
        """
        from dynsharp.continuation.switching.switch import switched

        self._check_switch(special_point)
        found, count = switched(self, special_point, step, checked_count("which", which, 0))
        if not found:
            raise InputError("which", which, f"less than {count}, the number of other branches")
        return found[0]

    def switch_all(
        self, special_point: SpecialPoint, *, step: float | None = None
    ) -> tuple[Branch, ...]:
        """Follow all other branches at a special point.

        At a branch point they are the solutions of the algebraic branching equations, of any
        corank up to 4. At a flip they are both half-branches of the doubled cycle, one of which is
        the other half a period later (where several multipliers are −1, two for each cycle).
        If there is none, one branch without points, whose status says why.

        Parameters
        ----------
        special_point, step
            As for `switch`.

        Raises
        ------
        InputError
            If it is no flip or branch point of this branch.
        """
        from dynsharp.continuation.switching.switch import switched

        self._check_switch(special_point)
        return switched(self, special_point, step)[0]

    def _check_switch(self, special_point: SpecialPoint) -> None:
        if not any(special_point is p for p in self.special_points):
            raise InputError("special_point", special_point, "one of branch.special_points")
        if special_point.kind not in ("flip", "branch"):
            raise InputError("special_point", f"a {special_point.kind}", "a flip or a branch point")

    def _special_arclengths(self) -> list[float]:
        return [float(self.arclength[i]) for p in self.special_points for i in self.where(p)]

    def where(self, special_point: SpecialPoint) -> list[int]:
        """Return the positions of a special point among the points of the branch."""
        states = self.states.reshape(len(self), -1)
        here = same_rows(states, special_point._y[:-1]) & (self.values == special_point.value)
        return [int(i) for i in np.flatnonzero(here)]

    def _piece(self, part: slice, stable: bool | None = None) -> xr.Dataset:
        import xarray as xr

        mu = self.multipliers[part]
        cycle = ("point",) if self.period == 1 else ("point", "phase")
        variables: dict[str, Any] = {}
        if self.parameter not in {s.name for s in self.map.state}:
            variables[self.parameter] = ("point", self.values[part])
        for i, s in enumerate(self.map.state):
            x = self.states[part, :, i]
            variables[s.name] = (cycle, x[:, 0] if self.period == 1 else x)
        variables["multipliers"] = (("point", "multiplier", "part"), parts(mu))
        variables["stable"] = ("point", self.stable[part])
        attrs = attributes(
            self.map, self.fixed, parameter=self.parameter, period=self.period, status=self.status
        )
        if stable is not None:
            attrs["stable"] = int(stable)
        coordinates = {"arclength": ("point", self.arclength[part]), "part": ["real", "imaginary"]}
        return xr.Dataset(variables, coordinates, attrs)

    def __repr__(self) -> str:
        what = "fixed points" if self.period == 1 else f"cycles of period {self.period}"
        if self.family:
            what = f"a family of {what}"
        head = f"branch of {what} of {self.map.name} along {self.parameter}: {len(self)} points"
        if len(self):
            head += f", {self.values.min():.6g} to {self.values.max():.6g}"
        lines = [head]
        rows = [
            (p.kind, f"{p.value:.15g}", f"{p.uncertainty:.0e}", shown(p.state), p.reading)
            for p in self.special_points
        ]
        if rows:
            lines += table([("kind", self.parameter, "±", "state", "normal form"), *rows])
        lines += [f"    ends: {self.ends[0]}; {self.ends[1]}"]
        return "\n".join(lines + [f"    {self.status}"] * (self.status != "complete"))


def same_rows(Y: Array, y: Array) -> Array:
    """Say which rows are exactly this one."""
    return np.asarray(np.equal(Y, y).all(axis=1))


def _first_line(form: Any) -> str:
    if form is None:
        return "no normal form"
    return repr(form) if isinstance(form, NormalForm) else str(getattr(form, "reading", form))
