from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paper_reproduction.chain import dataset_difficulty as claim
from paper_reproduction.chain.correlation import correlate
from paper_reproduction.chain.data import balanced_start, gaussian
from paper_reproduction.chain.difficulty import expected, smallest_increment, sources
from paper_reproduction.chain.difficulty_runs import measure_chain, measure_growth
from paper_reproduction.chain.flow import gradient_flow
from paper_reproduction.chain.networks import Network, flow_end


@pytest.fixture(scope="module")
def result():
    return claim.run(quick=True)


@pytest.mark.slow
def test_what_the_claim_requires_holds_and_its_limits_are_stated(result):
    assert result.outcome == "holds in part"
    assert any("past the rank" in c.criterion and not c.holds for c in result.checks)
    assert f"{result.data['tanh'].sizes['problem']}" in result.checks[-3].measured


@pytest.mark.slow
def test_the_data_give_the_correlations(result):
    own = result.data["linear"]
    table = result.data["correlations"]
    r = np.corrcoef(own["predicted"], own["measured"])[0, 1]
    assert np.isclose(r, table["r"][2], rtol=1e-12)


def test_a_wrong_sharpness_fails():
    draws = {"Gaussian": sources(None, np.random.default_rng(0))["Gaussian"]}
    chain, drift = measure_chain(draws, range(3, 30, 3), 1, 3)
    growth = measure_growth(draws, 12, 8)
    networks = [replace(chain, name="any")] * 3
    flow = claim.judge([chain, chain], drift, networks, growth)[3]
    assert flow.holds
    wrong = replace(chain, table=chain.table.assign(measured=chain.table["measured"] * 1.00001))
    assert not claim.judge([wrong, chain], drift, networks, growth)[3].holds
    assert not claim.judge([chain, chain], 1e-7, networks, growth)[3].holds
    other = replace(growth, worst=-2.0, z=growth.z + 9)
    assert [c.holds for c in claim.judge([chain, chain], drift, networks, other)[:2]] == [False] * 2


@pytest.mark.parametrize("size", [4, 11])
def test_expected_difficulty_of_gaussian_data(size):
    random = np.random.default_rng(1)
    features, count = 7, 4000
    Q = []
    for _ in range(count):  # naive: the least solution by the pseudo-inverse
        X, y = random.normal(size=(size, features)), random.choice([-1.0, 1.0], size)
        Q.append(np.sum((np.linalg.pinv(X) @ y) ** 2))
    mean = expected(np.array([size]), features)[0]
    # The variance is infinite this near to N = d; the median of means is what settles.
    means = np.mean(np.reshape(Q, (20, -1)), axis=1)
    assert abs(np.median(means) / mean - 1) < 0.2
    assert np.isinf(expected(np.array([features]), features))


@given(st.integers(0, 100))
def test_difficulty_never_falls_while_there_is_interpolation(seed):
    least, rounding = smallest_increment(gaussian(12, 8, np.random.default_rng(seed)))
    assert least >= -rounding


@given(st.integers(0, 100), st.floats(0.1, 10), st.floats(0.1, 10))
def test_correlation_does_not_depend_on_units(seed, a, b):
    x, y = np.exp(np.random.default_rng(seed).normal(size=(2, 12)))
    one, other = correlate(x, y, 1), correlate(a * x, b * y, 1)
    assert np.isclose(one.r, other.r, rtol=1e-9)
    assert np.isclose(one.log_r, np.corrcoef(np.log(x), np.log(y))[0, 1])
    z, half = np.arctanh(one.log_r), stats.norm.ppf(0.975) / np.sqrt(12 - 3)
    assert np.allclose([one.log_low, one.log_high], np.tanh([z - half, z + half]))
    assert one.low <= one.r <= one.high


@pytest.mark.parametrize("smooth", [False, True])
def test_gradient_and_hessian_of_a_network(smooth):
    random = np.random.default_rng(2)
    network = Network((3, 4, 2), smooth)
    X, y = random.normal(size=(5, 3)), random.normal(size=5)
    w = network.start(1.0, random)

    def loss(w):  # naive
        a = X
        for i, W in enumerate(network.layers(w)):
            a = a @ W
            a = np.tanh(a) if smooth and i < 2 else a
        return np.mean((a[:, 0] - y) ** 2) / 2

    h = 1e-5 * np.eye(len(w))
    residual, gradient = network.residual_and_gradient(w, X, y)
    assert np.isclose(np.mean(residual**2) / 2, loss(w))
    assert np.allclose([(loss(w + e) - loss(w - e)) / 2e-5 for e in h], gradient, atol=1e-8)
    hessian = network.hessian(w, X, y)
    assert np.allclose(hessian, hessian.T, atol=1e-13)
    rows = [
        np.subtract(*(network.residual_and_gradient(w + s * e, X, y)[1] for s in (1, -1))) / 2e-5
        for e in h
    ]
    assert np.allclose(rows, hessian, atol=1e-7)


def test_a_network_of_width_one_is_the_minimalist_model():
    problem = gaussian(6, 5, np.random.default_rng(3)).problem(5, 4)
    u, v = balanced_start(problem.chain, 0.4, np.random.default_rng(4))
    network = Network((problem.chain.rank, 1, 1, 1), smooth=False)
    end = flow_end(network, np.concatenate([u, v]), problem.rows, problem.y, 1e-5, 1e7)
    flow = gradient_flow(problem.chain, u, v)
    assert end.status == "converged"
    assert np.isclose(end.sharpness, flow["sharpness"][-1], rtol=1e-3)
    early = flow_end(network, np.concatenate([u, v]), problem.rows, problem.y, 1e-5, 1.0)
    assert "residual is still" in early.status
