"""The flip on a family in numbers: against the symbolic form, simulation, other coordinates."""

from functools import cache

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.normal_forms.family_flip import family_flip_form
from dynsharp.shooting.families import family_at
from dynsharp.shooting.problem import Curve
from dynsharp.symbolic.normal_forms.family_flip import family_flip_at
from dynsharp.symbolic.normal_forms.self_stabilisation import STILL

u, v, w, x, y, c, eta, beta = sp.symbols("u v w x y c eta beta", real=True)
FAMILY = ds.DiscreteMap({x: -x * (1 + y) + x**3 / 2 + x**2, y: y + c * x**2 - x * y / 2}, [c])
PAIR = ds.gradient_descent((u * v - 1) ** 2 / 2, [u, v], eta)
HEAVY_BALL = ds.heavy_ball((u * v - 1) ** 2 / 2, [u, v], eta, beta)


def form_at(map_, parameter, values, state, period=1):
    """The form at a known point of the edge."""
    symbol = map_.parameter(parameter)
    value, fixed = values[parameter], {k: e for k, e in values.items() if k != parameter}
    row = np.array([float(state[s.name]) for s in map_.state])
    rough = Curve(map_, symbol, fixed, period, (value - 1, value + 1), np.ones(len(row)))
    cycle = np.append(rough.orbit(row, value, period).ravel(), value)
    member = family_at(rough, cycle)
    assert member is not None
    return family_flip_form(rough, member, int(np.argmax(np.abs(member.direction))))


def agrees(ours, theirs):
    assert np.allclose(ours.drift, np.array(theirs.drift, float), rtol=1e-8, atol=1e-10)
    assert np.allclose(ours.rate, np.array(theirs.rate, float), rtol=1e-8, atol=1e-10)
    assert ours.product == pytest.approx(float(theirs.product), rel=1e-8)
    assert ours.cubic == pytest.approx(float(theirs.cubic), rel=1e-7)
    sign = np.sign(ours.q @ np.array(theirs.q, float).ravel())
    assert np.allclose(ours.q * sign, np.array(theirs.q, float).ravel(), atol=1e-8)
    assert np.allclose(ours.p * sign, np.array(theirs.p, float).ravel(), atol=1e-8)
    assert np.allclose(ours.tangents, np.array(theirs.tangents, float), atol=1e-8)
    assert np.allclose(ours.cotangents, np.array(theirs.cotangents, float), atol=1e-8)
    assert ours.self_stabilising == bool(theirs.self_stabilising)
    assert ours.criticality == theirs.criticality
    assert ours.reading == theirs.reading
    assert ours.discrepancy < 1e-6


# ---- against the symbolic form ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("map_", "start", "at", "fixed"),
    [
        *((ds.systems.uv(), (0, 1.9 if r > 0.9 else 1.4), r, {}) for r in (0.3, 0.95)),
        *((ds.systems.chain(2), (1.5, q / 1.5), 0.4, {"q": q}) for q in (0.5, 1.0)),
        (ds.systems.chain(3), (1.5, 0.7, 1.0), 0.4, {"q": 1.0}),
        (ds.systems.chain(3), (0.9, 0.5, -1.2), 0.6, {"q": -0.7}),
        (ds.systems.chain(4), (1.2, 0.8, 1.0, 0.9), 0.1, {"q": 1.3}),
        (HEAVY_BALL, (1.4, 1 / 1.4, 0, 0), 0.5, {"beta": 0.4}),
    ],
)
def test_equals_the_symbolic_form(map_, start, at, fixed):
    state = {s.name: e for s, e in zip(map_.state, start, strict=True)}
    (parameter,) = (p.name for p in map_.parameters if p.name not in fixed)
    span = (at / 2, 2 * at)
    branch = continue_fixed_point(map_, parameter, state, at=at, span=span, fixed=fixed)
    flips = [p for p in branch.special_points if p.kind == "flip"]
    assert flips
    for flip in flips:
        form = flip.normal_form
        theirs = family_flip_at(map_, flip.state, {**fixed, parameter: at}, form.family)
        agrees(form, theirs)
        assert (form.unknown.name, form.value) == (flip.parameter, flip.value)


def test_two_outputs():
    """Two residuals, a third that vanishes with them on a curve of minima, over u."""
    loss = ((u * v - 1) ** 2 + (u * w**2 - 2) ** 2) / 2
    map_ = ds.gradient_descent(loss, [u, v, w], eta)
    start = {"u": 1.2, "v": 1 / 1.2, "w": float(np.sqrt(2 / 1.2))}
    branch = continue_fixed_point(map_, "eta", start, at=0.2, span=(0.1, 1))
    flips = [p for p in branch.special_points if p.kind == "flip"]
    assert len(branch.family) == 1
    assert flips
    for flip in flips:
        hessian = sp.hessian(loss, [u, v, w]).subs(
            {map_.symbol(k): e for k, e in flip.state.items()}
        )
        curvatures = np.linalg.eigvalsh(np.array(hessian, float))
        assert np.abs(0.2 * curvatures - 2).min() < 1e-9
        agrees(
            flip.normal_form,
            family_flip_at(map_, flip.state, {"eta": 0.2}, flip.normal_form.family),
        )


