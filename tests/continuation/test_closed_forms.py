"""Special points against closed forms, and what each must satisfy."""

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.symbolic.normal_forms import flip_at, neimark_sacker_at

x, y, r = sp.symbols("x y r", real=True)
RICKER = ds.DiscreteMap({x: x * sp.exp(r * (1 - x))}, [r], name="ricker")
TANH = ds.DiscreteMap({x: r * sp.tanh(x)}, [r], name="tanh")
LOGISTIC = ds.systems.logistic()
HENON = ds.systems.henon()
DELAYED = ds.systems.delayed_logistic()
EOS = ds.systems.uv_eos()


def only(branch, kind):
    (point,) = [p for p in branch.special_points if p.kind == kind]
    return point


def test_logistic_flips_and_fold():
    one = continue_fixed_point(LOGISTIC, "r", {"x": 0.6}, at=2.5, span=(1.5, 4))
    assert [p.kind for p in one.special_points] == ["flip"]
    flip = only(one, "flip")
    assert flip.value == pytest.approx(3, abs=1e-13)
    assert flip.normal_form.a == pytest.approx(-1, abs=1e-10)
    assert flip.normal_form.criticality == "supercritical"
    two = one.switch(flip)
    assert only(two, "flip").value == pytest.approx(1 + np.sqrt(6), abs=1e-13)
    assert two.values[0] == flip.value
    three = continue_fixed_point(LOGISTIC, "r", {"x": 0.5}, at=3.84, span=(3.8, 4), period=3)
    assert only(three, "fold").value == pytest.approx(1 + np.sqrt(8), abs=1e-13)
    assert three.values[0] == three.values[-1] == 4.0  # round the fold and back
    assert three.status == "complete"


def test_henon_fold_and_flip():
    b = 0.3
    branch = continue_fixed_point(
        HENON, "a", {"x": 0.8, "y": 0.2}, at=0.1, span=(-1, 1.4), fixed={"b": b}
    )
    assert only(branch, "fold").value == pytest.approx(-((1 - b) ** 2) / 4, abs=1e-13)
    assert only(branch, "flip").value == pytest.approx(3 * (1 - b) ** 2 / 4, abs=1e-13)


def test_delayed_logistic_neimark_sacker():
    branch = continue_fixed_point(DELAYED, "a", {"x": 0.5, "y": 0.5}, at=1.8, span=(1.2, 2.5))
    point = only(branch, "neimark-sacker")
    assert point.value == pytest.approx(2, abs=1e-13)
    assert point.normal_form.theta == pytest.approx(np.pi / 3, abs=1e-10)
    exact = neimark_sacker_at(DELAYED, {"x": sp.S.Half, "y": sp.S.Half}, {"a": 2}, "a")
    assert point.normal_form.b == pytest.approx(float(exact.lyapunov), rel=1e-9)
    assert point.normal_form.a == pytest.approx(float(exact.rate), rel=1e-9)


def test_edge_of_stability_map():
    one = continue_fixed_point(EOS, "rho", {"F": 0.5}, at=0.5, span=(0.2, 2.0))
    two = one.switch(only(one, "flip"))
    assert only(one, "flip").value == pytest.approx(1, abs=1e-13)
    assert only(two, "flip").value == pytest.approx(np.sqrt(5) - 1, abs=1e-13)
    multiplier = 9 - 2 * (1 + two.values) ** 2
    assert np.allclose(two.multipliers[:, 0].real, multiplier, atol=1e-9)
    assert np.allclose(two.states[:, :, 0].prod(axis=1), 1, atol=1e-10)


@pytest.mark.parametrize(
    ("map", "start", "at", "span", "kind", "value"),
    [
        (RICKER, {"x": 1.0}, 1.0, (0.5, 3), "flip", 2.0),
        (TANH, {"x": 0.0}, 0.5, (0.2, 2), "branch", 1.0),
        (TANH, {"x": 1.9}, 2.0, (0.2, 3), "branch", 1.0),
        (ds.systems.balanced_chain(3), {"omega": 1.0}, 0.5, (0.2, 1.5), "flip", 1.0),
    ],
)
def test_more_maps(map, start, at, span, kind, value):
    branch = continue_fixed_point(map, map.parameters[0], start, at, span)
    point = only(branch, kind)
    assert point.value == pytest.approx(value, abs=1e-13)
    assert abs(point.value - value) <= point.uncertainty
    assert point.status == "located"


@pytest.mark.parametrize("step", [0.01, 1.0, 1e-3])
def test_no_event_is_lost_when_the_step_changes(step):
    branch = continue_fixed_point(
        HENON, "a", {"x": 0.8, "y": 0.2}, at=0.1, span=(-1, 1.4), fixed={"b": 0.3}, step=step
    )
    assert [p.kind for p in branch.special_points] in (["fold", "flip"], ["flip", "fold"])
    values = sorted(p.value for p in branch.special_points)
    assert values == pytest.approx([-0.1225, 0.3675], abs=1e-13)


