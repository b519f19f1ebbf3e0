"""Sharpness along training, against the threshold 2/η."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from dynsharp.errors import InputError
from dynsharp.plotting._data import read
from dynsharp.plotting._labels import label
from dynsharp.plotting._style import PALETTE, panels, styled

if TYPE_CHECKING:
    import xarray as xr


@styled
def sharpness_trajectory(
    dataset: xr.Dataset,
    eta: float | None = None,
    *,
    sharpness: str = "sharpness",
    trace: str | None = None,
    loss: str = "loss",
    ax: Axes | Sequence[Axes] | np.ndarray | None = None,
) -> Axes | np.ndarray:
    """Draw sharpness, NTK trace and loss against the iterate, with the stability threshold 2/η.

    Parameters
    ----------
    dataset
        Of `dynsharp.orbit`, with the observables recorded: variables over ``iterate``.
    eta
        The step size. Left out for a map in scaled variables, whose sharpness is in units of 1/η
        and whose threshold is 2.
    sharpness, loss
        Names of the variables. The loss is drawn in a second panel, if the dataset has it.
    trace
        Name of the trace of the neural tangent kernel; if left out, ``lam``, or ``k`` for a scaled
        map, where there is one.
    ax
        One Axes (divided if there is a loss) or two; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes or numpy.ndarray of two

    Raises
    ------
    InputError
        If there is no sharpness, a variable has other dimensions too, or η is not positive.
    """
    if eta is not None and not (np.isfinite(float(eta)) and float(eta) > 0):
        raise InputError("eta", eta, "a positive step size, or None for scaled variables")
    scaled = eta is None
    top = _over_iterates(dataset, sharpness, "sharpness")
    if trace is None:
        trace = next((n for n in ("lam", "k")[: 2 if scaled else 1] if n in dataset), None)
    steps = dataset["iterate"].to_numpy()  # 0, 1, 2, ... without a coordinate

    with_loss = loss in dataset
    axes = panels(ax, (5.2, 4.0 if with_loss else 2.8), heights=[1.7, 1] if with_loss else [1])
    upper = axes[0]
    threshold = 2.0 if scaled else 2.0 / float(eta)  # type: ignore[arg-type]
    line = upper.axhline(threshold, color=PALETTE["black"], lw=0.9, ls=(0, (4, 2)), zorder=2)
    line.set_label("$2$" if scaled else r"$2/\eta$")
    line.set_gid("threshold")
    style: dict[str, Any] = {"lw": 1.1, "marker": "o", "ms": 2.2 if len(steps) <= 200 else 0}
    if trace is not None:
        symbol = label(trace)
        of_trace = _over_iterates(dataset, trace, "trace")
        (drawn,) = upper.plot(steps, of_trace, color=PALETTE["orange"], zorder=2.5, **style)
        drawn.set_label(f"NTK trace {symbol}")
    (drawn,) = upper.plot(steps, top, color=PALETTE["blue"], zorder=3, **style)
    drawn.set_label("sharpness")
    upper.set_ylabel(r"sharpness $\times\,\eta$" if scaled else "sharpness")
    upper.legend(loc="best")
    upper.set_ylim(bottom=min(0.0, float(np.nanmin(top))))
    if with_loss:
        values = _over_iterates(dataset, loss, "loss")
        axes[1].plot(steps, np.where(values > 0, values, np.nan), color=PALETTE["blue"], **style)
        axes[1].set_yscale("log")
        axes[1].set_ylabel("loss")
        figure = upper.get_figure()
        if hasattr(figure, "align_ylabels"):
            figure.align_ylabels(list(axes))
    axes[-1].set_xlabel("iterate")
    return axes if with_loss else upper


def _over_iterates(dataset: xr.Dataset, name: str, argument: str) -> np.ndarray:
    values = read(dataset, name, "iterate", argument=argument).astype(float)
    return np.where(np.isfinite(values), values, np.nan)
