"""Bifurcation curves: what is drawn is what the curves say, in the markers of the kinds."""

import dataclasses

import numpy as np
import pytest
from matplotlib.colors import to_hex

import dynsharp as ds
from dynsharp.bifurcations import marker_of
from dynsharp.bifurcations.codim2 import kind_of
from dynsharp.plotting import PALETTE


@pytest.fixture(scope="module")
def curves():
    """Flips of the fixed point and of the 2-cycle of the Hénon map."""
    span = {"a": (0.1, 4), "b": (-1.5, 0.6)}
    start = {"x": 0.9, "y": 0.3}
    branch = ds.continue_fixed_point(
        ds.systems.henon(), "a", start, 0.3, (0.1, 1.4), fixed={"b": 0.3}
    )
    doubled = branch.switch(branch.special_points[0])
    points = [next(p for p in b.special_points if p.kind == "flip") for b in (branch, doubled)]
    return [ds.continue_bifurcation(p, ("a", "b"), span) for p in points]


def by_gid(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def test_curve_and_point_are_where_they_are(curves):
    ax = ds.plotting.bifurcation_curve(curves[0])
    (line,) = by_gid(ax, "flip of period 1")
    assert np.array_equal(np.column_stack(line.get_data()), curves[0].values)
    assert to_hex(line.get_color()).upper() == PALETTE[marker_of("flip").colour]
    (mark,) = by_gid(ax, "1:2")
    assert np.allclose(mark.get_data(), [[3], [-1]], atol=1e-9)
    assert mark.get_marker() == kind_of("1:2").marker.symbol
    assert [t.get_text() for t in ax.texts] == [kind_of("1:2").marker.label]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$a$", "$b$")


def test_several_curves_differ_by_period(curves):
    ax = ds.plotting.bifurcation_curve(curves)
    one, two = (by_gid(ax, f"flip of period {n}")[0] for n in (1, 2))
    assert one.get_linestyle() != two.get_linestyle()
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert labels == ["flip", "flip of period 2"]


def test_over_a_phase_diagram_its_ranges_stay(curves):
    grid = {"a": np.linspace(0.1, 1.4, 8), "b": np.linspace(0.0, 0.4, 6)}
    periods = ds.phase_diagram(ds.systems.henon(), grid, {"x": 0.1, "y": 0.1}, transient=50)
    ax = ds.plotting.phase_diagram(periods)
    before = (ax.get_xlim(), ax.get_ylim(), len(ax.get_legend().get_texts()))
    assert ds.plotting.bifurcation_curve(curves[0], ax=ax) is ax
    assert (ax.get_xlim(), ax.get_ylim()) == before[:2]
    assert len(ax.get_legend().get_texts()) == before[2] + 1


def test_bad_input(curves):
    other = dataclasses.replace(curves[0], parameters=("a", "c"))
    empty = dataclasses.replace(curves[0], values=np.empty((0, 2)), status="it failed")
    for wrong, named in (([], "at least one"), ([curves[0], other], "'c'"), (empty, "it failed")):
        with pytest.raises(ds.InputError, match=named):
            ds.plotting.bifurcation_curve(wrong)
