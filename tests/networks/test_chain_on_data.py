import dataclasses
import json

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from dynsharp import InputError, systems

depths = pytest.mark.parametrize("depth", [2, 3, 4, 6])


def problem(samples=7, features=5, rank=None, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, features))
    if rank is not None:
        X = X[:, :rank] @ rng.normal(size=(rank, features))
    return X, rng.normal(size=samples)


def naive_loss(X, y, weights, depth):
    """Loss in the full coordinates: all of u, then v."""
    u, v = weights[: X.shape[1]], weights[X.shape[1] :]
    assert len(v) == depth - 1
    return np.sum((X @ u * np.prod(v) - y) ** 2) / (2 * len(y))


def naive_hessian(X, y, weights, depth):
    """Second differences in the full coordinates, extrapolated once in the step."""

    def differences(h):
        units = h * np.eye(len(weights))
        f = [
            [
                [naive_loss(X, y, weights + s * a + t * b, depth) for b in units]
                for a in units
            ]
            for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ]  # fmt: skip
        pp, pm, mp, mm = np.array(f)
        return (pp - pm - mp + mm) / (4 * h**2)

    return (4 * differences(1e-3) - differences(2e-3)) / 3


def random_state(data, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=data.rank), rng.normal(size=data.depth - 1)


@pytest.mark.parametrize(("samples", "features", "rank"), [(7, 5, None), (4, 6, None), (8, 6, 3)])
@depths
def test_hessian_at_any_point_is_that_of_the_full_network(samples, features, rank, depth):
    X, y = problem(samples, features, rank)
    data = systems.chain_on_data(X, y, depth)
    assert data.rank == (rank or min(samples, features))
    rng = np.random.default_rng(5)
    full = rng.normal(size=features)  # with a part that X does not see
    u, v = full @ data.directions, rng.normal(size=depth - 1)
    weights = np.concatenate([full, v])
    assert np.isclose(data.loss(u, v), naive_loss(X, y, weights, depth), rtol=1e-12)
    H = naive_hessian(X, y, weights, depth)
    spectrum = np.linalg.eigvalsh(H)
    own = np.linalg.eigvalsh(data.hessian(u, v))
    unseen = np.zeros(features - data.rank)
    scale = np.abs(own).max()
    assert np.allclose(spectrum, np.sort([*own, *unseen]), atol=1e-6 * scale)
    assert np.isclose(data.sharpness(u, v), spectrum[-1], rtol=1e-6)


@depths
def test_data_statistics(depth):
    X, y = problem(9, 4)
    data = systems.chain_on_data(X, y, depth)
    assert np.isclose(data.Q, np.sum((np.linalg.pinv(X) @ y) ** 2))
    assert np.allclose(data.sigma, np.linalg.svd(X)[1])
    top = np.linalg.eigvalsh(X @ X.T / 9)[-1]
    assert np.isclose(data.predicted_sharpness, top * data.Q ** ((depth - 1) / depth))
    least = np.sum((X @ np.linalg.pinv(X) @ y - y) ** 2)
    assert np.isclose(data.unreachable, least)


