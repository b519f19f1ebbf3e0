"""The runs of claim chain.1, what is read off them, and how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dynsharp import plotting, training_regime

__all__ = ["AT", "BELOW", "BEYOND", "JUST", "Cell", "draw", "tables"]

BELOW, AT, JUST, BEYOND = "below", "at", "just_beyond", "beyond"  # the edge: four step sizes
_POINTS = 400  # of a line that is drawn
_COLOURS = [plotting.PALETTE[c] for c in ("black", "blue", "vermillion", "green", "purple")]
_MARKS = "os^D"


@dataclass(frozen=True, eq=False)
class Cell:
    """Every run on one size of the data with one depth, from one start.

    Attributes
    ----------
    depth, size
        D and N.
    limit, flattest
        Sharpness of the minimum that gradient flow reaches from the start, by its invariants, and
        of the flattest minimum there is.
    flow, descent, sgd
        The runs; ``descent`` has one for each of the four step sizes.
    steps
        η of the four, by name.
    landing
        Sharpness of the minimum that gradient flow would reach from where SGD ended, a run each,
        and last the one for gradient descent with the same η.
    """

    depth: int
    size: int
    limit: float
    flattest: float
    flow: xr.Dataset
    descent: xr.Dataset
    sgd: xr.Dataset
    steps: dict[str, float]
    landing: np.ndarray

    def scaled(self, which: str) -> np.ndarray:
        """Sharpness of gradient descent over 2/η, as long as it ran."""
        place = list(self.steps).index(which)
        ran = self.descent["sharpness"][place].sel(iterate=slice(int(self.descent["last"][place])))
        return np.asarray(ran.to_numpy() * self.steps[which] / 2)

    def crossing(self, which: str) -> int | None:
        """First iterate with a sharpness above 2/η."""
        above = np.flatnonzero(self.scaled(which) > 1)
        return int(above[0]) if len(above) else None

    def hovering(self, which: str) -> float:
        """Mean of the sharpness over 2/η from the crossing on; NaN without one."""
        first = self.crossing(which)
        return float(np.mean(self.scaled(which)[first:])) if first is not None else np.nan

    def phases(self, which: str) -> list[str]:
        """Names of the phases of gradient descent, from its log alone."""
        place = list(self.steps).index(which)
        ran = slice(int(self.descent["last"][place]))
        log = self.descent[["loss", "sharpness"]].isel(run=place).sel(iterate=ran)
        loss, sharpness = log["loss"].to_numpy(), log["sharpness"].to_numpy()
        regime = training_regime(loss=loss, sharpness=sharpness, eta=self.steps[which])
        return [phase.name for phase in regime.phases]

    @property
    def rise_of_sgd(self) -> float:
        """Sharpness where SGD ended over that at the start, the least of the runs."""
        values = self.sgd["sharpness"].to_numpy()
        ends = values[np.arange(len(values)), np.isfinite(values).sum(axis=1) - 1]
        return float(np.min(ends / values[:, 0]))

    @property
    def landing_sgd(self) -> tuple[float, float]:
        """Mean of the landings of SGD, and its standard error."""
        runs = self.landing[:-1]
        return float(runs.mean()), float(runs.std(ddof=1) / np.sqrt(len(runs)))


def tables(largest: Sequence[Cell], cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
    """Return what is drawn: the lines for the largest data, and a table of all cases."""
    lines = {"flow": [], "descent": [], "sgd": []}  # type: dict[str, list[xr.Dataset]]
    for c in largest:
        flow = {k: ("point", c.flow[k].to_numpy()) for k in ("time", "loss", "sharpness")}
        numbered = {"point": np.arange(c.flow.sizes["time"])}
        lines["flow"].append(xr.Dataset(flow, numbered).assign(limit=c.limit))
        descent = _thinned(c.descent[["loss", "sharpness"]].isel(run=1, drop=True))
        lines["descent"].append(descent.drop_vars("eta", errors="ignore").assign(eta=c.steps[AT]))
        runs = c.sgd[["loss", "sharpness"]]
        lines["sgd"].append(
            _thinned(
                runs.mean("run").assign(
                    lowest=runs["sharpness"].min("run"), highest=runs["sharpness"].max("run")
                )
            ).assign(
                eta=c.steps[BELOW],
                limit=c.limit,
            )
        )
    depth = xr.DataArray([c.depth for c in largest], dims="depth", name="depth")
    table = {
        "depth": [c.depth for c in cells],
        "samples": [c.size for c in cells],
        "flow_sharpness": [c.limit for c in cells],
        "flattest_sharpness": [c.flattest for c in cells],
        "landing_descent": [c.landing[-1] for c in cells],
        "landing_sgd": [c.landing_sgd[0] for c in cells],
        "landing_sgd_error": [c.landing_sgd[1] for c in cells],
    }
    for which in (BELOW, AT, JUST, BEYOND):
        table[f"eta_{which}"] = [c.steps[which] for c in cells]
        table[f"mean_over_threshold_{which}"] = [c.hovering(which) for c in cells]
    return {k: xr.concat(parts, depth, join="outer") for k, parts in lines.items()} | {
        "cases": xr.Dataset({k: ("case", np.array(column)) for k, column in table.items()})
    }


def _thinned(run: xr.Dataset) -> xr.Dataset:
    """Keep iterates in a geometric sequence, two neighbours at a time: an oscillation shows."""
    n = run.sizes["iterate"]
    places = np.geomspace(1, n, _POINTS // 2).astype(int) - 1
    return run.isel(iterate=np.unique(np.concatenate([places, np.minimum(places + 1, n - 1)])))


def draw(data: dict[str, xr.Dataset]) -> Figure:
    """Draw the claim from its tables."""
    with plotting.style():
        figure, axes = plt.subplot_mosaic(
            [list("abc"), list("def"), list("ggh")],
            figsize=(9.6, 7.6),
            height_ratios=[1.5, 1, 1.4],
        )
        flow, descent, sgd = data["flow"], data["descent"], data["sgd"]
        for i, depth in enumerate(flow["depth"].to_numpy()):
            style: dict[str, Any] = {"color": _COLOURS[i % len(_COLOURS)], "lw": 1.0}
            f, g, s = flow.isel(depth=i), descent.isel(depth=i), sgd.isel(depth=i)
            axes["a"].plot(f["time"], f["sharpness"] / f["limit"], label=f"$D={depth}$", **style)
            axes["d"].plot(f["time"], f["loss"], **style)
            g, s = g.dropna("iterate"), s.dropna("iterate")
            time = g["eta"] * g["iterate"]
            axes["b"].plot(time, g["sharpness"] * g["eta"] / 2, **style)
            axes["e"].plot(time, g["loss"], **style)
            time = s["eta"] * s["iterate"]
            axes["c"].plot(time, s["sharpness"] / s["limit"], **style)
            ends = [(s[k] / s["limit"]).to_numpy() for k in ("lowest", "highest")]
            axes["c"].fill_between(time, ends[0], ends[1], color=style["color"], alpha=0.25, lw=0)
            axes["f"].plot(time, s["loss"], **style)
        for key, title in zip(
            "abc",
            ("gradient flow", "gradient descent at the edge", "SGD below the edge"),
            strict=True,
        ):
            axes[key].set_title(title)
            axes[key].axhline(1, color=plotting.PALETTE["black"], lw=0.8, ls=(0, (4, 2)))
        axes["a"].set_ylabel("sharpness / that at the flow's end")
        axes["b"].set_ylabel(r"sharpness / ($2/\eta$)")
        axes["c"].set_ylabel("sharpness / that at the flow's end")
        axes["a"].legend(loc="lower right")
        axes["a"].set_xlim(left=0.1)
        for key in "abcdef":
            axes[key].set_xscale("log")
            axes[key].sharex(axes[{"d": "a", "e": "b", "f": "c"}.get(key, key)])
        for key in "def":
            axes[key].set_yscale("log")
            axes[key].set_ylabel("loss above its least")
            axes[key].set_xlabel(r"time $\eta n$" if key != "d" else "time")
        _regimes(axes["g"], data["cases"])
        _landings(axes["h"], data["cases"])
    return figure


def _regimes(ax: Axes, cases: xr.Dataset) -> None:
    for i, size in enumerate(np.unique(cases["samples"])):
        mine = cases.isel(case=np.flatnonzero(cases["samples"] == size))
        for which in (AT, JUST, BEYOND):
            ax.plot(
                2 / mine[f"eta_{which}"] / mine["flattest_sharpness"],
                mine[f"mean_over_threshold_{which}"],
                _MARKS[i % len(_MARKS)],
                ms=4.5,
                mfc="none",
                color=_COLOURS[i % len(_COLOURS)],
                label=f"$N={size}$" if which == AT else None,
            )
    ax.axhline(1, color=plotting.PALETTE["black"], lw=0.8, ls=(0, (4, 2)))
    ax.axvline(1, color=plotting.PALETTE["black"], lw=0.8, ls=":")
    ax.set_xlabel(r"$(2/\eta)$ / sharpness of the flattest minimum")
    ax.set_ylabel(r"mean sharpness after crossing / ($2/\eta$)")
    ax.legend(loc="upper right")
    ax.set_title("the edge is held while some minimum is stable (right of the dotted line)")


def _landings(ax: Axes, cases: xr.Dataset) -> None:
    for i, size in enumerate(np.unique(cases["samples"])):
        mine = cases.isel(case=np.flatnonzero(cases["samples"] == size))
        colour, limit = _COLOURS[i % len(_COLOURS)], mine["flow_sharpness"]
        ax.plot(mine["depth"], mine["landing_descent"] / limit, "--", color=colour, lw=0.9)
        ax.errorbar(
            mine["depth"],
            mine["landing_sgd"] / limit,
            mine["landing_sgd_error"] / limit,
            fmt=_MARKS[i % len(_MARKS)] + "-",
            ms=4,
            lw=0.9,
            mfc="none",
            color=colour,
        )
    ax.axhline(1, color=plotting.PALETTE["black"], lw=0.8, ls=(0, (4, 2)))
    ax.set_xticks(np.unique(cases["depth"]))
    ax.set_xlabel("depth $D$")
    ax.set_ylabel("final sharpness / the flow's")
    ax.set_title("dashed: descent, marks: SGD")
