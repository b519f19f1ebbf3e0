import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsharp import InputError
from paper_reproduction.uv import fixed_points as claim_2
from paper_reproduction.uv import gradient_flow, phase_plane, theory


@pytest.fixture(scope="module")
def claim():
    result = claim_2.run(quick=True)
    yield result
    plt.close(result.figure)


def test_the_claim_holds(claim):
    assert claim.outcome == "holds", [c for c in claim.checks if not c.holds]
    ends = np.concatenate([claim.data[f"starts_{side}"]["end"] for side in ("below", "above")])
    assert set(ends.tolist()) == {0, 1, 2}  # all outcomes are among them


def test_wrong_points_jacobians_and_rates_fail(claim):
    points, rates = claim.data["fixed_points"], claim.data["rates"]
    assert not claim_2.judged_points(points.assign(moved=points["moved"] + 1e-9)).holds
    assert not claim_2.judged_points(points.assign(weights_flip=0 * points["moved"][:, 0])).holds
    assert not claim_2.judged_jacobians(points.assign(exact=points["exact"] + 1e-6)).holds
    assert not claim_2.judged_rates(rates.assign(multiplier=rates["multiplier"] + 1e-3)).holds


def test_wrong_ends_signs_and_limits_fail(claim):
    below, above = claim.data["starts_below"], claim.data["starts_above"]
    assert claim_2.judged_starts([below, above]).holds
    assert not claim_2.judged_starts([below.assign(end=above["end"]), above]).holds
    assert not claim_2.judged_signs([below.assign(against=below["against"] + 1), above]).holds
    flowing, descents = claim.data["flows"], claim.data["descents"]
    assert not claim_2.judged_flows(flowing.assign(limit=flowing["limit"] * (1 + 1e-7))).holds
    assert not claim_2.judged_flows(flowing.assign(drift=flowing["drift"] + 1e-7)).holds
    assert not claim_2.judged_trend(flowing.assign(f0=0 * flowing["f0"])).holds
    assert not claim_2.judged_conserved(descents.assign(lam=descents["lam"] * 1.001)).holds


def test_the_limit_of_gradient_flow_is_that_of_the_paper():
    df, lam, y, g = 0.7, 3.0, 1.3, 0.4
    m = theory.physical()
    at = dict(zip((*m.state, *m.parameters[1:]), (df, lam, y, g), strict=True))
    f = df + y
    paper = np.sqrt(lam**2 - 4 * g**2 * f**2 + 4 * g**2 * y**2)
    assert float(gradient_flow.flow_limit().subs(at)) == pytest.approx(paper)


def test_the_conserved_quantity_is_conserved_by_the_flow_of_the_plane():
    # dz/dt = -kz and dk/dt = -4z(z + rho), in units of the step size.
    Q, factor = gradient_flow.conserved()
    z, k = theory.scaled().state
    (rho,) = theory.scaled().parameters
    rate = sp.diff(Q, z) * (-k * z) + sp.diff(Q, k) * (-4 * z * (z + rho))
    assert sp.expand(rate) == 0
    stepped = Q.subs(theory.scaled().update, simultaneous=True)
    assert sp.expand(stepped - factor * Q) == 0


@settings(max_examples=15)
@given(
    rho=st.floats(0.1, 1.9),
    F=st.floats(-1.5, 3.0),
    above=st.floats(0, 3.0),
    width=st.integers(2, 9),
)
def test_a_network_is_in_the_state_that_is_asked_for(rho, F, above, width):
    k = 2 * abs(F) + above
    net, eta = phase_plane.network_at(F - rho, k, rho, width)
    found = phase_plane.state_of(net, net.U, net.v, eta)
    assert found == pytest.approx([F - rho, k], abs=1e-12)
    assert eta * net.g * net.y == pytest.approx(rho)


def test_a_state_outside_the_domain_is_refused():
    with pytest.raises(InputError, match="at least"):
        phase_plane.network_at(0.5, 1.0, 1.2)


def test_the_fitted_jacobian_equals_differences_of_the_map():
    rho, at = 1.1, np.array([0.3, 3.4])
    net, eta = phase_plane.network_at(*at, rho)
    fit, error = phase_plane.fitted_jacobian(net, eta, at, seed=1)
    z, k = theory.scaled().state
    step = sp.lambdify([z, k, *theory.scaled().parameters], list(theory.scaled().expressions))
    h = 1e-6
    naive = [
        (np.array(step(*(at + e), rho)) - np.array(step(*(at - e), rho))) / (2 * h)
        for e in h * np.eye(2)
    ]
    assert fit[:, 0] == pytest.approx(np.array(step(*at, rho)), abs=error[:, 0].max())
    assert fit[:, 1:] == pytest.approx(np.array(naive).T, abs=1e-8)
    assert error.max() < 1e-3


def test_the_sign_of_the_change_is_that_of_training():
    net, eta = phase_plane.network_at(0.4, 3.9, 1.2)
    for _ in range(5):
        before = net.measure(net.U, net.v)
        U, v = net.step(net.U, net.v, eta)
        change = net.measure(U, v)["lam"] - before["lam"]
        said = phase_plane.sharpens(before["df"], before["lam"], net, eta)
        assert change == pytest.approx(float(said), abs=1e-12)
        net = type(net)(U, v, net.x, net.y, net.n_eff)
