from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsharp import InputError
from paper_reproduction.chain import stochasticity as claim
from paper_reproduction.chain import stochasticity_checks as checks
from paper_reproduction.chain import stochasticity_drift as drifting
from paper_reproduction.chain import stochasticity_law as law
from paper_reproduction.chain import stochasticity_runs as runs
from paper_reproduction.chain.data import gaussian
from paper_reproduction.chain.training import Minibatches

SAMPLES = gaussian(40, 12, np.random.default_rng(5))


@pytest.fixture(scope="module")
def result():
    return claim.run(quick=True)


@pytest.fixture(scope="module")
def case():
    return runs.measure(
        "any", SAMPLES, 6, 2, 0.0, sizes=(1, 2, 6), shares=(0.1, 0.2, 0.4), seeds=8, steps=20_000
    )


@pytest.fixture(scope="module")
def drift():
    return drifting.measure_drift(SAMPLES, 40, 1, 0.1, 8, 3)


@pytest.fixture(scope="module")
def scan():
    return runs.window(SAMPLES, 6, np.array([-1.0, 0.0, 2.0]))


def test_what_the_claim_requires_holds_and_the_reversal_is_found(result):
    assert result.outcome == "holds in part"
    assert [c.criterion for c in result.checks if c.required and not c.holds] == []
    limits = [c for c in result.checks if not c.holds]
    assert len(limits) == 1
    assert "not for Gaussian" in limits[0].measured


def test_mean_over_all_batches_is_exact_in_rational_numbers():
    """Naive: a step of integers on every batch, no rounding anywhere, depth 3."""
    X, y = [[2, 1], [-1, 3], [0, 1], [1, -2]], [1, -1, 1, 2]
    u, v, eta = [Fraction(1, 2), Fraction(-3, 2)], [Fraction(2), Fraction(-1, 3)], Fraction(1, 7)

    def step(batch):
        V = v[0] * v[1]
        r = [sum(a * b for a, b in zip(X[i], u, strict=True)) * V - y[i] for i in batch]
        h = [sum(X[i][k] * e for i, e in zip(batch, r, strict=True)) / len(batch) for k in (0, 1)]
        along = sum(a * b for a, b in zip(u, h, strict=True))
        new = [a - eta * V * b for a, b in zip(u, h, strict=True)]
        other = [v[0] - eta * v[1] * along, v[1] - eta * v[0] * along]
        return [
            sum(a * a for a in new) - w * w - sum(a * a for a in u) + x * x
            for w, x in zip(other, v, strict=True)
        ]

    w = np.array([float(a) for a in [*u, *v]])
    for size in range(1, 5):
        for replacement in (False, True):
            every = [step(b) for b in law.batches(size, 4, replacement)]
            mean = [float(sum(c) / len(every)) for c in zip(*every, strict=True)]
            args = np.array(X, float), np.array(y, float), w, float(eta), size, replacement
            np.testing.assert_allclose(law.expected(*args), mean, rtol=1e-13)
            found, rounding = law.enumerated(*args)
            assert np.abs(found - mean).max() <= rounding


def test_a_batch_of_all_samples_has_no_noise_only_without_replacement():
    assert law.factor(9, 9, False) == 0 == law.factor(1, 1, False)
    assert law.factor(9, 9, True) == pytest.approx(1 / 9)
    assert law.factor(1, 9, False) == 1 == law.factor(1, 9, True)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.integers(2, 4))
def test_noise_raises_the_imbalance_wherever_it_is_not_positive(seed, depth):
    """Cauchy–Schwarz: uᵀΣu ≤ ‖u‖² tr Σ ≤ v² tr Σ; and a rotation of the inputs changes nothing."""
    random = np.random.default_rng(seed)
    u, single = random.normal(size=3), random.normal(size=(5, 3))
    v = np.linalg.norm(u) * (1 + random.random(depth - 1))
    rotation = np.linalg.qr(random.normal(size=(3, 3)))[0]
    drift = law.noise_drift(u, v, single)
    assert np.all(drift > 0)
    np.testing.assert_allclose(law.noise_drift(rotation @ u, v, single @ rotation.T), drift)


def test_every_step_obeys_the_law_and_a_wrong_one_is_seen():
    w = np.concatenate([0.3 * np.ones(12), [0.7, -1.1]])
    drawn = Minibatches(2, np.random.default_rng(0), replacement=True)
    X, y = SAMPLES.X[:6], SAMPLES.y[:6]
    off, C, total = law.followed(X, y, w, 0.02, 50, drawn)
    assert off.max() <= 1
    np.testing.assert_allclose(C, total, rtol=0, atol=1e-13)
    found, rounding = law.enumerated(X, y, w, 0.02, 2, True)
    assert np.abs(found - law.expected(X, y, w, 0.02, 2, False)).max() > 1e6 * rounding


