from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_reproduction.chain import depth as claim
from paper_reproduction.chain.data import gaussian, power_law

seeds, difficulties = st.integers(0, 100), st.floats(1e-5, 1e3)


def chain(seed, depth=2):
    return power_law(6, 5, seed % 3, np.random.default_rng(seed)).problem(6, depth).chain


def naive(c, Q, depth):
    """Sharpness of the balanced minimum by the formula of the paper, with matrices in full."""
    sigma = c.sigma * np.sqrt(c.Q / Q)
    matrix = Q ** (1 - 1 / depth) * np.diag(sigma**2)
    matrix += (depth - 1) * Q ** (-1 / depth) * np.outer(c.targets, c.targets)
    return np.linalg.eigvalsh(matrix)[-1] / c.samples


@pytest.fixture(scope="module")
def result():
    return claim.run(quick=True)


def test_what_the_claim_requires_holds(result):
    assert result.outcome == "holds in part"
    assert "whatever the data" in result.checks[2].criterion
    t = result.data["theory"]
    assert np.all((t["lower"] <= t["exact"] * (1 + 1e-12)) & (t["exact"] <= t["upper"] + 1e-12))


@given(seeds, st.integers(2, 9), difficulties)
def test_depth_and_units(seed, depth, Q):
    c = chain(seed)
    now, deeper = (2 / replace(claim.scaled(c, Q), depth=D).eta_c for D in (depth, depth + 1))
    assert np.isclose(now, naive(c, Q, depth), rtol=1e-10)
    assert np.isclose(claim.scaled(c, Q).Q, Q, rtol=1e-12)
    if Q >= 1:
        assert deeper > now
    if claim.always_falls(depth) > Q:
        assert deeper < now


@given(seeds, st.integers(2, 9), difficulties)
def test_the_error_bound_of_the_lower_bound(seed, depth, Q):
    c = replace(claim.scaled(chain(seed), Q), depth=depth)
    excess = naive(c, Q, depth) - c.sharpness_bounds[0]
    assert excess <= claim.lower_bound_error(c) + 1e-12 * c.sharpness_bounds[0]


def test_targets_along_one_direction_make_the_bound_exact():
    c = chain(1, depth=3)
    aligned = replace(c, targets=np.where(np.arange(c.rank) == 0, 1.3, 0.0))
    assert claim.lower_bound_error(aligned) == 0
    assert np.isclose(2 / aligned.eta_c, aligned.sharpness_bounds[0], rtol=1e-13)


def test_wrong_values_fail():
    samples = gaussian(12, 9, np.random.default_rng(0))
    run = claim.measure("any", samples, 8, (2, 3))
    chart = claim.signs(samples.problem(8, 2).chain, np.geomspace(1e-3, 10, 9))
    assert [c.holds for c in claim.judge([run], [chart]) if c.required] == [True] * 5
    moved = replace(run, flow=run.flow.assign(sharpness=run.flow["sharpness"] * 1.00001))
    assert [c.holds for c in claim.judge([moved], [chart]) if c.required][:2] == [False, False]
    reversed_ = chart.assign(growth=-chart["growth"])
    assert [c.holds for c in claim.judge([run], [reversed_]) if c.required][2:4] == [False] * 2
    tighter = replace(run, theory=run.theory.assign(error=run.theory["exact"] * 1e-9))
    assert not [c.holds for c in claim.judge([tighter], [chart]) if c.required][4]
