"""Other branches through a special point; families of fixed points and the flip on them."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.continuation.switching.half_branches import branching
from dynsharp.errors import InputError
from dynsharp.shooting.problem import Curve

x, y, r = sp.symbols("x y r", real=True)
PITCHFORK = ds.DiscreteMap({x: (1 + r) * x - x**3}, [r], name="pitchfork")
A, B, C = sp.symbols("a b c", real=True)
LINES = ds.DiscreteMap({x: x + C * (x - A * r) * (x - B * r)}, [r, A, B, C], name="two lines")
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


# ---- several branches through one point ----------------------------------------------------------


def switched_at_the_only_point(map, start, at, span, kind):
    branch = continue_fixed_point(map, map.parameters[0], start, at, span)
    (point,) = (p for p in branch.special_points if p.kind == kind)
    return branch, point, branch.switch_all(point)


def test_two_pitchforks_at_once():
    # r x − x³ and r y − y³: at r = 1 both axes and both diagonals
    map = ds.DiscreteMap({x: r * x - x**3, y: r * y - y**3}, [r])
    trunk, point, found = switched_at_the_only_point(map, {"x": 0, "y": 0}, 0.5, (0, 1.5), "branch")
    assert point.value == pytest.approx(1, abs=1e-7)
    end = np.sqrt(0.5)
    ends = {tuple(np.round(b.states[i, 0] / end, 6) + 0.0) for b in found for i in (0, -1)}
    assert len(found) == 4
    assert ends == {(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)} - {(0, 0)}
    for branch in found:
        assert branch.status == "complete"
        z = branch.states[:, 0]
        assert np.allclose(z * (branch.values[:, None] - 1 - z**2), 0, atol=1e-8)
        assert point in branch.special_points
        # and back from there: the trunk and the other three
        assert len(branch.switch_all(point)) == 4
    assert trunk.switch(point, which=2) == found[2]
    with pytest.raises(InputError, match="which: got 4"):
        trunk.switch(point, which=4)


def test_mixed_orders_and_more_dimensions():
    # quadratic in x, cubic in y: on the branch x = 0, y² = r − 1; on x = r − 1, y = 0; on both
    z = sp.Symbol("z", real=True)
    map = ds.DiscreteMap({x: r * x - x**2, y: r * y - y**3}, [r])
    *_, found = switched_at_the_only_point(map, {"x": 0, "y": 0}, 0.5, (0, 1.5), "branch")
    assert len(found) == 3
    cubes = ds.DiscreteMap({s: r * s - s**3 for s in (x, y, z)}, [r])
    start = {"x": 0, "y": 0, "z": 0}
    *_, found = switched_at_the_only_point(cubes, start, 0.5, (0, 1.5), "branch")
    assert len(found) == (3**3 - 1) // 2


def test_a_threefold_symmetry():
    # z' = r z + z̄²: three lines at 120 degrees, |z| = |r − 1|
    map = ds.DiscreteMap({x: r * x + x**2 - y**2, y: r * y - 2 * x * y}, [r])
    *_, found = switched_at_the_only_point(map, {"x": 0, "y": 0}, 0.5, (0.2, 1.5), "branch")
    assert len(found) == 3
    angles = set()
    for branch in found:
        u, v = branch.states[:, 0].T
        assert np.allclose(np.hypot(u, v), np.abs(branch.values - 1), atol=1e-8)
        low = int(np.argmin(branch.values))
        angles.add(round(float(np.degrees(np.arctan2(v[low], u[low]))) % 360))
    assert {(b - a) % 360 for a in angles for b in angles} == {0, 120, 240}


def test_two_flips_at_once():
    # two uncoupled logistic maps at r = 3: one of them doubles, or both, in phase or not
    map = ds.DiscreteMap({x: r * x * (1 - x), y: r * y * (1 - y)}, [r])
    _, _, halves = switched_at_the_only_point(map, {"x": 0.6, "y": 0.6}, 2.5, (2, 3.3), "flip")
    assert {b.period for b in halves} == {2}
    assert len(halves) == 8
    last = {tuple(np.round(b.states[-1].ravel(), 9)) for b in halves}
    up, down = 0.8236032832060689, 0.4794270198242341  # the 2-cycle at r = 3.3
    fixed = 1 - 1 / 3.3
    pairs = [(up, down), (down, up), (fixed, fixed)]
    exact = {(a[0], b[0], a[1], b[1]) for a in pairs for b in pairs} - {(fixed,) * 4}
    assert last == {tuple(np.round(e, 9)) for e in exact}


def test_both_half_branches_of_a_flip_are_the_phases_of_the_cycle():
    start = {"x": 0.8, "y": 0.2}
    henon = ds.systems.henon()
    branch = continue_fixed_point(henon, "a", start, 0.3, (0.1, 1), fixed={"b": 0.3})
    (flip,) = branch.special_points
    one, other = branch.switch_all(flip)
    assert one == branch.switch(flip)
    assert np.allclose(np.roll(one.states, 1, axis=1)[-1], other.states[-1], atol=1e-9)
    assert one.values[0] == other.values[0] == flip.value


def test_a_cycle_that_collapses_again_is_followed_up_to_there():
    a = sp.Rational(13, 10) - 4 * (r - sp.Rational(1, 2)) ** 2
    map = ds.DiscreteMap({x: 1 - a * x**2}, [r])
    branch = continue_fixed_point(map, "r", {"x": 0.7}, at=0.3, span=(0, 1))
    for flip in branch.special_points:
        cycle = branch.switch(flip)
        assert cycle.values[0] == flip.value
        assert "collapses" in cycle.ends[1]
        steps = np.linalg.norm(np.diff(cycle.states[:, :, 0], axis=0), axis=1)
        assert steps.max() < 0.1
        assert (np.diff(cycle.arclength) > 0).all()


def test_a_circle_of_branches_is_no_list():
    circle = x**2 + y**2
    map = ds.DiscreteMap({x: r * x - x * circle, y: r * y - y * circle}, [r])
    *_, found = switched_at_the_only_point(map, {"x": 0, "y": 0}, 0.5, (0, 1.5), "branch")
    (nothing,) = found
    assert len(nothing) == 0
    assert "continuous symmetry" in nothing.status


@given(st.floats(0.2, 5), st.floats(-2, 2), st.floats(0.2, 3))
@settings(max_examples=10)
def test_the_branches_of_a_quadratic_point(a, b, c):
    # x' = x + (x − a μ)(x − b μ) c: two lines through (0, 0), whatever their slopes
    if abs(a - b) < 0.1:
        return
    values = {"a": a, "b": b, "c": c}
    pairs = branching(Curve(LINES, r, values, 1, (-1, 1), np.ones(1)), np.zeros(2)).pairs
    assert len(pairs) == 2
    slopes = sorted(arm.start.y[0] / arm.start.y[1] for pair in pairs for arm in pair[:1])
    assert slopes == pytest.approx(sorted([a, b]), abs=1e-9)


CONIC = ds.DiscreteMap(
    {x: x + A * x**2 + B * x * r + C * r**2 + x**3 - x * r**2}, [r, A, B, C], name="conic"
)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
@settings(max_examples=15)
def test_half_branches_are_the_sign_changes_on_a_circle(a, b, c):
    # naive: walk round (0, 0) on a small circle, in the curve's units, and look for F(x) = x
    if abs(b**2 - 4 * a * c) < 0.1 or abs(a) < 0.05:
        return
    values = {"a": a, "b": b, "c": c}
    curve = Curve(CONIC, r, values, 1, (-1, 1), np.ones(1))
    angle = np.linspace(0, 2 * np.pi, 20001) + 1e-4
    u, v = 1e-4 * np.cos(angle), 1e-4 * 2 * np.sin(angle)
    change = a * u**2 + b * u * v + c * v**2 + u**3 - u * v**2
    naive = angle[np.flatnonzero(np.diff(np.sign(change)))] % (2 * np.pi)
    starts = [arm.start for pair in branching(curve, np.zeros(2)).pairs for arm in pair]
    found = [np.arctan2(s.y[1] / 2, s.y[0]) % (2 * np.pi) for s in starts]
    assert len(found) == len(naive) == (4 if b**2 > 4 * a * c else 0)
    for place in naive:
        gaps = np.abs(np.exp(1j * np.array(found)) - np.exp(1j * place))
        assert gaps.min() < 0.1


@pytest.mark.parametrize("count", [3, 4])
def test_multipliers_that_cross_together_are_located_to_rounding(count):
    """Globally coupled logistic maps: across the diagonal count − 1 multipliers (2 − r)(1 − ε)."""
    X = sp.symbols(f"x1:{count + 1}", real=True)
    r, strength = sp.Symbol("r", real=True), sp.Rational(1, 5)
    image = [r * s * (1 - s) for s in X]
    mean = sum(image) / count
    update = {s: (1 - strength) * f + strength * mean for s, f in zip(X, image, strict=True)}
    branch = ds.continue_fixed_point(
        ds.DiscreteMap(update, [r]), "r", {s.name: 0.6 for s in X}, 2.5, (1.5, 4)
    )
    along, across = branch.special_points
    assert along.value == pytest.approx(3, abs=along.uncertainty)
    assert across.value == pytest.approx(3.25, abs=across.uncertainty)
    assert across.uncertainty < 1e-12
    assert np.count_nonzero(np.abs(across.multipliers + 1) < 1e-12) == count - 1
    assert f"{count - 1} multipliers" in across.status


def test_two_flips_within_a_step_on_a_family():
    """Two outputs: at u v = 1, u w = 2 the Hessian has the eigenvalues u² and u² + 5/u²."""
    u, v, w = sp.symbols("u v w", real=True)
    loss = ((u * v - 1) ** 2 + (u * w - 2) ** 2) / 2
    descent = ds.gradient_descent(loss, weights=[u, v, w], step=r)
    family = ds.continue_fixed_point(descent, "r", {"u": 1, "v": 1, "w": 2}, 0.1, (0.01, 1))
    edge = 2 / 0.1
    squares = [edge, *np.roots([1, -edge, 5])]
    found = [(p.kind, p.value) for p in family.special_points]
    wanted = sorted(float(1 / np.sqrt(s)) for s in squares)
    assert found == [("flip", pytest.approx(value, abs=1e-12)) for value in wanted]
    assert all(p.status == "located" for p in family.special_points)


@pytest.mark.parametrize("begin", [1.0, 0.37])
def test_where_another_family_crosses_is_located(begin):
    """½(u²v − 1)² at u = 0: the multiplier across is 1 + 2 η v."""
    u, v = sp.symbols("u v", real=True)
    descent = ds.gradient_descent((u**2 * v - 1) ** 2 / 2, weights=[u, v], step=r)
    family = ds.continue_fixed_point(descent, "r", {"u": 0, "v": begin}, 0.0877, (0.05, 0.6))
    branch = next(p for p in family.special_points if p.kind == "branch")
    assert abs(branch.value) <= branch.uncertainty < 1e-12
