"""Which cycles are the same: cyclic shifts, units, repetitions."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.shooting.identity import (
    canonical,
    minimal_period,
    minimal_periods,
    same_cycle,
    same_solution,
)
from dynsharp.shooting.problem import Curve

seeds = st.integers(0, 10_000)


def naive(a, b, units, tolerance):
    """Every shift, one after the other."""
    for k in range(len(a)):
        apart = max(
            abs(a[i, j] - b[(i + k) % len(a), j]) / units[j]
            for i in range(len(a))
            for j in range(a.shape[1])
        )
        if apart <= tolerance:
            return True
    return False


@given(seed=seeds, period=st.integers(1, 9), n=st.integers(1, 3), shift=st.integers(0, 8))
def test_a_shifted_cycle_is_the_same_in_any_units(seed, period, n, shift):
    rng = np.random.default_rng(seed)
    cycle, units = rng.standard_normal((period, n)), 10 ** rng.uniform(-5, 5, n)
    other = np.roll(cycle, shift, axis=0) + 1e-9 * rng.uniform(-1, 1, cycle.shape)
    for a, b in ((cycle, other), (other, cycle)):
        assert same_cycle(a * units, b * units, units, 1e-8)
        assert not same_cycle(a * units, b * units, units, 1e-14)
    moved = other.copy()
    moved[rng.integers(period), rng.integers(n)] += 2e-8
    assert not same_cycle(cycle * units, moved * units, units, 1e-8)


@given(seed=seeds, period=st.integers(1, 6))
def test_the_rule_equals_trying_every_shift(seed, period):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 2, (period, 2)).astype(float)
    b = rng.integers(0, 2, (period, 2)) + 0.1 * rng.uniform(-1, 1, (period, 2))
    units = np.array([1.0, 0.5])
    assert same_cycle(a, b, units, 0.15) == naive(a, b, units, 0.15)


def test_cycles_of_different_periods_are_different():
    once = np.array([[1.0], [2.0]])
    assert not same_cycle(once, np.tile(once, (2, 1)), np.ones(1), 1e-8)


@given(seed=seeds, minimal=st.integers(1, 6), times=st.integers(1, 5), n=st.integers(1, 3))
def test_a_repeated_cycle_has_its_minimal_period(seed, minimal, times, n):
    rng = np.random.default_rng(seed)
    units = 10 ** rng.uniform(-5, 5, n)
    once = rng.permutation(minimal)[:, None] + rng.uniform(0, 0.4, (minimal, n))
    cycle = np.tile(once, (times, 1)) + 1e-12 * rng.uniform(-1, 1, (minimal * times, n))
    shifted = np.roll(cycle, int(rng.integers(minimal * times)), axis=0)
    for tolerance in (1e-11, np.array([1e-11, 1e-11])):
        found = minimal_periods(np.array([cycle, shifted]) * units, units, tolerance)
        assert found.tolist() == [minimal, minimal]
    problem = on_a_line(minimal * times, units)
    for c in (cycle, shifted):
        assert minimal_period(problem, np.append((c * units).ravel(), 0.0)) == minimal


def on_a_line(period, units):
    """A problem of that period and dimension; its map plays no part."""
    state, p = sp.symbols(f"x:{len(units)}", real=True), sp.Symbol("p", real=True)
    map = ds.DiscreteMap({x: p * x for x in state}, parameters=[p])
    return Curve(map, p, {}, period, (-1.0, 1.0), units)


@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-7])
def test_a_small_doubled_cycle_counts_as_doubled(size):
    """Beside a flip the two points are close: the tolerance is relative to the cycle's size."""
    problem = on_a_line(2, np.ones(1))
    assert minimal_period(problem, np.array([0.3 - size, 0.3 + size, 0.0])) == 2
    assert minimal_period(problem, np.array([0.3, 0.3 + 1e-16, 0.0])) == 1


def test_solutions_at_different_parameters_are_different():
    problem = on_a_line(2, np.array([2.0]))
    y = np.array([1.0, 3.0, 0.5])
    assert same_solution(problem, y, np.array([3.0, 1.0, 0.5 + 1e-8]))
    assert not same_solution(problem, y, np.array([3.0, 1.0, 0.5 + 1e-6]))
    assert not same_solution(problem, y, np.array([3.0, 1.0 + 1e-6, 0.5]))


@given(seed=seeds, period=st.integers(1, 8), shift=st.integers(0, 7))
def test_a_cycle_begins_where_it_does_whatever_the_shift(seed, period, shift):
    rng = np.random.default_rng(seed)
    cycles = np.concatenate(
        [rng.standard_normal((5, period, 2)), rng.integers(0, 2, (9, period, 2))]
    )
    shifted = np.roll(cycles, shift, axis=1)
    once, again = canonical(cycles), canonical(shifted)
    for cycle, first, second in zip(cycles, once, again, strict=True):
        assert same_cycle(cycle, first, np.ones(2), 0.0)
        assert first[0].tolist() == second[0].tolist() == min(cycle.tolist())
    assert np.array_equal(once[:5], again[:5])  # no point of these comes twice
