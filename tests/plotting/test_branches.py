"""Branches in figures: what is drawn where, and how stability and special points look."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.branch_tree import bifurcation_diagram
from dynsharp.continuation import continue_fixed_point
from dynsharp.errors import InputError
from dynsharp.plotting._style import STABLE, UNSTABLE

x, r = sp.symbols("x r", real=True)
LOGISTIC = ds.systems.logistic()


@pytest.fixture(scope="module")
def logistic():
    return bifurcation_diagram(LOGISTIC, "r", (2.8, 3.6), {"x": 0.6}, at=2.9, depth=2)


@pytest.fixture(scope="module")
def fork():
    map = ds.DiscreteMap({x: r * x - x**3}, [r], name="fork")
    return bifurcation_diagram(map, "r", (0.5, 2.2), {"x": 0}, at=0.8, depth=2)


def lines(ax, gid):
    return [line for line in ax.get_lines() if line.get_gid() == gid]


def test_stable_parts_are_solid_and_unstable_ones_dashed(logistic):
    ax = ds.plotting.bifurcation_diagram(logistic)
    (stable,) = lines(ax, "branch of period 2, stable")
    (unstable,) = lines(ax, "branch of period 2, unstable")
    assert (stable.get_color(), unstable.get_color()) == (STABLE, UNSTABLE)
    assert stable.get_linestyle() == "-"
    assert unstable.get_linestyle() == "--"
    drawn, height = stable.get_data()
    assert np.nanmin(drawn) == pytest.approx(3, abs=1e-9)
    assert np.nanmax(drawn) == pytest.approx(1 + np.sqrt(6), abs=1e-9)
    # both points of the cycle: a gap after each, and each satisfies the map's second iterate
    assert np.isnan(drawn).sum() == 2
    once = drawn * height * (1 - height)
    assert np.allclose((drawn * once * (1 - once))[~np.isnan(drawn)], height[~np.isnan(drawn)])
    assert ax.get_xlim() == (2.8, 3.6)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$r$", "$x$")


def test_every_special_point_is_marked_in_all_phases(fork):
    ax = ds.plotting.bifurcation_diagram(fork)
    marks = [(p, q) for line in lines(ax, "flip") for p, q in zip(*line.get_data(), strict=True)]
    exact = [(2, 1), (2, -1)]
    for pair in exact:
        assert any(np.allclose(pair, m, atol=1e-9) for m in marks)
    (branch_point,) = {tuple(np.round(m.get_xydata()[0], 9)) for m in lines(ax, "branch")}
    assert branch_point == (1, 0)
    texts = [t.get_text() for t in ax.get_legend().get_texts()]
    assert texts == ["stable", "unstable", "flip", "branch point"]


def test_over_an_orbit_diagram(logistic, sweep):
    ax = ds.plotting.bifurcation_diagram(logistic, over=sweep(np.linspace(2.9, 3.6, 80)))
    (image,) = ax.images
    colours = image.cmap(np.linspace(0, 1, 5))
    assert np.allclose(colours[:, 0], colours[:, 1])  # grey
    low, high = ax.get_ylim()
    for line in lines(ax, "flip"):
        assert (line.get_ydata() > low).all()
        assert (line.get_ydata() < high).all()
    with pytest.raises(InputError, match="a sweep of r"):
        ds.plotting.bifurcation_diagram(
            logistic, over=sweep(np.linspace(2.9, 3.6, 8)).rename(r="q").assign_attrs(parameter="q")
        )


def test_one_branch_and_a_family():
    eos = ds.systems.uv_eos()
    branch = continue_fixed_point(eos, "rho", {"F": 0.5}, at=0.5, span=(0.2, 1.5))
    ax = ds.plotting.branch(branch)
    (stable,) = lines(ax, "branch of period 1, stable")
    assert np.nanmin(stable.get_xdata()) == 0.2
    family = continue_fixed_point(ds.systems.uv(), "rho", {"z": 0, "k": 1.5}, 0.5, (0.2, 2))
    ax = ds.plotting.branch(family)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$k$", "$z$")
    ((k, z),) = [tuple(map(float, m.get_xydata()[0])) for m in lines(ax, "flip")]
    assert (k, z) == pytest.approx((2, 0), abs=1e-9)
    _, ax = plt.subplots()
    assert ds.plotting.branch(family, "k", ax=ax, span=(0, 3)) is ax
    assert ax.get_ylim() == (0, 3)


def test_a_family_in_a_diagram_stands_at_its_value():
    found = bifurcation_diagram(ds.systems.uv(), "rho", (0.5, 1.5), {"z": 0, "k": 1.9}, at=0.8)
    ax = ds.plotting.bifurcation_diagram(found, "k")
    for line in ax.get_lines():
        at = line.get_xdata()
        assert np.allclose(at[~np.isnan(at)], 0.8)
    tree = ds.plotting.bifurcation_tree(found)
    assert [t.get_text() for t in tree.texts] == ["$k$ = 2"]


def test_the_tree_has_a_row_for_each_branch(fork):
    ax = ds.plotting.bifurcation_tree(fork)
    rows = [t.get_text() for t in ax.get_yticklabels()]
    # the fork has two sides, each followed by the cycles that leave from it
    assert rows == ["0: fixed points", "1: fixed points", "2: 2-cycles", "1", "3: 2-cycles"]
    pieces = sum(len(lines(ax, f"branch {i}")) for i in range(len(fork.branches)))
    assert pieces == fork.graph.number_of_edges()
    flips = {tuple(line.get_xydata()[0]) for line in lines(ax, "flip")}
    assert {round(at, 9) for at, _ in flips} == {2}
    assert sorted(row for _, row in flips) == [1, 2, 3, 4]
    assert ax.get_xlabel() == "$r$"
    texts = sorted(t.get_text() for t in ax.texts)
    assert texts == ["1", "2", "2"]


def test_figures_are_the_same_in_every_run(logistic, tmp_path):
    for k, recipe in enumerate((ds.plotting.bifurcation_diagram, ds.plotting.bifurcation_tree)):
        one = ds.plotting.save(recipe(logistic), tmp_path / f"{k}.svg").read_bytes()
        other = ds.plotting.save(recipe(logistic), tmp_path / f"{k}b.svg").read_bytes()
        assert one == other


def test_wrong_input(logistic):
    with pytest.raises(InputError, match="state"):
        ds.plotting.bifurcation_diagram(logistic, "q")
    none = bifurcation_diagram(LOGISTIC, "r", (0.5, 4), {"x": 1e9}, at=2, period=7)
    for recipe in (ds.plotting.bifurcation_diagram, ds.plotting.bifurcation_tree):
        with pytest.raises(InputError, match="without branches"):
            recipe(none)
    empty = continue_fixed_point(LOGISTIC, "r", {"x": 1e9}, 2, (0.5, 4), period=7)
    with pytest.raises(InputError, match="without points"):
        ds.plotting.branch(empty)
