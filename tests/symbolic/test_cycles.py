"""Exact cycles: truths, the shift along a cycle, conjugacy, a naive search."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsharp import systems
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.cycles import Cycle, cycles

x, y = sp.symbols("x y", real=True)
a, b, r = sp.symbols("a b r", real=True)
few = settings(max_examples=2, deadline=None, derandomize=True)

logistic = DiscreteMap({x: r * x * (1 - x)}, [r])
henon = DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b])


def numbers(c: Cycle, values: dict) -> list[np.ndarray]:
    return [
        np.array([complex(sp.N(v.subs(values))) for v in p.values()], dtype=complex)
        for p in c.points
    ]


def assert_is_cycle(c: Cycle, values: dict) -> None:
    """Check in numbers: orbit, minimal period, and multipliers as the product of Jacobians."""
    m, points = c.map, numbers(c, values)
    given = {s: v for s, v in values.items() if s not in m.state}
    step = sp.lambdify(m.state, [e.subs(given) for e in m.expressions])
    J = sp.lambdify(m.state, sp.Matrix(m.jacobian.subs(given)))
    for k, p in enumerate(points):
        assert np.allclose(step(*p), points[(k + 1) % len(points)])
        assert all(not np.allclose(p, o) for o in points[:k])
    expected = np.poly([complex(sp.N(mu.subs(values))) for mu in c.multipliers])
    for start in range(len(points)):
        product = np.eye(m.dimension)
        for p in points[start:] + points[:start]:
            product = np.array(J(*p), dtype=complex) @ product
        assert np.allclose(np.poly(product), expected)


def test_two_cycle_of_the_uv_eos_map():
    eos = systems.uv_eos()
    (F,), (rho,) = eos.state, eos.parameters
    found = cycles(eos, 2)
    assert len(found) == 3
    assert not found.unresolved
    first, second = (p[F] for p in found[0].points)
    assert sp.expand(first * second) == 1
    assert sp.expand(first + second) == 1 + rho
    (multiplier,) = found[0].multipliers
    assert sp.expand(multiplier - (9 - 2 * (1 + rho) ** 2)) == 0
    assert found[0].exists == (rho > 1)
    assert found[0].stable == (rho < sp.sqrt(5) - 1)
    assert sp.expand(multiplier.subs(rho, 3 / sp.sqrt(2) - 1)) == 0
    for c in found:
        assert not c.relations
        assert_is_cycle(c, {rho: sp.Rational(19, 10)})


def test_two_cycle_of_the_logistic_map():
    (c,) = cycles(logistic, 2)
    assert sp.expand(c.multipliers[0] - (4 + 2 * r - r**2)) == 0
    assert c.exists == sp.Or(r > 3, r < -1)
    assert_is_cycle(c, {r: sp.Rational(33, 10)})


def test_three_cycles_of_the_logistic_map_are_born_at_one_plus_root_eight():
    found = cycles(logistic, 3)
    assert len(found) == 2
    birth = 1 + sp.sqrt(8)
    for c in found:
        assert c.exists.subs(r, sp.Rational(382, 100)) == sp.false
        assert c.exists.subs(r, birth + sp.Rational(1, 1000)) == sp.true
        assert sp.simplify(c.multipliers[0].subs(r, birth)) == 1
        assert len(c.relations) == 1
        value = {r: sp.Rational(39, 10)}
        for root in sp.Poly(c.relations[0].subs(value), x).nroots(n=30):
            assert_is_cycle(c, {**value, x: sp.re(root)})


def test_numbers_give_algebraic_numbers():
    value = {r: sp.Rational(39, 10)}
    exact = cycles(logistic.substitute(value), 3)
    assert len(exact) == 2
    symbolic = sorted(float(c.multipliers[0].subs(value)) for c in cycles(logistic, 3))
    assert np.allclose(sorted(float(c.multipliers[0]) for c in exact), symbolic)
    for c in exact:
        assert_is_cycle(c, {})
        assert all(v.is_algebraic for p in c.points for v in p.values())


@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_counts_against_a_naive_search(period):
    """The roots of fⁿ(x) − x, sorted by their orbits."""
    values = {r: 4}
    m = logistic.substitute(values)
    found = cycles(m, period, budget=60)
    Fn = sp.Poly(m.iterate(period).expressions[0] - x, x)
    roots = [float(z) for z in Fn.nroots(n=40, maxsteps=500) if abs(sp.im(z)) < 1e-15]
    orbits = set()
    for root in roots:
        orbit, value = [], root
        for _ in range(period):
            orbit.append(round(value, 5))
            value = 4 * value * (1 - value)
        if len({round(v, 4) for v in orbit}) == period:
            orbits.add(round(min(orbit), 3))
    assert len(found) == len(orbits)
    expected = sorted(min(float(p[x]) for p in c.points) for c in found)
    assert np.allclose(expected, sorted(orbits), atol=2e-3)


def test_two_cycle_of_the_henon_map():
    (c,) = cycles(henon, 2)
    sum_x = sum(p[x] for p in c.points)
    assert sp.simplify(sum_x - (1 - b) / a) == 0
    assert c.exists.subs({a: 1, b: sp.Rational(3, 10)}) == sp.true
    assert c.exists.subs({a: sp.Rational(3, 10), b: sp.Rational(3, 10)}) == sp.false
    assert sp.simplify(sp.Mul(*c.multipliers) - b**2) == 0
    assert_is_cycle(c, {a: sp.Rational(14, 10), b: sp.Rational(3, 10)})


@pytest.mark.slow
def test_two_cycles_of_the_uv_map():
    uv = systems.uv()
    (z, k), (rho,) = uv.state, uv.parameters
    found = cycles(uv, 2, budget=60)
    assert not found.unresolved
    (eos,) = [
        c for c in found if any(sp.expand(mu - (3 - 2 * rho) ** 2) == 0 for mu in c.multipliers)
    ]
    assert any(sp.expand(mu - (9 - 2 * (1 + rho) ** 2)) == 0 for mu in eos.multipliers)
    assert all(sp.expand(p[k] - 2 * (p[z] + rho)) == 0 for p in eos.points)
    assert sp.expand(sum(p[k] for p in eos.points) / 2 - (1 + rho)) == 0
    for c in found:
        assert_is_cycle(c, {rho: sp.Rational(19, 10)})


def test_implicit_cycles_are_not_dropped():
    (c,) = cycles(logistic, 4)
    value = {r: sp.Rational(35, 10)}
    roots = sp.Poly(c.relations[0].subs(value), x).nroots(n=30)
    real = [sp.re(z) for z in roots if abs(sp.im(z)) < 1e-20]
    assert len(real) == 4
    assert_is_cycle(c, {**value, x: real[0]})
    assert abs(c.multipliers[0].subs({**value, x: real[0]})) < 1


def test_three_variables():
    z = sp.Symbol("z", real=True)
    delayed = DiscreteMap({x: y, y: z, z: 2 - x**2})  # x_{n+3} = 2 − x_n²: all multipliers known
    found = cycles(delayed, 2)
    assert not found.unresolved
    (c,) = found  # x → y → x with y = 2 − x² and x = 2 − y²
    assert_is_cycle(c, {})
    assert {p[x] for p in c.points} == {(1 - sp.sqrt(5)) / 2, (1 + sp.sqrt(5)) / 2}


@few
@given(st.integers(1, 4), st.integers(-3, 3))
def test_conjugacy(scale, shift):
    X = sp.Symbol("X", real=True)
    moved = logistic.conjugate({X: scale * x + shift})
    (old,), (new,) = cycles(logistic, 2), cycles(moved, 2)
    assert sp.expand(old.multipliers[0] - new.multipliers[0]) == 0
    assert old.exists == new.exists
    assert old.stable == new.stable


def test_a_family_is_named():
    involution = DiscreteMap({x: y, y: x})
    found = cycles(involution, 2)
    assert len(found) == 0
    assert any("family" in text for text in found.unresolved)


def test_budget_is_named():
    found = cycles(logistic, 7, budget=0.5)
    assert any("period 7" in text for text in found.unresolved)


def test_irrational_constants_and_decimals():
    odd = cycles(DiscreteMap({x: -sp.sqrt(5) * x + x**3}), 2)
    assert len(odd) == 3
    for c in odd:
        assert_is_cycle(c, {})
    (decimal,) = cycles(DiscreteMap({x: 3.3 * x * (1 - x)}), 2)
    assert decimal.multipliers == (sp.Rational(-29, 100),)


def test_transcendental_map_says_so():
    found = cycles(DiscreteMap({x: r * sp.sin(x)}, [r]), 2)
    assert "not rational" in found.unresolved[0]


@pytest.mark.parametrize("wrong", [{"period": 0}, {"period": 1.5}, {"period": 2, "budget": -1}])
def test_wrong_input(wrong):
    with pytest.raises(InputError):
        cycles(logistic, **wrong)
