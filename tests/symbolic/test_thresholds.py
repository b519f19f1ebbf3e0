"""Thresholds: exact truths, whole families against a numerical minimum, conjugacy, bad input."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import dynsharp as ds

x, y, u, v, w, r, q_ = sp.symbols("x y u v w r q_", real=True)
q, eta, beta, gamma = sp.symbols("q eta beta gamma", positive=True)


def only(thresholds):
    assert not thresholds.unresolved
    (threshold,) = thresholds
    return threshold


def test_logistic():
    logistic = ds.systems.logistic()
    origin, point = ds.fixed_points(logistic)
    found = [(t.kind, t.value, t.criticality) for t in ds.thresholds(point, "r")]
    assert found == [("transcritical", 1, None), ("flip", 3, "supercritical")]
    assert [(t.kind, t.value) for t in ds.thresholds(origin, "r")][-1] == ("transcritical", 1)


def test_uv_line_is_unstable_past_rho_one():
    uv = ds.systems.uv()
    line = ds.fixed_points(uv)[0]
    threshold = only(ds.thresholds(line, "rho"))
    assert (threshold.kind, threshold.value) == ("flip", 1)
    assert threshold.criticality == "supercritical"
    assert threshold.state[uv.symbol("k")] == 2
    position = ds.thresholds(line, "k")
    assert [(t.kind, t.value) for t in position if t.kind == "flip"] == [("flip", 2)]


@pytest.mark.slow
def test_uv_in_its_own_units():
    physical = ds.systems.uv_physical()
    line = ds.fixed_points(physical)[0]
    g, y_ = physical.symbol("g"), physical.symbol("y")
    found = {t.value: t.condition for t in ds.thresholds(line, "eta")}
    assert found == {1 / (g * y_): y_ > 0, -1 / (g * y_): y_ < 0}


@pytest.mark.parametrize(
    "depth", [2, 3, *(pytest.param(depth, marks=pytest.mark.slow) for depth in (4, 5))]
)
def test_chain_has_its_learning_rate_threshold(depth):
    weights = sp.symbols(f"w1:{depth + 1}", real=True)
    map_ = ds.gradient_descent((sp.prod(weights) - q) ** 2 / 2, weights, eta)
    threshold = only(ds.thresholds(ds.fixed_points(map_)[0], eta, budget=60))
    exact = 2 / (depth * q ** (2 - sp.Rational(2, depth)))
    assert sp.simplify(threshold.value / exact) == 1
    assert threshold.criticality == "supercritical"


def test_chain_with_symbolic_depth():
    D = sp.Symbol("D", integer=True, positive=True)
    omega = sp.Symbol("omega", positive=True)
    map_ = ds.gradient_descent((omega**D - q) ** 2 / 2, [omega], eta / D)
    threshold = only(ds.thresholds(ds.fixed_points(map_)[0], eta))
    assert sp.simplify(threshold.value / (2 / (D * q ** (2 - 2 / D)))) == 1
    bal = ds.systems.balanced_chain()
    threshold = only(ds.thresholds(ds.fixed_points(bal)[0], "rho"))
    assert (threshold.kind, threshold.value, threshold.criticality) == ("flip", 1, "supercritical")


LOSSES = {
    "uv²": ((u * v**2 - q) ** 2 / 2, [u, v]),
    "uv + vw": ((u * v + v * w - q) ** 2 / 2, [u, v, w]),
    "two outputs": ((u * v - q) ** 2 / 2 + (u * w - 1) ** 2 / 2, [u, v, w]),
    "log-cosh": (sp.log(sp.cosh(u * v - q)), [u, v]),
    "quartic": ((u * v - q) ** 4 / 4 + (u * v - q) ** 2 / 2, [u, v]),
}


@pytest.mark.parametrize(
    "name",
    [
        *("uv²", "log-cosh", "quartic"),
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("uv + vw", "two outputs")),
    ],
)
def test_threshold_of_a_family_is_two_over_the_least_sharpness(name):
    """Against a numerical minimum of the top Hessian eigenvalue over the set of minima."""
    loss, weights = LOSSES[name]
    target = 1.3
    number = loss.subs(q, target)
    hessian = sp.lambdify([weights], sp.hessian(number, weights), "numpy")
    value = sp.lambdify([weights], number, "numpy")

    def penalised(at):
        return np.linalg.eigvalsh(hessian(at))[-1] + 1e7 * value(at)

    starts = np.random.default_rng(0).uniform(0.4, 1.8, (4, len(weights)))
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000}
    least = min(minimize(penalised, s, method="Nelder-Mead", options=options).fun for s in starts)

    points = ds.fixed_points(ds.gradient_descent(loss, weights, eta))
    found = [t for p in points if p.family for t in ds.thresholds(p, eta) if t.kind == "flip"]
    values = [
        float(t.value.subs(q, target)) for t in found if t.condition.subs(q, target) != sp.false
    ]
    assert values
    assert max(values) == pytest.approx(2 / least, rel=2e-4)


@pytest.mark.parametrize(
    ("optimiser", "factor"),
    [
        (ds.heavy_ball, 1 + beta),
        pytest.param(ds.nesterov, (1 + beta) / (1 + 2 * beta), marks=pytest.mark.slow),
    ],
)
def test_momentum_scales_the_threshold_of_the_family(optimiser, factor):
    map_ = optimiser((u * v - q) ** 2 / 2, [u, v], eta, beta)
    threshold = only(ds.thresholds(ds.fixed_points(map_)[0], eta))
    assert sp.simplify(threshold.value - factor / q) == 0


def test_weight_decay_has_two_regimes():
    map_ = ds.gradient_descent((u * v - q) ** 2 / 2, [u, v], eta, weight_decay=gamma)
    point = next(p for p in ds.fixed_points(map_) if p.state[u] != 0)
    found = {t.value: t for t in ds.thresholds(point, eta)}
    assert set(found) == {1 / (q - gamma), 1 / gamma}
    assert found[1 / (q - gamma)].condition == (gamma < q / 2)
    assert bool(found[1 / gamma].condition.subs({q: 1, gamma: 0.7}))
    assert not bool(found[1 / gamma].condition.subs({q: 1, gamma: 0.3}))


def test_henon_in_closed_form():
    a, b = sp.symbols("a b", real=True)
    henon = ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, parameters=[a, b])
    found = {(t.kind, t.value) for p in ds.fixed_points(henon) for t in ds.thresholds(p, a)}
    assert {(k, sp.expand(e)) for k, e in found} == {
        ("fold", sp.expand(-((1 - b) ** 2) / 4)),
        ("flip", sp.expand(3 * (1 - b) ** 2 / 4)),
    }


def test_neimark_sacker_of_the_delayed_logistic_map():
    delayed = ds.systems.delayed_logistic()
    found = [t for p in ds.fixed_points(delayed) for t in ds.thresholds(p, delayed.parameters[0])]
    assert ("neimark-sacker", 2, "supercritical") in [
        (t.kind, t.value, t.criticality) for t in found
    ]


def test_implicit_point():
    map_ = ds.DiscreteMap({x: q_ + r * x - x**3}, parameters=[q_, r])
    (p,) = ds.fixed_points(map_)
    found = ds.thresholds(p, q_)
    for t in found:
        at = {r: sp.Rational(3, 2)}
        state, value = float(t.state[x].subs(at)), float(t.value.subs(at))
        assert value + 1.5 * state - state**3 == pytest.approx(state, abs=1e-12)
        multiplier = 1.5 - 3 * state**2
        assert multiplier == pytest.approx({"fold": 1, "flip": -1}[t.kind], abs=1e-12)
    assert {t.kind for t in found} == {"fold", "flip"}


def test_pitchfork_and_its_criticality():
    for sign, word in ((-1, "supercritical"), (1, "subcritical")):
        map_ = ds.DiscreteMap({x: r * x + sign * x**3}, parameters=[r])
        origin = next(p for p in ds.fixed_points(map_) if p.state[x] == 0)
        found = {(t.kind, t.value): t.criticality for t in ds.thresholds(origin, r)}
        assert found["pitchfork", 1] == word


def test_a_zero_step_is_no_bifurcation():
    step = sp.Symbol("step", real=True)
    map_ = ds.gradient_descent((x**2 - 1) ** 2 / 4, [x], step)
    for p in ds.fixed_points(map_):
        assert all(t.value != 0 for t in ds.thresholds(p, step))


@settings(max_examples=3)
@given(st.integers(1, 5), st.integers(-3, 3))
def test_thresholds_survive_a_change_of_coordinates(scale, shift):
    X = sp.Symbol("X", real=True)
    logistic = ds.systems.logistic()
    moved = logistic.conjugate({X: scale * logistic.state[0] + shift})
    point = next(
        p
        for p in ds.fixed_points(moved)
        if sp.simplify(p.multipliers[0] - 2) != 0 and p.multipliers[0] != logistic.parameters[0]
    )
    found = [(t.kind, t.value, t.criticality) for t in ds.thresholds(point, "r")]
    assert found == [("transcritical", 1, None), ("flip", 3, "supercritical")]


def test_the_budget_is_kept_and_said():
    weights = sp.symbols("w1:4", real=True)
    p = ds.fixed_points(ds.heavy_ball((sp.prod(weights) - q) ** 2 / 2, weights, eta, beta))[0]
    found = ds.thresholds(p, eta, budget=0.05)
    assert found.unresolved
    assert "unresolved" in repr(found)


def test_readable():
    point = ds.fixed_points(ds.systems.logistic())[1]
    assert repr(ds.thresholds(point, "r")) == "transcritical at r = 1\nflip at r = 3, supercritical"


@pytest.mark.parametrize(("p", "parameter", "named"), [("x", "r", "p: got"), (None, "z", "one of")])
def test_bad_input(p, parameter, named):
    p = p or ds.fixed_points(ds.systems.logistic())[0]
    with pytest.raises(ds.InputError, match=named):
        ds.thresholds(p, parameter)
    point = ds.fixed_points(ds.systems.logistic())[0]
    with pytest.raises(ds.InputError, match="parameter"):
        ds.thresholds(point, "x")


@pytest.mark.slow
def test_the_partner_of_a_fold_that_is_never_stable_has_no_threshold():
    a, b = sp.symbols("a b", real=True)
    henon = ds.DiscreteMap({x: a - x**2 + b * y, y: x}, parameters=[a, b])
    saddle, node = sorted(ds.fixed_points(henon), key=lambda p: p.stable != sp.false)
    assert saddle.stable == sp.false
    assert not ds.thresholds(saddle, a)
    inside = sp.And(b > -1, b < 1)
    found = {t.kind: t for t in ds.thresholds(node, a)}
    assert set(found) == {"fold", "flip"}
    assert all(t.condition == inside for t in found.values())
    assert sp.expand(found["flip"].value - 3 * (b - 1) ** 2 / 4) == 0


@pytest.mark.slow
def test_a_branch_that_is_born_unstable_has_no_threshold_there():
    step, decay, target = sp.symbols("step decay target", real=True)
    loss = (u * v - target) ** 2 / 2
    map_ = ds.gradient_descent(loss, [u, v], step, weight_decay=decay)
    at = {step: -0.6, target: -0.2}  # ascent: the points that are born at decay = target
    point = next(p for p in ds.fixed_points(map_) if p.exists.has(decay <= target))
    born = [t for t in ds.thresholds(point, decay) if t.value == target]
    assert all(not bool(t.condition.subs(at)) for t in born)
    assert any(bool(t.condition.subs({step: 0.6, target: 0.2})) for t in born)


@pytest.mark.slow
def test_a_biquadratic_is_solved():
    map_ = ds.gradient_descent((u * v - q) ** 2 / 2, [u, v], eta)
    family = ds.fixed_points(map_)[0]
    found = ds.thresholds(family, "v")
    at = {eta: 0.3, q: 2}
    values = sorted(float(t.value.subs(at)) for t in found)
    roots = np.roots([-0.3, 0, 2, 0, -0.3 * 4])
    np.testing.assert_allclose(values, np.sort(roots), rtol=1e-9)
    assert all(bool(t.condition.subs(at)) for t in found)


def test_a_threshold_is_listed_without_its_criticality_if_that_is_slow():
    point = ds.fixed_points(ds.gradient_descent((sp.cosh(x) - q * x), [x], eta))[0]
    slow = ds.thresholds(point, eta, budget=1.0)
    assert slow or slow.unresolved


@pytest.mark.slow
def test_symmetric_hessian_with_symbols():
    """Against the eigenvalues of random quadratic losses; no Neimark–Sacker in descent."""
    a, b, c = sp.symbols("a b c", real=True)
    map_ = ds.gradient_descent((a * x**2 + 2 * b * x * y + c * y**2) / 2, [x, y], eta)
    (p,) = ds.fixed_points(map_)
    rng = np.random.default_rng(2)
    for values in rng.uniform(-1, 2, (40, 3)):
        at = dict(zip((a, b, c), map(float, values), strict=True)) | {eta: 0.9}
        S = np.linalg.eigvalsh([[at[a], at[b]], [at[b], at[c]]])
        assert bool(p.stable.subs(at)) == (S[0] > 0 and 0.9 * S[1] < 2)
    found = ds.thresholds(p, a)
    assert {t.kind for t in found} == {"flip", "multiplier 1"}


@pytest.mark.slow
def test_no_criticality_speaks_of_symbols_of_its_own():
    step, b = sp.symbols("step b", real=True)
    map_ = ds.heavy_ball((u * v - r) ** 2 / 2, [u, v], step, b)
    for t in ds.thresholds(ds.fixed_points(map_)[0], b):
        assert "_size" not in str(t)
        assert "_t" not in str(t)


def test_a_family_with_stable_members_on_both_sides_has_no_threshold():
    step = sp.Symbol("step", real=True)
    map_ = ds.gradient_descent((u**2 * v - r) ** 2 / 2, [u, v], step)
    saddle = next(p for p in ds.fixed_points(map_) if p.state[u] == 0)
    assert not ds.thresholds(saddle, r)


@pytest.mark.slow
def test_a_linear_map_changes_stability_at_multiplier_one():
    a, b, c = sp.symbols("a b c", positive=True)
    map_ = ds.gradient_descent((a * x**2 + 2 * b * x * y + c * y**2) / 2, [x, y], eta)
    found = ds.thresholds(ds.fixed_points(map_)[0], b)
    assert {(t.kind, sp.simplify(t.value)) for t in found} >= {
        ("multiplier 1", sp.sqrt(a) * sp.sqrt(c))
    }


def test_a_point_without_closed_form_still_says_where():
    a, b = sp.symbols("a b", real=True)
    map_ = ds.gradient_descent(x**4 / 4 - b * x**2 / 2 - a * x, [x], eta)
    (sentence,) = ds.thresholds(ds.fixed_points(map_)[0], eta).unresolved
    assert "at eta = " in sentence
    assert "x**3" in sentence


def test_flip_of_a_map_with_a_kink():
    a, b = sp.symbols("a b", real=True)
    lozi = ds.DiscreteMap({x: 1 - a * sp.Abs(x) + y, y: b * x}, parameters=[a, b])
    found = [t for p in ds.fixed_points(lozi) for t in ds.thresholds(p, a)]
    assert [(t.kind, t.value, t.condition) for t in found] == [
        ("flip", 1 - b, sp.And(b > -1, b < 1))
    ]


def test_a_family_whose_last_member_is_at_infinity():
    loss = (u * sp.exp(-v) - q) ** 2 / 2
    (family,) = ds.fixed_points(ds.gradient_descent(loss, [u, v], eta))
    found = ds.thresholds(family, eta)
    assert not found
    assert any("2/q**2 as v -> oo" in sentence for sentence in found.unresolved)


@pytest.mark.slow
def test_heavy_ball_has_no_momentum_past_one():
    map_ = ds.heavy_ball((u * v - q) ** 2 / 2, [u, v], eta, beta)
    found = ds.thresholds(ds.fixed_points(map_)[0], beta)
    at_one = [t for t in found if t.value == 1]
    assert at_one
    assert all(t.condition == (eta < 2 / q) for t in at_one)  # no coordinate of the family is left


def test_the_branch_without_closed_form_does_not_inherit_from_zero():
    map_ = ds.DiscreteMap({x: r * sp.sin(sp.pi * x)}, [r])
    zero, other = ds.fixed_points(map_)
    assert other.exists == sp.Ne(x, 0)
    assert [(t.kind, t.value) for t in ds.thresholds(zero, r)] == [
        ("flip", -1 / sp.pi),
        ("pitchfork", 1 / sp.pi),
    ]
    assert not ds.thresholds(other, r)


@settings(max_examples=2)
@given(st.integers(1, 6), st.integers(1, 6))
def test_odd_cubics_lose_their_outer_points_by_a_flip(linear, cubic):
    map_ = ds.DiscreteMap({x: r * x / linear - x**3 / cubic}, [r])
    outer = [p for p in ds.fixed_points(map_) if p.state[x] != 0]
    for p in outer:
        found = [(t.kind, t.value) for t in ds.thresholds(p, r)]
        assert found == [("pitchfork", linear), ("flip", 2 * linear)]


@pytest.mark.slow
def test_points_that_exist_where_a_product_is_positive_are_judged_there():
    """Two coupled logistic maps, out of phase: born stable or unstable, against the numbers."""
    e = sp.Symbol("e", real=True)

    def f(s):
        return r * s * (1 - s)

    coupled = ds.DiscreteMap(
        {x: (1 - e) * f(x) + e * f(y), y: (1 - e) * f(y) + e * f(x)}, parameters=[r, e]
    )
    for p in [p for p in ds.fixed_points(coupled) if p.state[x] != p.state[y]][:1]:
        for t in ds.thresholds(p, r, budget=4):
            for value in (-1.7, -0.4, 0.3, 0.8, 1.4):
                at = float(t.value.subs(e, value)) if t.condition.subs(e, value) == True else None  # noqa: E712
                sides = [{r: at + d, e: value} for d in (-1e-3, 1e-3)] if at is not None else []
                stable = [
                    p.exists.subs(s) == sp.true
                    and max(abs(complex(m.subs(s))) for m in p.multipliers) < 1
                    for s in sides
                ]
                assert not sides or sum(stable) == 1


@pytest.mark.slow
def test_a_sphere_of_minima_keeps_no_coordinate_in_its_conditions():
    step = sp.Symbol("step", real=True)
    map_ = ds.gradient_descent((u**2 + v**2 - r) ** 2 / 4, [u, v], step)
    sphere = next(p for p in ds.fixed_points(map_) if p.family)
    (flip,) = (t for t in ds.thresholds(sphere, step) if t.kind == "flip")
    assert (flip.value, flip.condition) == (1 / r, r > 0)
