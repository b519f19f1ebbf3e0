"""Signed permutations that commute with a map, and their fixed subspaces."""

from itertools import product

import pytest
import sympy as sp

from dynsharp.map import DiscreteMap
from dynsharp.optimisers import gradient_descent, heavy_ball
from dynsharp.symbolic.manifolds.symmetries import fixed_subspaces, symmetries

w = sp.symbols("w1:5", real=True)
x, y, z = sp.symbols("x y z", real=True)
a, b, eta, q, beta = sp.symbols("a b eta q beta", real=True)


def chain(depth: int) -> DiscreteMap:
    return gradient_descent((sp.prod(w[:depth]) - q) ** 2 / 2, w[:depth], eta)


def commuting_by_enumeration(m: DiscreteMap) -> set[frozenset]:
    """Return all sign changes and exchanges of one pair that commute, by trying every one."""
    n, found = m.dimension, set()
    candidates = [
        {s: sign * s for s, sign in zip(m.state, signs, strict=True) if sign < 0}
        for signs in product((1, -1), repeat=n)
        if -1 in signs
    ]
    candidates += [
        {m.state[i]: s * m.state[j], m.state[j]: s * m.state[i]}
        for i in range(n)
        for j in range(i)
        for s in (1, -1)
    ]
    for g in candidates:
        left = [e.subs(g, simultaneous=True) for e in m.expressions]
        right = [g.get(s, s).subs(m.update, simultaneous=True) for s in m.state]
        if all(sp.expand(p - r) == 0 for p, r in zip(left, right, strict=True)):
            found.add(frozenset(g.items()))
    return found


@pytest.mark.parametrize(
    "m",
    [
        chain(2),
        chain(3),
        DiscreteMap({x: a * x**3 + y, y: b * y - x}, [a, b]),
        DiscreteMap({x: y * z, y: z * x, z: x * y}),
        DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b]),
    ],
)
def test_finds_what_enumeration_finds(m):
    found = {frozenset(g.items()) for g in symmetries(m)}
    expected = commuting_by_enumeration(m)
    minimal = {
        g for g in expected if not any(h < g for h in expected)
    }  # products of disjoint symmetries are not listed
    assert minimal <= found
    assert {g for g in found if g in expected or len(g) > 2} == found


def test_velocities_are_exchanged_with_their_weights():
    m = heavy_ball((w[0] * w[1] - q) ** 2 / 2, w[:2], eta, beta)
    balanced = next(s for s in fixed_subspaces(m) if w[0] - w[1] in s.equations)
    assert len(balanced.equations) == 2
    inner = balanced.restrict()
    # on it: heavy ball on one weight with half the loss's gradient, exactly
    one = heavy_ball((w[0] ** 2 - q) ** 2 / 4, w[:1], eta, beta)
    assert [sp.expand(e) for e in inner.expressions] == [sp.expand(e) for e in one.expressions]


def test_transverse_matrix_and_inner_jacobian_make_up_the_full_one():
    m = chain(3)
    for s in fixed_subspaces(m):
        full = m.jacobian.subs(s.parametrisation, simultaneous=True)
        lam = sp.Symbol("lam")
        parts = s.transverse.charpoly(lam).as_expr() * s.restrict().jacobian.charpoly(lam).as_expr()
        assert sp.expand(full.charpoly(lam).as_expr() - parts) == 0


def test_transcendental_maps():
    m = gradient_descent((sp.tanh(w[0] * w[1]) - q) ** 2 / 2, w[:2], eta)
    equations = {s.equations for s in fixed_subspaces(m)}
    assert equations == {(w[0] - w[1],), (w[0] + w[1],)}


def test_no_symmetry():
    assert fixed_subspaces(DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b])) == []
