import json

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from dynsharp import InputError, systems


def network(width=5, s=0.5, sigma_w=0.8, x=(0.6, -0.3, 1.1), y=1.3, seed=3):
    return systems.uv_network(width, s, sigma_w, list(x), y, seed)


def orbit_of_the_map(net, eta, steps):
    m = systems.uv_physical()
    step = sp.lambdify([*m.state, *m.parameters], list(m.expressions))
    rows = [[net.start["df"], net.start["lam"]]]
    for _ in range(steps):
        rows.append(step(*rows[-1], eta, net.y, net.g))
    return np.array(rows)


@given(
    width=st.integers(1, 12),
    s=st.floats(0, 1),
    y=st.floats(-2, 2),
    seed=st.integers(0, 100),
    rate=st.floats(0.05, 0.9),
)
def test_weight_space_training_is_the_two_variable_map(width, s, y, seed, rate):
    net = network(width=width, s=s, y=y, seed=seed)
    eta = rate / max(net.start["lam"], net.g * abs(y))
    trained = net.train(eta, steps=8)
    predicted = orbit_of_the_map(net, eta, 8)
    assert trained.attrs["status"] == "completed"
    assert np.allclose(trained["df"], predicted[:, 0], rtol=1e-9, atol=1e-9)
    assert np.allclose(trained["lam"], predicted[:, 1], rtol=1e-9, atol=1e-9)


def numerical_hessian(net, U, v):
    """Second differences of the loss in all weights, exact up to rounding for this quartic."""
    n, d = U.shape
    weights = np.concatenate([U.ravel(), v])

    def loss(w):
        f = w[n * d :] @ w[: n * d].reshape(n, d) @ net.x / np.sqrt(net.n_eff)
        return (f - net.y) ** 2 / 2

    h = 1e-3
    units = h * np.eye(len(weights))
    return np.array(
        [
            [
                loss(weights + a + b) - loss(weights + a - b)
                - loss(weights - a + b) + loss(weights - a - b)
                for b in units
            ]
            for a in units
        ]
    ) / (4 * h**2)  # fmt: skip


@pytest.mark.parametrize("width", [1, 2, 3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_sharpness_is_the_top_hessian_eigenvalue(width, seed):
    net = network(width=width, x=(0.6, -0.3), y=3.0, seed=seed, s=1.0)
    top = np.linalg.eigvalsh(numerical_hessian(net, net.U, net.v))[-1]
    assert np.isclose(net.measure(net.U, net.v)["sharpness"], top, rtol=1e-5)


def test_small_weights_have_the_sharpness_of_the_residual():
    # At vanishing weights the Hessian is gΔf times the exchange of a and v.
    net = network(sigma_w=1e-9)
    assert np.isclose(net.measure(net.U, net.v)["sharpness"], net.g * net.y)


def test_sharpness_equals_that_of_the_map():
    net = network(width=4)
    observe = systems.uv_physical()
    sharpness = sp.lambdify([*observe.state, *observe.parameters], observe.observables["sharpness"])
    trained = net.train(0.3, 20)
    for df, lam, own in zip(trained["df"], trained["lam"], trained["sharpness"], strict=True):
        assert np.isclose(sharpness(float(df), float(lam), 0.3, net.y, net.g), own, rtol=1e-10)


def test_training_is_the_naive_loop():
    net = network()
    U, v, eta = net.U.copy(), net.v.copy(), 0.2
    for _ in range(25):
        error = v @ U @ net.x / np.sqrt(net.n_eff) - net.y
        gradient_U = error * np.outer(v, net.x) / np.sqrt(net.n_eff)
        gradient_v = error * U @ net.x / np.sqrt(net.n_eff)
        U, v = U - eta * gradient_U, v - eta * gradient_v
    trained = net.train(eta, 25)
    assert np.isclose(trained["lam"][-1], net.measure(U, v)["lam"], rtol=1e-12)
    assert np.isclose(trained["loss"][0], (net.start["df"]) ** 2 / 2)


def test_recording_every_so_many_iterates():
    net = network()
    every, some = net.train(0.2, 20), net.train(0.2, 20, every=5)
    assert list(some["iterate"].values) == [0, 5, 10, 15, 20]
    assert some.equals(every.isel(iterate=slice(None, None, 5)))


def test_initial_weights_have_the_stated_scale():
    for s in (0.0, 1.0):
        net = network(width=4000, s=s, sigma_w=2.0)
        for weights in (net.U, net.v):
            assert np.isclose(weights.std(), 2.0 / 4000 ** (s / 2), rtol=0.05)
        assert np.isclose(net.g, np.linalg.norm(net.x) / 4000 ** ((1 - s) / 2))


def test_divergence_is_marked_and_nothing_is_nan():
    trained = network().train(1000.0, 500)
    assert trained.attrs["status"].startswith("diverged: the loss exceeds 1e+100 at iterate")
    assert "smaller step size" in trained.attrs["status"]
    assert trained.sizes["iterate"] < 500
    assert all(np.isfinite(trained[name]).all() for name in trained)


def test_networks_are_values():
    assert network() == network()
    assert network() != network(seed=4)
    with pytest.raises(ValueError, match="read-only"):
        network().U[0] = 0


def test_results_survive_a_file(tmp_path):
    import xarray as xr

    trained = network().train(0.2, 10)
    trained.to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc") as read:
        assert read.identical(trained)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"width": 0}, "width"),
        ({"width": 2.5}, "width"),
        ({"s": 2}, "s"),
        ({"s": "ntp"}, "s"),
        ({"sigma_w": 0}, "sigma_w"),
        ({"sigma_w": np.inf}, "sigma_w"),
        ({"x": [0.0, 0.0]}, "x"),
        ({"x": [np.nan, 1.0]}, "x"),
        ({"x": []}, "x"),
        ({"y": np.nan}, "y"),
        ({"y": [1.0, 2.0]}, "y"),
        ({"seed": -1}, "seed"),
        ({"seed": None}, "seed"),
    ],
)
def test_bad_input_is_named(change, argument):
    with pytest.raises(InputError) as error:
        network(**change)
    assert error.value.argument == argument


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [((0, 10), "eta"), (("fast", 10), "eta"), ((0.1, 0), "steps"), ((0.1, 1.5), "steps")],
)
def test_bad_training_input_is_named(arguments, argument):
    with pytest.raises(InputError) as error:
        network().train(*arguments)
    assert error.value.argument == argument


def test_a_network_is_told_and_compared():
    net = network(width=3)
    told = json.loads(json.dumps(net.as_dict()))
    assert told["width"] == 3
    assert told["start"] == net.start
    assert told["U"] == net.U.tolist()
    assert net == network(width=3)
    assert net != network(width=3, seed=4)
    assert repr(net).startswith("uv network of width 3: y = 1.3, g = ")
