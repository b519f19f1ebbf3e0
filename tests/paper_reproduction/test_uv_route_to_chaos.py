import matplotlib.pyplot as plt
import numpy as np
import pytest

from paper_reproduction.uv import chaos_training, doubling
from paper_reproduction.uv import route_to_chaos as claim_5
from paper_reproduction.uv.theory import critical_step
from paper_reproduction.uv.training import Lanes, example_network


@pytest.fixture(scope="module")
def claim():
    result = claim_5.run(quick=True)
    yield result
    plt.close(result.figure)


def test_the_claim_holds(claim):
    assert claim.outcome == "holds", [c for c in claim.checks if not c.holds]


def test_wrong_flips_and_ratios_fail(claim):
    flips = claim.data["flips"]
    assert not claim_5.judged_flips(flips.assign(exact=flips["exact"] + 2e-3)).holds
    bent = flips["exact"] * np.where(flips["period"] == 4, 1.002, 1.0)
    assert not claim_5.judged_ratios(flips.assign(exact=bent)).holds
    slower = 4.2 - 0.2 * 4.2 ** -np.arange(3.0)  # ratios that tend to 4.2
    gaps = 0.236 / np.cumprod([1, *slower])
    other = flips["measured"] * 0 + np.cumsum([1, *gaps])[:, None]
    assert not claim_5.judged_delta(flips.assign(measured=other), 5).holds
    late = [(v + 1e-9, e) for v, e in doubling.continued_flips(4)]
    assert not claim_5.judged_continued(late, 5).holds


def test_wrong_exponents_and_windows_fail(claim):
    orbits, exponents, found = (claim.data[n] for n in ("orbits", "exponents", "windows"))
    for name, judged in (
        ("exponent", claim_5.judged_exponents),
        ("transverse_exponent", claim_5.judged_transverse),
    ):
        assert not judged(orbits, exponents.assign({name: exponents[name] + 0.3})).holds
    off = orbits.assign(distance=orbits["distance"] + 1e-12)
    assert not claim_5.judged_attractor(off, exponents).holds
    assert not claim_5.judged_windows(found.assign(expected=found["expected"] + 1), 6000).holds
    way = claim.data["approach"]
    assert not claim_5.judged_approach(way.assign(cofactor=way["cofactor"] * 1.0001)).holds


def test_settling_is_judged_by_training_alone():
    net = example_network(4, 1.0, 0.2, 5)
    for period, rho, settles in (
        (1, 0.99, True),
        (1, 1.01, False),
        (2, 1.23, True),
        (2, 1.24, False),
        (4, 1.287, True),
        (4, 1.295, False),
        (2, 2.5, False),  # divergence
    ):
        eta = np.array([rho * critical_step(net.y, net.g)])
        assert doubling.returns([net], eta, period, 600).tolist() == [settles]


def test_delta_of_a_sequence_that_is_geometric_but_for_one_decaying_term():
    gaps = 4.5 ** -np.arange(6.0) * (1 + 0.3 * 4.0 ** -np.arange(6.0))
    flips = 1 + np.concatenate([[0], np.cumsum(gaps)])
    value, error = doubling.feigenbaum(flips, np.zeros(7))
    assert abs(value - 4.5) <= error < 0.02
    moved, wider = doubling.feigenbaum(3 * flips + 1, np.full(7, 1e-7))
    assert moved == pytest.approx(value, rel=1e-8)  # units of the parameter do not matter
    assert wider > error


def test_carried_errors_bound_every_sign_of_them():
    flips, error = 1 - 4.6 ** -np.arange(5.0), np.array([2, 1, 3, 1, 1]) * 1e-6
    value, bound = doubling.ratios(flips, error)
    for signs in np.ndindex(*[2] * 5):
        off, _ = doubling.ratios(flips + (2 * np.array(signs) - 1) * error, error)
        assert (np.abs(off - value) <= bound * 1.001).all()


def test_distance_is_trace_less_output():
    net = example_network(6, 0.5, 0.3, 1)
    rho = np.array([1.2, 1.7])
    eta = rho * critical_step(net.y, net.g)
    found = chaos_training.approach([net], rho, 12)["distance"].values[0]
    df, lam = Lanes.of([net] * 2, eta).record(12)
    assert np.allclose(found.T, eta * (lam - 2 * net.g * (df + net.y)), rtol=0, atol=1e-13)


def test_superstable_cycles_are_cycles_through_the_critical_point():
    found = chaos_training.superstable_cycles((3, 4), (1.31, 1.9), 4001)
    for period, rho in zip(found["expected"].values, found["rho"].values, strict=True):
        F = (1 + rho) / 3
        orbit = []
        for _ in range(period):
            F = F * (1 + rho - F) ** 2
            orbit.append(F)
        assert orbit[-1] == pytest.approx((1 + rho) / 3, abs=1e-9)
        assert min(abs(f - orbit[-1]) for f in orbit[:-1]) > 1e-3


def test_the_capture_time_is_that_of_the_map():
    found = chaos_training.superstable_cycles((5,), (1.5, 1.6), 4001)
    for rho, expected in zip(found["rho"].values, found["capture_time"].values, strict=True):
        F = np.random.default_rng(0).uniform(0.1, 2.0, 4000)
        for _ in range(300):
            F = F * (1 + rho - F) ** 2
        later = F
        for _ in range(5):
            later = later * (1 + rho - later) ** 2
        free = np.mean(np.abs(later - F) > 1e-6)  # still in a chaotic transient
        assert np.exp(-300 / expected * 4) < free < np.exp(-300 / expected / 4)