def test_a_family_of_cycles_is_one_of_the_iterated_map():
    """The 2-cycles of the logistic map with r as a state that a step moves; no cycle leaves it."""
    r = sp.Symbol("r", real=True)
    cycle_at = r**2 * x**2 - r * (r + 1) * x + r + 1  # vanishes on the cycle of period 2
    map_ = ds.DiscreteMap({x: r * x * (1 - x), r: r + c * cycle_at**2}, [c])
    edge = 1 + np.sqrt(6)
    at = (edge + 1 + np.sqrt((edge - 3) * (edge + 1))) / 2 / edge
    ours = form_at(map_, "c", {"c": -0.3}, {"x": at, "r": edge}, period=2)
    theirs = form_at(map_.iterate(2), "c", {"c": -0.3}, {"x": at, "r": edge})
    agrees(ours, theirs)
    assert ours.self_stabilising


# ---- invariance ---------------------------------------------------------------------------------


ENTRIES = sp.symbols("m11 m12 m21 m22 bend", real=True)


@cache
def transformed():
    """FAMILY in the coordinates M (x, y + bend x²), M and bend as parameters."""
    M, bend = sp.Matrix(2, 2, ENTRIES[:4]), ENTRIES[4]
    back = M.inv() * sp.Matrix([u, v])
    old = {x: back[0], y: back[1] - bend * back[0] ** 2}
    new = {s: e.subs(old, simultaneous=True) for s, e in FAMILY.update.items()}
    forward = M * sp.Matrix([new[x], new[y] + bend * new[x] ** 2])
    return ds.DiscreteMap({u: forward[0], v: forward[1]}, [c, *ENTRIES])


@settings(max_examples=12, derandomize=True, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4), st.floats(-1, 1))
def test_the_product_does_not_depend_on_coordinates(entries, bend):
    """Only the unit of the amplitude changes, by |M q|."""
    M = np.array(entries).reshape(2, 2) + 4 * np.eye(2)
    values = {"c": -0.4, "bend": bend} | dict(
        zip(("m11", "m12", "m21", "m22"), M.flat, strict=True)
    )
    ours = form_at(FAMILY, "c", {"c": -0.4}, {"x": 0, "y": 0})
    theirs = form_at(transformed(), "c", values, {"u": 0, "v": 0})
    length2 = np.sum((M @ ours.q) ** 2)
    assert theirs.product * length2 == pytest.approx(ours.product, rel=1e-8)
    assert theirs.self_stabilising is ours.self_stabilising is True
    assert theirs.discrepancy < 1e-5


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_of_the_state_change_no_reading(unit):
    z, k = sp.symbols("z k", real=True)
    uv = ds.systems.uv()
    a, b = sp.symbols("a b", real=True)
    scaled = uv.conjugate({a: unit * z, b: unit * k}, {z: a / unit, k: b / unit})
    branch = continue_fixed_point(scaled, "rho", {"a": 0, "b": 1.4 * unit}, 0.5, (0.2, 2))
    (flip,) = branch.special_points
    plain = form_at(uv, "rho", {"rho": 0.5}, {"z": 0, "k": 2})
    assert flip.value == pytest.approx(2 * unit)
    assert flip.normal_form.product * unit**2 == pytest.approx(plain.product)
    assert flip.normal_form.cubic * unit**2 == pytest.approx(plain.cubic)
    assert flip.normal_form.reading == plain.reading


# ---- exact values, simulation, size -------------------------------------------------------------


def test_uv_in_closed_form():
    for rho in (0.25, 0.5, 0.9):
        form = form_at(ds.systems.uv(), "rho", {"rho": rho}, {"z": 0, "k": 2})
        length2 = 1 + 4 * rho**2
        assert form.rate == pytest.approx((-1,))
        assert form.a == pytest.approx(-1)
        assert form.drift == pytest.approx((2 * (rho**2 - 1) / length2,))
        assert form.product == pytest.approx(2 * (1 - rho**2) / length2)
        assert form.cubic == pytest.approx((1 + rho**2) / length2)
        assert form.second == pytest.approx((form.product, form.cubic), rel=1e-6)


@pytest.mark.parametrize(("sign", "word"), [(-0.5, "self-stabilising"), (0.5, "destabilising")])
def test_signs_and_the_orbit(sign, word):
    form = form_at(FAMILY, "c", {"c": sign}, {"x": 0, "y": 0})
    assert form.reading.startswith(word)
    state = np.array([1e-3, -0.02 * sign / abs(sign)])
    state[1] = 0.01  # multiplier −1.01: over the edge
    least = most = 0.01
    for _ in range(1500):
        a, b = state
        state = np.array([-a * (1 + b) + a**3 / 2 + a**2, b + sign * a**2 - a * b / 2])
        if not np.abs(state).max() < 0.5:
            break
        least, most = min(least, state[1]), max(most, state[1])
    assert (least < -0.005) if form.self_stabilising else (most > 0.1)


