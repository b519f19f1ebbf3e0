"""The tree of branches: exact trees, invariances, and brute force."""

import pickle
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.branch_tree import BifurcationDiagram, bifurcation_diagram
from dynsharp.continuation import continue_fixed_point
from dynsharp.continuation.position import at_value, position
from dynsharp.errors import InputError

x, y, r, rho = sp.symbols("x y r rho", real=True)
LOGISTIC = ds.systems.logistic()
ODD = ds.DiscreteMap({x: (1 + rho) * x - x**3}, [rho], name="odd")
TWO = ds.DiscreteMap({x: r * x * (1 - x), y: r * y * (1 - y)}, [r], name="two logistic maps")


def same_kind(a, b):
    """Nodes that may correspond under a change of coordinates."""
    return a["kind"] == b["kind"] and a["period"] == b["period"]


def alike(edges, others):
    """Edges between two nodes, with their periods and stability."""
    mine, theirs = (sorted((e["period"], e["stable"]) for e in s.values()) for s in (edges, others))
    return mine == theirs


def isomorphic(one, other):
    return nx.is_isomorphic(one.graph, other.graph, node_match=same_kind, edge_match=alike)


@pytest.fixture(scope="module")
def logistic():
    return bifurcation_diagram(LOGISTIC, "r", (0.5, 4), depth=3)


def test_logistic_tree(logistic):
    found = [(p.kind, p.value) for p in logistic.special_points]
    assert [kind for kind, _ in found] == ["branch", "flip", "flip", "flip", "flip"]
    exact = [1, 3, 1 + np.sqrt(6), 3.544090359551923]  # the third: Bailey 1993, degree 12
    assert [value for _, value in found[:4]] == pytest.approx(exact, abs=1e-12)
    # x = 0 and x = 1 − 1/r are there once each, then one cycle of each period
    assert [b.period for b in logistic.branches] == [1, 1, 2, 4, 8]
    assert [o.branch for o in logistic.origins] == [None, None, 1, 2, 3]
    assert [o.depth for o in logistic.origins] == [0, 0, 1, 2, 3]
    assert [(u.branch, u.reason) for u in logistic.unfollowed] == [(4, "depth 3 reached")]


def test_logistic_graph(logistic):
    graph = logistic.graph
    tree = [(d["kind"], graph.degree[n]) for n, d in graph.nodes(data=True) if d["kind"] != "end"]
    # four pieces meet where branches cross; at a flip two of the trunk and the doubled cycle,
    # which has not been followed at the last
    assert sorted(tree) == [("branch", 4), ("flip", 2), ("flip", 3), ("flip", 3), ("flip", 3)]
    assert nx.is_tree(graph)
    for u, v, d in graph.edges(data=True):
        low, high = sorted(graph.nodes[n]["value"] for n in (u, v))
        assert (d["low"], d["high"]) == (low, high)
        ((first, last),) = d["rows"]
        values = logistic.branches[d["branch"]].values[[first, last]]
        assert sorted(values) == pytest.approx([low, high], abs=1e-6)
    stable = sorted(
        (d["period"], d["low"], d["high"]) for *_, d in graph.edges(data=True) if d["stable"]
    )
    exact = [0.5, 1, 3, 1 + np.sqrt(6), 3.54409, 3.56441]
    assert [(low, high) for _, low, high in stable] == [
        pytest.approx(pair, abs=1e-5) for pair in pairwise(exact)
    ]


