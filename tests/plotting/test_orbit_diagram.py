from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp
import xarray as xr

from dynsharp import InputError
from dynsharp.plotting import lyapunov, orbit_diagram


def by_gid(ax, gid):
    return [a for a in ax.get_children() if a.get_gid() == gid]


def threshold(value, kind="flip", parameter="r"):
    return SimpleNamespace(value=sp.sympify(value), kind=kind, parameter=sp.Symbol(parameter))


def exponent_of(sweep):
    r = sweep["r"].to_numpy()
    e = np.log(np.maximum(np.abs(r[:, None] * (1 - 2 * sweep["x"].to_numpy())), 1e-12)).mean(axis=1)
    return xr.Dataset(
        {"exponent": ("r", e), "standard_error": ("r", np.full_like(e, 0.01))},
        {"r": r},
        {"parameter": "r"},
    )


def test_image_shows_the_visited_cells_and_no_others(sweep):
    data = sweep(np.linspace(2.8, 3.9, 200))
    ax = orbit_diagram(data)
    (image,) = ax.get_images()
    shown = ~np.ma.getmaskarray(image.get_array())
    rows, columns = shown.shape
    x0, x1, y0, y1 = image.get_extent()
    naive = np.zeros_like(shown)
    r, x = data["r"].to_numpy(), data["x"].to_numpy()
    for c in range(columns):
        nearest = np.argmin(np.abs(r - (x0 + (x1 - x0) * (c + 0.5) / columns)))
        naive[:, c] = np.histogram(x[nearest], rows, (y0, y1))[0] > 0
    assert (naive == shown).mean() > 0.9999  # a column centre on a midpoint may go either way
    assert not ax.collections  # no scatter


def test_shuffled_and_descending_grids_give_the_same_image(sweep):
    data = sweep(np.linspace(2.8, 3.9, 101))
    images = [
        orbit_diagram(d).get_images()[0].get_array()
        for d in (
            data,
            data.isel(r=slice(None, None, -1)),
            data.isel(r=[*range(50, 101), *range(50)]),
        )
    ]
    for other in images[1:]:
        np.testing.assert_array_equal(images[0].filled(-1), other.filled(-1))


def test_diverged_orbits_are_marked_and_not_drawn(sweep):
    data = sweep(np.linspace(3.5, 4.5, 101))
    bad = data["diverged"].to_numpy() != 0
    data["x"].to_numpy()[bad] = 0.5  # stale numbers that must not appear
    ax = orbit_diagram(data)
    (image,) = ax.get_images()
    x0, x1, _, top = image.get_extent()
    array = image.get_array()
    centres = x0 + (x1 - x0) * (np.arange(array.shape[1]) + 0.5) / array.shape[1]
    first = data["r"].to_numpy()[bad].min() - 0.005
    assert np.ma.getmaskarray(array)[:, centres > first + 1e-9].all()
    assert top < 1.2
    (hatch,) = by_gid(ax, "no data")
    assert hatch.get_paths()[0].get_extents().x0 == pytest.approx(first)
    assert f"{bad.sum()} of 101" in ax.get_legend().get_texts()[0].get_text()


def test_what_begins_outside_the_domain_is_marked_apart_and_not_drawn(sweep):
    data = sweep(np.linspace(3.5, 4.5, 101))
    outside = data["r"] > 4.3  # these diverge too: the reason is that they never began
    data["outside_domain"] = outside.astype(np.int8)
    data["diverged"] = data["diverged"].where(~outside, 0)
    data["x"].to_numpy()[outside] = 7.0  # stale numbers that must not appear
    growth = exponent_of(data).assign({n: data[n] for n in ("diverged", "outside_domain")})
    growth["exponent"].to_numpy()[0] = -np.inf  # superstable: data, below all others
    upper, lower = orbit_diagram(data, exponent=growth)
    assert upper.get_ylim()[1] < 1.2
    (text,) = [t.get_text() for t in upper.get_legend().get_texts()]
    diverged, begun_outside = int(data["diverged"].sum()), int(outside.sum())
    reasons = f"diverged ({diverged} of 101), start outside the domain ({begun_outside} of 101)"
    assert text == reasons
    (hatch,) = by_gid(lower, "no data")
    assert hatch.get_label() == reasons
    curve = lower.lines[-1].get_ydata()
    assert np.isnan(curve).sum() == diverged + begun_outside
    assert curve[0] < lower.get_ylim()[0]


