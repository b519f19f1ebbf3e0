import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp

from paper_reproduction.uv import edge_means, edge_training, theory
from paper_reproduction.uv import sharpness_and_trace as claim_6
from paper_reproduction.uv.training import example_network


@pytest.fixture(scope="module")
def claim():
    result = claim_6.run(quick=True)
    yield result
    plt.close(result.figure)


@pytest.mark.slow
def test_the_claim_holds_with_its_limits(claim):
    assert claim.outcome == "holds in part", [c for c in claim.checks if not c.holds]
    assert all(c.holds for c in claim.checks if c.required)


@pytest.mark.slow
def test_wrong_means_fail(claim):
    means, mapped = claim.data["means"], claim.data["manifold"]
    assert claim_6.judged_cycle(means).holds
    assert not claim_6.judged_cycle(means.assign(trace=means["trace"] + 1e-9)).holds
    assert not claim_6.judged_map(means, mapped.assign(sharpness=mapped["sharpness"] + 0.3)).holds
    assert not claim_6.judged_order(means.assign(disorder=means["disorder"] + 1)).holds
    assert not claim_6.judged_trace(means.assign(trace=means["trace"] - 0.1), period_two=True).holds
    swapped = means.assign(trace=means["sharpness"], sharpness=means["trace"])
    assert not claim_6.judged_sharpness(swapped, period_two=True).holds


def test_a_wrong_sharpness_is_no_eigenvalue():
    table = edge_training.hessians_along(example_network(3, 1.0, 0.3, 1), 5)
    assert claim_6.judged_hessians(table).holds
    assert not claim_6.judged_hessians(table.assign(formula=table["formula"] + 1e-10)).holds


def test_the_sharpness_on_the_manifold_is_that_of_the_map():
    F, expression = edge_means.sharpness_on_edge()
    z, k = theory.scaled().state
    (rho,) = theory.scaled().parameters
    of_map = sp.lambdify([z, k, rho], theory.scaled().observables["sharpness"])
    mine = sp.lambdify([F, rho], expression)
    for value in np.linspace(0, 5, 41):
        for at in (0.3, 1.0, 1.7):
            assert mine(value, at) == pytest.approx(of_map(value - at, 2 * value, at))


def test_exact_means_equal_averages_over_orbits():
    cycle, end, F = edge_means.cycle_means(), edge_means.end_means(), 0.4
    (rho,) = theory.scaled().parameters
    values = []
    for _ in range(3000):
        F = F * (1 + 1.15 - F) ** 2
        values.append((2 * F, F + abs(2 * F - 1.15)))
    trace, sharpness = np.mean(values[-100:], axis=0)
    assert trace == pytest.approx(float(cycle.trace.subs(rho, 1.15)), abs=1e-12)
    assert sharpness == pytest.approx(float(cycle.sharpness.subs(rho, 1.15)), abs=1e-12)
    F = 4 * np.cos(np.linspace(0, np.pi / 2, 200_001)) ** 2  # the arcsine law
    assert np.mean(2 * F) == pytest.approx(float(end.trace), abs=1e-4)
    assert np.mean(F + np.abs(2 * F - 2)) == pytest.approx(float(end.sharpness), abs=1e-4)


def test_the_cycle_ends_where_both_plane_eigenvalues_meet():
    F, expression = edge_means.sharpness_on_edge()
    (rho,) = theory.scaled().parameters
    end = edge_means.cycle_means().up_to
    lower = min((p[theory.scaled().state[0]] + rho).subs(rho, end) for p in theory.two_cycle()[1])
    assert sp.simplify(expression.subs({F: lower, rho: end}) - lower) == 0


def test_block_means_equal_the_textbook_formula():
    values = np.random.default_rng(0).normal(size=(edge_training.BLOCKS * 50, 3))
    mean, error = edge_training.block_mean(values)
    assert mean == pytest.approx(values.mean(axis=0))
    assert error == pytest.approx(values.std(axis=0) / np.sqrt(len(values)), rel=0.4)


def test_lanes_of_one_network_equal_its_own_training():
    net = example_network(8, 1.0, 0.1, 0)
    rho = np.array([0.8, 1.1])
    means = edge_training.trained([net], rho, 500, 64)
    for i, value in enumerate(rho):
        eta = value * theory.critical_step(net.y, net.g)
        alone = net.train(eta, 563).isel(iterate=slice(500, None))
        assert means["trace"].values[0, i] == pytest.approx(eta * float(alone["lam"].mean()))
        top = eta * float(alone["sharpness"].mean())
        assert means["sharpness"].values[0, i] == pytest.approx(top)


def test_the_merging_point_sends_the_maximum_to_the_saddle():
    at = float(edge_means.merging_point())
    F = np.linspace(0, 1 + at, 200_001)
    top = (F * (1 + at - F) ** 2).max()
    assert top * (1 + at - top) ** 2 == pytest.approx(0, abs=1e-8)