@depths
def test_the_balanced_minimum(depth):
    X, y = problem()
    data = systems.chain_on_data(X, y, depth)
    u, v = data.minimum()
    assert np.allclose(data.imbalance(u, v), 0, atol=1e-13)
    assert np.allclose(v**2, data.Q ** (1 / depth), rtol=1e-13)
    assert np.isclose(data.loss(u, v), data.unreachable / (2 * len(y)))
    S = float(data.sharpness_at_minimum(v))
    assert np.isclose(S, data.sharpness(u, v), rtol=1e-10)
    assert np.isclose(data.eta_c, 2 / S)
    lower, upper = data.sharpness_bounds
    assert data.predicted_sharpness <= lower <= S <= upper
    factor = (depth - 1) * data.Q ** (-1 / depth) / len(y)
    assert np.isclose(lower, data.predicted_sharpness + factor * data.targets[0] ** 2)
    assert np.isclose(upper, data.predicted_sharpness + factor * np.sum(data.targets**2))


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=4), st.integers(0, 5))
def test_minima_of_any_imbalance(imbalance, seed):
    data = systems.chain_on_data(*problem(seed=seed), len(imbalance) + 1)
    u, v = data.minimum(imbalance)
    size = 1 + np.sum(u**2) + np.max(v**2)
    assert np.allclose(data.imbalance(u, v), imbalance, atol=1e-11 * size)
    assert np.isclose(data.loss(u, v), data.unreachable / (2 * data.samples), rtol=1e-9)
    S = float(data.sharpness_at_minimum(v))
    assert np.isclose(S, data.sharpness(u, v), rtol=1e-9)
    lower, upper = data.bounds_at(imbalance)
    assert lower * (1 - 1e-12) <= S <= upper * (1 + 1e-12)


@pytest.mark.parametrize("C", [-1e6, -2.0, 0.0, 3.0, 1e6])
def test_depth_two_in_closed_form(C):
    data = systems.chain_on_data(*problem(), 2)
    _, v = data.minimum(C)
    root = np.sqrt(C**2 + 4 * data.Q)
    v_squared = 2 * data.Q / (root + C) if C > 0 else (root - C) / 2
    assert np.isclose(v[0] ** 2, v_squared, rtol=1e-12)
    lower, upper = data.bounds_at(C)
    flat = data.sigma[0] ** 2 * v_squared
    assert np.isclose(lower * data.samples, flat + data.targets[0] ** 2 / v_squared)
    assert np.isclose(upper * data.samples, flat + np.sum(data.targets**2) / v_squared)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_gradient_flow_ends_where_its_conserved_quantities_say(depth):
    from scipy.integrate import solve_ivp

    data = systems.chain_on_data(*problem(seed=2), depth)
    rng = np.random.default_rng(3)
    u0, v0 = 0.7 * rng.normal(size=data.rank), rng.uniform(0.5, 1.5, size=depth - 1)

    def flow(t, state):
        u, v = state[: data.rank], state[data.rank :]
        after = data.step(u, v, 1.0)
        return np.concatenate(after) - state

    end = solve_ivp(
        flow, (0, 3000), np.concatenate([u0, v0]), method="BDF", rtol=1e-10, atol=1e-12
    ).y[:, -1]
    u, v, S = data.gradient_flow_limit(u0, v0)
    assert np.isclose(np.sum(u**2), np.sum(end[: data.rank] ** 2), rtol=1e-5)
    assert np.allclose(v**2, end[data.rank :] ** 2, rtol=1e-5)
    assert np.isclose(S, data.sharpness(end[: data.rank], end[data.rank :]), rtol=1e-5)


@depths
def test_training_is_full_batch_gradient_descent_on_the_network(depth):
    X, y = problem()
    data = systems.chain_on_data(X, y, depth)
    u0, v0 = (0.6 * a for a in random_state(data))
    eta = 0.2 * data.eta_c
    full, v = data.directions @ u0, v0.copy()
    for _ in range(40):
        V = np.prod(v)
        h = X.T @ (X @ full * V - y) / len(y)
        full, v = (
            full - eta * V * h,
            v - eta * np.array([np.prod(np.delete(v, i)) for i in range(depth - 1)]) * (full @ h),
        )
    trained = data.train(eta, u0, v0, 40, record=["loss", "sharpness", "imbalance", "u", "v"])
    assert np.allclose(trained["u"][-1], full @ data.directions, rtol=1e-9, atol=1e-12)
    assert np.allclose(trained["v"][-1], v, rtol=1e-9, atol=1e-12)
    naive = naive_loss(X, y, np.concatenate([full, v]), depth)
    assert np.isclose(trained["loss"][-1], naive, rtol=1e-10)
    assert trained["imbalance"].dims == ("iterate", "layer")
    assert trained.attrs["status"] == "completed"


