"""Invariant manifolds: exact truths, conjugacy, a naive search, speed."""

import time

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsharp import systems
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.optimisers import gradient_descent, heavy_ball
from dynsharp.symbolic.manifolds.invariants import InvariantManifolds, invariant_manifolds

w = sp.symbols("w1:7", real=True)
x, y, z = sp.symbols("x y z", real=True)
a, b, c, d, eta, q, beta = sp.symbols("a b c d eta q beta", real=True)
few = settings(max_examples=2, deadline=None, derandomize=True)


def chain(depth: int) -> DiscreteMap:
    return gradient_descent((sp.prod(w[:depth]) - q) ** 2 / 2, w[:depth], eta)


def assert_invariant(ms: InvariantManifolds) -> None:
    """Check m∘F = c·m by substitution, and the restriction against the full map."""
    for m in ms:
        image = m.equation.subs(m.map.update, simultaneous=True)
        assert sp.simplify(image - m.cofactor * m.equation) == 0


def same(e: sp.Expr, f: sp.Expr) -> bool:
    return sp.expand(e - f) == 0 or sp.expand(e + f) == 0


@pytest.fixture(scope="module")
def uv():
    return invariant_manifolds(systems.uv())


def test_uv(uv):
    (zz, k), (rho,) = uv.map.state, uv.map.parameters
    assert sp.expand(uv[0].equation - (k - 2 * (zz + rho))) == 0
    expected = {
        k - 2 * (zz + rho): (1 + zz) ** 2,
        k + 2 * (zz + rho): (1 - zz) ** 2,
        k - 4 - rho * zz: 1 + rho * zz + zz**2,
        zz: 1 - k + zz * (zz + rho),
    }
    assert len(uv) == len(expected)
    for equation, cofactor in expected.items():
        (m,) = [m for m in uv if same(m.equation, equation)]
        assert sp.expand(m.cofactor - cofactor) == 0
        assert m.condition == sp.true
    assert not uv.unresolved
    assert_invariant(uv)


def test_uv_restricted_to_its_eos_manifold_is_uv_eos(uv):
    eos = systems.uv_eos()
    (F,), (zz, _), (rho,) = eos.state, uv.map.state, uv.map.parameters
    inner = uv[0].restrict().conjugate({F: zz + rho})
    assert sp.expand(inner.expressions[0] - eos.expressions[0]) == 0
    assert sp.expand(uv[0].transverse_multiplier - (1 + zz) ** 2) == 0


@pytest.mark.parametrize("depth", [2, 3, pytest.param(4, marks=pytest.mark.slow)])
def test_chain(depth):
    started = time.process_time()
    ms = invariant_manifolds(chain(depth))
    assert time.process_time() - started < 40
    P = sp.prod(w[:depth])
    assert len(ms) == depth * (depth - 1)
    for i in range(depth):
        for j in range(i):
            for s in (1, -1):
                (m,) = [m for m in ms if same(m.equation, w[j] - s * w[i])]
                cofactor = 1 + s * eta * (P - q) * P / (w[i] * w[j])
                assert sp.simplify(m.cofactor - cofactor) == 0
                on_it = cofactor.subs(m.parametrisation, simultaneous=True)
                assert sp.simplify(m.transverse_multiplier - on_it) == 0
    assert not ms.unresolved


def test_transverse_and_inner_multiplier_make_up_the_determinant(uv):
    for ms in (uv, invariant_manifolds(chain(2))):
        for m in ms:
            full = m.map.determinant.subs(m.parametrisation, simultaneous=True)
            inner = m.restrict().determinant
            assert sp.simplify(full - m.transverse_multiplier * inner) == 0


def test_eigenlines_of_a_linear_map():
    m = DiscreteMap({x: a * x + b * y, y: c * x + d * y}, [a, b, c, d])
    ms = invariant_manifolds(m)
    assert len(ms) == 2
    for line in ms:
        mu = line.cofactor
        assert sp.simplify(mu**2 - (a + d) * mu + a * d - b * c) == 0
        discriminant = (a - d) ** 2 + 4 * b * c
        assert line.condition.subs({a: 3, b: 1, c: 1, d: 0}) == sp.true
        assert line.condition.subs({a: 0, b: 1, c: -1, d: 0}) == sp.false
        assert discriminant.subs({a: 0, b: 1, c: -1, d: 0}) < 0
    assert_invariant(ms)


def test_rotation_conserves_the_radius_and_has_no_line():
    third = sp.Rational(3, 5)
    m = DiscreteMap({x: third * x - sp.Rational(4, 5) * y, y: sp.Rational(4, 5) * x + third * y})
    (circle,) = invariant_manifolds(m)
    assert circle.is_integral
    assert sp.expand(circle.equation - x**2 - y**2) == 0


def test_rotation_by_any_angle():
    theta = sp.Symbol("theta", real=True)
    C, S = sp.cos(theta), sp.sin(theta)
    (circle,) = invariant_manifolds(DiscreteMap({x: C * x - S * y, y: S * x + C * y}, [theta]))
    assert circle.is_integral
    assert sp.expand(circle.equation - x**2 - y**2) == 0


def test_henon_has_none():
    ms = invariant_manifolds(DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b]))
    assert len(ms) == 0
    assert not ms.unresolved


def test_delayed_logistic():
    (m,) = invariant_manifolds(DiscreteMap({x: a * x * (1 - y), y: x}, [a]))
    assert m.equation == x
    assert sp.expand(m.cofactor - a * (1 - y)) == 0


