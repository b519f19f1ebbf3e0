"""The figure of claim chain.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dynsharp import plotting
from paper_reproduction.chain.difficulty_figure import formula
from paper_reproduction.chain.stochasticity_law import factor
from paper_reproduction.chain.stochasticity_runs import Case

__all__ = ["draw"]

_NAMES = ("blue", "vermillion", "green", "purple", "orange", "black")
_COLOURS = [plotting.PALETTE[c] for c in _NAMES]


def draw(
    cases: Sequence[Case], windows: Mapping[str, xr.Dataset], drifts: Mapping[str, xr.Dataset]
) -> Figure:
    """Draw final sharpness against B, slopes, and what noise does at other imbalances."""
    even = [c for c in cases if c.imbalance == 0]
    balanced = next((c for c in even if not c.crosses(float(c.runs["eta"][1]))), even[0])
    other = max(cases, key=lambda c: c.noise)
    with plotting.style():
        figure, axes = plt.subplots(2, 3, figsize=(10.6, 6.6))
        _ends(axes[0, 0], balanced)
        _ends(axes[0, 1], other)
        _slopes(axes[0, 2], cases)
        _windows(axes[1, 0], windows)
        _drifts(axes[1, 1], axes[1, 2], drifts)
    return figure


def _ends(ax: Axes, case: Case) -> None:
    r = case.runs
    final = r["final"] / case.limit
    mean, error = final.mean("seed"), final.std("seed", ddof=1) / np.sqrt(final.sizes["seed"])
    B = np.geomspace(1, case.size, 100)
    phi = np.array([factor(b, case.size, False) for b in B])
    for k, colour in zip(range(r.sizes["eta"]), _COLOURS, strict=False):
        for scheme, fill in (("without", colour), ("with", "white")):
            at = {"scheme": scheme, "eta": r["eta"][k]}
            ax.errorbar(
                r["batch"], mean.sel(at), 1.96 * error.sel(at), fmt="o", ms=4, mfc=fill,
                color=colour, elinewidth=1, zorder=3 if fill == "white" else 4,
                label=rf"$\eta={float(r['share'][k]):g}\,\eta_1$" if fill == colour else None,
            )  # fmt: skip
        line = 1 + float(r["eta"][k]) * (case.descent + phi * case.noise) / case.limit
        ax.plot(B, line, color=colour, lw=0.8, ls=(0, (4, 2)))
    low, high = float((mean - 2 * error).min()), float((mean + 2 * error).max())
    room = 0.06 * (high - low)
    ax.set(xscale="log", xlabel="batch size $B$", ylim=(low - room, high + room))
    ax.set_ylabel(r"final $S$ / $S_{\mathrm{flow}}$")
    ax.set_xticks(r["batch"].to_numpy(), [str(b) for b in r["batch"].to_numpy()], minor=False)
    ax.minorticks_off()
    ax.axhline(1, color=plotting.PALETTE["black"], lw=0.8, ls=":")
    C = rf", $C={case.imbalance:.3g}\,Q^{{1/{case.depth}}}$" if case.imbalance else ", $C=0$"
    ax.set_title(f"{formula(case.source)}, $N={case.size}$, $D={case.depth}$" + C)
    ax.legend(loc="lower right" if case.noise < 0 else "upper right")


def _slopes(ax: Axes, cases: Sequence[Case]) -> None:
    for sign, colour, text in (
        (-1, "blue", "$S$ falls with noise"),
        (1, "orange", "$S$ rises with noise"),
    ):
        mine = [c for c in cases if np.sign(c.noise) == sign]
        for i, c in enumerate(mine):
            s = c.noise_slopes
            value = sign * s["value"].to_numpy().ravel()
            bar = 1.96 * s["error"].to_numpy().ravel()
            ax.errorbar(
                np.full(len(value), abs(c.noise)), value, bar, fmt="o", ms=4, mfc="none",
                color=plotting.PALETTE[colour], elinewidth=0.8, label=text if i == 0 else None,
            )  # fmt: skip
    ends = np.sort([abs(c.noise) for c in cases])[[0, -1]] * [0.7, 1.4]
    ax.plot(ends, ends, color=plotting.PALETTE["black"], lw=0.8, ls=(0, (4, 2)), label="equality")
    ax.set(xscale="log", yscale="log", title=r"effect of noise at $\eta\to0$, every $B$")
    ax.set_xlabel(r"predicted from the flow, $|b|$")
    ax.set_ylabel(r"measured $|\partial S/\partial(\eta\varphi)|$")
    ax.legend(loc="upper left")


def _windows(ax: Axes, windows: Mapping[str, xr.Dataset]) -> None:
    for (name, w), colour in zip(windows.items(), _COLOURS, strict=False):
        ax.plot(w["imbalance"], w["slope"], color=colour, label=formula(name))
        at = np.interp(w.attrs["turn"], w["imbalance"], w["slope"])
        ax.plot(w.attrs["turn"], at, "D", ms=5, color=colour)
    ax.axhline(0, color=plotting.PALETTE["black"], lw=0.8, ls=":")
    ax.set(xlabel=r"imbalance at the start $C/\sqrt{Q}$", title="above 0 noise sharpens, $D=2$")
    ax.set_ylabel(r"predicted effect of noise $2b/S_{\mathrm{flow}}^2$")
    ax.legend(loc="lower right")


def _drifts(left: Axes, right: Axes, drifts: Mapping[str, xr.Dataset]) -> None:
    for (name, d), colour in zip(drifts.items(), _COLOURS, strict=False):
        text = f"{name.split(',')[0]}, $B={d.attrs['batch']}$"
        left.plot(d["time"], d["drift"], color=colour, lw=0.9)
        left.axhline(d.attrs["turn"], color=colour, lw=0.9, ls=":")
        S = d["sharpness"] / d["sharpness"][0, 0]
        for i, fill in ((1, "white"), (0, colour)):
            left.errorbar(
                d["time"], d["mean"][i], 1.96 * d["error"][i], fmt="o", ms=4, mfc=fill,
                color=colour, elinewidth=0.8, label=text if i == 0 else None,
            )  # fmt: skip
            right.plot(
                d["time"], S[i], "o-" if i == 0 else "o", ms=4, mfc=fill, color=colour, lw=0.8
            )
    left.set_xlabel(r"time $\eta^2\varphi n$, in units of the drift")
    left.set_ylabel(r"imbalance $C/\sqrt{Q}$")
    left.set_title("data that cannot be interpolated")
    left.legend(loc="lower right")
    right.axhline(1, color=plotting.PALETTE["black"], lw=0.8, ls=":")
    right.set(xlabel=r"time $\eta^2\varphi n$, in units of the drift")
    right.set(ylabel=r"$S$ / $S$ of the balanced minimum", title="their sharpness")
