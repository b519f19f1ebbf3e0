"""What continuation in two parameters returns: a bifurcation curve with its special points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.bifurcation_curves.surface import Surface
from dynsharp.map import DiscreteMap
from dynsharp.types import Array
from dynsharp.version import __version__

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["BifurcationCurve", "Codim2Point"]


@dataclass(frozen=True, repr=False, eq=False)
class Codim2Point:
    """A point of a bifurcation curve at which a second condition holds.

    Attributes
    ----------
    kind
        "cusp", "generalised-flip", "chenciner", "1:1", "1:2", "1:3", "1:4" (strong resonances),
        "fold-flip", "fold-neimark-sacker", "flip-neimark-sacker" or "double-neimark-sacker".
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
        What happens nearby: a `Codim2Form`.
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
    normal_form: Any
    bracket: tuple[tuple[float, float], tuple[float, float]]
    period: int = 1
    status: str = "located"
    _y: Array = field(default_factory=lambda: np.zeros(0))
    _surface: Surface | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Codim2Point) and repr(self) == repr(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        where = ", ".join(
            f"{name} = {value:.15g} ± {error:.1g}"
            for name, value, error in zip(
                self.parameters, self.values, self.uncertainty, strict=True
            )
        )
        note = f"; {self.status}" * (self.status != "located")
        mu = ", ".join(f"{m.real:.6g}" if m.imag == 0 else f"{m:.6g}" for m in self.multipliers[:4])
        return (
            f"{self.kind} at {where}: {_shown_state(self.state)}; multipliers {mu}; "
            f"{self.normal_form or 'no normal form'}{note}"
        )


@dataclass(frozen=True, repr=False, eq=False)
class BifurcationCurve:
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
        "fold", "flip" or "neimark-sacker".
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
    _settings: Any = None

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BifurcationCurve):
            return NotImplemented
        names = ("map", "parameters", "kind", "period", "special_points", "ends", "status")
        arrays = ("values", "states", "multipliers")
        return (
            all(getattr(self, a) == getattr(other, a) for a in names)
            and dict(self.fixed) == dict(other.fixed)
            and all(np.array_equal(getattr(self, a), getattr(other, a)) for a in arrays)
        )

    __hash__ = None  # type: ignore[assignment]

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
        from dynsharp.bifurcation_curves.switch import switched

        return switched(self, point, kind, period, which)

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
        parts = np.stack([self.multipliers.real, self.multipliers.imag], axis=-1)
        variables["multipliers"] = (("point", "multiplier", "part"), parts)
        variables["coefficient"] = ("point", self.coefficient)
        attrs = {
            "map": self.map.name,
            "update": "; ".join(f"{s}' = {e}" for s, e in self.map.update.items()),
            "state": ", ".join(s.name for s in self.map.state),
            "parameters": ", ".join(self.parameters),
            "kind": self.kind,
            "fixed": ", ".join(f"{k} = {v!r}" for k, v in self.fixed.items()),
            "period": self.period,
            "status": self.status,
            "dynsharp_version": __version__,
        }
        coordinates = {"arclength": ("point", self.arclength), "part": ["real", "imaginary"]}
        return xr.Dataset(variables, coordinates, attrs)

    def where(self, point: Codim2Point) -> list[int]:
        """Return the positions of a special point among the points of the curve."""
        here = (self.values == np.array(point.values)).all(axis=1)
        return [int(i) for i in np.flatnonzero(here)]

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
                _shown_state(p.state),
                str(p.normal_form or "no normal form") + f"; {p.status}" * (p.status != "located"),
            )
            for p in self.special_points
        ]
        if rows:
            table = [("kind", a, b, "±", "state", "normal form"), *rows]
            widths = [max(len(row[i]) for row in table) for i in range(5)]
            lines += [
                "    "
                + "  ".join([c.ljust(w) for c, w in zip(row, widths, strict=False)] + [row[5]])
                for row in table
            ]
        lines += [f"    ends: {self.ends[0]}; {self.ends[1]}"]
        return "\n".join(lines + [f"    {self.status}"] * (self.status != "complete"))


def _shown_state(state: Mapping[str, Any]) -> str:
    shown = []
    for name, x in list(state.items())[:4]:
        values = np.atleast_1d(x)
        text = ", ".join(f"{v:.6g}" for v in values[:3]) + ", ..." * (len(values) > 3)
        shown.append(f"{name} = {text}" if values.size == 1 else f"{name} = ({text})")
    return ", ".join(shown + ["..."] * (len(state) > 4))
