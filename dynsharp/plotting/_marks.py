"""Analytic thresholds as vertical lines, with labels that do not collide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

from dynsharp.errors import InputError
from dynsharp.plotting._labels import label, number
from dynsharp.plotting._style import PALETTE

_GAP = 5.0  # between two labels, in points
_COLOUR = PALETTE["vermillion"]


def read_thresholds(thresholds: Iterable[Any], parameter: str) -> list[tuple[float, str]]:
    """Return (value, text) for thresholds or (value, label) pairs, one for every value, ascending.

    Raises
    ------
    InputError
        If one is neither, is about another parameter, or its value is not a real number.
    """
    found: dict[float, tuple[Any, list[str]]] = {}
    for item in thresholds:
        if hasattr(item, "value") and hasattr(item, "kind"):
            exact, text, about = item.value, str(item.kind), getattr(item, "parameter", parameter)
            if str(about) != parameter:
                raise InputError("thresholds", f"one in {about}", f"thresholds in {parameter}")
        elif isinstance(item, Sequence) and len(item) == 2 and isinstance(item[1], str):
            exact, text = item
        else:
            raise InputError("thresholds", repr(item), "Threshold objects or (value, label) pairs")
        try:
            value = float(exact)
        except (TypeError, ValueError) as error:
            raise InputError(
                "thresholds",
                f"{text} at {exact}",
                "values that are real numbers: substitute the other parameters",
            ) from error
        value = next((v for v in found if np.isclose(v, value, rtol=1e-9, atol=1e-12)), value)
        texts = found.setdefault(value, (exact, []))[1]
        if text not in texts:
            texts.append(text)
    return [
        (value, f"{', '.join(texts)}\n${_symbol(parameter)} {number(exact)}$")
        for value, (exact, texts) in sorted(found.items(), key=lambda pair: pair[0])
    ]


def draw_thresholds(
    axes: Sequence[Axes] | np.ndarray, thresholds: Iterable[Any], parameter: str
) -> None:
    """Draw a line per threshold through all panels, labelled in head-room at the top of the first.

    A threshold outside the x range has no place and is not drawn. The labels stand as near to their
    lines as they can without overlap: least squares under an order constraint, which is an isotonic
    regression once the widths are subtracted.
    """
    low, high = sorted(axes[0].get_xlim())
    marks = [(v, t) for v, t in read_thresholds(thresholds, parameter) if low <= v <= high]
    if not marks:
        return
    foot = _label(axes[0], marks)
    for ax in axes:
        for value, text in marks:
            top = foot if ax is axes[0] else 1.0
            line = ax.axvline(value, 0, top, color=_COLOUR, lw=0.8, ls=(0, (4, 2)), zorder=3)
            line.set_label("_" + text.replace("\n", " "))
            line.set_gid("threshold")


def _label(ax: Axes, marks: list[tuple[float, str]]) -> float:
    """Write the labels; return the height, in shares of the axes, at which their lines end."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    figure.draw_without_rendering()  # the layout decides how wide the axes are
    frame = ax.get_window_extent(renderer)
    point = figure.dpi / 72
    style: dict[str, Any] = {
        "ha": "center",
        "va": "top",
        "fontsize": 8,
        "linespacing": 1.2,
        "zorder": 5,
    }
    texts = [ax.text(0, 0.985, t, transform=ax.transAxes, color=_COLOUR, **style) for _, t in marks]

    def extents() -> list[Bbox]:
        return [t.get_window_extent(renderer) for t in texts]

    def width(boxes: list[Bbox]) -> np.ndarray:
        return np.array([b.width for b in boxes]) + _GAP * point

    boxes = extents()
    if width(boxes).sum() > frame.width:  # too many to stand side by side: on end, on one line
        for t, (_, text) in zip(texts, marks, strict=True):
            t.set_text(text.replace("\n", "  "))
            t.set_rotation(90)
        boxes = extents()
    widths = width(boxes)
    if (scale := frame.width / widths.sum()) < 1:
        for t in texts:
            t.set_fontsize(8 * scale)
        boxes = extents()
        widths = width(boxes) * min(1, frame.width / width(boxes).sum())

    lines = ax.transData.transform([(v, 0) for v, _ in marks])[:, 0] - frame.x0
    offsets = np.cumsum(widths) - widths / 2
    places = isotonic_regression(lines - offsets).x
    places = np.clip(places, 0, frame.width - widths.sum()) + offsets

    height = max(b.height for b in boxes) + 3 * point
    foot = 0.985 - height / frame.height - 0.03
    _make_room(ax, 1 - foot)
    for t, place, line, box in zip(texts, places, lines, boxes, strict=True):
        t.set_position((place / frame.width, 0.985))
        t.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.5})
        ax.annotate(  # from the label down to its line
            "",
            xy=(line / frame.width, foot),
            xytext=(place / frame.width, 0.985 - (box.height + 2 * point) / frame.height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": _COLOUR, "shrinkA": 0, "shrinkB": 0},
        )
    return foot


def _make_room(ax: Axes, share: float) -> None:
    """Raise the upper end of y so that this share of the height is above the data."""
    share = min(share, 0.6)
    forward = ax.yaxis.get_transform()
    low, high = forward.transform(np.array(ax.get_ylim(), float))
    raised = forward.inverted().transform(np.array([low + (high - low) / (1 - share)]))
    ax.set_ylim(top=float(raised[0]))


def _symbol(name: str) -> str:
    return label(name)[1:-1]
