from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_reproduction.chain import step_size as claim
from paper_reproduction.chain.data import Samples, gaussian
from paper_reproduction.chain.training import STATUS


@pytest.fixture(scope="module")
def result():
    return claim.run(quick=True)


@pytest.fixture(scope="module")
def case():
    samples = gaussian(9, 8, np.random.default_rng(1))
    shares = np.array([0.1, 0.2, 0.5, 0.95, 1.5])
    return claim.measure("any", samples, 5, 3, -0.5, shares, 5000)


def test_what_the_claim_requires_holds_and_the_reversal_is_found(result):
    assert result.outcome == "holds in part"
    assert [c.holds for c in result.checks if c.required] == [True] * 5
    assert "C = 3" in result.where
    table = result.data["cases"]
    assert np.all(np.sign(table["slope"]) == np.sign(table["measured_slope"]))


def test_the_slope_is_that_of_descent_with_tiny_steps(case):
    """Naive: descend with one much smaller step size and take the difference."""
    samples = gaussian(9, 8, np.random.default_rng(1))
    tiny = claim.measure("any", samples, 5, 3, -0.5, np.array([0.01, 0.02, 0.04]), 100_000)
    S, eta = tiny.runs["final"].to_numpy(), tiny.runs["eta"].to_numpy()
    assert np.all(tiny.runs["status"] == STATUS.index("converged"))
    assert np.isclose((S[0] - tiny.limit) / eta[0], case.slope, rtol=2e-2)
    assert np.isclose(tiny.measured_slope[0], case.slope, rtol=1e-3)


@settings(max_examples=5)
@given(st.integers(0, 20), st.floats(0.2, 5))
def test_the_slope_does_not_depend_on_the_unit_of_time(seed, scale):
    """Targets and inputs times s: the loss is s² times as large, η counts as 1/s² of what it was.

    The minima are the same, S is s² times as large, and dS/dη s⁴ times.
    """
    p = gaussian(6, 5, np.random.default_rng(seed)).problem(4, 2)
    other = replace(p.chain, sigma=scale * p.chain.sigma, targets=scale * p.chain.targets)
    u, v = claim.start(p.chain, 0.3, np.random.default_rng(seed))
    (one, _), (two, _) = claim.initial_slope(p.chain, u, v), claim.initial_slope(other, u, v)
    assert np.isclose(two, scale**4 * one, rtol=1e-4)


@pytest.mark.parametrize("imbalance", [-1.0, 0.0, 2.0])
def test_the_start_has_its_imbalance(imbalance):
    chain = gaussian(6, 5, np.random.default_rng(3)).problem(5, 3).chain
    u, v = claim.start(chain, imbalance, np.random.default_rng(0))
    assert np.allclose(chain.imbalance(u, v), imbalance * chain.Q ** (1 / 3), atol=1e-13)
    assert u @ (chain.sigma * chain.targets) > 0


def test_the_criteria_can_fail(case):
    good = claim.judge([case], 0.0, 1)
    assert all(c.holds for c in good if c.required)
    wrong = claim.judge([replace(case, slope=1.05 * case.slope)], 0.0, 1)
    assert not wrong[1].holds
    assert not claim.judge([case], 1e-9, 1)[0].holds
    sharper = replace(case, runs=case.runs.assign(final=case.runs["final"] * 1.2))
    assert not claim.judge([sharper], 0.0, 1)[2].holds
    all_settled = replace(case, runs=case.runs.assign(status=0 * case.runs["status"]))
    none_stable = replace(all_settled, flattest=3 * case.limit)
    assert not claim.judge([none_stable], 0.0, 1)[3].holds
    rising = case.runs.assign(final=("eta", case.runs["final"].to_numpy()[::-1]))
    assert not claim.judge([replace(case, runs=rising)], 0.0, 1)[4].holds


def test_data_of_one_feature_have_no_slope():
    """With one singular value u·h = ±‖u‖‖h‖: balanced layers stay balanced for every step size."""
    x = np.random.default_rng(3).normal(size=(9, 1))
    shares = np.array([0.1, 0.2, 0.4, 0.8])
    case = claim.measure("line", Samples("line", x, 2 * x[:, 0]), 9, 3, 0.0, shares, 2000)
    assert abs(case.slope) <= case.rounding
    assert claim.judge([case], 0.0, 1)[1].holds
