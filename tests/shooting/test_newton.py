"""One Newton's method for cycles, against a dense one on the whole system in NumPy."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.shooting.families import family_at
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.many import linearised, shoot
from dynsharp.shooting.newton import DEGENERATE, FAILED, SOLVED
from dynsharp.shooting.problem import Curve
from dynsharp.shooting.singular import nearest

x, y, r = sp.symbols("x y r", real=True)
HENON = ds.systems.henon().substitute({"b": sp.Rational(3, 10)})


def henon(period, scale=(1.0, 1.0)):
    return Curve(HENON, HENON.parameters[0], {}, period, (0.0, 2.0), np.array(scale))


def system(problem, y):
    """Residual and full matrix of F(x_i; p) − x_{i+1}, with the derivative by p last."""
    n, period = problem.dimension, problem.period
    R, D = np.zeros(n * period), np.zeros((n * period, n * period + 1))
    for i, point in enumerate(problem.states(y)):
        image, J, Fp = problem.step(point, y[-1])
        rows, following = slice(i * n, i * n + n), (i + 1) % period * n
        R[rows] = image - y[following : following + n]
        D[rows, i * n : i * n + n] += J
        D[rows, following : following + n] -= np.eye(n)
        D[rows, -1] = Fp
    return R, D


def dense_newton(problem, y, normal, steps=30):
    """Newton's method in the plane perpendicular to ``normal``, every unknown in one matrix."""
    y = y.copy()
    for _ in range(steps):
        R, D = system(problem, y)
        y += np.linalg.solve(np.vstack([D, normal * problem.weights]), np.append(-R, 0.0))
    return y


@given(seed=st.integers(0, 500), period=st.sampled_from([1, 2, 4, 6, 7]))
def test_along_a_plane_it_ends_where_dense_newton_ends(seed, period):
    rng = np.random.default_rng(seed)
    problem = henon(period, rng.uniform(0.1, 3, 2))
    guess = np.append(problem.orbit(np.array([0.5, 0.1]), 1.2, period, 50).ravel(), 1.2)
    normal = rng.standard_normal(guess.size)
    found = problem.corrected(guess, normal)
    if found is not None:
        assert problem.inner(found - guess, normal) == pytest.approx(0, abs=1e-9)
        assert np.abs(system(problem, found)[0]).max() < 1e-12
        near = guess + 0.999 * (found - guess)
        near -= normal * problem.inner(near - guess, normal) / problem.inner(normal, normal)
        assert dense_newton(problem, near, normal) == pytest.approx(found, abs=1e-9)


@given(seed=st.integers(0, 10_000), period=st.integers(1, 8))
def test_one_step_from_afar_is_the_dense_newton_step(seed, period):
    rng = np.random.default_rng(seed)
    problem = henon(period)
    guess = np.append(rng.uniform(-1, 1, 2 * period), 1.4)
    full = dense_newton(problem, guess, problem.upward, steps=1) - guess
    step = full[:-1].reshape(1, period, 2)
    start = guess[:-1].reshape(1, period, 2)
    shots = shoot(problem, 1.4, start, longest=np.inf, far=np.inf, limit=1)
    assert shots.states - start == pytest.approx(step, rel=1e-6, abs=1e-9)
    short = shoot(problem, 1.4, start, longest=0.1, limit=1).states - start
    factor = min(1.0, 0.1 / np.abs(step).max())
    assert short == pytest.approx(factor * step, rel=1e-6, abs=1e-9)


def test_from_afar_it_ends_where_dense_newton_ends():
    rng = np.random.default_rng(0)
    problem = henon(7)
    shots = shoot(problem, 1.4, rng.uniform(-1, 1, (300, 7, 2)))
    solved = shots.states[shots.code == SOLVED]
    assert len(solved) > 100
    for states in solved:
        y = np.append(states.ravel(), 1.4)
        assert dense_newton(problem, y, problem.upward, 3) == pytest.approx(y, abs=1e-11)


def test_linearised_together_as_one_by_one():
    rng = np.random.default_rng(2)
    problem, cycles = henon(5), rng.uniform(-1, 1, (20, 5, 2))
    J, R = linearised(problem, 1.3, cycles)
    for c, Jacobians, residuals in zip(cycles, J, R, strict=True):
        here = problem.linearised(np.append(c.ravel(), 1.3))
        assert np.array_equal(here.J, Jacobians)
        assert np.array_equal(here.R, residuals)


def polynomial_map(roots):
    """A map on a line whose fixed points are the roots given."""
    return ds.DiscreteMap({x: x + r * sp.prod([x - sp.Float(a) for a in roots])}, parameters=[r])


