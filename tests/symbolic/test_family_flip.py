"""The flip on a family of fixed points: closed forms, direct simulation, coordinates."""

import sys
from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.symbolic.normal_forms import family_flip, family_flip_at, flip_normal_form

u, v, w, x, y, c, eta = sp.symbols("u v w x y c eta", real=True)
UV = ds.systems.uv()
(Z, K), (RHO,) = UV.state, UV.parameters


@dataclass(frozen=True)
class Point:
    """What a normal form asks of a family of fixed points."""

    state: dict
    family: tuple
    relations: tuple = ()
    exists: object = sp.true


LINE = Point({Z: sp.S(0), K: K}, (K,))
PAIR = ds.gradient_descent((u * v - 1) ** 2 / 2, [u, v], eta)
PAIR_MINIMA = Point({u: 1 / v, v: v}, (v,))
TRIPLE = ds.gradient_descent((u * v * w - 1) ** 2 / 2, [u, v, w], eta)
TRIPLE_MINIMA = Point({u: 1 / (v * w), v: v, w: w}, (v, w))


def stepper(map_, values):
    at = {map_.parameter(k): float(e) for k, e in values.items()}
    f = sp.lambdify(map_.state, [e.subs(at) for e in map_.expressions])
    return lambda s: np.array(f(*s), dtype=float)


def array(matrix, values):
    return np.array(sp.Matrix(matrix).subs(values).evalf(), dtype=float)


# ---- closed forms -----------------------------------------------------------------------------


def test_uv_line_in_closed_form():
    form = family_flip(UV, LINE, RHO)  # the edge does not depend on rho: solved for k
    length2 = 1 + 4 * RHO**2  # of q = (1, 2 rho)
    assert (form.unknown, form.value, form.rate, form.a) == (K, 2, (-1,), -1)
    assert sp.factor(form.drift[0] * length2 - 2 * (RHO**2 - 1)) == 0
    assert sp.factor(form.product * length2 - 2 * (1 - RHO**2)) == 0
    assert sp.factor(form.cubic * length2 - (1 + RHO**2)) == 0
    assert form.self_stabilising == (RHO < 1)
    assert form.exists == (RHO <= 1)
    assert form.criticality == "supercritical"
    assert "self-stabilising where rho < 1" in repr(form)


def test_an_isolated_form_is_asked_for_and_dispatches():
    assert flip_normal_form(UV, LINE, "rho") == family_flip(UV, LINE, "rho")
    with pytest.raises(ds.InputError, match="flip_normal_form"):
        family_flip(UV, Point({Z: -RHO, K: sp.S(0)}, ()))
    with pytest.raises(ds.InputError, match="has none"):
        family_flip(ds.DiscreteMap({x: x / 2 + y * x, y: y + 0 * x}, []), Point({x: 0, y: y}, (x,)))


def test_pair_is_self_stabilising_but_at_the_flattest_minimum():
    form = family_flip(PAIR, PAIR_MINIMA, eta)
    assert sp.factor(form.value - 2 * v**2 / (1 + v**4)) == 0
    assert sp.simplify(form.a + v**2 + v**-2) == 0  # dμ/dη = −S
    assert form.self_stabilising == sp.And(sp.Ne(v - 1, 0), sp.Ne(v + 1, 0))
    assert form.criticality == "supercritical"
    flattest = family_flip_at(PAIR, {u: 1, v: 1}, {eta: 1}, family=[v])
    assert (flattest.product, flattest.self_stabilising) == (0, False)
    assert flattest.cubic == 4
    assert "settles at excess/cubic" in flattest.reading


def test_triple_gives_the_condition_on_both_coordinates():
    form = family_flip(TRIPLE, TRIPLE_MINIMA, eta)
    assert form.criticality == "supercritical"
    generic, flattest = {v: 2, w: sp.Rational(1, 3)}, {v: 1, w: 1}
    assert form.self_stabilising.subs(generic) == sp.true
    assert form.self_stabilising.subs(flattest) == sp.false
    assert form.product.subs(generic) > 0


