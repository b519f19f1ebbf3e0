"""Forward-invariant regions between invariant manifolds."""

import numpy as np
import pytest
import sympy as sp

from dynsharp import systems
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.manifolds.invariants import invariant_manifolds

x, y = sp.symbols("x y", real=True)
a, b = sp.symbols("a b", real=True)


@pytest.fixture(scope="module")
def triangle():
    (region,) = invariant_manifolds(systems.uv(), degree=1).regions
    return region


def test_uv_triangle(triangle):
    uv = systems.uv()
    (z, k), (rho,) = uv.state, uv.parameters
    assert triangle.bounded
    assert triangle.condition == (rho < 2)
    assert len(triangle.inequalities) == 3
    inside = {z: 0, k: 2, rho: sp.Rational(1, 2)}
    assert all(i.subs(inside) == sp.true for i in triangle.inequalities)
    corners = {(c[z], sp.expand(c[k])) for c in triangle.corners}
    assert corners == {
        (-rho, sp.S.Zero),
        (sp.Integer(2), 4 + 2 * rho),
        (sp.Integer(-2), 4 - 2 * rho),
    }
    for corner in triangle.corners:  # fixed points II, III and IV
        for symbol, value in corner.items():
            assert sp.expand(uv.update[symbol].subs(corner, simultaneous=True) - value) == 0


def test_uv_triangle_by_iteration(triangle):
    uv = systems.uv()
    (z, k), (rho,) = uv.state, uv.parameters
    step = sp.lambdify((z, k), [e.subs(rho, 1.5) for e in uv.expressions])
    contains = sp.lambdify((z, k), sp.And(*(i.subs(rho, 1.5) for i in triangle.inequalities)))
    Z, K = np.random.default_rng(0).uniform([[-2.5], [0]], [[2.5], [7.5]], (2, 4000))
    inside = contains(Z, K)
    assert 0.05 < inside.mean() < 0.95
    assert contains(*np.array(step(Z[inside], K[inside]))).all()


def test_box_of_parallel_lines():
    """The cubic Chebyshev map in each variable: T ∓ 1 = (x ∓ 1)(2x ± 1)²."""
    m = DiscreteMap({s: 4 * s**3 - 3 * s for s in (x, y)})
    regions = [r for r in invariant_manifolds(m, degree=1).regions if r.bounded]
    corners = {tuple(c.values()) for r in regions for c in r.corners}
    assert {(i, j) for i in (1, -1) for j in (1, -1)} <= corners
    assert all(r.condition == sp.true for r in regions)


def test_quadrants_of_a_diagonal_map():
    regions = invariant_manifolds(DiscreteMap({x: a * x, y: b * y}, [a, b])).regions
    assert len(regions) == 4
    for r in regions:
        assert not r.bounded
        assert r.condition == sp.And(a >= 0, b >= 0)
        assert r.corners == ({x: 0, y: 0},)


def test_inside_of_a_circle():
    """The cubic Chebyshev map of the radius: with s = x² + y², s' − 1 = (s − 1)(4s − 1)²."""
    s = x**2 + y**2
    m = DiscreteMap({v: v * (4 * s - 3) for v in (x, y)})
    (disc,) = [r for r in invariant_manifolds(m).regions if r.bounded]
    assert disc.condition == sp.true
    (inside,) = disc.inequalities
    assert inside.subs({x: 0, y: 0}) == sp.true
    assert inside.subs({x: 1, y: 1}) == sp.false


def test_no_region_without_a_sign():
    assert invariant_manifolds(DiscreteMap({x: a * x * (1 - y), y: x}, [a])).regions == ()