def test_one_step_raises_the_imbalance_by_the_known_amount():
    data = systems.chain_on_data(*problem(), 2)
    u, v = random_state(data)
    eta = 0.05
    h = data.sigma * (data.sigma * u * v[0] - data.targets) / data.samples
    exact = eta**2 * (v[0] ** 2 * h @ h - (u @ h) ** 2)
    after = data.step(u, v, eta)
    assert np.isclose(data.imbalance(*after)[0] - data.imbalance(u, v)[0], exact, rtol=1e-9)


@pytest.mark.parametrize("depth", [2, 3])
def test_the_critical_step_decides_in_simulation(depth):
    data = systems.chain_on_data(*problem(seed=4), depth)
    u, v = data.minimum()
    kick = np.linalg.eigh(data.hessian(u, v))[1][:, -1] * 1e-7
    start = u + kick[: data.rank], v + kick[data.rank :]
    for factor, grows in ((0.99, False), (1.01, True)):
        excess = data.train(factor * data.eta_c, *start, 200, record=["loss"])["loss"]
        excess = excess - data.unreachable / (2 * data.samples)
        assert (float(excess[-1]) > 10 * float(excess[0])) == grows


@pytest.mark.parametrize("depth", [2, 4])
def test_the_map_is_the_training(depth):
    data = systems.chain_on_data(*problem(5, 3), depth)
    m = data.map()
    assert [s.name for s in m.state] == [
        *(f"u{i}" for i in range(1, 4)),
        *(f"v{i}" for i in range(1, depth)),
    ]
    u, v = random_state(data)
    eta = 0.1 * data.eta_c
    step = sp.lambdify([*m.state, *m.parameters], list(m.expressions))
    assert np.allclose(step(*u, *v, eta), np.concatenate(data.step(u, v, eta)), rtol=1e-12)
    for name, own in (("loss", data.loss(u, v)), ("imbalance1", data.imbalance(u, v)[0])):
        observe = sp.lambdify(m.state, m.observables[name])
        assert np.isclose(observe(*u, *v), float(own), rtol=1e-12)


def test_states_may_come_in_batches():
    data = systems.chain_on_data(*problem(), 3)
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(4, 2, data.rank)), rng.normal(size=(4, 2, 2))
    for method in (data.loss, data.sharpness, data.imbalance, data.hessian):
        batch = method(u, v)
        assert np.allclose(batch[3, 1], method(u[3, 1], v[3, 1]))
    assert np.allclose(data.sharpness_at_minimum(v)[2, 0], data.sharpness_at_minimum(v[2, 0]))
    assert np.allclose(data.step(u, v, 0.1)[1][1, 1], data.step(u[1, 1], v[1, 1], 0.1)[1])


def test_a_layer_at_zero_is_an_ordinary_point():
    X, y = problem()
    data = systems.chain_on_data(X, y, 4)
    u, v = np.zeros(data.rank), np.array([0.0, 0.0, 1.0])
    assert np.isfinite(data.hessian(u, v)).all()
    v = np.array([0.0, 0.5, 1.0])
    u = np.ones(data.rank)
    weights = np.concatenate([data.directions @ u, v])
    top = np.linalg.eigvalsh(naive_hessian(X, y, weights, 4))[-1]
    assert np.isclose(data.sharpness(u, v), top, rtol=1e-6)


@given(scale=st.floats(0.1, 10), seed=st.integers(0, 3))
def test_scaling_the_data_scales_what_it_should(scale, seed):
    X, y = problem(seed=seed)
    one, other = (systems.chain_on_data(s * X, s * y, 3) for s in (1.0, scale))
    assert np.isclose(other.Q, one.Q)
    assert np.isclose(other.eta_c * scale**2, one.eta_c)


