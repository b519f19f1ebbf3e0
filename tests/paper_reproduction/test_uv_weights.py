import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsharp.systems import uv_network
from paper_reproduction.uv.weights import flow, gradient, hessian, packed, unpacked


def network(width, inputs, s, seed, sigma_w=1.0, y=1.5):
    return uv_network(width, s, sigma_w, np.random.default_rng(seed).normal(size=inputs), y, seed)


def loss(net, weights):
    U, v = unpacked(net, weights)
    return (net.output(U, v) - net.y) ** 2 / 2


@settings(max_examples=12)
@given(st.integers(1, 5), st.integers(1, 3), st.floats(0, 1), st.integers(0, 50))
def test_derivatives_equal_differences(width, inputs, s, seed):
    net = network(width, inputs, s, seed)
    weights, h = packed(net.U, net.v), 1e-4
    steps = h * np.eye(len(weights))
    first = [(loss(net, weights + e) - loss(net, weights - e)) / (2 * h) for e in steps]
    second = [(gradient(net, weights + e) - gradient(net, weights - e)) / (2 * h) for e in steps]
    scale = 1 + np.abs(hessian(net, weights)).max()
    assert gradient(net, weights) == pytest.approx(np.array(first), abs=1e-5 * scale)
    assert hessian(net, weights) == pytest.approx(np.array(second), abs=1e-5 * scale)


@settings(max_examples=12)
@given(st.integers(1, 6), st.integers(1, 4), st.floats(0, 1), st.integers(0, 50))
def test_one_training_step_and_the_sharpness_are_those_of_the_network(width, inputs, s, seed):
    net = network(width, inputs, s, seed)
    weights = packed(net.U, net.v)
    stepped = packed(*net.step(net.U, net.v, 0.1))
    assert stepped == pytest.approx(weights - 0.1 * gradient(net, weights), abs=1e-12)
    H = hessian(net, weights)
    top = np.linalg.eigvalsh(H)[-1]
    assert top == pytest.approx(net.measure(net.U, net.v)["sharpness"], abs=1e-12 * np.trace(H @ H))


@pytest.mark.parametrize(("s", "sigma_w", "y"), [(0.0, 0.3, 1.5), (1.0, 1.5, 0.4), (0.5, 1, -2)])
def test_gradient_flow_conserves_and_ends_at_a_minimum(s, sigma_w, y):
    found = flow(network(4, 2, s, 1, sigma_w, y))
    assert found.status == "completed"
    assert found.drift < 1e-9
    assert abs(found.df[-1]) < 1e-9
    assert np.all(np.diff(np.abs(found.df)) < 1e-12)  # the loss never rises


def test_a_coarse_flow_drifts():
    net = network(4, 2, 1.0, 1, 1.5, 0.4)
    assert flow(net, tolerance=1e-3).drift > 1e-6 > flow(net, tolerance=1e-10).drift


def test_a_flow_that_does_not_arrive_says_so():
    net = network(3, 2, 1.0, 0)
    still = type(net)(np.zeros_like(net.U), np.zeros_like(net.v), net.x, net.y, net.n_eff)
    assert "did not fall" in flow(still).status  # the saddle of vanishing weights
