import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynsharp.plotting._density import cell_edges, density, runs


def grids(rng):
    return {
        "even": np.linspace(0, 1, 37),
        "fine": np.linspace(-2, 3, 1000),
        "geometric": np.geomspace(1e-3, 10, 200),
        "random": np.sort(rng.uniform(0, 1, 150)),
        "two densities": np.concatenate([np.linspace(0, 1, 5), np.linspace(1.01, 1.1, 400)]),
    }


@pytest.mark.parametrize("kind", ["even", "fine", "geometric", "random", "two densities"])
def test_counts_are_those_of_a_naive_histogram(kind):
    rng = np.random.default_rng(1)
    x = grids(rng)[kind]
    values = rng.normal(size=(len(x), 23)).round(2)  # many of them on an edge
    d = density(x, values, columns=50, rows=40, span=(-2.0, 2.0))
    group = np.searchsorted(d.x_edges, x, side="right") - 1
    for g in range(len(d.samples)):
        inside = values[group == g]
        naive, edges = np.histogram(inside, bins=40, range=(-2.0, 2.0))
        np.testing.assert_array_equal(d.counts[g], naive)
        np.testing.assert_array_equal(d.y_edges, edges)
        assert d.samples[g] == inside.size > 0
    assert len(d.samples) <= 50 or kind == "even"
    assert (np.diff(d.x_edges) > 0).all()


def test_rows_with_nan_are_not_data():
    values = np.ones((4, 5))
    values[2, 3] = np.nan
    d = density(np.arange(4.0), values, columns=4, rows=3, span=(0, 2))
    np.testing.assert_array_equal(d.counts.sum(axis=1), [5, 5, 0, 5])
    np.testing.assert_array_equal(d.samples, [5, 5, 0, 5])


def test_uneven_grid_fills_the_screen_up_to_the_midpoints():
    x = np.array([0.0, 1.0, 4.0])
    d = density(x, np.array([[0.5], [1.5], [2.5]]), columns=60, rows=3, span=(0, 3))
    np.testing.assert_allclose(d.x_edges, [-0.5, 0.5, 2.5, 5.5])
    row = np.nanargmax(d.image(60), axis=0)
    centres = -0.5 + 6 * (np.arange(60) + 0.5) / 60
    np.testing.assert_array_equal(row, np.digitize(centres, [0.5, 2.5]))


def test_a_branch_is_one_cell_thick_and_darker_than_a_band():
    rng = np.random.default_rng(0)
    values = np.vstack([np.full((50, 200), 0.5), rng.uniform(0, 1, (50, 200))])
    image = density(np.arange(100.0), values, 100, 80, (0, 1)).image(100)
    periodic = image[:, :50]
    assert (np.isfinite(periodic).sum(axis=0) == 1).all()
    np.testing.assert_array_equal(np.nanmax(periodic, axis=0), 1.0)
    assert np.nanmin(image[:, 50:]) < 0.5  # the band uses the range of tones
    assert np.nanmax(image[:, 50:]) > 0.9


@given(st.floats(-3, 3).filter(lambda s: abs(s) > 0.1), st.floats(-5, 5))
def test_affine_change_of_the_parameter_changes_no_count(scale, shift):
    rng = np.random.default_rng(3)
    x, values = np.sort(rng.uniform(0, 1, 30)), rng.uniform(0, 1, (30, 9))
    order = slice(None) if scale > 0 else slice(None, None, -1)
    a = density(x, values, 300, 10, (0, 1))
    b = density((scale * x + shift)[order], values[order], 300, 10, (0, 1))
    assert a.counts.sum() == b.counts.sum()
    np.testing.assert_array_equal(a.counts.sum(axis=0), b.counts.sum(axis=0))


def test_five_million_points_in_a_second():
    values = np.random.default_rng(0).uniform(0, 1, (20_000, 256))
    started = time.process_time()
    density(np.linspace(0, 1, 20_000), values, 1200, 700, (0, 1)).image(1200)
    assert time.process_time() - started < 3  # 0.3 s on an idle machine


def test_cells_and_runs():
    np.testing.assert_allclose(cell_edges(np.array([1.0, 2.0, 4.0])), [0.5, 1.5, 3.0, 5.0])
    assert cell_edges(np.array([2.0])).shape == (2,)
    edges = np.arange(7.0)
    assert runs(np.array([1, 1, 0, 0, 1, 0]), edges) == [(0.0, 2.0), (4.0, 5.0)]
    assert runs(np.zeros(6), edges) == []
