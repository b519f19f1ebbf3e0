"""What is told of a period-doubling cascade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.continuation.cascade.many_digits import Estimate
from dynsharp.map import DiscreteMap
from dynsharp.results import Result, attributes
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, repr=False, eq=False)
class Cascade(Result):
    """A period-doubling cascade.

    All numbers are mpmath numbers with a bound ``.error``.

    Attributes
    ----------
    map, parameter, fixed
        What was followed.
    periods
        Periods of the cycles that flip.
    thresholds
        Parameter values of the flips. Their errors are those of the refinement.
    superstable
        Between two flips each, where the critical multiplier (its real part, if it is complex)
        vanishes: of the cycles of twice the period of the flip before.
    ratios
        Of successive distances between thresholds, which tend to δ.
    accumulation
        Limit of the thresholds.
    delta, alpha
        Feigenbaum's constants from this map, extrapolated. Their errors, and that of
        ``accumulation``, follow from the convergence of the sequences; they are infinite where too
        few doublings do not show it: see ``note``. In one dimension α is taken from the superstable
        cycles, beyond from the cycles at the flips: a cycle there need not have a point at an
        extremum when its multiplier vanishes.
    status
        "complete", or the sentence that says where the cascade could not be followed and why.
    """

    map: DiscreteMap
    parameter: str
    fixed: Mapping[str, float]
    periods: tuple[int, ...]
    thresholds: tuple[Estimate, ...]
    superstable: tuple[Estimate, ...]
    ratios: tuple[Estimate, ...]
    accumulation: Estimate
    delta: Estimate
    alpha: Estimate
    status: str = "complete"

    def rows(self) -> list[dict[str, Any]]:
        """Return period, threshold and ratio of each flip: the rows of `to_dataframe`."""
        ratios = [None, *self.ratios, *[None] * len(self.periods)]
        return [
            {"period": period, "threshold": value, "ratio": ratio}
            for period, value, ratio in zip(self.periods, self.thresholds, ratios, strict=False)
        ]

    @property
    def _limits(self) -> dict[str, Estimate]:
        return {"accumulation": self.accumulation, "delta": self.delta, "alpha": self.alpha}

    @property
    def note(self) -> str:
        """What has no error bound, and what to try; empty if everything has one."""
        names = ", ".join(k for k, v in self._limits.items() if not np.isfinite(v.error))
        return names and (
            f"no error bound on {names}: {len(self.thresholds)} doublings do not show how fast "
            "they converge; ask for more"
        )

    def to_dataset(self) -> xr.Dataset:
        """Return thresholds, superstable parameters and ratios as doubles, along ``period``."""
        import xarray as xr

        size = len(self.periods)

        def padded(numbers: tuple[Estimate, ...], before: int) -> Array:
            row = [np.nan] * before + [float(v) for v in numbers]
            return np.array(row + [np.nan] * (size - len(row)))

        variables = {
            self.parameter: ("period", padded(self.thresholds, 0)),
            "superstable": ("period", padded(self.superstable, 1)),
            "ratio": ("period", padded(self.ratios, 1)),
        }
        attrs = attributes(self.map, self.fixed, parameter=self.parameter, status=self.status)
        for name, value in self._limits.items():
            attrs |= {name: float(value), f"{name}_error": value.error}
        periods = np.array(self.periods, dtype=np.int32)
        return xr.Dataset(variables, {"period": periods}, attrs)

    def __repr__(self) -> str:
        lines = [f"period-doubling cascade of {self.map.name} along {self.parameter}"]
        for i, (period, value) in enumerate(zip(self.periods, self.thresholds, strict=True)):
            ratio = f"  ratio {self.ratios[i - 1]}" if 1 <= i <= len(self.ratios) else ""
            lines.append(f"    {period:>6}  {value}{ratio}")
        lines += [f"    {name:<12}  {value}" for name, value in self._limits.items()]
        notes = [self.status] * (self.status != "complete") + [self.note] * bool(self.note)
        return "\n".join(lines + [f"    {text}" for text in notes])
