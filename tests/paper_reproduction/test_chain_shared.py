import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dynsharp import InputError
from paper_reproduction.chain.data import Samples, balanced_start, gaussian, power_law, real
from paper_reproduction.chain.flow import DRIFT, gradient_flow
from paper_reproduction.chain.training import STATUS, Minibatches, sgd_step, train


def problem(size=7, features=5, depth=3, seed=0):
    return gaussian(20, features, np.random.default_rng(seed)).problem(size, depth)


def in_original_coordinates(X, y, u, v, eta, batch):
    """One step by the definition: the gradient of the batch's loss, weight by weight."""
    h = X[batch].T @ (X[batch] @ u * np.prod(v) - y[batch]) / len(batch)
    moved = [w - eta * np.prod(np.delete(v, i)) * (u @ h) for i, w in enumerate(v)]
    return u - eta * np.prod(v) * h, np.array(moved)


def test_samples_are_nested_and_refuse_what_they_do_not_hold():
    samples = real(None, np.random.default_rng(1))
    assert set(samples.y) == {-1.0, 1.0}
    small, large = samples.problem(5, 2), samples.problem(9, 2)
    assert np.array_equal(small.y, large.y[:5])
    assert np.allclose(small.rows @ small.chain.directions.T, samples.X[:5])
    with pytest.raises(InputError, match=r"size: got 361"):
        samples.problem(361, 2)


def test_power_law_has_its_variances():
    X = power_law(20_000, 4, 1.5, np.random.default_rng(0)).X
    error = 5 * np.sqrt(2 / len(X))  # five standard errors of a variance
    assert np.allclose(X.var(axis=0) * np.arange(1, 5) ** 1.5, 1, atol=error)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_the_start_is_balanced_small_and_on_the_right_side(depth):
    chain = problem(depth=depth).chain
    u, v = balanced_start(chain, 0.25, np.random.default_rng(2))
    assert np.allclose(chain.imbalance(u, v), 0, atol=1e-14)
    assert np.isclose(np.linalg.norm(u), 0.25 * np.linalg.norm(chain.minimum()[0]))
    assert u @ (chain.sigma * chain.targets) > 0


@pytest.mark.parametrize("depth", [2, 4])
def test_gradient_flow_keeps_its_invariants_and_ends_where_they_say(depth):
    chain = problem(depth=depth).chain
    u0, v0 = balanced_start(chain, 0.3, np.random.default_rng(3))
    flow = gradient_flow(chain, u0, 1.2 * v0)
    assert flow.attrs["status"] == "converged"
    assert flow.attrs["drift"] < DRIFT
    *_, S = chain.gradient_flow_limit(u0, 1.2 * v0)
    assert np.isclose(flow["sharpness"][-1], S, rtol=1e-7)
    assert np.all(np.diff(flow["loss"]) <= 1e-9 * flow["loss"][0].item())  # a descent

    def velocity(_, w):  # naive: an explicit solver
        u, v = chain.step(w[: chain.rank], w[chain.rank :], 1.0)
        return np.concatenate([u, v]) - w

    start = np.concatenate([u0, 1.2 * v0])
    at = float(flow["time"][len(flow["time"]) // 3])
    state = solve_ivp(velocity, (0, at), start, "RK45", rtol=1e-10, atol=1e-10).y[:, -1]
    excess = chain.loss(state[: chain.rank], state[chain.rank :])
    excess -= chain.unreachable / (2 * chain.samples)
    assert np.isclose(flow["loss"].sel(time=at), excess, rtol=1e-6)


def test_a_flow_that_does_not_end_says_so():
    chain = problem().chain
    u0, v0 = balanced_start(chain, 0.3, np.random.default_rng(3))
    flow = gradient_flow(chain, u0, v0, reach=1e-200)
    assert flow.attrs["status"].startswith("not converged at time")


def test_full_batch_is_gradient_descent_of_the_system():
    p = problem(depth=4)
    u0, v0 = balanced_start(p.chain, 0.5, np.random.default_rng(4))
    etas = np.array([0.3, 0.9]) * p.chain.eta_c
    trained = train(p, etas, u0, v0, 40, every=4)
    for run, eta in enumerate(etas):
        own = p.chain.train(eta, u0, v0, 40, every=4)
        floor = p.chain.unreachable / (2 * p.chain.samples)
        assert np.allclose(trained["loss"][run], own["loss"] - floor, rtol=1e-9, atol=1e-15)
        assert np.allclose(trained["sharpness"][run], own["sharpness"], rtol=1e-12)


@pytest.mark.parametrize("replacement", [False, True])
def test_sgd_is_descent_on_the_batch_in_original_coordinates(replacement):
    random = np.random.default_rng(5)
    samples = gaussian(9, 6, random)
    p = samples.problem(9, 4)
    u, v = random.normal(size=(3, p.chain.rank)), random.normal(size=(3, 3))
    batch = Minibatches(4, random, replacement).draw(3, 9)
    new_u, new_v = sgd_step(p, u, v, 0.1 * np.ones((3, 1)), batch)
    for run in range(3):
        full = p.chain.directions @ u[run]
        naive = in_original_coordinates(samples.X, samples.y, full, v[run], 0.1, batch[run])
        assert np.allclose(p.chain.directions @ new_u[run], naive[0], atol=1e-13)
        assert np.allclose(new_v[run], naive[1], atol=1e-13)


def test_a_batch_of_all_samples_is_full_batch_descent():
    p = problem()
    start = balanced_start(p.chain, 0.5, np.random.default_rng(6))
    eta = 0.5 * p.chain.eta_c
    whole = Minibatches(p.chain.samples, np.random.default_rng(0))
    a, b = train(p, eta, *start, 50, batches=whole), train(p, eta, *start, 50)
    assert np.allclose(a["loss"], b["loss"], rtol=1e-10, atol=1e-16)


def test_batches_without_replacement_hold_no_sample_twice():
    drawn = Minibatches(5, np.random.default_rng(0)).draw(200, 8)
    assert all(len(set(b)) == 5 for b in drawn)
    counts = np.bincount(drawn.ravel(), minlength=8) / 200
    assert np.allclose(counts, 5 / 8, atol=5 * np.sqrt(5 / 8 * 3 / 8 / 200))
    twice = Minibatches(5, np.random.default_rng(0), replacement=True).draw(200, 8)
    assert any(len(set(b)) < 5 for b in twice)
    with pytest.raises(InputError, match="batches: got size 9"):
        train(problem(), 0.1, *balanced_start(problem().chain, 0.5, np.random.default_rng(0)), 1,
              batches=Minibatches(9, np.random.default_rng(0)))  # fmt: skip


def test_each_run_says_how_it_ended():
    X = np.diag([2.0, 1.0])
    p = Samples("two", X, np.array([2.0, 1.0])).problem(2, 2)
    u, v = p.chain.minimum()
    etas = np.array([0.5, 0.9, 40.0]) * p.chain.eta_c
    out = train(p, etas, 0.8 * u, 0.8 * v, 300, every=3)
    assert [STATUS[s] for s in out["status"].values][::2] == ["converged", "diverged"]
    stop = int(out["last"][0])
    assert np.isnan(out["loss"][0].sel(iterate=slice(stop + 1, None))).all()
    assert np.isfinite(out["loss"][0].sel(iterate=slice(None, stop))).all()
    assert np.isfinite(out["u"]).all()
