"""The branch as a result, its start, its ends, its failures."""

import pickle

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.errors import InputError
from dynsharp.symbolic.fixed_points import fixed_points

x, y, r = sp.symbols("x y r", real=True)
LOGISTIC = ds.systems.logistic()
EOS = ds.systems.uv_eos()


def logistic(**options):
    arguments = {"start": {"x": 0.6}, "at": 2.5, "span": (1.5, 4)} | options
    return continue_fixed_point(LOGISTIC, arguments.pop("parameter", "r"), **arguments)


def test_dataset_and_segments():
    branch = logistic()
    data = branch.to_dataset()
    assert set(data.data_vars) == {"r", "x", "multipliers", "stable"}
    assert data.attrs["parameter"] == "r"
    assert (np.diff(data["arclength"]) >= 0).all()
    assert np.allclose(data["multipliers"][:, 0, 0], 2 - data["r"], atol=1e-9)
    (stable,) = branch.segments(stable=True)
    (unstable,) = branch.segments(stable=False)
    assert float(stable["r"][0]) == 1.5
    assert float(stable["r"][-1]) == float(unstable["r"][0]) == branch.special_points[0].value
    assert float(unstable["r"][-1]) == 4
    assert len(branch.segments()) == 2
    cycle = branch.switch(branch.special_points[0]).to_dataset()
    assert cycle["x"].dims == ("point", "phase")


def test_equal_readable_and_picklable():
    branch = logistic()
    assert branch == logistic()
    assert branch != logistic(at=2.6)
    again = pickle.loads(pickle.dumps(branch))
    assert again == branch
    assert again.switch(again.special_points[0]) == branch.switch(branch.special_points[0])
    assert "flip" in repr(branch)
    assert "supercritical" in repr(branch)
    assert "flip at r = 3" in repr(branch.special_points[0])


def test_start_from_a_symbolic_fixed_point():
    for p in fixed_points(LOGISTIC):
        branch = logistic(start=p)
        assert branch.status == "complete"
        assert branch.states[0, 0, 0] == pytest.approx(
            float(p.state[LOGISTIC.state[0]].subs(LOGISTIC.parameters[0], branch.values[0]))
        )


def test_cycle_from_a_point_from_all_points_and_where_the_orbit_goes():
    exact = (1 + np.sqrt(5)) / 2, (np.sqrt(5) - 1) / 2  # at rho = sqrt(5) − 1
    for start in ({"F": 1.5}, {"F": [1.5, 0.7]}, {"F": 0.9}):
        branch = continue_fixed_point(EOS, "rho", start, at=np.sqrt(5) - 1, span=(0.5, 2), period=2)
        at = np.argmin(np.abs(branch.values - np.sqrt(5) + 1))
        assert sorted(branch.states[at, :, 0]) == pytest.approx(sorted(exact), abs=1e-6)
        assert "collapses onto one of period 1" in " ".join(branch.ends)


def test_wrong_input():
    with pytest.raises(InputError, match="parameter"):
        logistic(parameter="q")
    with pytest.raises(InputError, match="at"):
        logistic(at=5)
    with pytest.raises(InputError, match="span"):
        logistic(span=(4, 1))
    with pytest.raises(InputError, match="span"):
        logistic(span=3)
    with pytest.raises(InputError, match="start"):
        logistic(start={"z": 1})
    with pytest.raises(InputError, match="start"):
        logistic(start={})
    with pytest.raises(InputError, match="finite"):
        logistic(start={"x": np.nan})
    with pytest.raises(InputError, match="fixed"):
        logistic(fixed={"r": 1})
    with pytest.raises(InputError, match="period"):
        logistic(period=0)
    with pytest.raises(InputError, match="fixed"):
        continue_fixed_point(ds.systems.henon(), "a", {"x": 0, "y": 0}, 0.1, (0, 1))
    branch = logistic()
    with pytest.raises(InputError, match="special_point"):
        branch.switch(logistic(at=2.6).special_points[0])


@pytest.mark.parametrize(
    ("expression", "start", "says"),
    [
        (x + 1 + r**2, 0.0, "not near a solution"),
        (sp.exp(sp.exp(x)) + r, 8.0, "not finite"),
        (r * x * (1 - x), 0.0, "singular start"),
        (sp.log(x) / 0.0001 + r, -1.0, "not finite"),
    ],
)
def test_a_start_that_fails_says_so(expression, start, says):
    map = ds.DiscreteMap({x: expression}, [r])
    branch = continue_fixed_point(map, "r", {"x": start}, at=1, span=(0, 2))
    assert says in branch.status
    assert len(branch) == 0
    assert len(branch.to_dataset()["point"]) == 0
    assert branch.segments() == []


def test_what_was_computed_is_returned_when_a_branch_breaks_off():
    # x* = r exists only above the square root's branch point at r = 0
    ends = ds.DiscreteMap({x: (x + sp.sqrt(r) + r) / 2 - sp.sqrt(x) / 2 + x / 2 - x / 2}, [r])
    branch = continue_fixed_point(ends, "r", {"x": 1.0}, at=1, span=(-1, 2))
    assert branch.status != "complete"
    assert branch.status in branch.ends
    assert 0 <= branch.values.min() < 1e-3
    assert branch.values.max() == 2
    few = logistic(max_points=5)
    assert "max_points" in few.status
    assert len(few) >= 5


def test_a_closed_branch_is_followed_once():
    # fixed points on the circle x² + r² = 1
    circle = ds.DiscreteMap({x: x + (1 - x**2 - r**2) / 4}, [r])
    branch = continue_fixed_point(circle, "r", {"x": 1.0}, at=0, span=(-2, 2))
    assert branch.ends[0].startswith("closed curve")
    assert np.allclose(branch.values**2 + branch.states[:, 0, 0] ** 2, 1, atol=1e-12)
    assert sorted(p.value for p in branch.special_points) == pytest.approx([-1, 1], abs=1e-12)
    assert {p.kind for p in branch.special_points} == {"fold"}
    followed = np.delete(np.arange(len(branch)), branch.track.places)
    state, value = branch.states[followed, 0, 0], branch.values[followed]
    chords = np.hypot(np.diff(state), np.diff(value) / 4)  # the last one, home, among them
    assert np.allclose(np.diff(branch.arclength[followed]), chords, rtol=0, atol=1e-12)


def test_many_variables_and_long_cycles():
    n = 12
    xs = sp.symbols(f"x1:{n + 1}", real=True)
    ring = ds.DiscreteMap(
        {s: r * sp.tanh(xs[(i + 1) % n]) - s / 4 + sp.Rational(i, 50) for i, s in enumerate(xs)},
        [r],
    )
    branch = continue_fixed_point(ring, "r", {s.name: 0.1 for s in xs}, at=0.3, span=(0.1, 0.6))
    assert branch.status == "complete"
    F = sp.lambdify((*xs, r), list(ring.expressions))
    for i in range(0, len(branch), 7):
        z = branch.states[i, 0]
        assert np.allclose(F(*z, branch.values[i]), z, atol=1e-12)

    branch = continue_fixed_point(EOS, "rho", {"F": 0.5}, at=0.5, span=(0.2, 1.4))
    for _ in range(7):
        branch = branch.switch(next(p for p in branch.special_points if p.kind == "flip"))
    assert branch.period == 128
    assert branch.special_points[0].kind == "flip"
