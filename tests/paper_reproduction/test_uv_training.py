import numpy as np
import pytest
import sympy as sp

from dynsharp import InputError
from dynsharp.report.exact_uv import uv_theory
from dynsharp.systems import uv_network
from paper_reproduction.uv import theory
from paper_reproduction.uv.training import EXAMPLE, Lanes, example_network


def test_lanes_equal_training_one_network_after_the_other():
    nets = [example_network(5, s, w, seed) for s, w, seed in ((0, 0.4, 1), (0.5, 1, 2), (1, 2, 3))]
    eta = np.array([0.4, 0.2, 0.1])
    lanes = Lanes.of(nets, eta)
    lanes.advance(7)
    df, lam = lanes.record(20)
    for i, net in enumerate(nets):
        alone = net.train(eta[i], 26)
        assert df[:, i] == pytest.approx(alone["df"].values[7:], abs=1e-13)
        assert lam[:, i] == pytest.approx(alone["lam"].values[7:], rel=1e-12)
        assert lanes.g[i] == pytest.approx(net.g)


def test_lanes_do_not_touch_each_other_nor_the_networks():
    nets = [example_network(4, 1, 0.5, seed) for seed in (0, 1)]
    before = nets[0].U.copy()
    wild, calm = np.array([50.0, 0.3]), np.array([0.3, 0.3])
    one, other = (Lanes.of(nets, eta).record(200) for eta in (wild, calm))
    assert not np.isfinite(one[0][-1, 0])
    assert np.array_equal(one[0][:, 1], other[0][:, 1])
    assert np.array_equal(nets[0].U, before)


def test_wrong_lanes_are_told():
    nets = [example_network(4, 1, 0.5, 0), example_network(5, 1, 0.5, 0)]
    with pytest.raises(InputError, match="shapes"):
        Lanes.of(nets, np.ones(2))
    with pytest.raises(InputError, match="eta"):
        Lanes.of(nets[:1], np.ones(2))


def test_critical_step_and_boundary_are_those_of_the_papers():
    x, y = EXAMPLE
    for width, s, sigma_w, sign in ((1, 0, 0.3, 1), (16, 0, 1.0, -1), (64, 0.5, 0.7, 1)):
        net = uv_network(width, s, sigma_w, x, sign * y, seed=width)
        df, lam, g = net.start["df"], net.start["lam"], net.g
        critical = np.sqrt(net.n_eff) / (np.linalg.norm(x) * y)
        assert theory.critical_step(net.y, g) == pytest.approx(critical)
        f = df + net.y
        second = 8 / (lam + np.sqrt(lam**2 - 16 * g**2 * net.y * (f - net.y)))
        assert theory.region_boundary(df, lam, net.y, g) == pytest.approx(second)
        assert theory.convergence_boundary(df, lam, net.y, g) == min(
            theory.critical_step(net.y, g), theory.region_boundary(df, lam, net.y, g)
        )


def test_the_numerals_are_those_of_the_paper():
    z, k = theory.scaled().state
    (rho,) = theory.scaled().parameters
    states = {theory.numeral(p): (p.state[z], p.state[k]) for p in theory.fixed_points()}
    assert len(theory.fixed_points()) == 4
    assert states["I"] == (0, k)
    assert states["II"] == (-rho, 0)
    assert [sp.expand(e) for e in states["III"]] == [2, 4 + 2 * rho]
    assert [sp.expand(e) for e in states["IV"]] == [-2, 4 - 2 * rho]


def test_the_two_cycle_is_one_of_the_full_map():
    cycle, points = theory.two_cycle()
    m = theory.scaled()
    for here, there in (points, points[::-1]):
        image = [e.subs(here, simultaneous=True) for e in m.expressions]
        assert all(sp.simplify(a - there[x]) == 0 for a, x in zip(image, m.state, strict=True))
    assert cycle.period == 2


@pytest.mark.slow
def test_the_theory_agrees_with_that_of_the_report():
    other = uv_theory()
    z, k = other.scaled.map.state
    assert sp.simplify(theory.edge_manifold().equation - other.manifold.equation) == 0
    for mine in theory.two_cycle()[1]:
        assert any(
            sp.simplify(mine[z] - p[z]) == 0 and sp.simplify(mine[k] - p[k]) == 0
            for p in other.cycle_states
        )
    assert theory.critical_step(1.5, 0.7) == pytest.approx(other.critical_step(1.5, 0.7)[0])


def test_expressions_read_as_in_a_sentence():
    rho, eta, f0 = sp.symbols("rho eta f0")
    assert theory.in_words(sp.sqrt(5) - 1) == "−1 + √5"
    assert theory.in_words(eta**2 * rho / sp.pi) == "η² ρ/π"
    assert theory.in_words(sp.sqrt(f0 + rho)) == "√(f₀ + ρ)"
    assert theory.in_words(sp.Symbol("theta") + 2) == "theta + 2"