# ---- the law of gradient maps -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "weights", "point"),
    [
        ((u * v - 1) ** 2 / 2, (u, v), PAIR_MINIMA),
        pytest.param(*((u * v * w - 1) ** 2 / 2, (u, v, w), TRIPLE_MINIMA), marks=pytest.mark.slow),
        pytest.param(
            *((u + v**2) ** 2 * (1 + u**2) / 2, (u, v), Point({u: -(v**2), v: v}, (v,))),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_drift_is_minus_half_eta_times_the_gradient_of_the_sharpness(loss, weights, point):
    """Independently: S = tr Hessian on a family of codimension one, ∇S in the induced metric."""
    form = family_flip(ds.gradient_descent(loss, weights, eta), point, eta)
    sharpness = sp.hessian(loss, weights).trace().subs(point.state)
    X = sp.Matrix([point.state[s] for s in weights])
    N = X.jacobian(point.family)
    gradient = (N.T * N).inv() * sp.Matrix([sharpness]).jacobian(point.family).T
    norm2 = (sp.Matrix([sharpness]).jacobian(point.family) * gradient)[0]
    at = {v: sp.Rational(4, 3), w: sp.Rational(2, 5)}
    step = form.value.subs(at)
    assert step == (2 / sharpness).subs(at)
    for ours, theirs in zip(form.drift, -step / 2 * gradient.subs(at), strict=True):
        assert sp.simplify(ours.subs(at) - theirs) == 0
    assert sp.simplify(form.product.subs(at) - step**2 / 2 * norm2.subs(at)) == 0
    assert form.product.subs(at) > 0


# ---- direct simulation ------------------------------------------------------------------------

FAMILY = ds.DiscreteMap({x: -x * (1 + y) + x**3 / 2 + x**2, y: y + c * x**2 - x * y / 2}, [c])
BOWED = Point({x: sp.S(0), y: y}, (y,))


@pytest.mark.parametrize(
    ("map_", "point", "parameter", "values"),
    [
        (UV, LINE, RHO, {RHO: 0.6, K: 2}),
        (PAIR, PAIR_MINIMA, eta, {v: 1.7}),
        (TRIPLE, TRIPLE_MINIMA, eta, {v: 1.3, w: 0.6}),
        (FAMILY, BOWED, y, {c: -0.3, y: 0}),
    ],
)
def test_drift_and_rate_against_two_steps(map_, point, parameter, values):
    """Naive: start a little along ±q and project where two steps lead on the family."""
    form = family_flip(map_, point, parameter)
    values = values | {form.unknown: form.value.subs(values)}
    f = stepper(map_, {p: values[p] for p in map_.parameters})
    x0 = array([form.state[s] for s in map_.state], values).ravel()
    q, P = array(form.q, values).ravel(), array(form.cotangents, values)

    def drift(xi):
        ends = [f(f(x0 + s * xi * q)) - x0 for s in (1, -1)]
        return P @ (ends[0] + ends[1]) / 4 / xi**2

    naive = (4 * drift(1e-3) - drift(2e-3)) / 3
    assert naive == pytest.approx(array(form.drift, values).ravel(), abs=1e-6)
    # The rate: multipliers of the Jacobian at neighbouring family members.
    J = sp.lambdify([*map_.state, *map_.parameters], map_.jacobian)
    for j, symbol in enumerate(point.family):
        mu = []
        for h in (1e-5, -1e-5):
            at = values | {symbol: float(values.get(symbol, 0)) + h}
            args = [float(point.state[s].subs(at)) for s in map_.state]
            eigenvalues = np.linalg.eigvals(J(*args, *(float(values[p]) for p in map_.parameters)))
            mu.append(min(eigenvalues.real, key=lambda e: abs(e + 1)))
        assert (mu[0] - mu[1]) / 2e-5 == pytest.approx(float(form.rate[j].subs(values)), abs=1e-5)


@pytest.mark.parametrize(
    ("map_", "point", "values"),
    [
        (UV, LINE, {RHO: 0.5, K: 2.0}),
        (PAIR, PAIR_MINIMA, {v: 1.6}),
        (FAMILY, BOWED, {c: -0.5, y: 0.0}),
    ],
)
def test_small_excess_lands_as_far_below_the_edge(map_, point, values):
    """Amplitude² peaks at ε²/P and the orbit ends on the family at excess −ε, to order ε."""
    (symbol,) = point.family
    form = family_flip(map_, point, eta if eta in map_.parameters else symbol)
    values = values | {form.unknown: float(form.value.subs(values))}
    product, rate = (float(e.subs(values)) for e in (form.product, form.rate[0]))
    assert product > 0
    q, p = (array(m, values).ravel() for m in (form.q, form.p))
    f = stepper(map_, {s: values[s] for s in map_.parameters})
    errors = []
    for eps in (0.02, 0.01):
        at = values | {symbol: values[symbol] - eps / rate}
        s = array([point.state[e] for e in map_.state], at).ravel() + 1e-5 * q
        peak = 0.0
        for _ in range(int(60 / eps)):
            s = f(s)
            step = f(s) - s
            peak = max(peak, (p @ step / 2) ** 2)
        end = rate * (s[map_.state.index(symbol)] - values[symbol])
        errors.append((peak * product / eps**2 - 1, end / eps - 1))
    assert np.all(np.abs(errors[1]) < 0.15)
    assert np.all(np.abs(errors[1]) < 0.75 * np.abs(errors[0]))


def test_beyond_the_last_stable_minimum_the_cubic_sets_the_amplitude():
    """With every minimum unstable the orbit drifts to the flattest one: E = excess/b there."""
    flattest = family_flip_at(PAIR, {u: 1, v: 1}, {eta: 1}, family=[v])
    for excess in (0.02, 0.01):
        f = stepper(PAIR, {eta: (2 + excess) / 2})  # S = 2
        s = np.array([1.05, 1 / 1.05 + 1e-4])
        for _ in range(40_000):
            s = f(s)
        amplitude2 = np.sum((f(s) - s) ** 2) / 4
        assert amplitude2 == pytest.approx(excess / float(flattest.cubic), rel=excess)


# ---- other maps, coordinates, failures --------------------------------------------------------

SMALL = st.integers(-2, 2)


@settings(max_examples=2)
@given(st.tuples(SMALL, SMALL, SMALL, SMALL), SMALL)
def test_product_does_not_depend_on_coordinates(matrix, bend):
    """In other coordinates the unit of amplitude changes by |M q|², and nothing else."""
    M = sp.Matrix(2, 2, matrix)
    assume(M.det() != 0)
    back = M.inv() * sp.Matrix([u, v])
    map_ = FAMILY.substitute({c: sp.Rational(-1, 3)})
    forward = M * sp.Matrix([x, y + bend * x**2])
    other = map_.conjugate(
        {u: forward[0], v: forward[1]}, {x: back[0], y: back[1] - bend * back[0] ** 2}
    )
    ours = family_flip_at(map_, {x: 0, y: 0})
    theirs = family_flip_at(other, {u: 0, v: 0})
    scale = (M * ours.q).dot(M * ours.q)
    assert sp.simplify(theirs.product * scale - ours.product) == 0
    assert theirs.self_stabilising is ours.self_stabilising is True


def test_momentum_drifts_the_same_way():
    beta = sp.Symbol("beta", real=True)
    hb = ds.heavy_ball((u * v - 1) ** 2 / 2, [u, v], eta, beta)
    still = dict.fromkeys(hb.state[2:], sp.S(0))
    form = family_flip(hb, Point({u: 1 / v, v: v} | still, (v,)), eta)
    plain = family_flip(PAIR, PAIR_MINIMA, eta)
    assert sp.simplify(form.value - (1 + beta) * plain.value) == 0
    assert form.product.subs({v: 2, beta: sp.Rational(1, 2)}) > 0
    # At beta = 0 the state carries the last step along: q = (w, w)/√2 in weights and velocities.
    assert sp.simplify(form.rate[0].subs(beta, 0) - plain.rate[0]) == 0


def test_signs_of_the_product():
    c_positive = family_flip_at(FAMILY.substitute({c: 1}), {x: 0, y: 0}, family=[y])
    assert c_positive.self_stabilising is False
    assert "destabilising" in c_positive.reading
    form = family_flip(FAMILY, BOWED, y)
    assert (form.value, form.rate) == (0, (-1,))
    assert form.self_stabilising == (c < 0)


def test_numbers_in_numbers_out():
    exact = family_flip(TRIPLE, TRIPLE_MINIMA, eta)
    at = {v: sp.Rational(13, 10), w: sp.Rational(3, 5)}
    state = {s: float(e.subs(at)) for s, e in exact.state.items()}
    form = family_flip_at(TRIPLE, state, {eta: float(exact.value.subs(at))}, family=[v, w])
    assert float(form.product) == pytest.approx(float(exact.product.subs(at)))
    assert float(form.cubic) == pytest.approx(float(exact.cubic.subs(at)))
    assert float(form.drift[0]) == pytest.approx(float(exact.drift[0].subs(at)))


def test_what_takes_too_long_says_so(monkeypatch):
    monkeypatch.setattr(
        sys.modules["dynsharp.symbolic.normal_forms.normal_form"], "COEFFICIENTS", 1e-3
    )
    form = family_flip(TRIPLE, TRIPLE_MINIMA, eta)
    assert form.status.startswith("unresolved")
    assert form.cubic is None
    assert form.value is not None


def test_what_fails_says_so():
    double = ds.DiscreteMap({x: -x + x**2, w: -w, y: y + x**2}, [])
    assert "not simple" in family_flip_at(double, {x: 0, w: 0, y: 0}, family=[y]).status
    jordan = ds.DiscreteMap({x: -x, w: w + y, y: y}, [])
    assert "multiplier 1" in family_flip_at(jordan, {x: 0, w: 0, y: 0}, family=[w]).status
    with pytest.raises(ds.InputError, match="graph"):
        family_flip_at(FAMILY.substitute({c: 1}), {x: 0, y: 0}, family=[x])
    with pytest.raises(ds.InputError, match="no multiplier 1"):
        family_flip_at(ds.DiscreteMap({x: -x + x**2}), {x: 0})