@pytest.mark.parametrize(
    ("start", "at", "period"),
    [
        ({"x": 0}, 0.7, 1),
        ({"x": 0}, 3.9, 1),
        ({"x": 0.6}, 2.5, 1),
        ({"x": 0.5}, 3.3, 2),
        ({"x": 0.5}, 3.5, 4),
    ],
)
def test_the_same_branches_from_any_start(logistic, start, at, period):
    # deep enough to go up to the fixed points and down to period 8 from everywhere
    found = bifurcation_diagram(LOGISTIC, "r", (0.5, 4), start, at=at, period=period, depth=4)
    known = [b for b in found.branches if b.period <= 8]
    assert sorted(b.period for b in known) == [1, 1, 2, 4, 8]
    for b in known:
        middle = np.append(b.states[len(b) // 2].ravel(), b.values[len(b) // 2])
        assert (
            sum(
                position(c.track, middle) is not None
                for c in logistic.branches
                if c.period == b.period
            )
            == 1
        )


@pytest.mark.parametrize("step", [0.002, 0.1])
def test_the_step_changes_nothing(logistic, step):
    found = bifurcation_diagram(LOGISTIC, "r", (0.5, 4), {"x": 0}, at=0.7, depth=4, step=step)
    assert [b.period for b in found.branches] == [1, 1, 2, 4, 8]
    assert isomorphic(found, logistic)
    values = [[p.value for p in d.special_points] for d in (found, logistic)]
    assert values[0] == pytest.approx(values[1], abs=1e-11)


def test_many_starts_on_known_branches_change_nothing(logistic):
    starts = [
        {"x": 0.01},
        {"x": 0.7},
        {"x": -0.02},
        *ds.fixed_points(LOGISTIC),
        logistic.branches[1],
    ]
    found = bifurcation_diagram(LOGISTIC, "r", (0.5, 4), starts, at=2.1, depth=3)
    assert sorted(b.period for b in found.branches) == [1, 1, 2, 4, 8]
    assert isomorphic(found, logistic)


@pytest.mark.parametrize(
    ("system", "parameter", "span", "start", "at", "fixed"),
    [
        (ODD, "rho", (-0.5, 1.3), {"x": 0}, -0.2, None),
        (ds.systems.uv_eos(), "rho", (0.5, 1.4), {"F": 0.6}, 0.6, None),
        (ds.systems.henon(), "a", (-0.3, 1.2), {"x": 0.9, "y": 0.3}, 0.2, {"b": 0.3}),
        (TWO, "r", (0.5, 3.2), {"x": 0, "y": 0}, 2, None),
    ],
)
def test_a_conjugated_copy_has_an_isomorphic_graph(system, parameter, span, start, at, fixed):
    # another unit, and a shift that drifts with the parameter: Z = 2x + p/3 + 1
    p = system.parameter(parameter)
    names = sp.symbols(f"Z1:{system.dimension + 1}", real=True)
    forth = {Z: 2 * s + p / 3 + 1 for Z, s in zip(names, system.state, strict=True)}
    back = {s: (Z - p / 3 - 1) / 2 for Z, s in zip(names, system.state, strict=True)}
    copy = system.conjugate(forth, back)
    there = {f"Z{i}": 2 * v + at / 3 + 1 for i, v in enumerate(start.values(), 1)}
    one = bifurcation_diagram(system, parameter, span, start, at=at, depth=2, fixed=fixed)
    other = bifurcation_diagram(copy, parameter, span, there, at=at, depth=2, fixed=fixed)
    assert isomorphic(one, other)
    values = [[p.value for p in d.special_points] for d in (one, other)]
    assert values[0] == pytest.approx(values[1], abs=1e-7)


def test_symmetric_pairs_after_a_pitchfork():
    found = bifurcation_diagram(ODD, "rho", (-0.5, 1.27), {"x": 0}, at=-0.2, depth=3)
    # the trunk; both sides of the fork are one branch; from its two flips a cycle each, and on
    assert [b.period for b in found.branches] == [1, 1, 2, 2, 4, 4]
    assert [p.kind for p in found.branches[1].special_points] == ["flip", "branch", "flip"]
    for one, other in ((2, 3), (4, 5)):
        at = 1.2 if one == 2 else 1.25
        (a,), (b,) = (at_value(found.branches[i].track, at) for i in (one, other))
        assert sorted(a[:-1]) == pytest.approx(sorted(-b[:-1]), abs=1e-9)


@pytest.mark.parametrize("value", [1.7, 3.3, 3.52])
def test_every_cycle_of_a_brute_force_search_is_on_one_branch(logistic, value):
    # up to period 4 and r = 3.52 every cycle of the map belongs to the doubling tree
    grid = np.linspace(-0.55, 1.1, 20001)
    for period in (1, 2, 4):
        image = grid
        for _ in range(period):
            image = value * image * (1 - image)
        roots = grid[np.flatnonzero(np.diff(np.sign(image - grid)))]
        assert len(roots)
        for root in roots:
            orbit = [root]
            for _ in range(4):
                orbit.append(value * orbit[-1] * (1 - orbit[-1]))
            least = next((k for k in (1, 2, 4) if abs(orbit[k] - root) < 2e-3), None)
            holders = [
                b
                for b in logistic.branches
                if b.period == least
                for c in at_value(b.track, value)
                if np.abs(c[:-1] - root).min() < 2e-4
            ]
            assert least is not None
            assert len(holders) == 1


@pytest.mark.parametrize("start", [{"x": 0, "y": 0.5}, {"x": 0.5, "y": 0.5}, {"x": 0, "y": 0}])
def test_two_uncoupled_maps_from_any_start(start):
    # At r = 1 and r = 3 two multipliers cross together, on (0, y) in opposite directions.
    # Fixed points: 4. Cycles of period 2: two with one map at 0, two with one at its fixed point,
    # in phase, out of phase.
    found = bifurcation_diagram(TWO, "r", (0.5, 3.3), start, at=2, depth=4)
    assert sorted(b.period for b in found.branches) == [1] * 4 + [2] * 6
    assert found.unfollowed == ()
    assert [p.value for p in found.special_points] == pytest.approx([1, 3, 3, 3], abs=1e-11)
    points = sorted((d["kind"], found.graph.degree[n]) for n, d in found.graph.nodes(data=True))
    assert [p for p in points if p[0] != "end"] == [
        ("branch", 8),
        ("flip", 3),
        ("flip", 3),
        ("flip", 6),
    ]


def test_a_bubble_is_followed_once():
    # doubling and halving again: both flips lead to the same cycle, and so on inside
    a = sp.Rational(13, 10) - 4 * (r - sp.Rational(1, 2)) ** 2
    bubble = ds.DiscreteMap({x: 1 - a * x**2}, [r], name="bubble")
    found = bifurcation_diagram(bubble, "r", (0, 1), {"x": 0.7}, at=0.3, depth=4)
    assert [b.period for b in found.branches] == [1, 2, 4]
    assert found.unfollowed == ()
    exact = [0.5 + s * np.sqrt((1.3 - a) / 4) for a in (0.75, 1.25) for s in (-1, 1)]
    values = sorted(p.value for p in found.special_points)
    assert values == pytest.approx(sorted(exact), abs=1e-10)
    assert not nx.is_forest(nx.Graph(found.graph))
    assert (np.diff(found.branches[1].arclength) < 0.05).all()  # no jump in it


def test_a_closed_branch_is_a_circle_of_two_pieces():
    circle = ds.DiscreteMap({x: x + (1 - x**2 - r**2) / 4}, [r])
    found = bifurcation_diagram(circle, "r", (-2, 2))
    assert len(found.branches) == 1
    assert sorted(d for _, d in found.graph.degree) == [2, 2]
    assert {k for _, k in found.graph.nodes(data="kind")} == {"fold"}
    assert sorted(d["stable"] for *_, d in found.graph.edges(data=True)) == [False, True]


def test_disconnected_branches_are_found():
    # fixed points on x = −2 and on the parabola r = (x − 1)², which do not meet
    apart = ds.DiscreteMap({x: x - (x + 2) * (r - (x - 1) ** 2) / 20}, [r], name="apart")
    alone = bifurcation_diagram(apart, "r", (-0.5, 2), {"x": -2}, at=0.5)
    assert len(alone.branches) == 1
    both = bifurcation_diagram(apart, "r", (-0.5, 2), {"x": -2}, at=0.5, search=True)
    assert len(both.branches) == 2
    assert [p.kind for p in both.branches[1].special_points] == ["fold"]
    assert both.branches[1].special_points[0].value == pytest.approx(0, abs=1e-9)
    assert "deflation" in both.origins[1].text


def test_a_window_of_period_three_without_a_start():
    found = bifurcation_diagram(LOGISTIC, "r", (3.7, 3.9), period=3, depth=1)
    assert [b.period for b in found.branches] == [3, 6]
    fold = found.special_points[0]
    assert (fold.kind, fold.value) == ("fold", pytest.approx(1 + np.sqrt(8), abs=1e-9))


def test_a_family_of_minima_is_one_branch_with_its_flip():
    found = bifurcation_diagram(ds.systems.uv(), "rho", (0.5, 1.5), depth=1)
    families = [b for b in found.branches if b.family]
    assert [b.parameter for b in families] == ["k"]
    (flip,) = families[0].special_points
    assert (flip.kind, flip.value) == ("flip", pytest.approx(2, abs=1e-12))
    assert len(found.branches) == 4  # with II, III and IV
    assert [u.branch for u in found.unfollowed] == [found.branches.index(families[0])]
    again = bifurcation_diagram(
        ds.systems.uv(), "rho", (0.5, 1.5), [{"z": 0, "k": k} for k in (1.7, 3, 5)], at=0.8
    )
    assert len(again.branches) == 1


def test_a_continuous_symmetry_is_reported():
    circle = x**2 + y**2
    turning = ds.DiscreteMap({x: r * x - x * circle, y: r * y - y * circle}, [r], name="turning")
    found = bifurcation_diagram(turning, "r", (0.5, 1.5), {"x": 0, "y": 0}, at=0.7)
    assert len(found.branches) == 1
    assert "continuous symmetry" in str(found.unfollowed[0])


def test_what_is_not_followed_is_said():
    delayed = ds.systems.delayed_logistic()
    found = bifurcation_diagram(delayed, "a", (1.5, 2.2), {"x": 0.4, "y": 0.4}, at=1.7, depth=1)
    assert any("invariant circle" in u.reason for u in found.unfollowed)
    failed = bifurcation_diagram(LOGISTIC, "r", (0.5, 4), {"x": 1e9}, at=2, period=7)
    assert failed.branches == ()
    assert "at r = 2" in failed.unfollowed[0].what
    assert len(failed.to_dataset()["row"]) == 0
    assert "not followed" in repr(failed)
    few = bifurcation_diagram(LOGISTIC, "r", (0.5, 4), {"x": 0}, at=2, depth=5, max_branches=3)
    assert len(few.branches) == 3
    assert "max_branches" in few.status
    assert any(u.branch == 2 and "flip" in u.what for u in few.unfollowed)


def test_interrupted(monkeypatch):
    from dynsharp.branch_tree import grow as _grow

    calls = []

    def emanating(track, event):
        calls.append(event)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(track, event)

    original = _grow.emanating
    monkeypatch.setattr(_grow, "emanating", emanating)
    found = bifurcation_diagram(LOGISTIC, "r", (0.5, 4), {"x": 0}, at=2, depth=6)
    assert [b.period for b in found.branches] == [1, 1, 2]
    assert found.status.startswith("interrupted")
    assert any(u.branch == 2 and u.reason == "interrupted" for u in found.unfollowed)


def test_dataset_equality_and_pickle(logistic, tmp_path):
    data = logistic.to_dataset()
    assert data.sizes["row"] == sum(len(b) * b.period for b in logistic.branches)
    four = data.where(data["period"] == 4, drop=True)
    r4, x4, phase = (four[k].values for k in ("r", "x", "phase"))
    following = x4[1:][phase[:-1] < 3]
    assert np.allclose((r4 * x4 * (1 - x4))[:-1][phase[:-1] < 3], following, atol=1e-12)
    assert not any(np.isnan(data[v].values).any() for v in data.data_vars)
    data.to_netcdf(tmp_path / "tree.nc")
    again = pickle.loads(pickle.dumps(logistic))
    assert again == logistic
    assert isinstance(again, BifurcationDiagram)
    assert isomorphic(again, logistic)
    assert logistic != bifurcation_diagram(LOGISTIC, "r", (0.5, 4), {"x": 0}, at=2, depth=1)
    text = repr(logistic)
    assert "depth 3: 5 branches, 5 special points" in text
    assert "the flip at r = 3 of branch 1" in text


def test_wrong_input():
    def diagram(**options):
        arguments = {
            "map": LOGISTIC,
            "parameter": "r",
            "span": (0.5, 4),
            "start": {"x": 0},
            "at": 2,
        }
        return bifurcation_diagram(**(arguments | options))

    other = continue_fixed_point(ODD, "rho", {"x": 0}, at=0, span=(-0.5, 0.5))
    for name, options in {
        "map": {"map": 3},
        "parameter": {"parameter": "q"},
        "span": {"span": (4, 1)},
        "start": {"start": 7},
        "at": {"at": None},
        "depth": {"depth": -1},
        "period": {"period": 0},
        "step": {"step": 0},
        "max_branches": {"max_branches": 0},
        "fixed": {"fixed": {"r": 1}},
    }.items():
        with pytest.raises(InputError) as raised:
            diagram(**options)
        assert raised.value.argument == name
    with pytest.raises(InputError, match="a branch of logistic along r"):
        diagram(start=other)
    with pytest.raises(InputError, match="in the span"):
        diagram(at=9)


def test_a_branch_point_next_to_the_end_of_the_span():
    # coupled logistic maps: the pitchfork of the 2-cycles is 0.015 before the end
    f, g = r * x * (1 - x), r * y * (1 - y)
    pair = ds.DiscreteMap({x: 0.9 * f + 0.1 * g, y: 0.9 * g + 0.1 * f}, [r], name="coupled")
    found = bifurcation_diagram(pair, "r", (0.9, 3.4), {"x": 0, "y": 0}, at=1.1, depth=5)
    assert sorted(b.period for b in found.branches) == [1] * 3 + [2] * 5
    assert found.unfollowed == ()
    assert all(b.status == "complete" for b in found.branches)


def test_a_second_call_gives_the_same_to_the_last_bit():
    one, two = (
        bifurcation_diagram(TWO, "r", (0.5, 3.3), {"x": 0.5, "y": 0.5}, at=2, depth=1)
        for _ in range(2)
    )
    assert one == two
    assert all(a == b for a, b in zip(one.branches, two.branches, strict=True))