def test_two_events_between_two_points():
    # multiplier −1 − (r² − ε²): over the edge between −ε and ε only
    eps = 1e-3
    excursion = ds.DiscreteMap({x: (-1 - eps**2 + r**2) * x - x**3}, [r])
    for step in (0.01, 0.3):
        branch = continue_fixed_point(excursion, "r", {"x": 0.0}, at=-0.6, span=(-1, 1), step=step)
        assert [p.kind for p in branch.special_points] == ["flip", "flip"]
        assert [p.value for p in branch.special_points] == pytest.approx([-eps, eps], abs=1e-12)
    # a flip of one variable and a branch point of the other, 1e-7 apart
    both = ds.DiscreteMap({x: -(1 + r) * x + x**3, y: (1 + r - 1e-7) * y - y**3}, [r])
    branch = continue_fixed_point(both, "r", {"x": 0, "y": 0}, at=-0.5, span=(-1, 1))
    assert sorted(p.kind for p in branch.special_points) == ["branch", "flip"]
    assert only(branch, "flip").value == pytest.approx(0, abs=1e-13)
    assert only(branch, "branch").value == pytest.approx(1e-7, abs=1e-13)


CASES = [
    (LOGISTIC, {"x": 0.6}, 2.5, (1.5, 4), 1, None),
    (LOGISTIC, {"x": 0.5}, 3.84, (3.8, 4), 3, None),
    (HENON, {"x": 0.8, "y": 0.2}, 0.1, (-1, 1.4), 1, {"b": 0.3}),
    (HENON, {"x": 0.98, "y": -0.2}, 0.8, (0.3, 1.4), 2, {"b": 0.3}),
    (DELAYED, {"x": 0.5, "y": 0.5}, 1.8, (1.2, 2.5), 1, None),
]


@pytest.mark.parametrize("case", CASES)
def test_special_points_satisfy_their_defining_equations(case):
    map, start, at, span, period, fixed = case
    parameter = map.parameters[0]
    branch = continue_fixed_point(map, parameter, start, at, span, period=period, fixed=fixed)
    assert branch.status == "complete"
    assert branch.special_points
    F = sp.lambdify((*map.state, *map.parameters), list(map.expressions))
    J = sp.lambdify((*map.state, *map.parameters), map.jacobian)
    for p in branch.special_points:
        values = [p.value, *(fixed or {}).values()]
        states = np.column_stack([np.atleast_1d(p.state[s.name]) for s in map.state])
        images = np.array([F(*s, *values) for s in states])
        assert np.allclose(images, np.roll(states, -1, axis=0), atol=1e-12)
        A = np.eye(map.dimension)
        for s in states:
            A = J(*s, *values) @ A
        mu = np.linalg.eigvals(A)
        if p.kind == "flip":
            assert np.min(np.abs(mu + 1)) < 1e-10
        elif p.kind == "neimark-sacker":
            assert np.min(np.abs(np.abs(mu) - 1)) < 1e-10
        else:
            assert np.min(np.abs(mu - 1)) < 1e-7  # a square root near a fold
            assert np.prod(mu - 1) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_conjugated_maps_have_the_same_events(case):
    map, start, at, span, period, fixed = case
    new = sp.symbols(f"X1:{map.dimension + 1}", real=True)
    mixed = sp.Matrix([[1, 2], [-1, 3]])[: map.dimension, : map.dimension] * 3
    h = {n: e + 1 for n, e in zip(new, mixed * sp.Matrix(map.state), strict=True)}
    other = map.conjugate(h)
    there = {n.name: float(e.subs({s: start[s.name] for s in map.state})) for n, e in h.items()}
    parameter = map.parameters[0]
    a = continue_fixed_point(map, parameter, start, at, span, period=period, fixed=fixed)
    b = continue_fixed_point(other, parameter, there, at, span, period=period, fixed=fixed)
    assert len(a.special_points) == len(b.special_points)
    for p, q in zip(a.special_points, b.special_points, strict=True):
        assert p.kind == q.kind
        assert p.value == pytest.approx(q.value, abs=1e-12)
        assert np.allclose(np.abs(p.multipliers), np.abs(q.multipliers), atol=1e-6)
        assert p.normal_form.criticality == q.normal_form.criticality


def test_normal_form_of_a_flip_is_the_symbolic_one():
    branch = continue_fixed_point(
        HENON, "a", {"x": 0.8, "y": 0.2}, at=0.3, span=(0, 1.4), fixed={"b": 0.3}
    )
    flip = only(branch, "flip")
    exact = flip_at(
        HENON,
        {"x": sp.Rational(20, 21), "y": sp.Rational(2, 7)},
        {"a": sp.Rational(147, 400), "b": sp.Rational(3, 10)},
        "a",
    )
    assert flip.normal_form.b == pytest.approx(float(exact.b), rel=1e-10)
    assert flip.normal_form.a == pytest.approx(float(exact.a), rel=1e-10)


def test_points_lie_on_the_branch_wherever_it_starts():
    one = continue_fixed_point(LOGISTIC, "r", {"x": 0.6}, at=2.5, span=(1.5, 4))
    for start, at in (({"x": 0.7}, 3.6), ({"x": 0.3}, 1.5), ({"x": 0.8}, 4.0)):
        other = continue_fixed_point(LOGISTIC, "r", start, at=at, span=(1.5, 4))
        assert np.allclose(other.states[:, 0, 0], 1 - 1 / other.values, atol=1e-12)
        assert [p.value for p in other.special_points] == pytest.approx(
            [p.value for p in one.special_points], abs=1e-13
        )
