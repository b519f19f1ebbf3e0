import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from paper_reproduction.uv import edge_of_stability as eos
from paper_reproduction.uv.theory import critical_step, region_boundary
from paper_reproduction.uv.training import example_network


@pytest.fixture(scope="module")
def claim():
    result = eos.run(quick=True)
    yield result
    plt.close(result.figure)


@pytest.mark.slow
def test_the_claim_holds(claim):
    assert claim.outcome == "holds", [c for c in claim.checks if not c.holds]
    table = claim.data["boundaries"]
    assert 0 < table["edge"].sum() < table["edge"].size  # both outcomes are there


@pytest.mark.slow
def test_another_critical_step_or_exponent_fails(claim, monkeypatch):
    table = claim.data["boundaries"]
    wrong = table.assign(exact=table["exact"] * 1.02)
    assert eos.judged_boundaries(table).holds
    assert not eos.judged_boundaries(wrong).holds
    assert not eos.judged_boundaries(table.assign(measured=np.nan * table["measured"])).holds
    assert not eos.judged_outcomes(table.assign(bounded_beyond=1 - table["bounded_beyond"])).holds
    monkeypatch.setattr(eos, "exponent", lambda s: (1.01 - s) / 2)
    assert not any(eos.judged_exponent(table, s).holds for s in eos.PARAMETERISATIONS)


def test_exponents_and_condition_follow_from_the_definition():
    assert [eos.exponent(s) for s in (0.0, 0.25, 1.0)] == [0.5, 0.375, 0.0]
    for width, sigma_w, seed in ((1, 0.5, 0), (64, 0.5, 1), (64, 0.2, 2), (256, 0.4, 3)):
        net = example_network(width, 0.0, sigma_w, seed)
        now = {"lambda0": net.start["lam"], "f0": net.start["df"] + net.y, "g": net.g, "y": net.y}
        condition = eos.edge_condition()
        said = bool(condition.subs({s: now[s.name] for s in condition.free_symbols}))
        bound = region_boundary(net.start["df"], net.start["lam"], net.y, net.g)
        assert said == (bound > critical_step(net.y, net.g))


def test_convergence_is_judged_by_training_alone():
    net = example_network(4, 1.0, 0.3, 0)
    shares = np.array([0.05, 0.6, 0.99, 0.999, 1.001, 1.01, 1.2, 1.5, 1.7, 1.95, 4.0])
    found = eos.converges([net] * len(shares), shares * critical_step(net.y, net.g), 2000)
    assert found.tolist() == (shares < 1).tolist()


def test_the_law_at_the_critical_step_is_that_of_the_loss():
    net = example_network(4, 1.0, 0.3, 0)
    at = critical_step(net.y, net.g) * np.array([0.999, 1.0, 1.001])
    below, critical, above = eos.off_the_law([net] * 3, at, 4000)
    assert critical < 0.02 < min(below, above)


def test_bisection_in_lanes_equals_one_after_the_other():
    edges = np.array([0.3, 1.0, 1.7])
    found, error = eos.bisect(lambda x: x < edges, 0.2 * edges, 2.0 * edges, 1e-9)
    assert np.abs(found - edges).max() <= error.max() < 1e-8
    for edge, value in zip(edges, found, strict=True):
        low, high = 0.2 * edge, 2.0 * edge
        while (high - low) / high > 1e-9:
            middle = (low + high) / 2
            low, high = (middle, high) if middle < edge else (low, middle)
        assert value == pytest.approx((low + high) / 2, rel=2e-9)


def test_a_bracket_without_the_edge_is_told():
    found, _ = eos.bisect(lambda x: x < np.array([1.0, 9.0]), np.ones(2) / 2, 2 * np.ones(2), 1e-3)
    assert found[0] == pytest.approx(1, abs=1e-3)
    assert np.isnan(found[1])


def test_the_fit_recovers_a_power():
    widths, seeds = np.array([1, 4, 16, 64]), np.arange(2)
    values = 0.7 * widths[:, None] ** 0.3 * np.ones(2)
    axes = ("width", "s", "sigma_w", "seed")
    shape = (4, 1, 1, 2)
    columns = {
        "measured": (axes, values.reshape(shape)),
        "exact": (axes, values.reshape(shape)),
        "tolerance": (axes, 1e-3 * values.reshape(shape)),
        "edge": (axes, np.ones(shape)),
    }
    coordinates = {"width": widths, "s": [0.5], "sigma_w": [eos.SIGMAS[0]], "seed": seeds}
    slope, error, systematic = eos.fitted(xr.Dataset(columns, coordinates), 0.5)
    assert slope == pytest.approx(0.3)
    assert error < 1e-12
    tilted = values * np.where(np.log(widths) > np.log(widths).mean(), 1.001, 0.999)[:, None]
    worst = np.polyfit(np.repeat(np.log(widths), 2), np.log(tilted).ravel(), 1)[0]
    assert worst - 0.3 == pytest.approx(systematic, rel=1e-3)
