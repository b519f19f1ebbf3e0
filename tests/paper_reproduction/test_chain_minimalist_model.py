from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynsharp.systems import chain_on_data
from paper_reproduction.chain import minimalist_model as claim
from paper_reproduction.chain.data import Samples, gaussian, real
from paper_reproduction.chain.minima import flattest
from paper_reproduction.chain.minimalist_figure import AT, tables
from paper_reproduction.chain.training import train


@pytest.fixture(scope="module")
def result():
    return claim.run(quick=True)


@pytest.fixture(scope="module")
def cell():
    return claim.measure(real(None, np.random.default_rng(claim.SEED)), 8, 2, 600)


def test_the_claim_holds(result):
    assert result.outcome == "holds", [c for c in result.checks if not c.holds]
    assert "0.9" in result.where  # how much room the easiest data leave
    assert set(result.data) == {"flow", "descent", "sgd", "cases"}


def test_every_line_is_drawn_from_the_data(result):
    axes = result.figure.axes
    assert len(axes[0].lines) == result.data["flow"].sizes["depth"] + 1  # and the threshold
    hover = result.data["cases"]["mean_over_threshold_at"]
    assert np.all(np.abs(hover - 1) < claim.HOVER)


def test_another_limit_is_seen(cell):
    good = claim.judge([cell], 0.0, 1)
    assert all(c.holds for c in good if c.required)
    wrong = claim.judge([replace(cell, limit=1.001 * cell.limit)], 0.0, 1)
    assert [c.criterion[:12] for c in wrong if c.required and not c.holds] == ["It ends wher"]
    other = dict(cell.steps, **{AT: 1.1 * cell.steps[AT]})
    judged = claim.judge([replace(cell, steps=other)], 0.0, 1)
    assert [c.criterion[:12] for c in judged if c.required and not c.holds] == ["With 2/η bet"]
    assert not claim.judge([cell], 1e-9, 1)[0].holds


def test_hovering_is_the_mean_after_the_crossing(cell):
    S = cell.descent["sharpness"][1].to_numpy() * cell.steps[AT] / 2
    S = S[np.isfinite(S)]
    first = next(n for n, s in enumerate(S) if s > 1)
    assert cell.crossing(AT) == first
    assert np.isclose(cell.hovering(AT), sum(S[first:]) / len(S[first:]), rtol=1e-12)


@given(st.integers(0, 50), st.integers(2, 6), st.floats(0.1, 10))
def test_no_minimum_is_flatter_than_the_flattest(seed, depth, scale):
    samples = gaussian(6, 5, np.random.default_rng(seed))
    chain = chain_on_data(scale * samples.X, samples.y, depth)
    v, S = flattest(chain)
    assert np.isclose(S, chain.sharpness_at_minimum(v), rtol=1e-12)
    others = v * np.exp(np.random.default_rng(seed).normal(size=(300, depth - 1)))
    assert chain.sharpness_at_minimum(others).min() >= S * (1 - 1e-12)
    near = v * np.exp(np.linspace(-1e-3, 1e-3, 201))[:, None]  # naive: a scan
    assert np.isclose(chain.sharpness_at_minimum(near).min(), S, rtol=1e-9)


def test_descent_beyond_the_flattest_minimum_does_not_converge():
    p = gaussian(6, 5, np.random.default_rng(7)).problem(6, 3)
    v, S = flattest(p.chain)
    u = p.chain.targets / (p.chain.sigma * v.prod())
    out = train(p, np.array([0.98, 1.02]) * 2 / S, u * (1 + 1e-4), v, 5000, every=50)
    assert out["status"].values.tolist() == [0, 1]


def test_data_of_one_feature_are_drawn_too():
    x = np.random.default_rng(3).normal(size=(9, 1))
    cells = [claim.measure(Samples("line", x, 2 * x[:, 0]), 9, D, 300) for D in (2, 3)]
    lines = tables(cells, cells)
    for i, c in enumerate(cells):
        drawn = lines["flow"]["sharpness"].isel(depth=i).dropna("point")
        assert np.array_equal(drawn, c.flow["sharpness"])