def test_curved_manifold_is_found_and_products_are_not():
    parabola = DiscreteMap({x: a * x, y: b * (y - x**2) + a**2 * x**2}, [a, b])
    ms = invariant_manifolds(parabola)
    assert [m.cofactor for m in ms] == [a, b]
    assert same(ms[1].equation, y - x**2)


def test_integral_of_the_mcmillan_map():
    # x² y² + x² + y² − 2 a x y is conserved (McMillan 1971)
    m = DiscreteMap({x: y, y: -x + 2 * a * y / (1 + y**2)}, [a])
    (integral,) = invariant_manifolds(m, degree=4)
    assert integral.is_integral
    assert same(integral.equation, x**2 * y**2 + x**2 + y**2 - 2 * a * x * y)


def test_conserved_affine_quantity_is_reported_once():
    m = DiscreteMap({x: x + a * x * y, y: y - a * x * y}, [a])
    ms = invariant_manifolds(m)
    assert [same(k.equation, x + y) for k in ms if k.is_integral] == [True]
    assert_invariant(ms)


def test_pencil_of_lines_that_is_no_affine_integral():
    # (x − y)/(1 + a x) is conserved: every line of the pencil is invariant, x − y is not conserved
    m = DiscreteMap({x: x / (1 + a * y), y: y / (1 + a * x)}, [a])
    ms = invariant_manifolds(m)
    assert not any(k.is_integral for k in ms)
    assert any(k.constants for k in ms)
    assert_invariant(ms)


def test_isotropic_map_has_a_family_of_lines():
    ms = invariant_manifolds(DiscreteMap({x: a * x, y: a * y}, [a]))
    assert any(m.constants for m in ms)
    assert_invariant(ms)


def test_implicit_coefficients_are_kept_with_their_relation():
    m = DiscreteMap({x: y, y: z, z: a * x + b * y + c * z}, [a, b, c])
    (plane,) = invariant_manifolds(m, degree=1)
    assert plane.condition.has(sp.Eq)
    numbers = m.substitute({a: 6, b: -11, c: 6})  # multipliers 1, 2, 3
    assert sorted(p.cofactor for p in invariant_manifolds(numbers, degree=1)) == [1, 2, 3]


def test_momentum_gives_a_subspace_of_codimension_two():
    m = heavy_ball((w[0] * w[1] - q) ** 2 / 2, w[:2], eta, beta)
    ms = invariant_manifolds(m, degree=1)
    assert len(ms) == 0
    assert {len(s.equations) for s in ms.subspaces} == {2}


def test_transcendental_map_says_what_was_searched():
    m = gradient_descent((sp.tanh(w[0] * w[1]) - q) ** 2 / 2, w[:2], eta)
    ms = invariant_manifolds(m)
    assert len(ms) == 2
    assert "not rational" in ms.unresolved[0]
    balanced = next(k for k in ms if k.equation == w[0] - w[1])
    values = {w[0]: 0.7, q: 0.3, eta: 0.2}
    step = sp.Matrix(m.expressions).jacobian(m.state) * sp.Matrix([1, -1])
    numeric = step[0].subs(w[1], w[0]).subs(values)
    assert abs(balanced.transverse_multiplier.subs(values) - numeric) < 1e-12


def test_affine_search_against_a_naive_one():
    """Solve for coefficients and cofactor coefficients at once, at one parameter value."""
    m = DiscreteMap({x: x * (2 - x - y), y: y * (3 - y - x)})
    A, B, C = sp.symbols("A B C")
    found = set()
    for chart in ({B: 1}, {B: 0, A: 1}):
        line = (A * x + B * y + C).subs(chart)
        L = sp.symbols("l0:3")
        image = line.subs(m.update, simultaneous=True)
        equations = sp.Poly(sp.expand(image - (L[0] + L[1] * x + L[2] * y) * line), x, y).coeffs()
        unknowns = [s for s in (A, B, C) if s not in chart]
        for solution in sp.solve(equations, [*unknowns, *L], dict=True):
            found.add(sp.expand(line.subs(solution)))
    assert {k.equation for k in invariant_manifolds(m, degree=1)} == found


@few
@given(st.integers(-3, 3), st.integers(1, 3), st.integers(-2, 2))
def test_conjugacy(shear, scale, shift):
    m = DiscreteMap({x: a * x * (1 - x), y: b * y * (1 - x)}, [a, b])
    X, Y = sp.symbols("X Y", real=True)
    moved = m.conjugate({X: scale * x + shift, Y: y + shear * x})
    ms, ns = (invariant_manifolds(f, degree=1) for f in (m, moved))
    assert len(ms) == len(ns) == 3
    back = {X: scale * x + shift, Y: y + shear * x}
    for m_old in ms:
        cofactors = [
            n.cofactor.subs(back, simultaneous=True)
            for n in ns
            if sp.cancel(n.equation.subs(back, simultaneous=True) / m_old.equation).is_number
            or not sp.cancel(n.equation.subs(back, simultaneous=True) / m_old.equation).has(x, y)
        ]
        assert len(cofactors) == 1
        assert sp.simplify(cofactors[0] - m_old.cofactor) == 0


def test_budget_is_kept_and_named():
    started = time.process_time()
    ms = invariant_manifolds(chain(6), budget=1.0)
    assert time.process_time() - started < 15
    assert ms.unresolved


def test_table(uv):
    text = repr(uv)
    assert "cofactor" in text
    assert "transverse multiplier" in text
    assert repr(invariant_manifolds(systems.uv_eos())).endswith("0 invariant manifolds")


@pytest.mark.parametrize("wrong", [{"degree": 0}, {"degree": 1.5}, {"budget": 0}])
def test_wrong_input(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        invariant_manifolds(systems.uv(), **wrong)
