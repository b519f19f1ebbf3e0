"""One look for every figure: palette, fonts, sizes, and files that are the same in every run."""

from __future__ import annotations

import functools
import io
import itertools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from dynsharp.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")

# Okabe and Ito, *Color Universal Design*, 2008, in the order of rising luminance, so that two
# neighbours also differ in a grey print.
PALETTE = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "orange": "#E69F00",
    "yellow": "#F0E442",
}
STABLE, UNSTABLE = PALETTE["blue"], PALETTE["vermillion"]
GREY, PALE = "#808080", "#EDEDED"

# Light to dark, monotone in luminance: the more visits, the more ink.
INK = LinearSegmentedColormap.from_list("ink", ["#BFD7EA", "#5B9BD0", "#0A5A9C", "#06204A"])

_RC: Any = {
    "font.family": "STIXGeneral",  # comes with matplotlib: the same glyphs on every machine
    "font.size": 9,
    "mathtext.fontset": "stix",
    "axes.labelsize": 10,
    "axes.titlesize": 10,
    "axes.linewidth": 0.6,
    "axes.formatter.use_mathtext": True,
    "axes.prop_cycle": plt.cycler(color=list(PALETTE.values())),
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "none",
    "legend.borderpad": 0.3,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.4,
    "figure.dpi": 150,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
    "savefig.bbox": None,
    "savefig.transparent": False,
    "pdf.fonttype": 42,  # text stays text, with its font embedded
    "svg.fonttype": "path",  # text as outlines: a browser need not have the font
    "svg.hashsalt": "dynsharp",
}


def style() -> AbstractContextManager[None]:
    """Return the context in which all recipes draw; the caller's rcParams come back after it.

    Use it for own figures that should look like those of the recipes::

        with ds.plotting.style():
            figure, axes = plt.subplots(1, 2)
    """
    return mpl.rc_context(_RC)


def styled(recipe: Callable[P, R]) -> Callable[P, R]:
    """Run a recipe in `style`."""

    @functools.wraps(recipe)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with style():
            return recipe(*args, **kwargs)

    return run


def save(figure: Figure | SubFigure | Axes | np.ndarray, path: str | Path) -> Path:
    """Write a figure as PNG, PDF or SVG, byte-identical between runs.

    Text is vector in PDF and SVG, dense images are pixels of 300 dpi. No file carries a date or the
    version of a program that would change its bytes.

    Parameters
    ----------
    figure
        A figure, or what a recipe returned: an Axes or an array of them.
    path
        The suffix says the format. Missing folders are made.

    Returns
    -------
    pathlib.Path
        The path written.

    Raises
    ------
    InputError
        If the suffix is none of .png, .pdf, .svg, or there is no figure.
    """
    metadata: dict[str, dict[str, Any]] = {
        ".png": {"Software": None},
        ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        ".svg": {"Date": None, "Creator": None},
    }
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in metadata:
        raise InputError("path", str(path), "a name that ends in .png, .pdf or .svg")
    drawn = figure.flat[0] if isinstance(figure, np.ndarray) and figure.size else figure
    if isinstance(drawn, Axes | SubFigure):
        drawn = drawn.get_figure(root=True)
    if not isinstance(drawn, Figure):
        raise InputError("figure", type(figure).__name__, "a figure, an Axes or an array of Axes")
    content = io.BytesIO()  # a file appears only when it is complete
    with style():
        drawn.savefig(content, format=suffix[1:], metadata=metadata[suffix], dpi=300)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.getvalue())
    return path


def axes_for(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the caller's Axes, or those of a new figure of that size in inches."""
    if ax is None:
        _, ax = plt.subplots(figsize=size)
    if not isinstance(ax, Axes):
        raise InputError("ax", type(ax).__name__, "one matplotlib Axes")
    return dress(ax)


def panels(
    ax: Axes | Sequence[Axes] | np.ndarray | None,
    size: tuple[float, float],
    heights: Sequence[float] | None = None,
    widths: Sequence[float] | None = None,
) -> np.ndarray:
    """Return an array of Axes stacked with these heights, or side by side with these widths.

    A single Axes of the caller is divided; as many Axes as there are panels are used as they are.
    Stacked panels share x.
    """
    ratios = list(heights if heights is not None else widths or [1])
    n, stacked = len(ratios), heights is not None
    if isinstance(ax, Sequence | np.ndarray):
        given = list(np.ravel(np.asarray(ax, dtype=object)))
        if len(given) != n or not all(isinstance(a, Axes) for a in given):
            raise InputError("ax", f"{len(given)} items", f"one Axes, or {n} of them")
        return np.array([dress(a) for a in given], dtype=object)
    first = axes_for(ax, size)
    figure = first.get_figure()
    assert figure is not None
    place = first.get_subplotspec()
    made = [first]
    if place is not None:
        shape = (n, 1) if stacked else (1, n)
        ratio = {"height_ratios" if stacked else "width_ratios": ratios}
        grid = place.subgridspec(*shape, **ratio)  # type: ignore[arg-type]
        first.set_subplotspec(grid[0])
        made += [
            figure.add_subplot(grid[i], sharex=first if stacked else None) for i in range(1, n)
        ]
    else:
        x0, y0, w, h = first.get_position().bounds
        ends = np.cumsum([0, *ratios]) / sum(ratios)
        gap = 0.12
        for i, (a, b) in enumerate(itertools.pairwise(ends)):
            b -= gap / n if i < n - 1 else 0
            box = (
                (x0, y0 + h * (1 - b), w, h * (b - a))
                if stacked
                else (x0 + w * a, y0, w * (b - a), h)
            )
            if i == 0:
                first.set_position(box)
            else:
                made.append(figure.add_axes(box, sharex=first if stacked else None))
    if stacked:
        for upper in made[:-1]:
            upper.tick_params(labelbottom=False)
    return np.array([dress(a) for a in made], dtype=object)


def dress(ax: Axes) -> Axes:
    """Fix the look of the ticks now: matplotlib makes them later, by the rcParams of that time."""
    ax.tick_params(
        labelsize=_RC["xtick.labelsize"],
        width=_RC["xtick.major.width"],
        labelfontfamily=_RC["font.family"],
    )
    return ax


def hatched(label: str) -> Patch:
    """Return the legend handle of a region that holds no data."""
    return Patch(facecolor=PALE, edgecolor=GREY, hatch="//////", linewidth=0, label=label)


def hatch_intervals(ax: Axes, intervals: Sequence[tuple[float, float]], label: str) -> None:
    """Mark parameter intervals (left, right) over the full height as holding no data."""
    bars = ax.broken_barh(
        [(a, b - a) for a, b in intervals],
        (0, 1),
        transform=ax.get_xaxis_transform(),
        facecolor=PALE,
        edgecolor=GREY,
        hatch="//////",
        linewidth=0,
        zorder=0.5,
    )
    bars.set_label(label)
    bars.set_gid("no data")
