"""What continuation returns: a branch of fixed points or cycles, with its special points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dynsharp.arguments import checked_count
from dynsharp.bifurcations.registry import kinds
from dynsharp.continuation.special_point import SpecialPoint, special_points
from dynsharp.continuation.switching.switch import switched
from dynsharp.continuation.track import Track
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.results import Result, attributes, parts, plain, shown, table
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr


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
    track
        The branch as it was followed, with the problem: enough to go on from it.
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
    track: Track = field(compare=False, kw_only=True)

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
        edges = sorted({0, size - 1, *self.track.places})
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
        i = self._checked(special_point)
        found, count = switched(self.track, i, step, checked_count("which", which, 0))
        if not found:
            raise InputError("which", which, f"less than {count}, the number of other branches")
        return wrapped(found[0])

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
        found, _ = switched(self.track, self._checked(special_point), step)
        return tuple(wrapped(track) for track in found)

    def _checked(self, special_point: SpecialPoint) -> int:
        """Return the number of a special point from which other branches leave."""
        if special_point not in self.special_points:
            raise InputError("special_point", special_point, "one of branch.special_points")
        i = self.special_points.index(special_point)
        if self.family:
            wants = "a point of a branch along a parameter, not a family"
            raise InputError("special_point", special_point, wants)
        if not self.track.events[i].kind.leaves.times:
            labels = [kind.marker.label for kind in kinds() if kind.leaves.times]
            wants = " or ".join(f"a {label}" for label in labels)
            raise InputError("special_point", f"a {special_point.kind}", wants)
        return i

    def where(self, special_point: SpecialPoint) -> list[int]:
        """Return the positions of a special point among the points of the branch."""
        found = zip(self.special_points, self.track.places, strict=True)
        places = [i for point, i in found if point == special_point]
        seam = (0, len(self) - 1)  # a closed branch begins and ends at the same point
        return [*seam] if self.track.closed and not {*seam}.isdisjoint(places) else places

    def _piece(self, part: slice, stable: bool | None = None) -> xr.Dataset:
        import xarray as xr

        cycle = ("point",) if self.period == 1 else ("point", "phase")
        variables: dict[str, Any] = {}
        if self.parameter not in {s.name for s in self.map.state}:
            variables[self.parameter] = ("point", self.values[part])
        for i, s in enumerate(self.map.state):
            x = self.states[part, :, i]
            variables[s.name] = (cycle, x[:, 0] if self.period == 1 else x)
        variables["multipliers"] = (("point", "multiplier", "part"), parts(self.multipliers[part]))
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


def wrapped(track: Track) -> Branch:
    """Return a track as a public result."""
    curve = track.curve
    fixed = dict(curve.values)
    if track.family:  # all of it is at one value of the parameter
        fixed[str(curve.parameter)] = float(track.Y[0, -1])
    return Branch(
        curve.map,
        track.parameter,
        fixed,
        track.period,
        track.values.copy(),
        track.states,
        track.MU,
        track.stable,
        track.S,
        special_points(track),
        track.ends,
        track.status,
        track.family,
        track=track,
    )
