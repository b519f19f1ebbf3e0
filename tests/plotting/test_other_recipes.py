import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from dynsharp import InputError
from dynsharp.plotting import comparison, phase_diagram, sharpness_trajectory


def test_sharpness_against_its_threshold():
    data = xr.Dataset(
        {
            "sharpness": ("iterate", [1.0, 5.0, 3.0]),
            "lam": ("iterate", [0.5, 4.0, 3.0]),
            "loss": ("iterate", [1.0, 0.1, 0.0]),
        }
    )
    upper, lower = sharpness_trajectory(data, 0.5)
    lines = {line.get_label(): line for line in upper.lines}
    np.testing.assert_array_equal(lines["sharpness"].get_ydata(), [1, 5, 3])
    np.testing.assert_array_equal(lines[r"NTK trace $\lambda$"].get_ydata(), [0.5, 4, 3])
    assert set(lines[r"$2/\eta$"].get_ydata()) == {4.0}
    assert lower.get_yscale() == "log"
    np.testing.assert_array_equal(lower.lines[0].get_ydata(), [1, 0.1, np.nan])

    scaled = data.rename(lam="k").drop_vars("loss")
    ax = sharpness_trajectory(scaled, ax=plt.subplots()[1])
    lines = {line.get_label(): line for line in ax.lines}
    assert set(lines["$2$"].get_ydata()) == {2.0}
    assert "NTK trace $k$" in lines
    with pytest.raises(InputError, match="eta"):
        sharpness_trajectory(data, -1)
    with pytest.raises(InputError, match="sharpness"):
        sharpness_trajectory(data.drop_vars("sharpness"), 1)


def test_phase_diagram_categories():
    period = np.array([[1, 2, -1, 0], [1, 2, 4, -3], [1, 40, 4, 3]])
    data = xr.Dataset({"period": (("a", "x0"), period)}, {"a": [0, 1, 4], "x0": [0.0, 1, 2, 3]})
    ax = phase_diagram(data)
    (image,) = (c for c in ax.get_children() if c.get_gid() == "periods")
    texts = [t.get_text() for t in ax.get_legend().get_texts()]
    none = "diverged, start outside the domain"
    assert texts == [*(f"period {p}" for p in (1, 2, 3, 4, 40)), "aperiodic", none]
    shown = np.ma.asarray(image.get_array())
    # pcolorfast may hold colours or categories, by the evenness of the grid
    colours = image.to_rgba(shown) if shown.ndim == 2 else shown
    assert colours.shape[:2] == (4, 3)
    assert ax.get_xlim() == (-0.5, 5.5)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$a$", "$x_{0}$")
    assert phase_diagram(data, x="x0").get_xlabel() == "$x_{0}$"


def test_rare_periods_share_a_colour():
    period = np.repeat(np.arange(1, 13), np.arange(24, 0, -2)).reshape(12, 13)
    data = xr.Dataset({"period": (("a", "b"), period)}, {"a": range(12), "b": range(13)})
    texts = [t.get_text() for t in phase_diagram(data).get_legend().get_texts()]
    assert texts == [*(f"period {p}" for p in range(1, 8)), "other periods, 8 to 12"]


def test_comparison_judges_every_row():
    rows = [("a", 1.0, 1.001, 0.01), {"name": "b", "theory": 1, "simulation": 2, "tolerance": 0.5}]
    rows += [("exact", 3, 3, 0), ("lost", 1, np.nan, 1)]
    ax = comparison(rows)
    verdicts = [line.get_gid() for line in ax.lines if line.get_gid()]
    assert verdicts == ["pass", "fail", "pass", "fail"]
    dots = [line.get_xdata()[0] for line in ax.lines if line.get_gid()]
    np.testing.assert_allclose(dots[:2], [0.001, 1.0])
    assert dots[2] < 0.001  # an exact agreement stands left of all differences
    assert "not a number" in [t.get_text() for t in ax.texts]
    figure = ax.get_figure()
    figure.draw_without_rendering()
    left = min(t.get_window_extent().x0 for t in ax.texts if t.get_text())
    assert left >= 0
    for bad in ([], [("a", 1)], [("a", "x", 1, 1)]):
        with pytest.raises(InputError, match="rows"):
            comparison(bad)
