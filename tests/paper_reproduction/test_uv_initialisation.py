import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import dynsharp as ds
from paper_reproduction.uv import initialisation as claim_4
from paper_reproduction.uv import regimes
from paper_reproduction.uv._initialisation_figure import spaced, spread
from paper_reproduction.uv.theory import critical_step, region_boundary
from paper_reproduction.uv.training import example_network


@pytest.fixture(scope="module")
def claim():
    result = claim_4.run(quick=True)
    yield result
    plt.close(result.figure)


def test_what_the_claim_requires_holds_and_its_limits_are_stated(claim):
    assert claim.outcome == "holds in part", claim.checks
    assert all(c.holds for c in claim.checks if c.required)
    seen = set(claim.data["regimes"]["regime"].values.ravel().tolist())
    assert seen >= set(range(regimes.SHOWN))  # every regime of theory is met in training


def test_the_agreement_is_that_of_the_table(claim):
    table = claim.data["regimes"]
    same = (table["regime"] == table["predicted"]).values
    per_family = [same[i, j].mean() for i in range(3) for j in range(2)]
    error = np.std(per_family, ddof=1) / np.sqrt(6)
    assert f"{np.mean(same):.1%} ± {error:.1%}" in claim.where
    counted = claim.data["confusion"]["cells"].values
    assert np.trace(counted) == same.sum()
    assert counted.sum() == same.size


def test_wrong_regimes_fail(claim):
    table = claim.data["regimes"]
    shifted = table.assign(predicted=table["predicted"].shift(rho=1, fill_value=0))
    assert not claim_4.judged_outcomes(shifted).holds
    random = np.random.default_rng(0).permutation(table["predicted"].values.ravel())
    scrambled = table.assign(
        predicted=(table["predicted"].dims, random.reshape(table["predicted"].shape))
    )
    assert not claim_4.judged_total(scrambled).holds
    assert not claim_4.judged_reduction(table.assign(growth=1 / table["growth"])).holds
    assert not claim_4.judged_reduction(table.assign(f0=0 * table["f0"])).holds  # no case: no pass
    early = xr.where((table["rho"] < 0.1) & (table["predicted"] < 2), 2, table["regime"])
    assert not claim_4.judged_monotone(table.assign(regime=early)).holds
    other = np.where(table["predicted"] == regimes.CHAOTIC, regimes.PERIODIC, table["predicted"])
    calm = table.assign(predicted=(table["predicted"].dims, other))
    assert not claim_4.judged_kind(calm).holds


def test_theory_equals_the_closed_boundaries_one_by_one():
    rho = np.array([0.05, 0.3, 0.7, 0.95, 1.1, 1.5, 1.9, 2.1])
    networks = [example_network(5, s, w, 3) for s in (0.0, 1.0) for w in (0.2, 0.6, 1.0, 2.0)]
    found = regimes.predicted(networks, rho)
    for net, row in zip(networks, found, strict=True):
        unit = critical_step(net.y, net.g)
        leaves = region_boundary(net.start["df"], net.start["lam"], net.y, net.g)
        for value, regime in zip(rho, row, strict=True):
            lost = value * unit > leaves or value > 2
            assert (regime == regimes.DIVERGENCE) == lost
            if not lost:
                assert (regime in regimes.EDGE) == (value > 1)


def test_small_steps_sharpen_or_reduce_as_theory_says():
    networks = [example_network(5, 0.0, w, seed) for w in (0.3, 1.0, 2.0) for seed in range(4)]
    table = regimes.trained(networks, np.array([0.01]), 6000)
    assert table["regime"].values.tolist() == regimes.predicted(networks, np.array([0.01])).tolist()
    assert len(np.unique(table["regime"])) == 2


def test_regimes_are_read_from_named_phases():
    for start, rho, regime in (
        ((-0.5, 0.6), 0.7, regimes.SHARPENING),
        ((0.3, 2.1), 0.05, regimes.REDUCTION),
        ((-0.3, 3.2), 0.3, regimes.CATAPULT),
        ((-1.0, 0.6), 1.1, regimes.PERIODIC),
        ((-1.2, 0.6), 1.5, regimes.CHAOTIC),
        ((-0.5, 4.2), 0.5, regimes.DIVERGENCE),
    ):
        steps = 400 if regime != regimes.DIVERGENCE else 12
        z, k = start
        run = ds.orbit(ds.systems.uv(), {"z": z, "k": k}, steps, fixed={"rho": rho}, progress=False)
        assert regimes.observed(ds.training_regime(run, eta=1)) == regime, regimes.REGIMES[regime]


def test_boundaries_are_cells_with_another_neighbour():
    random = np.random.default_rng(1).integers(0, 2, (2, 6, 7))
    random[:, :4] = 0
    touched = regimes.touches_boundary(random)
    for n in range(2):
        for i in range(6):
            for j in range(7):
                near = random[n, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
                assert touched[n, i, j] == (len(np.unique(near)) > 1)


def test_the_axis_is_undone_and_smooth_at_its_bend():
    rho = np.geomspace(0.01, 3, 50)
    assert spaced(spread(rho)) == pytest.approx(rho)
    slope = np.diff(spread(np.array([0.499, 0.5, 0.501])))
    assert slope[0] == pytest.approx(slope[1], rel=0.01)


def test_the_loss_is_monotone_on_the_manifold_up_to_the_limit():
    limit = float(regimes.monotone_limit())
    for rho, rises in ((limit - 1e-3, False), (limit + 1e-3, True)):
        F = np.linspace(0, 1 + rho, 100_001)
        growth = np.abs(F * (1 + rho - F) ** 2 - rho) - np.abs(F - rho)
        assert (growth.max() > 1e-12) == rises
