"""Cycles of maps of several variables: known counts, products, conjugacy, families."""

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.cycle_search import find_cycles
from dynsharp.cycle_search.box import box_of
from dynsharp.cycle_search.registry import Found, Registry
from dynsharp.cycle_search.several_dimensions import _report

x, y, z = sp.symbols("x y z", real=True)
HENON = ds.systems.henon()
BOX = {"x": (-2, 2), "y": (-1, 1)}
CLASSICAL = {"a": 1.4, "b": 0.3}
# Galias, Int. J. Bifurcation Chaos 11, 2001, and the fixed point outside the attractor
COUNTS = {1: 2, 2: 1, 3: 0, 4: 1, 5: 0, 6: 2, 7: 4, 8: 7, 9: 6, 10: 10, 11: 14, 12: 19}


def solutions(cycles):
    """Number of solutions of F^n(x) = x for each n."""
    counts = cycles.counts
    return [sum(d * counts[d] for d in counts if n % d == 0) for n in counts]


def test_henon_map_has_the_known_number_of_cycles():
    cycles = find_cycles(HENON, 8, BOX, fixed=CLASSICAL)
    assert cycles.counts == {n: COUNTS[n] for n in range(1, 9)}
    assert cycles.status.startswith("probably complete")
    assert not cycles.complete
    assert max(c.residual for c in cycles) < 1e-14
    for c in cycles:
        assert np.prod(c.multipliers) == pytest.approx((-0.3) ** c.period, rel=1e-9)


@pytest.mark.slow
def test_henon_map_to_period_12():
    assert find_cycles(HENON, 12, BOX, fixed=CLASSICAL).counts == COUNTS


