"""What `training_regime` returns: the phases of a run and what was measured in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dynsharp.results import Result, table
from dynsharp.version import __version__

if TYPE_CHECKING:
    import xarray as xr

REDUCTION, SHARPENING = "sharpness reduction", "progressive sharpening"
CATAPULT, EDGE = "catapult", "edge of stability"
DIVERGENCE, CONVERGENCE = "divergence", "convergence"

MEASURED = (
    "loss_first",
    "loss_last",
    "loss_peak",
    "sharpness_first",
    "sharpness_last",
    "ratio_mean",
    "ratio_peak",
    "growth",
    "growth_error",
)


@dataclass(frozen=True, eq=False, repr=False)
class Phase(Result):
    """One phase of a run.

    Attributes
    ----------
    name
        "sharpness reduction", "progressive sharpening", "catapult", "edge of stability",
        "divergence" or "convergence".
    first, last
        The steps that it begins and ends with, both included.
    kind
        Of an edge of stability: "periodic", "chaotic", "quasi-periodic" (or of a period longer
        than was looked for), "irregular" (neither
        recurs nor predicts itself: minibatch noise, many degrees of freedom) or "undecided" (too
        short, unevenly recorded or still drifting). Empty for the other phases.
    period
        Of a periodic one, in steps: of loss and sharpness, which may be half that of the weights
        when the loss is symmetric; a multiple of it where not every step was recorded. Else None.
    measured
        Losses ``loss_first``, ``loss_last``, ``loss_peak``; ``sharpness_first``,
        ``sharpness_last``; ``ratio_mean``, ``ratio_peak`` of the sharpness to its threshold;
        ``growth`` of the distance of neighbours per record with its standard error
        ``growth_error``, where it was measured: an estimate of the largest Lyapunov exponent.
        What was not recorded or measured is not there.
    """

    name: str
    first: Any
    last: Any
    kind: str = ""
    period: int | None = None
    measured: Mapping[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name, with kind or period."""
        detail = f"period {self.period}" if self.period else self.kind
        return f"{self.name}, {detail}" if detail else self.name

    def __repr__(self) -> str:
        return f"{self.label}: steps {self.first} to {self.last}"


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRegime(Result):
    """The phases of a run, in order. Their spans do not overlap and cover every recorded step.

    Attributes
    ----------
    phases
        The phases, each a `Phase`.
    status
        "complete", or sentences that say what the log does not tell, and what to try.
    settings
        The keywords it was judged by, and the noise that was found on loss and sharpness.
    """

    phases: tuple[Phase, ...]
    status: str = "complete"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def final(self) -> Phase:
        """The phase that the log ends in."""
        return self.phases[-1]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the phases."""
        return tuple(p.name for p in self.phases)

    def rows(self) -> tuple[Phase, ...]:
        """Return the phases: the rows of `to_dataframe`."""
        return self.phases

    def __iter__(self) -> Iterator[Phase]:
        return iter(self.phases)

    def __len__(self) -> int:
        return len(self.phases)

    def at(self, step: float) -> Phase:
        """Return the phase that a step is in (the nearest, outside the log)."""
        return next((p for p in self.phases if step <= p.last), self.final)

    def to_dataset(self) -> xr.Dataset:
        """Return a Dataset along ``phase``: name, kind, first, last, period, and what was measured.

        ``period`` is 0 where there is none; what was not measured is NaN.
        """
        import xarray as xr

        columns: dict[str, Any] = {
            "name": [p.name for p in self.phases],
            "kind": [p.kind for p in self.phases],
            "first": np.array([p.first for p in self.phases], dtype=float),
            "last": np.array([p.last for p in self.phases], dtype=float),
            "period": np.array([p.period or 0 for p in self.phases], dtype=np.int32),
        }
        for key in MEASURED:
            columns[key] = np.array([p.measured.get(key, np.nan) for p in self.phases])
        attrs = {**self.settings, "status": self.status, "dynsharp_version": __version__}
        return xr.Dataset({k: ("phase", v) for k, v in columns.items()}, attrs=attrs)

    def __repr__(self) -> str:
        head = ("phase", "steps", "loss", "sharpness/threshold")
        rows = [
            (
                p.label,
                f"{p.first} to {p.last}",
                _arrow(p, "loss_first", "loss_last"),
                f"mean {p.measured['ratio_mean']:.3g}, peak {p.measured['ratio_peak']:.3g}"
                if "ratio_mean" in p.measured
                else "",
            )
            for p in self.phases
        ]
        lines = table([head, *rows], indent=0)
        return "\n".join(lines + [self.status] * (self.status != "complete"))


def _arrow(phase: Phase, first: str, last: str) -> str:
    if first not in phase.measured:
        return ""
    return f"{phase.measured[first]:.3g} → {phase.measured[last]:.3g}"
