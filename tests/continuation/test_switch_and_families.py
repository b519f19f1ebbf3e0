"""Other branches through a special point; families of fixed points and the flip on them."""

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.errors import InputError

x, y, r = sp.symbols("x y r", real=True)
PITCHFORK = ds.DiscreteMap({x: (1 + r) * x - x**3}, [r], name="pitchfork")
TRANSCRITICAL = ds.DiscreteMap({x: (1 + r) * x - x**2}, [r], name="transcritical")


def test_pitchfork_from_the_trunk_and_back():
    trunk = continue_fixed_point(PITCHFORK, "r", {"x": 0}, at=-0.5, span=(-1, 1))
    (point,) = trunk.special_points
    assert point.kind == "branch"
    assert point.value == pytest.approx(0, abs=1e-13)
    assert point.normal_form.kind == "pitchfork"
    assert point.normal_form.criticality == "supercritical"
    assert point.normal_form.a == pytest.approx(1)
    assert point.normal_form.b == pytest.approx(-1)
    fork = trunk.switch(point)
    assert fork.status == "complete"
    assert np.allclose(fork.states[:, 0, 0] ** 2, fork.values, atol=1e-12)
    assert fork.states.min() == pytest.approx(-1)
    assert fork.states.max() == pytest.approx(1)
    back = fork.switch(fork.special_points[0])
    assert np.allclose(back.states, 0, atol=1e-12)
    assert sorted(back.values[[0, -1]]) == [-1, 1]


def test_transcritical():
    one = continue_fixed_point(TRANSCRITICAL, "r", {"x": 0}, at=-0.5, span=(-1, 1))
    (point,) = one.special_points
    assert point.normal_form.kind == "transcritical"
    other = one.switch(point)
    assert np.allclose(other.states[:, 0, 0], other.values, atol=1e-12)
    (stable,) = other.segments(stable=True)
    assert float(stable["r"].min()) == pytest.approx(0, abs=1e-12)


def test_an_imperfect_pitchfork_is_a_fold():
    for imperfection in (1e-3, 1e-6):
        map = ds.DiscreteMap({x: (1 + r) * x - x**3 + imperfection}, [r])
        branch = continue_fixed_point(map, "r", {"x": -0.7}, at=0.5, span=(-1, 0.9))
        (fold,) = branch.special_points
        assert fold.kind == "fold"
        exact = 3 * (imperfection / 2) ** (2 / 3)
        assert fold.value == pytest.approx(exact, abs=1e-12)


def test_doubled_cycle_of_a_subcritical_flip():
    # 2-cycle ±x with x² = −r / (...) on the side where the fixed point is stable
    map = ds.DiscreteMap({x: -(1 + r) * x - x**3}, [r])
    branch = continue_fixed_point(map, "r", {"x": 0}, at=-0.5, span=(-1, 1))
    (flip,) = branch.special_points
    assert flip.normal_form.criticality == "subcritical"
    cycle = branch.switch(flip)
    assert np.allclose(cycle.states[:, 0, 0] ** 2, -cycle.values, atol=1e-12)
    assert not cycle.stable.any()
    assert np.allclose(cycle.states[:, 0], -cycle.states[:, 1], atol=1e-12)


@pytest.mark.parametrize("start", [{"z": 0.0, "k": 1.4}, {"z": 0.01, "k": 3.0}])
def test_uv_line_and_its_edge_of_stability(start):
    uv = ds.systems.uv()
    branch = continue_fixed_point(uv, "rho", start, at=0.5, span=(0.2, 2))
    assert branch.family == ("k",)
    assert branch.parameter == "k"
    assert branch.fixed["rho"] == 0.5
    assert np.allclose(branch.states[:, 0, 0], 0, atol=1e-12)
    assert branch.values.min() == pytest.approx(1, abs=1e-9)  # the domain k >= 2 rho
    (flip,) = branch.special_points
    assert flip.kind == "flip"
    assert flip.value == pytest.approx(2, abs=1e-13)
    rho = 0.5
    assert float(flip.normal_form.rate[0]) == pytest.approx(-1)
    exact = 2 * (rho**2 - 1) / (4 * rho**2 + 1)
    assert float(flip.normal_form.drift[0]) == pytest.approx(exact)
    assert float(branch.segments(stable=True)[0]["k"].max()) == pytest.approx(2)
    with pytest.raises(InputError, match="family"):
        branch.switch(flip)


@pytest.mark.parametrize("depth", [2, 3])
def test_minima_of_a_chain(depth):
    chain = ds.systems.chain(depth)
    start = dict(zip(("w1", "w2", "w3"), (1.5, 0.7, 1.0), strict=False))
    branch = continue_fixed_point(
        chain, "eta", {s.name: start[s.name] for s in chain.state}, 0.4, (0.1, 2), fixed={"q": 1}
    )
    assert len(branch.family) == depth - 1
    assert np.allclose(branch.states[:, 0].prod(axis=1), 1, atol=1e-10)
    assert branch.special_points
    for flip in branch.special_points:
        w = np.array([flip.state[s.name] for s in chain.state])
        assert flip.kind == "flip"
        assert 0.4 * (1 / w**2).sum() == pytest.approx(2, abs=1e-10)
        assert flip.normal_form.self_stabilising is True


def test_a_conserved_quantity_does_not_make_events():
    # area preserving: the multipliers stay on the unit circle, then are real and reciprocal
    standard = ds.systems.standard()
    start = {standard.state[0].name: 0.0, standard.state[1].name: np.pi}
    branch = continue_fixed_point(standard, "K", start, at=1, span=(0.2, 6))
    assert [p.kind for p in branch.special_points] == ["flip"]
    assert branch.special_points[0].value == pytest.approx(4, abs=1e-9)
    assert "not simple" in branch.special_points[0].normal_form.status
