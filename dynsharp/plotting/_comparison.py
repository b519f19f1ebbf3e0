"""Theory against simulation, a row a claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from dynsharp.errors import InputError
from dynsharp.plotting._style import GREY, PALE, STABLE, UNSTABLE, axes_for, styled

_COLUMNS = (-180, -125, -65, -8)  # right ends of name, theory, simulation, difference, in points


class Row(NamedTuple):
    """One claim: what it is about, both values, and the difference that is allowed."""

    name: str
    theory: float
    simulation: float
    tolerance: float

    @property
    def error(self) -> float:
        """|simulation − theory|."""
        return abs(self.simulation - self.theory)

    @property
    def passed(self) -> bool:
        """Whether the error is within tolerance; a NaN never is."""
        return self.error <= self.tolerance


@styled
def comparison(rows: Iterable[Any], *, ax: Axes | None = None) -> Axes:
    """Draw a table of theory and simulation with the size of their difference beside it.

    A dot is |simulation − theory|, filled blue if it is within the tolerance (a bar at its end) and
    an open red diamond if not. An exact agreement stands at the left border, marked "=".

    Parameters
    ----------
    rows
        (name, theory, simulation, tolerance) each, as a tuple, a mapping or an object with these
        names. The tolerance is absolute. Names may contain mathtext.
    ax
        Where to draw; a new figure of the height of the table if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    InputError
        If there is no row, or one lacks a value.
    """
    table = [_row(item) for item in rows]
    if not table:
        raise InputError("rows", table, "at least one (name, theory, simulation, tolerance)")
    ax = axes_for(ax, (6.8, 0.75 + 0.25 * len(table)))
    sizes = np.array([(r.error, r.tolerance) for r in table])
    positive = sizes[np.isfinite(sizes) & (sizes > 0)]
    low, high = (positive.min(), positive.max()) if positive.size else (1e-16, 1.0)
    zero, ceiling = low / 30, high * 5  # where "no difference" and "not a number" stand
    ax.set_xscale("log")
    ax.set_xlim(zero / 2, ceiling)
    ax.set_ylim(len(table) - 0.5, -0.5)
    for i, row in enumerate(table):
        if i % 2 == 0:
            ax.axhspan(i - 0.5, i + 0.5, color=PALE, alpha=0.6, lw=0, zorder=0)
        place = zero if row.error == 0 else row.error if np.isfinite(row.error) else ceiling
        ax.plot(
            [place],
            [i],
            marker=("$=$" if row.error == 0 else "o") if row.passed else "D",
            ms=5,
            color=STABLE if row.passed else UNSTABLE,
            mfc=STABLE if row.passed else "white",
            clip_on=False,
            zorder=3,
        )[0].set_gid("pass" if row.passed else "fail")
        if row.tolerance > 0:
            ax.plot([row.tolerance], [i], marker="|", ms=9, mew=1.2, color=GREY, zorder=2)
        for text, place in zip(
            (row.name, _number(row.theory), _number(row.simulation), _number(row.error, 2)),
            _COLUMNS,
            strict=True,
        ):
            _write(ax, text, place, 1 - (i + 0.5) / len(table), va="center")
    for text, place in zip(("", "theory", "simulation", "difference"), _COLUMNS, strict=True):
        _write(ax, text, place, 1.0, va="bottom", style="italic")
    ax.set_yticks([])
    ax.set_xlabel("|simulation − theory|")
    ax.spines[["top", "right", "left"]].set_visible(False)
    handles = [
        Line2D([], [], ls="none", marker="o", ms=5, color=STABLE, label="within tolerance"),
        Line2D([], [], ls="none", marker="D", ms=5, mfc="white", color=UNSTABLE, label="not"),
        Line2D([], [], ls="none", marker="|", ms=9, mew=1.2, color=GREY, label="tolerance"),
    ]
    handles = [h for h in handles if h.get_label() != "not" or not all(r.passed for r in table)]
    ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=3,
        borderaxespad=0,
        handletextpad=0.2,
        columnspacing=0.8,
        fontsize=7.5,
    )
    return ax


def _write(ax: Axes, text: str, left: float, height: float, **style: Any) -> None:
    ax.annotate(
        text,
        (0, height),
        (left, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        annotation_clip=False,
        **style,
    )


def _row(item: Any) -> Row:
    try:
        if isinstance(item, Mapping):
            name, *values = (item[f] for f in Row._fields)
        elif hasattr(item, "theory"):
            name, *values = (getattr(item, f) for f in Row._fields)
        else:
            name, *values = item
        theory, simulation, tolerance = map(float, values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError("rows", repr(item), f"{Row._fields}, the last three numbers") from error
    return Row(str(name), theory, simulation, tolerance)


def _number(value: float, digits: int = 7) -> str:
    if not np.isfinite(value):
        return "not a number" if np.isnan(value) else "infinite"
    text = f"{value:.{digits}g}".replace("-", "−")
    if "e" not in text:
        return text
    mantissa, exponent = text.replace("−", "-").split("e")
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$"