def test_the_predicted_slope_is_that_of_averaged_descent(case):
    """Naive: Euler steps of gradient flow that add up E[C' − C] − (that of B = N) over η²."""
    problem = SAMPLES.problem(6, 2)
    chain = problem.chain
    u, v = runs._start(chain, 0.0)
    C, eta, moved = chain.imbalance(u, v), 2e-3 / case.limit, 0.0
    for _ in range(20_000):
        single = problem.rows * (problem.rows @ u * v.prod() - problem.y)[:, None]
        if np.abs(single).max() < 1e-3:
            break
        moved += eta * law.noise_drift(u, v, single)[0]
        u, v = chain.step(u, v, eta)
    unit = np.sqrt(chain.Q)
    assert moved / unit == pytest.approx(case.moved, rel=2e-3)
    h = 1e-3 * unit
    S = [float(chain.sharpness_at_minimum(chain.minimum(C[0] + s)[1])) for s in (-h, h)]
    assert (S[1] - S[0]) / (2 * h) * moved == pytest.approx(case.noise, rel=3e-3)


def test_the_safe_step_is_that_of_the_sharpest_single_sample():
    problem = SAMPLES.problem(6, 3)
    u, v = problem.chain.minimum([0.1, -0.2])
    gradients = [np.concatenate([x * v.prod(), x @ u * v.prod() / v]) for x in problem.rows]
    single = max(g @ g for g in gradients)
    assert runs.safe_step(problem, u, v) == pytest.approx(2 / single)
    assert runs.safe_step(problem, np.array([u, 9 * u]), np.array([v, v])) < 2 / single


def test_the_drift_vanishes_at_rest(drift):
    problem = SAMPLES.problem(40, 2)
    place = drifting.rest(problem) * np.sqrt(problem.chain.Q)
    assert place > 0
    scale = drifting.rate(problem, 0.0)
    assert abs(drifting.rate(problem, place)) < 1e-12 * scale
    assert drifting.rate(problem, 0.9 * place) > 0 > drifting.rate(problem, 1.1 * place)
    assert drift.attrs["rest"] == pytest.approx(place / np.sqrt(problem.chain.Q))


def test_trends():
    rising = np.arange(4) + 0.1 * np.random.default_rng(0).normal(size=(8, 4))
    assert checks.trend(rising)[0] == 1
    assert checks.trend(-rising) == (-1, pytest.approx(checks.trend(rising)[1]))
    order = np.random.default_rng(2).permutation(8)
    assert checks.trend(np.exp(rising[order])) == checks.trend(rising)  # any unit, any seed first
    assert checks.trend(rising)[1] < 1e-6
    assert checks.trend(np.random.default_rng(1).normal(size=(8, 4)))[1] > 0.01


def test_data_with_no_two_independent_samples_are_refused():
    X = np.outer([1.0, 2.0, 3.0], [1.0, 1.0])
    with pytest.raises(InputError, match="data"):
        claim.independent(X, 16)
    assert claim.independent(np.vstack([np.eye(3), np.ones((4, 3))]), 16) == 3


def test_the_criteria_can_fail(case, drift, scan):
    settled = [drifting.settled(SAMPLES, 40, drift["u"].to_numpy(), drift["v"].to_numpy())]

    def judged(c=case, d=drift, ends=settled):
        return [x.holds for x in checks.judge([c], {"any": scan}, [d], ends)]

    good = judged()
    assert all(good)
    assert not judged(replace(case, noise=1.2 * case.noise))[2]
    status = case.runs["status"].copy()
    status[0, 0, 0, 0] = 1
    assert not judged(replace(case, runs=case.runs.assign(status=status)))[0]
    assert not judged(replace(case, runs=case.runs.assign(full=case.runs["full"] * 1.001)))[1]
    lost = case.runs["final"].copy()
    lost[0, 0, 0, 0] = np.inf
    with np.errstate(invalid="ignore"):
        assert not judged(replace(case, runs=case.runs.assign(final=lost)))[2]
    opposite = replace(case, noise=-case.noise, descent=-case.descent)
    assert not judged(opposite)[3]
    backwards = case.runs["final"].copy(data=case.runs["final"].to_numpy()[:, ::-1])
    assert not judged(replace(case, runs=case.runs.assign(final=backwards)))[4]
    assert not judged(replace(case, runs=case.runs.assign(final=backwards)))[5]
    assert not judged(d=drift.assign(drift=1.3 * drift["drift"]))[6]
    assert not judged(ends=[(1.0, 1.001)])[7]
    falling = drift.assign(sharpness=drift["sharpness"].copy(data=[[3, 2, 1.5, 1.0]] * 2))
    assert not judged(d=falling.assign_attrs(turn=0.0))[8]
