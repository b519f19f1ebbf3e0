"""What continuation in two parameters returns: a bifurcation curve as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.bifurcation_curves.along import Settings
from dynsharp.bifurcation_curves.codim2_point import Codim2Point
from dynsharp.bifurcation_curves.point import CurvePoint, nearest
from dynsharp.bifurcation_curves.switch import switched
from dynsharp.bifurcation_curves.track import Track
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.results import Result, attributes, parts, shown, table
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, repr=False, eq=False)
class BifurcationCurve(Result):
    """A curve of folds, flips or Neimark–Sacker points in two parameters, as arrays along it.

    Attributes
    ----------
    map
        The map.
    parameters
        Names of what is continued. For flips on a family of fixed points one of the two is the
        family's coordinate.
    fixed
        Numbers of the other parameters.
    kind
        The name of one of `dynsharp.bifurcations.kinds`, such as "fold".
    period
        Number of points of a cycle.
    values
        Both parameters at each point of the curve (N × 2).
    states
        The cycles: N × period × dimension.
    multipliers
        N × dimension, complex: the critical ones first, then the others, each in its column.
    coefficient
        The normal-form coefficient b of `NormalForm` at each point (N), per unit length of the
        state: ξ + b ξ² for a fold, −ξ + b ξ³ for a flip, the first Lyapunov coefficient for
        Neimark–Sacker; the sign for a fold is that of its direction at the start of the curve. NaN
        where there is none: at strong resonances and fold-flips, and along families.
    arclength
        Length along the curve (N), parameters in units of their span and the state in units of its
        size at the start.
    special_points
        The points of codimension two, in order along the curve; they are points of the arrays.
    ends
        For both ends a sentence why the curve was not followed further.
    status
        "complete", or the sentence that says what failed and what to try.
    settings
        The problem and the control of the run, to go on from it.
    """

    map: DiscreteMap
    parameters: tuple[str, str]
    fixed: Mapping[str, float]
    kind: str
    period: int
    values: Array
    states: Array
    multipliers: Array
    coefficient: Array
    arclength: Array
    special_points: tuple[Codim2Point, ...]
    ends: tuple[str, str]
    status: str = "complete"
    settings: Settings = field(compare=False, kw_only=True)

    def __len__(self) -> int:
        return len(self.values)

    def switch(
        self,
        point: Codim2Point,
        kind: str | None = None,
        period: int | None = None,
        which: int = 0,
    ) -> BifurcationCurve:
        """Follow another curve through a point of codimension two of this one.

        At a fold-flip the flips from folds and the reverse; at a 1:1 resonance the Neimark–Sacker
        points from folds and the reverse, at 1:2 from flips and the reverse; at a generalised flip
        the folds of the doubled cycle; further ones, of longer cycles, where the normal form says
        that they exist. A curve of folds goes through a cusp by itself.

        Parameters
        ----------
        point
            One of `special_points`.
        kind, period
            Which curve, if several emanate; the first one of the list above if left out.
        which
            Its number among several of that kind and period, such as the two fold curves of the
            cycle of four times the period at a 1:4 resonance.

        Raises
        ------
        InputError
            If it is no point of this curve, or no such curve emanates.
        """
        if not any(point is p for p in self.special_points):
            raise InputError("point", point, "one of curve.special_points")
        return wrapped(switched(self.settings, point, self.kind, kind, period, which))

    def rows(self) -> tuple[Codim2Point, ...]:
        """Return the points of codimension two: the rows of `to_dataframe`."""
        return self.special_points

    def to_dataset(self) -> xr.Dataset:
        """Return the curve as a Dataset along ``point``.

        Variables: both parameters and every state variable (with a dimension ``phase`` for a
        cycle), ``multipliers`` (dimensions ``multiplier`` and ``part``: real, imaginary),
        ``coefficient`` and ``arclength``, which is a coordinate. The settings are in ``attrs``.
        """
        import xarray as xr

        cycle = ("point",) if self.period == 1 else ("point", "phase")
        variables: dict[str, Any] = {
            name: ("point", self.values[:, i]) for i, name in enumerate(self.parameters)
        }
        for i, s in enumerate(self.map.state):
            x = self.states[:, :, i]
            variables[s.name] = (cycle, x[:, 0] if self.period == 1 else x)
        variables["multipliers"] = (("point", "multiplier", "part"), parts(self.multipliers))
        variables["coefficient"] = ("point", self.coefficient)
        attrs = attributes(
            self.map,
            self.fixed,
            parameters=", ".join(self.parameters),
            kind=self.kind,
            period=self.period,
            status=self.status,
        )
        coordinates = {"arclength": ("point", self.arclength), "part": ["real", "imaginary"]}
        return xr.Dataset(variables, coordinates, attrs)

    def __repr__(self) -> str:
        what = "fixed points" if self.period == 1 else f"cycles of period {self.period}"
        a, b = self.parameters
        lines = [
            f"{self.kind} curve of {what} of {self.map.name} in ({a}, {b}): {len(self)} points"
        ]
        if len(self):
            ranges = (
                f"{name} {x.min():.6g} to {x.max():.6g}"
                for name, x in zip(self.parameters, self.values.T, strict=True)
            )
            lines[0] += ", " + ", ".join(ranges)
        rows = [
            (
                p.kind,
                *(f"{v:.15g}" for v in p.values),
                f"{max(p.uncertainty):.0e}",
                shown(p.state),
                p.says,
            )
            for p in self.special_points
        ]
        if rows:
            lines += table([("kind", a, b, "±", "state", "normal form"), *rows])
        lines += [f"    ends: {self.ends[0]}; {self.ends[1]}"]
        return "\n".join(lines + [f"    {self.status}"] * (self.status != "complete"))


def wrapped(track: Track) -> BifurcationCurve:
    """Return a curve that was followed as arrays."""
    surface, points = track.settings.surface, track.points
    n, P = surface.dimension, surface.period
    distances = [np.linalg.norm(q.coordinates - p.coordinates) for p, q in pairwise(points)]
    return BifurcationCurve(
        surface.map,
        track.settings.parameters,
        dict(surface.values),
        track.kind,
        P,
        np.array([track.settings.values(p.y) for p in points]).reshape(-1, 2),
        np.array([surface.cycle(p.y) for p in points]).reshape(-1, P, n),
        _matched(points).reshape(-1, n),
        np.array([np.nan if surface.is_family else p.kind.along(p) for p in points]),
        np.cumsum([0.0, *distances])[: len(points)],
        track.specials,
        track.ends,
        track.status,
        settings=track.settings,
    )


def _matched(points: Sequence[CurvePoint]) -> Array:
    """Multipliers of all points, each in the column of the nearest one before."""
    rows: list[Array] = []
    for point in points:
        mu = point.multipliers
        if rows:
            fixed = len(mu) - len(point.rest)
            mu[fixed:] = nearest(mu[fixed:], rows[-1][fixed:])
        rows.append(mu)
    return np.array(rows, complex)
