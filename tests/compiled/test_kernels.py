"""Batch kernels equal a plain Python loop, whatever the map, the batch and the order."""

from functools import cache

import numpy as np
import pytest
import sympy as sp

from dynsharp import DiscreteMap
from dynsharp.compiled.kernels import RESCALED_EVERY, kernels

x, y, z = sp.symbols("x y z", real=True)
k, w = sp.symbols("lambda x'")  # a keyword, no identifier, not declared real
odd = sp.symbols("i j b c0")  # names of the generated code's own variables
MAPS = {
    "1-D polynomial, parameter lambda": DiscreteMap({w: k * w * (1 - w)}, [k]),
    "2-D polynomial": DiscreteMap({x: 1 - k * x**2 / 3 + y, y: 0.3 * x}, [k]),
    "3-D tanh": DiscreteMap({x: sp.tanh(k * y), y: sp.tanh(x - z), z: x * sp.exp(-(z**2))}, [k]),
    "2-D piecewise": DiscreteMap(
        {
            x: sp.Piecewise((k * x, x < sp.Rational(1, 2)), (k * (1 - x), True)) / 2 + y / 9,
            y: sp.Max(x - y, sp.Abs(y) / 3, -1),
        },
        [k],
    ),
    "4-D polynomial": DiscreteMap(
        {s: k * s * (1 - s) / 2 + (odd[n - 1] - s) / 10 for n, s in enumerate(odd)}, [k]
    ),
}
ORBITS = 300  # more than one block of lanes, and not a whole number of them


@pytest.fixture(params=MAPS.values(), ids=MAPS, scope="module")
def case(request):
    m = request.param
    factor = 1 + m.state[0] ** 2 / 4
    compiled = kernels("grow", m.state, m.parameters, m.expressions, (factor,))
    draw = np.random.default_rng(0)
    starts = draw.uniform(0.1, 0.9, (m.dimension, ORBITS))
    return m, compiled, starts, draw.uniform(1.0, 2.8, (1, ORBITS))


def advance(compiled, starts, parameters, steps, *, ranges=((0, ORBITS),), escape=1e6):
    states, alive = starts.copy(), np.ones(starts.shape[1])
    for first, last in ranges:
        compiled.advance(states, parameters, alive, first, last, escape, steps)
    return states, alive


@cache
def python_functions(m):
    arguments = [m.state, m.parameters]
    return sp.lambdify(arguments, m.expressions), sp.lambdify(arguments, m.jacobian.tolist())


def naive(m, start, parameter, steps):
    """Iterate with sympy's own functions on Python's floats; also the product of Jacobians."""
    step, jacobian = python_functions(m)
    state, product, visited = tuple(start), np.eye(m.dimension), []
    for _ in range(steps):
        visited.append(state[0])
        product = np.array(jacobian(state, [parameter]), dtype=float) @ product
        state = step(state, [parameter])
    return np.array(state), product, np.array(visited)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_steps_equal_a_python_loop(case, steps):
    m, compiled, starts, parameters = case
    states, _ = advance(compiled, starts, parameters, steps)
    for n in (0, 255, 256, ORBITS - 1):
        expected, _, _ = naive(m, starts[:, n], parameters[0, n], steps)
        np.testing.assert_allclose(states[:, n], expected, rtol=1e-12, atol=1e-14)


def test_tangent_growth_is_that_of_the_product_of_jacobians(case):
    m, compiled, starts, parameters = case
    direction = 0.6 ** np.arange(m.dimension)
    v, growth = np.tile(direction[:, None], ORBITS), np.empty((2, ORBITS))
    alive = np.ones(ORBITS)
    states = starts.copy()
    for _ in range(2):
        compiled.grow(states, parameters, alive, 0, ORBITS, 1e6, RESCALED_EVERY, v, growth)
    for n in (0, ORBITS - 1):
        args = (m, starts[:, n], parameters[0, n])
        _, first, _ = naive(*args, RESCALED_EVERY)
        _, both, visited = naive(*args, 2 * RESCALED_EVERY)
        before, after = (abs(p @ direction).max() for p in (first, both))
        assert growth[0, n] == pytest.approx(np.log(after / before), rel=1e-6, abs=1e-6)
        sums = np.log(1 + visited[RESCALED_EVERY:] ** 2 / 4).sum()
        assert growth[1, n] == pytest.approx(sums, rel=1e-6, abs=1e-9)


def test_results_do_not_depend_on_the_batch(case):
    _, compiled, starts, parameters = case
    states, _ = advance(compiled, starts, parameters, 40)
    chunked, _ = advance(compiled, starts, parameters, 40, ranges=[(256, 300), (0, 256)])
    np.testing.assert_array_equal(chunked, states)
    order = np.random.default_rng(1).permutation(ORBITS)
    shuffled, _ = advance(
        compiled, starts[:, order].copy(), parameters[:, order].copy(), 40, ranges=[(0, ORBITS)]
    )
    np.testing.assert_array_equal(shuffled, states[:, order])
    halves = starts
    for steps in (6, 30, 4):
        halves, _ = advance(compiled, halves, parameters, steps)
    np.testing.assert_array_equal(halves, states)


def test_escape_is_for_ever():
    r = sp.Symbol("r", real=True)
    back = sp.Piecewise((x + 1, x < 10), (0, True))  # goes out to 10, comes back to 0
    compiled = kernels("period", (x,), (r,), (back,))
    starts, parameters = np.arange(10.0)[None], np.zeros((1, 10))
    states, alive = advance(compiled, starts, parameters, 8, ranges=[(0, 10)], escape=9.5)
    assert (np.abs(states) <= 9.5).sum() > 0
    np.testing.assert_array_equal(alive, starts[0] + 8 < 9.5)
    _, free = advance(compiled, starts, parameters, 8, ranges=[(0, 10)], escape=10.5)
    assert free.all()
    period = np.empty(10, np.int32)
    compiled.period(starts.copy(), parameters, np.ones(10), 0, 10, 1e6, 1e-9, 64, period)
    assert (period == 11).all()


def test_an_excursion_of_one_step_counts_in_polynomials_too():
    # x goes there and back; y overflows to not a number for a great x, and nothing reads it
    rule = (1 - x, x**999 * 10**300 - x**998 * 10**300)
    compiled = kernels("period", (x, y), (), rule)
    for start, escape in ((0.0, 0.9), (1.0, 0.9), (1e3, 1e6)):
        for steps in (1, 2, 3, 4):
            states, alive = np.array([[start, 0.5], [0.0, 0.0]]), np.ones(2)
            compiled.advance(states, np.empty((0, 2)), alive, 0, 2, escape, steps)
            assert alive.tolist() == [float(start == 1.0 and steps == 1), 1.0]


def test_not_a_number_counts_as_escaped_though_it_vanishes_again():
    root = sp.Max(0, sp.sqrt(x - 1), y)  # max(0.0, nan) is 0.0
    compiled = kernels("period", (x, y), (), (root, sp.sqrt(x - 1)))
    starts = np.array([[2.0, 0.5], [1.0, 1.0]])
    states, alive = advance(compiled, starts, np.empty((0, 2)), 1, ranges=[(0, 2)])
    np.testing.assert_array_equal(alive, [1, 0])
    assert np.isfinite(states[0]).all()