def test_all_diverged_is_a_figure_without_data(sweep):
    ax = orbit_diagram(sweep(np.linspace(4.5, 5, 20)))
    assert np.ma.getmaskarray(ax.get_images()[0].get_array()).all()
    assert len(by_gid(ax, "no data")) == 1


@pytest.mark.parametrize("count", [1, 5, 14])
def test_thresholds_are_lines_with_labels_that_do_not_collide(sweep, count):
    values = [3.569945 - 0.57 / 4.669**i for i in range(count)]
    ax = orbit_diagram(sweep(np.linspace(2.8, 4, 300)), thresholds=map(threshold, values))
    lines = by_gid(ax, "threshold")
    np.testing.assert_allclose(sorted(line.get_xdata()[0] for line in lines), values)
    figure = ax.get_figure()
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in ax.texts if t.get_text()]
    assert len(boxes) == count
    frame = ax.get_window_extent()
    for i, box in enumerate(boxes):
        assert frame.x0 - 2 <= box.x0
        assert box.x1 <= frame.x1 + 2
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    data_top = ax.transData.transform((0, ax.get_images()[0].get_extent()[3]))[1]
    assert min(b.y0 for b in boxes) >= data_top - 1  # labels stand above the data


def test_threshold_labels_are_exact_where_that_is_short(sweep):
    marks = [threshold(3), threshold(1 + sp.sqrt(6)), (3.83, "window"), threshold(9)]
    ax = orbit_diagram(sweep(np.linspace(2.8, 4, 50)), thresholds=marks)
    texts = [t.get_text() for t in ax.texts if t.get_text()]
    assert texts == ["flip\n$r = 3$", r"flip" + "\n" + r"$r = \sqrt{6} + 1$", "window\n$r = 3.83$"]


def test_equal_thresholds_share_a_line(sweep):
    marks = [threshold(3), threshold(3, "fold"), (3.0 + 1e-13, "flip")]
    ax = orbit_diagram(sweep(np.linspace(2.8, 4, 50)), thresholds=marks)
    assert len(by_gid(ax, "threshold")) == 1
    assert ax.texts[0].get_text().startswith("flip, fold\n")


def test_exponent_panel(sweep):
    data = sweep(np.linspace(2.8, 3.9, 300))
    axes = orbit_diagram(data, thresholds=[threshold(3)], exponent=exponent_of(data))
    assert axes.shape == (2,)
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert [len(by_gid(a, "threshold")) for a in axes] == [1, 1]
    low, high = axes[1].get_ylim()
    assert low < 0 < high
    given = plt.subplots(2)[1]
    again = orbit_diagram(data, exponent=exponent_of(data), ax=given)
    assert list(again) == list(given)


def test_exponent_is_filled_by_its_sign(sweep):
    ax = lyapunov(exponent_of(sweep(np.linspace(3.4, 3.9, 200))))
    negative, positive = (c.get_paths()[0].vertices[:, 1] for c in ax.collections[:2])
    assert negative.max() <= 1e-12
    assert negative.min() < -0.1
    assert positive.min() >= -1e-12
    assert positive.max() > 0.2


def test_given_axes_are_drawn_into_and_returned(sweep):
    figure, ax = plt.subplots()
    assert orbit_diagram(sweep(np.linspace(3, 4, 20)), "x", ax=ax) is ax
    assert figure.axes == [ax]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$r$", "$x$")
    free = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    data = sweep(np.linspace(3, 4, 20))
    upper, lower = orbit_diagram(data, exponent=exponent_of(data), ax=free)
    assert upper is free
    assert lower.get_position().y1 < upper.get_position().y0


def test_bad_input_is_named(sweep):
    data = sweep(np.linspace(3, 4, 20))
    log = plt.subplots()[1]
    log.set_xscale("log")
    for argument, call in {
        "variable": lambda: orbit_diagram(data, "y"),
        "dataset": lambda: orbit_diagram(xr.Dataset({"x": ("r", [1.0])}, {"r": [1.0]})),
        "thresholds": lambda: orbit_diagram(data, thresholds=[threshold(3, parameter="a")]),
        "exponent": lambda: orbit_diagram(data, exponent=exponent_of(data).rename(r="s")),
        "ax": lambda: orbit_diagram(data, ax=log),
    }.items():
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.argument == argument
    with pytest.raises(InputError, match="substitute"):
        orbit_diagram(data, thresholds=[threshold(sp.Symbol("b") + 1)])