@given(st.sets(st.integers(-20, 20), min_size=1, max_size=5), st.integers(0, 1000))
def test_deflation_finds_every_root_and_none_twice(roots, seed):
    """Of a polynomial with few real roots, one after the other."""
    exact = np.array(sorted(roots)) / 10
    problem = Curve(polynomial_map(exact), r, {}, 1, (0.0, 1.0), np.array([4.0]))
    rng = np.random.default_rng(seed)
    known = np.empty((0, 1))
    guesses = rng.uniform(-2, 2, (100, 1, 1))
    for _ in range(len(exact) + 1):
        shots = shoot(problem, 0.5, guesses, known=known)
        ends = shots.states[shots.code == SOLVED][:, 0]
        if len(known) and len(ends):
            assert np.abs(ends - known.T).min() > 0.05  # none that is known
        if not len(ends):
            break
        known = np.concatenate([known, ends[:1]])
    assert np.sort(known.ravel()) == pytest.approx(exact, abs=1e-9)


def test_at_a_multiplier_1_steps_are_slow_and_then_mean_nothing():
    fold = ds.DiscreteMap({x: x + r * x**2}, parameters=[r])
    problem = Curve(fold, r, {}, 1, (0.0, 1.0), np.ones(1))
    shots = shoot(problem, 1.0, np.array([[[0.3]], [[-0.2]], [[0.0]]]))
    assert shots.code.tolist() == [SOLVED, SOLVED, DEGENERATE]
    assert np.abs(shots.states).max() < 2e-8  # every step halves the distance
    none = ds.DiscreteMap({x: x + 1 + r * x**2}, parameters=[r])
    problem = Curve(none, r, {}, 1, (0.0, 1.0), np.ones(1))
    assert shoot(problem, 1.0, np.array([[[0.3]]])).code[0] == FAILED


@given(a=st.floats(-3, 3), b=st.floats(-3, 3), size=st.floats(1e-3, 1e3))
def test_the_nearest_minimum_of_a_valley(a, b, size):
    """Gradient descent on (uv − 1)²/2: the fixed points are a curve, in any units."""
    s = sp.Float(size)
    valley = ds.gradient_descent((x * y / s**2 - 1) ** 2 / 2 * s**2, weights=[x, y], step=r)
    problem = Curve(valley, r, {}, 1, (0.0, 1.0), np.array([size, size]))
    found = nearest(problem, np.array([a * size, b * size, 0.1]))
    if abs(a - b) + abs(a + b) > 1e-6 and found is not None:
        u, v, value = found
        on_the_valley = abs(u * v / size**2 - 1) < 1e-9
        assert value == 0.1
        assert on_the_valley or max(abs(u), abs(v)) < 1e-9 * size
        if on_the_valley and max(abs(u), abs(v)) < 10 * size:
            assert family_at(problem, found).basis.shape == (2, 1)
        elif not on_the_valley:
            assert family_at(problem, found) is None


def test_threads_share_a_problem_and_its_values():
    """Every answer of one problem, asked by many threads at once, is the serial one."""
    problem = henon(6)
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.uniform(-1, 1, (64, 12)), rng.uniform(1, 1.4, 64)])
    shared = problem.linearised(rows[0])

    def asked(y):
        here, border = problem.linearised(y), rng_free_border(y)
        point = problem.point(y, border)
        found = problem.corrected(y, border)
        shots = shoot(problem, y[-1], y[:-1].reshape(1, 6, 2))
        return [
            here.J,
            here.product,
            here.condensed(),
            *here.directions(border),
            *shared.directions(border),
            shared.condensed(),
            problem.orbit(y[:2], y[-1], 3),
            problem.returns(y[:-1].reshape(6, 2), y[-1]),
            *problem.step(y[:2], y[-1]),
            problem.multipliers(y),
            problem.carried(y, np.append(y[:2], 1.0)),
            Forms(problem, y).second(border[:3], y[:3]),
            point.tangent if point else None,
            found,
            shots.states,
            nearest(problem, y),
        ]

    serial = [asked(y) for y in rows]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            for alone, together in zip(serial, pool.map(asked, rows), strict=True):
                for a, b in zip(alone, together, strict=True):
                    assert (a is None) == (b is None)
                    assert a is None or np.array_equal(a, b, equal_nan=True)


def rng_free_border(y):
    """A direction that depends on y alone."""
    return np.sin(np.arange(y.size) + 10 * y)


@pytest.mark.parametrize("power", [2, 3, 5])
def test_a_degenerate_fixed_point_is_no_family(power):
    """x' = x + x^k beside y' = y/2: however flat, there are no fixed points next to it."""
    flat = ds.DiscreteMap({x: x + x**power + 0 * r, y: y / 2 + r * y}, parameters=[r])
    assert family_at(Curve(flat, r, {}, 1, (0.0, 1.0), np.ones(2)), np.zeros(3)) is None