def test_divergence_is_marked_and_nothing_is_nan():
    data = systems.chain_on_data(*problem(), 6)
    trained = data.train(50 * data.eta_c, *random_state(data), 300)
    assert trained.attrs["status"].startswith("diverged: the loss exceeds 1e+100 at iterate")
    assert all(np.isfinite(trained[name]).all() for name in trained)
    assert trained.sizes["iterate"] < 300
    with pytest.raises(InputError, match="start"):
        data.train(0.1, np.full(data.rank, 1e50), np.full(5, 1e50), 10)


def test_data_are_values_and_runs_survive_a_file(tmp_path):
    import xarray as xr

    X, y = problem()
    data = systems.chain_on_data(X, y, 3)
    assert data == systems.chain_on_data(X.copy(), y.copy(), 3)
    assert data != systems.chain_on_data(X, y, 4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.depth = 2
    with pytest.raises(ValueError, match="read-only"):
        data.sigma[0] = 1.0
    assert "dataset difficulty Q" in repr(data)
    trained = data.train(0.1 * data.eta_c, *random_state(data), 20, record=["loss", "u"], every=4)
    assert list(trained["iterate"].values) == [0, 4, 8, 12, 16, 20]
    assert set(trained.coords) == {"iterate", "mode"}
    trained.to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc") as read:
        assert read.identical(trained)


X, Y = problem()


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ((X.ravel(), Y, 2), "X"),
        ((X * np.nan, Y, 2), "X"),
        ((np.zeros((7, 2)), Y, 2), "X"),
        ((np.zeros((0, 2)), Y, 2), "X"),
        (([["a", "b"]], [1.0], 2), "X"),
        ((X, Y[:-1], 2), "y"),
        ((X, Y[:, None], 2), "y"),
        ((X, np.where(Y > 0, np.inf, Y), 2), "y"),
        ((X, 0 * Y, 2), "y"),
        ((X, np.linalg.svd(X)[0][:, -1], 2), "y"),
        ((X, 1j * Y, 2), "y"),
        ((X, Y, 1), "depth"),
        ((X, Y, 2.5), "depth"),
    ],
)
def test_bad_data_are_named(arguments, argument):
    with pytest.raises(InputError) as error:
        systems.chain_on_data(*arguments)
    assert error.value.argument == argument


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda d: d.sharpness(np.ones(2), np.ones(2)), "u"),
        (lambda d: d.hessian(np.ones(5), np.ones(3)), "v"),
        (lambda d: d.loss("start", np.ones(2)), "u"),
        (lambda d: d.sharpness_at_minimum([0.0, 1.0]), "v"),
        (lambda d: d.minimum([1.0, 2.0, 3.0]), "imbalance"),
        (lambda d: d.bounds_at(np.nan), "imbalance"),
        (lambda d: d.train(0, np.ones(5), np.ones(2), 5), "eta"),
        (lambda d: d.train(0.1, np.ones(4), np.ones(2), 5), "u0"),
        (lambda d: d.train(0.1, np.ones(5), np.ones(1), 5), "v0"),
        (lambda d: d.train(0.1, np.ones(5), np.ones(2), 0), "steps"),
        (lambda d: d.train(0.1, np.ones(5), np.ones(2), 5, record=["los"]), "record"),
        (lambda d: d.train(0.1, np.ones(5), np.ones(2), 5, every=0), "every"),
    ],
)
def test_bad_arguments_are_named(call, argument):
    with pytest.raises(InputError) as error:
        call(systems.chain_on_data(X, Y, 3))
    assert error.value.argument == argument


def test_the_numbers_are_told():
    data = systems.chain_on_data(*problem(), 3)
    told = json.loads(json.dumps(data.as_dict()))
    for name in ("samples", "depth", "rank", "Q", "predicted_sharpness", "eta_c"):
        assert told[name] == getattr(data, name)
    assert told["sharpness_bounds"] == list(data.sharpness_bounds)
    assert list(data.to_dataframe()["Q"]) == [data.Q]
