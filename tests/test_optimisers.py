import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp import InputError

u, v, w, q, a, gamma, beta = sp.symbols("u v w q a gamma beta", real=True)
eta = sp.Symbol("eta", positive=True)

LOSSES = {
    "product": (u * v - q) ** 2 / 2,
    "not a polynomial": sp.log(1 + sp.exp(u - v)) + a * u**2 / 2 + sp.cos(v) * q,
    "separable": a * u**4 / 4 + q * sp.sin(v),
}
PARAMETERS = {q: 0.7, a: 0.4, eta: 0.3, beta: 0.6, gamma: 0.1}
losses = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
decays = pytest.mark.parametrize("decay", [0, gamma, 2 * eta])


def gradient(loss):
    values = sp.lambdify((u, v), [sp.diff(loss.subs(PARAMETERS), s) for s in (u, v)], "numpy")
    return lambda weights: np.array(values(*weights), dtype=float)


def orbit(m, start, steps=12):
    step = sp.lambdify(m.state, [e.subs(PARAMETERS) for e in m.expressions], "numpy")
    states = [np.array(start, dtype=float)]
    for _ in range(steps):
        states.append(np.array(step(*states[-1]), dtype=float))
    return np.array(states)


def number(expression):
    return float(sp.sympify(expression).subs(PARAMETERS))


START = np.array([0.8, -0.5])


@losses
@decays
def test_gradient_descent_is_the_textbook_loop(loss, decay):
    m = ds.gradient_descent(loss, weights=[u, v], step=eta, weight_decay=decay)
    weights, states = START.copy(), [START]
    for _ in range(12):
        weights = weights - number(eta) * (gradient(loss)(weights) + number(decay) * weights)
        states.append(weights)
    assert np.allclose(orbit(m, START), states, rtol=1e-12)


@losses
@decays
@pytest.mark.parametrize("optimiser", [ds.heavy_ball, ds.nesterov])
def test_momentum_methods_are_the_textbook_loops(loss, decay, optimiser):
    m = optimiser(loss, weights=[u, v], step=eta, momentum=beta, weight_decay=decay)
    assert [s.name for s in m.state] == ["u", "v", "m_u", "m_v"]
    weights, velocity, states = START.copy(), np.zeros(2), [[*START, 0, 0]]
    for _ in range(12):
        at = weights + number(beta) * velocity if optimiser is ds.nesterov else weights
        force = gradient(loss)(at) + number(decay) * at
        velocity = number(beta) * velocity - number(eta) * force
        weights = weights + velocity
        states.append([*weights, *velocity])
    assert np.allclose(orbit(m, [*START, 0, 0]), states, rtol=1e-12)


@losses
def test_momentum_zero_is_gradient_descent(loss):
    plain = ds.gradient_descent(loss, [u, v], eta)
    for optimiser in (ds.heavy_ball, ds.nesterov):
        m = optimiser(loss, [u, v], eta, momentum=0)
        for weight in (u, v):
            assert sp.simplify(m.update[weight] - plain.update[weight]) == 0


def test_nesterovs_other_form_is_conjugate():
    # y = w + βm turns the look-ahead into the two-sequence form y' = w' + β(w' − w).
    loss = LOSSES["product"].subs(v, 1)
    m = ds.nesterov(loss, [u], eta, beta)
    ahead, momentum = sp.symbols("ahead m", real=True)
    other = m.conjugate({ahead: u + beta * m.state[1], momentum: m.state[1]})
    new_weight = ahead - eta * sp.diff(loss, u).subs(u, ahead)
    old_weight = ahead - beta * momentum
    expected = new_weight + beta * (new_weight - old_weight)
    assert sp.simplify(other.update[ahead] - expected) == 0


@given(curvature=st.floats(0.1, 5), step=st.floats(0.01, 1), momentum=st.floats(0, 0.99))
def test_on_a_quadratic_the_multipliers_solve_the_known_equations(curvature, step, momentum):
    heavy = ds.heavy_ball(curvature * w**2 / 2, [w], step, momentum).jacobian
    nesterov = ds.nesterov(curvature * w**2 / 2, [w], step, momentum).jacobian
    c = 1 - step * curvature
    for matrix, trace, determinant in (
        (heavy, momentum + c, momentum),
        (nesterov, (1 + momentum) * c, momentum * c),
    ):
        assert np.isclose(float(matrix.trace()), trace)
        assert np.isclose(float(matrix.det()), determinant)


def test_decoupled_decay_is_the_same_for_gradient_descent():
    kappa = sp.Symbol("kappa", real=True)
    loss = LOSSES["product"]
    coupled = ds.gradient_descent(loss, [u, v], eta, weight_decay=kappa / eta)
    for weight in (u, v):
        decoupled = (1 - kappa) * weight - eta * sp.diff(loss, weight)
        assert sp.simplify(coupled.update[weight] - decoupled) == 0


@losses
def test_a_fixed_point_is_a_critical_point(loss):
    for m in (ds.gradient_descent(loss, [u, v], eta), ds.heavy_ball(loss, [u, v], eta, beta)):
        for weight in (u, v):
            at_rest = m.update[weight].subs(dict.fromkeys(m.state[2:], 0))
            assert sp.simplify(at_rest - weight + eta * sp.diff(loss, weight)) == 0


def test_state_parameters_and_observables():
    loss = LOSSES["product"]
    m = ds.heavy_ball(loss, [u, v], step=eta, momentum=beta, weight_decay=gamma, name="hb")
    assert m.name == "hb"
    assert m.parameters == (eta, beta, gamma, q)
    assert m.observables == {"loss": loss}
    assert ds.gradient_descent(loss, [u], step=0.1).parameters == (q, v)
    assert ds.gradient_descent(loss, [u, v], step=2 / q**2).parameters == (q,)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        (("u**2", [u], eta), "loss"),
        ((q**2, [u], eta), "loss"),
        ((3, [u], eta), "loss"),
        ((u**2, [], eta), "weights"),
        ((u**2, u, eta), "weights"),
        ((u**2, ["u"], eta), "weights"),
        ((u**2, [u, u], eta), "weights"),
        ((u**2, [u], "eta"), "step"),
        ((u**2, [u], None), "step"),
        ((u**2, [u], u), "step"),
        ((u**2, [u], sp.nan), "step"),
        ((u**2, [u], sp.Matrix([eta])), "step"),
    ],
)
def test_bad_input_is_named(arguments, argument):
    for optimiser, more in ((ds.gradient_descent, ()), (ds.heavy_ball, (beta,))):
        with pytest.raises(InputError) as error:
            optimiser(*arguments, *more)
        assert error.value.argument == argument


def test_bad_momentum_and_decay_are_named():
    with pytest.raises(InputError, match="momentum"):
        ds.heavy_ball(u**2, [u], eta, "beta")
    with pytest.raises(InputError, match="momentum"):
        ds.nesterov(u**2, [u], eta, u)
    with pytest.raises(InputError, match="weight_decay"):
        ds.gradient_descent(u**2, [u], eta, weight_decay=object())
