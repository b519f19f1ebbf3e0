"""The parts of the search: intervals, Newton's method with deflation, walks, estimates."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.cycle_search import find_cycles
from dynsharp.cycle_search.box import box_of
from dynsharp.cycle_search.intervals import Undecided, enclose, zeros
from dynsharp.cycle_search.missed import coverage, missed
from dynsharp.cycle_search.registry import Registry
from dynsharp.cycle_search.walks import Walks
from dynsharp.shooting.newton import SOLVED

x, y = sp.symbols("x y", real=True)
HENON = box_of(ds.systems.henon(), {"x": (-2, 2), "y": (-1, 1)}, {"a": 1.4, "b": 0.3})
FUNCTIONS = [
    x**3 - 2 * x + sp.Rational(1, 3),
    sp.sin(3 * x) * x - sp.exp(-(x**2)) / 2,
    sp.cos(x) ** 2 - sp.Abs(x) / 3,
    sp.tanh(2 * x) - x / 2,
    1 / (2 + sp.sin(x)) - sp.sqrt(x**2 + 1) / 4,
    sp.Max(x, 1 - x) - sp.atan(x) + sp.log(1 + x**2) - sp.cosh(x) / 3,
]


@given(f=st.sampled_from(FUNCTIONS), a=st.floats(-4, 4), w=st.floats(1e-6, 3))
def test_values_lie_within_their_bounds(f, a, w):
    (lower,), (upper,) = enclose(f, x, np.array([a]), np.array([a + w]))
    values = sp.lambdify(x, f, "numpy")(np.linspace(a, a + w, 101))
    assert (values >= lower).all()
    assert (values <= upper).all()


@pytest.mark.parametrize("f", FUNCTIONS)
def test_zeros_equal_those_of_a_dense_search(f):
    found = np.array(zeros(f, x, -4.0, 4.0))
    grid = np.linspace(-4.00003, 4, 100_001)
    values = sp.lambdify(x, f, "numpy")(grid)
    naive = grid[np.flatnonzero(values[:-1] * values[1:] < 0)]
    assert len(found) == len(naive)
    assert found == pytest.approx(naive, abs=1e-4)


def test_a_multiple_zero_of_a_function_is_found_once():
    assert zeros((sp.sin(x) - x) * sp.exp(x), x, -1.0, 1.5) == pytest.approx([0], abs=1e-2)
    with pytest.raises(Undecided, match="erf"):
        zeros(sp.erf(x) - x / 2, x, -2.0, 2.0)


def test_deflation_keeps_away_from_what_is_known():
    rng = np.random.default_rng(1)
    guesses = HENON.low + rng.random((400, 1, 2)) * HENON.units
    plain = HENON.shoot(guesses)
    ends = plain.states[plain.code == SOLVED][:, 0]
    fixed = np.unique(np.round(ends, 9), axis=0)
    assert len(fixed) == 2
    deflated = HENON.shoot(guesses, known=fixed[:1])
    others = deflated.states[deflated.code == SOLVED][:, 0]
    assert len(others) > 100
    assert others == pytest.approx(np.broadcast_to(fixed[1], others.shape), abs=1e-9)


def test_the_deflated_step_is_the_newton_step_of_the_deflated_residual():
    """In one dimension: m(x)g(x) with m = 1 + σ²/(x − p)², differentiated by sympy."""
    line = box_of(ds.DiscreteMap({x: x**2 - 1}), {x: (-2, 2)})
    known, start = 1.6, 0.9
    m = 1 + (sp.Rational(1, 2)) ** 2 / ((x - known) / 4) ** 2
    g = m * (x**2 - 1 - x)
    step = float((-g / sp.diff(g, x)).subs(x, start))
    moved = line.shoot(np.array([[[start]]]), known=np.array([[known]]), limit=1)
    assert moved.states[0, 0, 0] - start == pytest.approx(step, rel=1e-12)


def test_a_registry_knows_cyclic_shifts_and_tells_cycles_apart():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 5, 2))
    b[1:] = a[1:]
    registry = Registry(HENON, 5)
    shifted = np.array([np.roll(c, k, axis=0) for c in (a, b) for k in range(5)])
    assert registry.add(shifted, np.full(10, 1e-15)) == 2
    assert registry.add(shifted[3:4], np.array([1e-15])) == 0
    assert sorted(registry.times) == [5, 6]


def test_closed_walks_return_and_follow_the_map():
    rng = np.random.default_rng(0)
    walks = Walks.of(HENON, rng)
    guesses = walks.closed(9, 200, rng)
    assert guesses.shape == (200, 9, 2)
    image = HENON.images(guesses.reshape(-1, 2)).reshape(guesses.shape)
    gap = np.abs(np.roll(guesses, -1, axis=1) - image) / HENON.units
    assert np.median(gap) < 0.05  # of a random point in the box it is a third


def test_estimates_of_what_is_missed():
    assert missed([5, 7, 9]) == 0
    assert missed([1, 1, 1, 2]) == pytest.approx(3 * 2 / (2 * 2))
    assert coverage([1, 3]) == pytest.approx(3 / 4)
    assert coverage([]) == 0
    # 1,000 draws from 400 kinds: Chao's estimate is close to what was never drawn
    draws = np.bincount(np.random.default_rng(0).integers(400, size=1000), minlength=400)
    assert missed(list(draws[draws > 0])) == pytest.approx((draws == 0).sum(), rel=0.3)


def test_a_search_is_reproducible_for_a_seed():
    box = {"x": (-2, 2), "y": (-1, 1)}
    runs = [
        find_cycles(ds.systems.henon(), 2, box, fixed={"a": 1.4, "b": 0.3}, seed=s)
        for s in (3, 3, 4)
    ]
    assert runs[0] == runs[1]
    assert runs[0].counts == runs[2].counts
