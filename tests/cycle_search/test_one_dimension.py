"""Cycles of one-dimensional maps: exact counts, conjugacy, and against a dense search for zeros."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from sympy.functions.combinatorial.numbers import mobius

import dynsharp as ds
from dynsharp.cycle_search import find_cycles

X = 0
x = sp.Symbol("x", real=True)
y, scale, shift = sp.Symbol("y", real=True), sp.Symbol("lambda", positive=True), sp.Symbol("β")
LOGISTIC = ds.systems.logistic()
MOVED = ds.DiscreteMap(LOGISTIC.update, [*LOGISTIC.parameters, scale, shift]).conjugate(
    {y: scale * LOGISTIC.state[0] + shift}
)


def of(expression, name="map"):
    return ds.DiscreteMap({x: expression}, name=name)


def necklaces(fixed_points, period):
    """Number of cycles by period, from the number of fixed points of F^n (Möbius inversion)."""
    return {
        n: sum(int(mobius(n // d)) * fixed_points(d) for d in sp.divisors(n)) // n
        for n in range(1, period + 1)
    }


@pytest.mark.parametrize("period", [8, pytest.param(12, marks=pytest.mark.slow)])
def test_logistic_map_at_4_has_two_to_the_n_periodic_points(period):
    cycles = find_cycles(LOGISTIC, period, {"x": (0, 1)}, fixed={"r": 4})
    assert cycles.counts == necklaces(lambda n: 2**n, period)
    assert cycles.complete
    assert cycles.status.startswith("complete")
    assert max(c.residual for c in cycles) <= 1e-15
    at_zero, *others = cycles
    assert at_zero.states == pytest.approx(0, abs=1e-15)
    assert at_zero.multipliers == pytest.approx(4)
    for c in others:
        assert abs(c.multipliers[0]) == pytest.approx(2**c.period, rel=1e-8)
        # x = sin²(πθ) conjugates it to the tent map: the exact points are rational angles
        theta = np.arcsin(np.sqrt(c.states[0, 0])) * 2 / math.pi
        back = [theta * (2**c.period + s) for s in (1, -1)]
        assert min(abs(b - 2 * round(b / 2)) for b in back) < 1e-7


def test_multipliers_of_the_logistic_map_have_the_sign_of_the_itinerary():
    for c in find_cycles(LOGISTIC, 8, {"x": (0, 1)}, fixed={"r": 4})[1:]:
        signs = np.prod(np.sign(1 - 2 * c.states[:, 0]))
        assert c.multipliers[0].real == pytest.approx(signs * 2**c.period, rel=1e-10)


@pytest.mark.parametrize("period", [7, pytest.param(10, marks=pytest.mark.slow)])
def test_cubic_map_at_rho_2_has_three_to_the_n_in_both_coordinates(period):
    expected = necklaces(lambda n: 3**n, period)
    assert find_cycles(of(3 * x - x**3), period, {"x": (-2, 2)}).counts == expected
    eos = find_cycles(ds.systems.uv_eos(), period, {"F": (0, 4)}, fixed={"rho": 2})
    assert eos.counts == expected


@pytest.mark.slow
def test_logistic_map_to_period_18():
    cycles = find_cycles(LOGISTIC, 18, {"x": (0, 1)}, fixed={"r": 4})
    assert cycles.counts == necklaces(lambda n: 2**n, 18)


@pytest.mark.parametrize(
    ("expression", "box", "fixed_points"),
    [
        (1 - 2 * sp.Abs(x), (-1, 1), lambda n: 2**n),
        (2 * x - sp.floor(2 * x), (0, 1), lambda n: 2**n - 1),
        (sp.Mod(3 * x + sp.Rational(1, 10), 1), (0, 1), lambda n: 3**n - 1),
        (x - 1 / x, (-60, 60), lambda n: 2**n - 2),
        (sp.pi * sp.sin(x), (-sp.pi, sp.pi), lambda n: 2 ** (n + 1) - 1),
        (sp.cos(3 * sp.acos(x)), (-1, 1), lambda n: 3**n),
        (sp.Piecewise((3 * x, x < sp.Rational(1, 2)), (3 - 3 * x, True)), (0, 1), lambda n: 2**n),
    ],
)
def test_maps_with_kinks_jumps_poles_and_escape(expression, box, fixed_points):
    cycles = find_cycles(of(expression), 6, {"x": box})
    assert cycles.counts == necklaces(fixed_points, 6)


@pytest.mark.parametrize(
    ("expression", "box"),
    [
        (x * sp.exp(3 - x), (0.1, 8)),
        (sp.log(sp.Abs(x)), (-4, 4)),
        (sp.cos(9 * x), (-1, 1)),
        (sp.Max(0, 1 - 2 * x) + sp.tanh(x) - x / 5, (-4, 4)),
        (1.7 - x**2 + 0.1 * x**3, (-2, 2)),
        (sp.exp(-6.2 * x**2) - sp.Rational(1, 2), (-1, 1)),
    ],
)
def test_equals_a_dense_search_for_sign_changes(expression, box):
    cycles = find_cycles(of(expression), 4, {"x": box})
    found = np.sort(np.concatenate([c.states[:, 0] for c in cycles]))
    F = sp.lambdify(x, expression, "numpy")

    def orbit(v):
        out = [v]
        with np.errstate(all="ignore"):
            for _ in range(4):
                out.append(F(out[-1]))
        return np.array(out)

    grid = np.linspace(*box, 400_001)
    naive = []
    for n in (3, 4):
        h = orbit(grid)[n] - grid
        for i in np.flatnonzero(h[:-1] * h[1:] < 0):
            root = brentq(lambda v, n=n: orbit(v)[n] - v, grid[i], grid[i + 1], xtol=1e-15)
            points = orbit(root)
            if (
                abs(points[n] - root) < 1e-6
                and (points >= box[0]).all()
                and (points <= box[1]).all()
            ):
                naive.append(root)
    naive = np.sort(naive)
    naive = naive[np.append(True, np.diff(naive) > 1e-8)]
    # period 1 and 2 are among the solutions for n = 3 and 4
    assert found == pytest.approx(naive, abs=1e-8)


def test_equals_the_exact_cycles():
    for n in (1, 2, 3):
        exact = ds.cycles(LOGISTIC.substitute({"r": sp.Rational(389, 100)}), period=n)
        found = find_cycles(LOGISTIC, n, {"x": (0, 1)}, fixed={"r": 3.89}, exactly=True)
        expected = sorted(float(min(p[LOGISTIC.state[0]] for p in c.points)) for c in exact)
        assert sorted(c.states.min() for c in found) == pytest.approx(expected, abs=1e-14)
        assert sorted(c.multipliers[0].real for c in found) == pytest.approx(
            sorted(float(c.multipliers[0]) for c in exact)
        )


@given(r=st.floats(3.5, 3.999), a=st.floats(0.3, 3), b=st.floats(-2, 2))
def test_a_changed_coordinate_changes_no_cycle(r, a, b):
    here = find_cycles(LOGISTIC, 6, {"x": (0, 1)}, fixed={"r": r})
    there = find_cycles(MOVED, 6, {"y": (b, a + b)}, fixed={"r": r, "lambda": a, "β": b})
    assert here.counts == there.counts
    for n in here.counts:
        mine, theirs = (
            np.sort([c.multipliers[0].real for c in f.of_period(n)]) for f in (here, there)
        )
        assert mine == pytest.approx(theirs, rel=1e-6, abs=1e-6)


def test_the_window_of_period_3_opens_at_its_fold():
    def counts(r):
        return find_cycles(LOGISTIC, 3, {"x": (0, 1)}, fixed={"r": r}).counts[3]

    fold = 1 + math.sqrt(8)
    assert counts(fold - 1e-6) == 0
    assert counts(fold + 1e-6) == 2
    (at,) = find_cycles(LOGISTIC, 3, {"x": (0, 1)}, fixed={"r": fold}, exactly=True)
    assert "degenerate" in at.status


def test_superstable_cycles_go_through_the_end_of_a_lap():
    cycles = find_cycles(LOGISTIC, 2, {"x": (0, 1)}, fixed={"r": 1 + math.sqrt(5)})
    assert [c.period for c in cycles if abs(c.multipliers[0]) < 1e-7] == [2]
    assert cycles.counts == {1: 2, 2: 1}


def test_intervals_of_cycles_are_families():
    for expression, box, middle in ((-x, (-1, 1), 0.0), (1 / x, (0.5, 2), 1.0)):
        cycles = find_cycles(of(expression), 4, {"x": box})
        (family,) = cycles.families
        assert (family.period, family.dimension) == (2, 1)
        assert cycles.counts == {1: 1, 2: 0, 3: 0, 4: 0}
        assert cycles[0].states[0, 0] == pytest.approx(middle)
        assert family.multipliers == pytest.approx(1)
    (identity,) = find_cycles(of(x), 2, {"x": (0, 1)}).families
    assert identity.period == 1


def test_degenerate_fixed_points_are_one_cycle_each():
    for expression in (x - x**3, x + x**2, x - x**5, x + sp.sin(x) ** 3):
        cycles = find_cycles(of(expression), 3, {"x": (-1, 1)})
        assert cycles.counts == {1: 1, 2: 0, 3: 0}
        assert not cycles.families
        assert "degenerate" in cycles[0].status


def test_a_cycle_partly_outside_the_box_does_not_count():
    two_thirds = find_cycles(LOGISTIC, 2, {"x": (0.4, 1)}, fixed={"r": 4})
    assert two_thirds.counts == {1: 1, 2: 0}  # the 2-cycle is 0.345, 0.905
    assert find_cycles(LOGISTIC, 2, {"x": (0.34, 0.91)}, fixed={"r": 4}).counts == {1: 1, 2: 1}


def test_the_domain_is_part_of_the_box():
    half = ds.DiscreteMap({x: 4 * x * (1 - x)}, domain=x >= sp.Rational(1, 2))
    assert find_cycles(half, 2, {"x": (0, 1)}).counts == {1: 1, 2: 0}


def test_a_function_without_bounds_is_searched_and_said_to_be_uncertain():
    cycles = find_cycles(of(2 * x * sp.erf(x) - 1), 2, {"x": (-2, 2)})
    assert cycles.counts[1] == 2
    assert not cycles.complete
    assert "no bounds for erf" in cycles.status


def test_cycles_through_the_ends_of_laps():
    assert find_cycles(of(sp.sqrt(x)), 2, {"x": (0, 2)}).counts == {1: 2, 2: 0}
    jump = of(sp.sign(x) * (1 - sp.Rational(9, 5) * sp.Abs(x)))
    assert find_cycles(jump, 1, {"x": (-1, 1)}).counts == {1: 3}
    ramp = find_cycles(of(sp.Max(x, 0)), 2, {"x": (-1, 1)})
    assert [f.period for f in ramp.families] == [1]
    assert ramp.counts == {1: 0, 2: 0}


@pytest.mark.parametrize(
    ("expression", "box"),
    [
        (x * sp.exp(sp.Float("3.8319") * (1 - x)), (0, 20)),
        (sp.Float("3.1") * x / (1 + x ** sp.Float("7.3")), (0.01, 6)),
        (sp.Float("4.31") * x ** sp.Float("1.37") * (1 - x), (0, 1)),
        (sp.Float("13.3") * x * sp.exp(-x) + x * sp.exp(-2 * x), (-0.5, 6)),
    ],
)
def test_decimal_numbers_in_exponents_are_no_polynomials_of_enormous_degree(expression, box):
    """Against the changes of sign of F² − x on a dense grid."""
    found = find_cycles(of(expression), 2, {"x": box})
    F = sp.lambdify(x, expression)
    grid = np.linspace(*box, 400_001)[1:-1] + 1e-7
    defect = F(F(grid)) - grid
    crossings = np.count_nonzero(defect[1:] * defect[:-1] < 0)
    inside = [c for c in found if np.all(np.abs(c.states - np.array(box)) > 1e-6)]
    assert sum(c.period for c in inside) == crossings
    assert found.complete
