import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsharp.systems import uv_network
from paper_reproduction.uv import exact_map
from paper_reproduction.uv.rounding import carried, gamma, one_step_scale


@pytest.fixture(scope="module")
def claim():
    result = exact_map.run(quick=True)
    yield result
    plt.close(result.figure)


def test_the_claim_holds(claim):
    assert claim.outcome == "holds", [c for c in claim.checks if not c.holds]
    assert set(claim.data["one_step"]["width"].values) == {1, 2, 8, 512}
    assert 0 < claim.data["one_step"]["diverged"].sum() < claim.data["one_step"]["diverged"].size


def test_a_difference_after_one_step_above_the_bound_fails(claim):
    table = claim.data["one_step"]
    assert exact_map.judged_steps(table).holds
    assert not exact_map.judged_steps(table.assign(error=100 * table["error"])).holds
    assert not exact_map.judged_steps(table.assign(error=np.nan * table["error"])).holds


def test_an_orbit_of_another_map_fails(claim):
    orbits = claim.data["orbits"]
    wrong = orbits.assign(map=orbits["map"] * (1 + 1e-9))
    assert exact_map.judged_orbits(orbits).holds
    assert not exact_map.judged_orbits(wrong).holds


def test_a_wrong_coefficient_is_seen_in_one_step(monkeypatch):
    net = uv_network(512, 1, 0.5, (0.6, -0.8, 1.1), 1.5, seed=3)

    def share(right):
        if not right:
            step = exact_map.map_step
            monkeypatch.setattr(
                exact_map, "map_step", lambda x, eta, y, g: step(x, eta, y, g * (1 + 1e-9))
            )
        _, difference, scale = exact_map.one_step(net, 0.4, 50)
        return np.max(difference / scale) / gamma(net)

    assert share(right=True) < 1 < share(right=False)


def test_the_algebra_is_refuted_for_another_map(monkeypatch):
    m = exact_map.physical()
    lam = m.state[1]
    other = type(m)({**m.update, lam: m.update[lam] + m.state[0] ** 2}, m.parameters)
    monkeypatch.setattr(exact_map, "physical", lambda: other)
    assert not exact_map.holds_for_every_width()
    assert not exact_map.follows_from_gradient_descent(1, 1)


@settings(max_examples=15)
@given(
    width=st.integers(1, 40),
    inputs=st.integers(1, 5),
    s=st.floats(0, 1),
    sigma_w=st.floats(0.05, 3),
    y=st.floats(-3, 3),
    eta=st.floats(1e-3, 2),
    seed=st.integers(0, 99),
)
def test_the_bound_holds_for_any_network(width, inputs, s, sigma_w, y, eta, seed):
    x = np.random.default_rng(seed).normal(size=inputs)
    net = uv_network(width, s, sigma_w, x, y, seed)
    _, difference, scale = exact_map.one_step(net, eta, 20)
    assert (difference <= gamma(net) * scale).all()


def test_the_scale_bounds_what_is_added():
    net = uv_network(3, 0, 1.0, (1.0, -2.0), -1.5, seed=0)
    U, v = net.step(net.U, net.v, 0.2)
    now = net.measure(U, v)
    assert (one_step_scale(net, net.U, net.v, 0.2) >= 2 * np.abs([now["df"], now["lam"]])).all()
    mirrored = dataclasses.replace(net, y=-net.y)
    same = one_step_scale(mirrored, net.U, -net.v, 0.2)
    assert same == pytest.approx(one_step_scale(net, net.U, net.v, 0.2), rel=1e-14)


def test_carried_equals_the_naive_double_sum():
    random = np.random.default_rng(1)
    matrices = random.normal(size=(6, 2, 2))
    orbit = np.column_stack([np.arange(7.0), np.zeros(7)])  # the state tells the step
    added = random.uniform(size=(6, 2))
    found = carried(lambda x: matrices[int(x[0])], orbit, added)
    for n in range(7):
        total = np.zeros(2)
        for k in range(n):
            product = np.eye(2)
            for j in range(k + 1, n):
                product = matrices[j] @ product
            total += np.abs(product) @ added[k]
        assert found[n] == pytest.approx(total)