def test_at_the_flattest_minimum_the_cubic_decides():
    form = form_at(PAIR, "eta", {"eta": 1.0}, {"u": 1, "v": 1})
    assert form.status == STILL
    assert form.self_stabilising is False
    assert form.cubic == pytest.approx(4)
    assert "settles at excess/cubic" in form.reading


def test_what_has_no_form_says_why():
    double = ds.DiscreteMap({x: -x + x * y, w: -w + w * y + c * x, y: y + x**2}, [c])
    form = form_at(double, "c", {"c": 0.0}, {"x": 0, "w": 0, "y": 0})
    assert "not simple" in form.status
    assert form.reading == form.status
    assert form.product is None


def test_a_map_that_is_not_smooth_is_not_believed():
    """A kink that the derivatives at the point do not see."""
    kinked = FAMILY.substitute({c: 0}).update
    map_ = ds.DiscreteMap({x: kinked[x] + x * sp.Abs(x) / 5, y: kinked[y] + c * x**2}, [c])
    form = form_at(map_, "c", {"c": 1e-2}, {"x": 0, "y": 0})
    assert "second way" in form.status
    assert form.criticality == "undetermined" or form.second is None


@pytest.mark.parametrize("depth", [7, 12, pytest.param(50, marks=pytest.mark.slow)])
def test_many_weights(depth):
    """At the minima of a deep chain: the sharpness and its gradient along them are known."""
    chain = ds.systems.chain(depth)
    weights = np.linspace(0.9, 1.1, depth)
    q = float(np.prod(weights))
    step = 2 / (q**2 * float(np.sum(weights**-2)))
    state = {s.name: e for s, e in zip(chain.state, weights, strict=True)}
    form = form_at(chain, "eta", {"eta": step, "q": q}, state)
    # ∇S of S = q² Σ 1/w² along the minima Π w = q, in the metric of the weights
    gradient, normal = -2 * q**2 * weights**-3, 1 / weights
    gradient -= normal * (gradient @ normal) / (normal @ normal)
    assert form.product == pytest.approx(step**2 / 2 * float(gradient @ gradient), rel=1e-7)
    assert form.self_stabilising
    assert form.discrepancy < 1e-5


def test_a_start_on_the_family_stays_there():
    """A step of Newton's from a solution would be rounding over a pivot that vanishes."""
    start = {"u": 1.4, "v": 1 / 1.4, "m_u": 0, "m_v": 0}
    branch = continue_fixed_point(
        HEAVY_BALL, "eta", start, at=0.5, span=(0.25, 1), fixed={"beta": 0.4}
    )
    assert np.allclose(branch.states[:, 0, 0] * branch.states[:, 0, 1], 1, atol=1e-9)
    nearest = np.abs(branch.states[:, 0] - list(start.values())).max(axis=1).min()
    assert nearest < 1e-9


# ---- a start where the state vanishes has the units of the map ----------------------------------


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("at", [0.05, 0.5])
def test_a_start_at_zero_takes_its_unit_from_the_map(unit, at):
    """x' = r x (1 − x/K), and a linear variable in other units that x drives."""
    r, K = sp.symbols("r K", real=True)
    map_ = ds.DiscreteMap({x: r * x * (1 - x / K), y: y / 2 + 1000 * x}, [r, K])
    branch = continue_fixed_point(map_, "r", {"x": 0, "y": 0}, at, (0.02, 3.2), fixed={"K": unit})
    (crossing,) = branch.special_points
    assert (crossing.kind, crossing.normal_form.kind) == ("branch", "transcritical")
    assert crossing.value == pytest.approx(1, abs=1e-12)
    other = branch.switch(crossing)
    assert other.values.max() == pytest.approx(3.2)
    assert np.allclose(other.states[:, 0, 0] / unit, 1 - 1 / other.values, rtol=1e-9, atol=1e-9)
    (flip,) = (p for p in other.special_points if p.kind == "flip")
    assert flip.value == pytest.approx(3, abs=1e-12)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_symmetric_map_has_the_unit_of_its_cubic_term(unit):
    a = sp.Symbol("alpha", real=True)
    map_ = ds.DiscreteMap({x: (1 + a) * x - x * (x / unit) ** 2}, [a])
    branch = continue_fixed_point(map_, "alpha", {"x": 0}, -0.5, (-1, 1.5))
    (crossing,) = branch.special_points
    assert crossing.normal_form.kind == "pitchfork"
    assert crossing.normal_form.criticality == "supercritical"
    other = branch.switch(crossing)
    assert np.allclose((other.states[:, 0, 0] / unit) ** 2, other.values, atol=1e-10)
    flips = [p.value for p in other.special_points if p.kind == "flip"]
    assert flips == pytest.approx([1, 1])
