"""A training log with its phases: loss and sharpness against the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from dynsharp.errors import InputError
from dynsharp.plotting._sharpness import sharpness_trajectory
from dynsharp.plotting._style import PALETTE, styled
from dynsharp.regimes import TrainingRegime
from dynsharp.regimes.reading import read_log

COLOURS = {
    "sharpness reduction": PALETTE["sky"],
    "progressive sharpening": PALETTE["orange"],
    "catapult": PALETTE["purple"],
    "edge of stability": PALETTE["vermillion"],
    "divergence": PALETTE["black"],
    "convergence": PALETTE["green"],
}


@styled
def training_regime(
    trajectory: Any,
    regime: TrainingRegime,
    eta: Any = None,
    *,
    ax: Axes | Sequence[Axes] | np.ndarray | None = None,
    **log: Any,
) -> np.ndarray:
    """Draw sharpness with its threshold, and loss, against the step, over the named phases.

    The axis of steps is logarithmic (linear near zero) if a phase is too short to be seen on a
    linear one.

    Parameters
    ----------
    trajectory, eta, **log
        The log, by the arguments that `dynsharp.training_regime` was given.
    regime
        What that returned.
    ax
        One Axes, which is divided, or two; a new figure if left out.

    Returns
    -------
    numpy.ndarray of two matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no regime, or the log cannot be read.
    """
    import xarray as xr

    if not isinstance(regime, TrainingRegime):
        raise InputError("regime", type(regime).__name__, "the result of training_regime")
    names = ("loss", "sharpness", "step", "sharpness_step", "threshold")
    if unknown := set(log) - set(names):
        raise InputError(min(unknown), "an unknown argument", f"one of {', '.join(names)}")
    read = read_log(trajectory, eta, *(log.get(name) for name in names))
    data = xr.Dataset(
        {"sharpness": ("iterate", read.sharpness), "loss": ("iterate", read.loss)},
        {"iterate": read.step},
    )
    axes = sharpness_trajectory(data, 2 / float(read.threshold[0]), ax=ax)
    assert isinstance(axes, np.ndarray)
    upper, lower = axes
    line = next(artist for artist in upper.lines if artist.get_gid() == "threshold")
    if np.ptp(read.threshold):
        line.remove()
        (line,) = upper.plot(read.step, read.threshold, color=PALETTE["black"], lw=0.9, ls="--")
        line.set_gid("threshold")
    line.set_label("threshold" if log.get("threshold") is not None else r"$2/\eta$")

    for each in axes:
        _shade(each, regime)
    finite = read.sharpness[np.isfinite(read.sharpness)]
    top = max(float(np.quantile(finite, 0.99)), float(read.threshold.max()))
    upper.set_ylim(top=1.15 * max(top, float(finite[0])))
    first, last = regime.phases[0].first, regime.phases[-1].last
    shortest = min(p.last - p.first for p in regime.phases)
    if len(regime.phases) > 1 and shortest < 0.02 * (last - first):
        upper.set_xscale("symlog", linthresh=max(first, 10.0))
    upper.set_xlim(first, last)
    lower.set_xlabel("step")
    present = dict.fromkeys(p.label for p in regime.phases)
    handles = [
        Patch(facecolor=COLOURS[label.split(",")[0]], alpha=0.3, label=label) for label in present
    ]
    lines, _ = upper.get_legend_handles_labels()
    upper.legend(
        handles=[*lines, *handles],
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        ncols=2,
        borderaxespad=0,
    )
    return axes


def _shade(ax: Axes, regime: TrainingRegime) -> None:
    """Shade every phase from its first step to the first of the next."""
    starts = [p.first for p in regime.phases] + [regime.phases[-1].last]
    for phase, begin, end in zip(regime.phases, starts, starts[1:], strict=False):
        band = ax.axvspan(begin, end, color=COLOURS[phase.name], alpha=0.22, lw=0, zorder=0)
        band.set_gid(phase.label)
