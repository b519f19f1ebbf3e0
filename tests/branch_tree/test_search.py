"""Deflated Newton's method and the recognition of branches, against what is known."""

from functools import cache

import numpy as np
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.branch_tree.search import unknown_solutions
from dynsharp.continuation import continue_fixed_point
from dynsharp.continuation.position import at_value, position
from dynsharp.shooting.problem import Curve

x, y, r = sp.symbols("x y r", real=True)
LOGISTIC = ds.systems.logistic()
EOS = ds.systems.uv_eos()


def curve(map, period, span):
    ones = np.ones(map.dimension)
    return Curve(map, map.parameters[0], {}, period, span, ones)


def test_all_fixed_points_of_a_polynomial_and_none_twice():
    roots = (-1.3, -0.4, 0.2, 0.9, 1.7)
    quintic = ds.DiscreteMap({x: x + sp.prod([x - c for c in roots]) / 10 + r}, [r])
    box = np.array([[-3.0], [3.0]])
    known = [np.array([[roots[1]]])]
    found = unknown_solutions(curve(quintic, 1, (-1, 1)), 0.0, known, [], box)
    assert np.allclose(sorted(y[0] for y in found), np.delete(roots, 1))


def test_cycles_of_the_logistic_map_at_four():
    # x = sin² θ doubles the angle: cycles of period 3 have x = sin²(π k/7) and sin²(π k/9)
    found = unknown_solutions(
        curve(LOGISTIC, 3, (3, 4)), 4.0, [np.array([[0.0]])], [], np.array([[-0.5], [1.5]])
    )
    exact = [np.sin(np.pi * np.array([1, 2, 4]) / n) ** 2 for n in (7, 9)]
    assert len(found) == 2
    for cycle in exact:
        assert any(np.allclose(sorted(y[:-1]), sorted(cycle), atol=1e-9) for y in found)


def test_nothing_outside_the_box():
    found = unknown_solutions(curve(LOGISTIC, 1, (1, 4)), 2.0, [], [], np.array([[0.2], [1.0]]))
    assert [round(y[0], 9) for y in found] == [0.5]


@cache
def branch():
    return continue_fixed_point(EOS, "rho", {"F": 0.5}, at=0.5, span=(0.2, 1.5))


@cache
def cycle():
    return branch().switch(branch().special_points[0])


@given(st.floats(1.01, 1.49), st.integers(0, 1))
def test_a_cycle_is_on_its_branch_in_every_phase(value, phase):
    # F₁F₂ = 1, F₁ + F₂ = 1 + ρ
    half = (1 + value) / 2
    pair = half + np.array([1, -1]) * np.sqrt(half**2 - 1)
    solution = np.append(np.roll(pair, phase), value)
    place = position(cycle().track, solution)
    assert place is not None
    before = cycle().values[int(place)]
    assert abs(before - value) < 0.05
    assert position(cycle().track, solution + np.array([1e-3, 1e-3, 0])) is None
    assert np.allclose(sorted(at_value(cycle().track, value)[0][:-1]), sorted(pair), atol=1e-10)


def test_a_solution_of_another_branch_is_not_on_this_one():
    assert position(branch().track, np.array([0.0, 0.7])) is None
    assert position(branch().track, np.array([0.7, 0.7])) is not None
    assert position(branch().track, np.array([0.7 + 1e-5, 0.7])) is None
