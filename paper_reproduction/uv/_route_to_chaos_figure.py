"""The figure of claim 5."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import dynsharp as ds
from paper_reproduction.uv.doubling import ratios

__all__ = ["figure_of"]

_AXIS = r"$\eta / \eta_c$"


def figure_of(
    orbits: xr.Dataset,
    exponents: xr.Dataset,
    flips: xr.Dataset,
    delta: tuple[float, float],
    cycles: xr.Dataset,
    approaching: xr.Dataset,
) -> Figure:
    """Draw orbit diagrams of training, exponents, ratios of the cascade, and the approach."""
    with ds.plotting.style():
        figure = plt.figure(figsize=(11.5, 9.2))
        left, right = np.ravel(np.array(figure.subfigures(1, 2, width_ratios=[1.65, 1])))
        axes = left.subplots(4, 1, sharex=True, height_ratios=[1, 1, 1, 1.15])
        _draw_orbits(axes[:3], orbits, flips)
        _draw_exponent(axes[3], orbits, exponents, cycles)
        axes[0].set_xlim(float(orbits["rho"][0]), float(orbits["rho"][-1]))
        left.align_ylabels(list(axes))
        above, middle, below = right.subplots(3, 1)
        _draw_ratios(above, flips, delta)
        _draw_approach(middle, approaching)
        _draw_transverse(below, orbits, exponents)
    return figure


def _draw_orbits(axes: np.ndarray, orbits: xr.Dataset, flips: xr.Dataset) -> None:
    shown = flips["measured"].mean("network").values
    names = ("df", "lam", "sharpness")
    texts = (r"$\Delta f / |y|$", r"$\eta \times$ NTK trace", r"$\eta \times$ sharpness")
    for ax, name, text in zip(axes, names, texts, strict=True):
        ds.plotting.orbit_diagram(orbits[[name, "diverged"]], name, ax=ax)
        for value in shown:
            ax.axvline(value, color=ds.plotting.PALETTE["vermillion"], lw=0.6, zorder=3)
        if name != "df":
            ax.axhline(2, color="black", lw=0.8, ls=(0, (4, 2)), zorder=3)
            ax.annotate("2", (1.008, 2), xycoords=("axes fraction", "data"), va="center")
        ax.set_ylabel(text)
        ax.set_xlabel("")
    axes[0].set_title(
        "training a network past $\\eta_c$: what it visits; red: flips measured on training"
    )


def _draw_exponent(ax: Axes, orbits: xr.Dataset, exponents: xr.Dataset, cycles: xr.Dataset) -> None:
    ds.plotting.lyapunov(exponents, ax=ax)
    past, colour = orbits.sel(rho=exponents["rho"]), ds.plotting.PALETTE["green"]
    ax.plot(
        past["rho"], past["exponent"], ".", ms=2, color=colour, zorder=3, label="along training"
    )
    ax.plot([], [], color="black", lw=0.6, label="of the map")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.28 * (high - low))
    for p, rho in _widest(cycles):
        ax.annotate(
            str(p),
            (rho, high),
            (rho, high + 0.15 * (high - low)),
            ha="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "lw": 0.5},
        )
    ax.set_xlabel(_AXIS)
    ax.legend(loc="lower center", ncols=2)


def _widest(cycles: xr.Dataset, apart: float = 0.02) -> list[tuple[int, float]]:
    """Return period and place of the widest window of each period, well apart from each other."""
    found: list[tuple[int, float]] = []
    seen = cycles.isel(window=(cycles["period"] == cycles["expected"]).values)
    for p in np.unique(seen["period"]):
        one = seen.isel(window=(seen["period"] == p).values).sortby("capture_time")
        free = [r for r in one["rho"].values if all(abs(r - other) > apart for _, other in found)]
        found += [(int(p), float(r)) for r in free[:1]]
    return found


def _draw_ratios(ax: Axes, flips: xr.Dataset, delta: tuple[float, float]) -> None:
    palette = ds.plotting.PALETTE
    value, error = ratios(
        flips["measured"].mean("network").values, flips["tolerance"].max("network").values
    )
    exact, _ = ratios(flips["exact"].values, np.zeros(flips.sizes["period"]))
    place = np.arange(len(value))
    last = len(value)
    ax.plot(place, exact, "x", ms=7, color="black", label="reduced map, continued")
    ax.errorbar(place, value, error, fmt="o", ms=4, mfc="white", capsize=3,
                color=palette["vermillion"], label="training, bisected")  # fmt: skip
    ax.errorbar([last], [delta[0]], [delta[1]], fmt="s", ms=5, capsize=3,
                color=palette["blue"], label=rf"training, limit: {delta[0]:.4f}")  # fmt: skip
    names = [
        f"{a}–{b}–{c}"
        for a, b, c in zip(*(flips["period"].values[i:] for i in range(3)), strict=False)
    ]
    ax.set_xticks([*place, last], [*names, "limit"])
    ax.set_xlabel("periods that flip")
    ax.set_ylabel("ratio of distances of flips")
    ax.set_title(r"Feigenbaum's $\delta$ from training")
    ax.legend(loc="lower right")


def _draw_approach(ax: Axes, approaching: xr.Dataset) -> None:
    colours = (ds.plotting.PALETTE[c] for c in ("blue", "green", "vermillion", "orange"))
    for rho, colour in zip(approaching["rho"].values, colours, strict=False):
        one = approaching.sel(rho=rho).isel(network=0)
        known = np.maximum(one["distance"], one["floor"] / 10)  # it may vanish by chance
        ax.plot(one["iterate"], known, "-", lw=0.8, color=colour,
                label=rf"$\eta = {rho:g}\,\eta_c$")  # fmt: skip
        rate = float(approaching["exponent"].sel(rho=rho))
        floor = float(one["floor"].median())
        steps = one["iterate"].values
        line = float(one["distance"][0]) * np.exp(rate * steps)
        seen = line > floor
        ax.plot(steps[seen], line[seen], "--", lw=0.8, color=colour)
    ax.plot([], [], "--", lw=0.8, color="black", label="transverse exponent")
    ax.set_yscale("log")
    ax.set_xlabel("training step")
    ax.set_ylabel("$k - 2F$")
    ax.set_title("training falls onto the edge-of-stability manifold")
    ax.legend(loc="upper right", fontsize=7.5, ncols=2)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.3)


def _draw_transverse(ax: Axes, orbits: xr.Dataset, exponents: xr.Dataset) -> None:
    palette = ds.plotting.PALETTE
    past = orbits.sel(rho=exponents["rho"])
    ax.axhline(0, color="black", lw=0.6)
    across = exponents["transverse_exponent"].values
    ax.plot(exponents["rho"], across, color="black", lw=0.6, label="of the map")
    ax.plot(past["rho"], past["transverse"], ".", ms=2.5, color=palette["green"],
            label="along training")  # fmt: skip
    low = float(np.nanquantile(across[np.isfinite(across)], 0.005))
    ax.set_ylim(1.15 * low, -0.08 * low)
    ax.set_xlabel(_AXIS)
    ax.set_ylabel(r"transverse exponent $\langle 2\ln|1 + z| \rangle$")
    ax.set_title("the manifold attracts wherever this is negative")
    ax.legend(loc="lower left")