def test_henon_cycles_are_those_of_biham_and_wenzel():
    """Relax x_i along each symbol sequence (Phys. Rev. Lett. 63, 1989): another way altogether."""
    a, b, n = 1.4, 0.3, 6
    s = np.where(np.arange(2**n)[:, None] >> np.arange(n) & 1, 1.0, -1.0)
    u = 0.5 * s

    def defect(u):
        return 1 - a * u**2 + b * np.roll(u, 1, axis=1) - np.roll(u, -1, axis=1)

    for _ in range(4000):
        u = np.clip(u + 0.03 * s * defect(u), -10, 10)
    naive = u[np.abs(defect(u)).max(axis=1) < 1e-9]
    naive = np.unique(np.round([np.sort(u) for u in naive], 7), axis=0)
    cycles = find_cycles(HENON, n, BOX, fixed=CLASSICAL)
    mine = [np.sort(np.tile(c.states[:, 0], n // c.period)) for c in cycles if n % c.period == 0]
    mine = np.array(sorted(map(tuple, np.round(mine, 7))))
    assert mine == pytest.approx(naive, abs=3e-7)


def test_cycles_of_a_product_are_products():
    f = 4 * x * (1 - x)
    two = ds.DiscreteMap({x: f, y: sp.Rational(19, 5) * y * (1 - y)})
    cycles = find_cycles(two, 4, {x: (0, 1), y: (0, 1)})
    ones = [
        solutions(find_cycles(ds.systems.logistic(), 4, {"x": (0, 1)}, fixed={"r": r}))
        for r in (4, 3.8)
    ]
    assert solutions(cycles) == [p * q for p, q in zip(*ones, strict=True)]


@pytest.mark.slow
def test_product_of_three_logistic_maps():
    three = ds.DiscreteMap({s: 4 * s * (1 - s) for s in (x, y, z)})
    assert solutions(find_cycles(three, 3, {s: (0, 1) for s in (x, y, z)})) == [8, 64, 512]


def test_cat_map_has_the_determinant_of_fixed_points():
    cat = ds.DiscreteMap({x: sp.Mod(2 * x + y, 1), y: sp.Mod(x + y, 1)})
    cycles = find_cycles(cat, 4, {x: (-0.05, 0.95), y: (-0.05, 0.95)})
    A = sp.Matrix([[2, 1], [1, 1]])
    assert solutions(cycles) == [abs((A**n - sp.eye(2)).det()) for n in range(1, 5)]
    golden = (3 + 5**0.5) / 2
    for c in cycles:
        assert c.multipliers.real == pytest.approx([golden**c.period, golden**-c.period])


def test_five_dimensions():
    w = sp.symbols("w0:5", real=True)
    near = ds.DiscreteMap({w[i]: 1.6 - w[i] ** 2 + 0.1 * w[(i + 1) % 5] for i in range(5)})
    assert find_cycles(near, 1, {s: (-3, 3) for s in w}).counts == {1: 2**5}


def test_a_changed_coordinate_changes_no_cycle():
    p, q = sp.symbols("p q", real=True)
    a, b = HENON.state
    moved = HENON.conjugate({p: a + 2 * b + 1, q: b - a / 3})
    here = find_cycles(HENON, 6, BOX, fixed=CLASSICAL)
    there = find_cycles(moved, 6, {"p": (-4, 5), "q": (-3, 3)}, fixed=CLASSICAL)
    assert here.counts == there.counts
    for n in here.counts:
        mine, theirs = (
            sorted(abs(c.multipliers[0]) for c in cycles.of_period(n)) for cycles in (here, there)
        )
        assert mine == pytest.approx(theirs, rel=1e-8)


def test_uv_has_a_line_of_fixed_points_and_isolated_cycles():
    cycles = find_cycles(ds.systems.uv(), 2, {"z": (-3, 3), "k": (0, 8)}, fixed={"rho": 1.3})
    (line,) = cycles.families
    assert (line.period, line.dimension) == (1, 1)
    assert line.samples[:, 0, 0] == pytest.approx(0, abs=1e-9)
    ends = line.samples[:, 0, 1].min(), line.samples[:, 0, 1].max()
    assert ends == pytest.approx((2.6, 8), abs=0.2)  # the domain k ≥ 2ρ, and the box
    for state, mu in zip(line.samples[:, 0], line.multipliers, strict=True):
        assert sorted(mu.real) == pytest.approx(sorted([1, 1 - state[1]]), abs=1e-9)
    corners = sorted(tuple(np.round(c.states[0], 9) + 0.0) for c in cycles.of_period(1))
    assert corners == [(-2.0, 1.4), (-1.3, 0.0), (2.0, 6.6)]
    exact = sorted(9 - 2 * 2.3**2 - c.multipliers[0].real for c in cycles.of_period(2))
    assert min(abs(e) for e in exact) < 1e-12


def test_planes_of_cycles_are_families():
    rotation = ds.DiscreteMap({x: -y, y: x})
    cycles = find_cycles(rotation, 4, {x: (-1, 1), y: (-1, 1)})
    assert cycles.counts == {1: 1, 2: 0, 3: 0, 4: 0}
    assert [(f.period, f.dimension) for f in cycles.families] == [(4, 2)]


def test_the_fold_of_the_henon_map_is_degenerate_and_isolated():
    b = 0.3
    fold = -((1 - b) ** 2) / 4
    box = {"x": (-8, 8), "y": (-3, 3)}
    counts = [
        find_cycles(HENON, 1, box, fixed={"a": fold + e, "b": b}).counts[1] for e in (-1e-4, 1e-4)
    ]
    assert counts == [0, 2]
    (degenerate,) = find_cycles(HENON, 1, box, fixed={"a": fold, "b": b})
    assert "degenerate" in degenerate.status
    assert degenerate.states[0, 0] == pytest.approx(-(1 - b) / (2 * fold), rel=1e-5)


def test_too_few_guesses_are_said_to_be_too_few():
    registry = Registry(box_of(HENON, BOX, CLASSICAL), 7, times=[1, 1, 1, 2, 9])
    report = _report(7, 1024, Found(registry), late=0)
    assert report.missed == pytest.approx(3 * 2 / (2 * 2))
    assert "raise starts=" in report.status
    assert "5 cycles, 3 of them once" in report.status
    assert _report(7, 1024, Found(registry), late=4).missed == 4
    often = Registry(registry.box, 7, times=[4, 7])
    assert _report(7, 1024, Found(often), late=0).missed == 0


def test_where_the_map_is_not_real_there_is_no_cycle():
    half = ds.DiscreteMap({x: sp.log(x) + y + 1, y: x / 3})
    cycles = find_cycles(half, 2, {x: (-2, 4), y: (-2, 2)})
    assert cycles.counts == {1: 2, 2: 0}
    for c in cycles:  # ln x = 2x/3 − 1
        assert np.log(c.states[0, 0]) == pytest.approx(2 * c.states[0, 0] / 3 - 1)
