"""Schur–Cohn conditions against the roots themselves, and the optimisers' own bounds."""

import itertools

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.symbolic.stability import boundary

mu = sp.Symbol("mu")
eta, beta, S, gamma = sp.symbols("eta beta S gamma", positive=True)


def random_roots(rng, n):
    roots = []
    while len(roots) < n:
        if n - len(roots) > 1 and rng.random() < 0.5:
            z = rng.uniform(0.4, 1.1) * np.exp(1j * rng.uniform(0, np.pi))
            roots += [z, z.conjugate()]
        else:
            roots.append(rng.uniform(-1.1, 1.1))
    return np.array(roots)


@pytest.mark.parametrize("n", [*range(1, 7), pytest.param(7, marks=pytest.mark.slow)])
def test_conditions_agree_with_the_roots(n):
    a = sp.symbols(f"a1:{n + 1}", real=True)
    expressions = sp.lambdify(a, boundary(sp.Poly([1, *a], mu)).expressions())
    rng = np.random.default_rng(n)
    inside = 0
    for _ in range(400):
        roots = random_roots(rng, n)
        stable = bool(max(abs(roots)) < 1)
        inside += stable
        assert all(e > 0 for e in expressions(*np.poly(roots).real[1:])) == stable
    assert 0 < inside < 400  # both answers occurred


@pytest.mark.parametrize(
    "roots",
    [[1], [-1], [1, sp.Rational(1, 2)], [-1, 0], [sp.I, -sp.I, 0], [1, 1], [-1, -1, 1]],
    ids=str,
)
def test_the_boundary_is_not_stable(roots):
    polynomial = sp.Poly(sp.expand(sp.prod(mu - r for r in roots)), mu)
    assert ds.stability_conditions(polynomial) == sp.false


def test_jury_of_degree_two():
    a0, a1 = sp.symbols("a0 a1", real=True)
    condition = ds.stability_conditions(sp.Poly(mu**2 + a1 * mu + a0, mu))
    for point in itertools.product([-1.5, -1, -0.6, 0, 0.6, 1, 1.5], repeat=2):
        jury = 1 + point[1] + point[0] > 0 and 1 - point[1] + point[0] > 0 and point[0] < 1
        assert bool(condition.subs(dict(zip((a0, a1), point, strict=True)))) == jury


@given(st.lists(st.floats(-0.95, 0.95), min_size=2, max_size=3), st.integers(0, 10**6))
def test_similar_matrices_have_the_same_answer(eigenvalues, seed):
    rng = np.random.default_rng(seed)
    n = len(eigenvalues)
    T = sp.Matrix(n, n, [sp.Integer(int(v)) for v in rng.integers(-3, 4, n * n)])
    if T.det() == 0:
        return
    exact = [sp.Rational(str(round(v, 3))) for v in eigenvalues]
    A = T * sp.diag(*exact) * T.inv()
    assert ds.stability_conditions(A) == sp.true
    assert ds.stability_conditions(A + sp.eye(n) * 2) == sp.false


def test_gradient_descent_bound():
    w = sp.Symbol("w", real=True)
    p = ds.fixed_points(ds.gradient_descent(S * w**2 / 2, [w], eta))[0]
    assert p.stable == (eta < 2 / S)


@pytest.mark.parametrize(
    ("optimiser", "bound"),
    [
        (ds.heavy_ball, 2 * (1 + beta) / S),
        (ds.nesterov, 2 * (1 + beta) / (S * (1 + 2 * beta))),
    ],
)
def test_momentum_bounds(optimiser, bound):
    """Heavy ball: S < 2(1 + β)/η; Nesterov: S < 2(1 + β)/(η(1 + 2β))."""
    w = sp.Symbol("w", real=True)
    (p,) = ds.fixed_points(optimiser(S * w**2 / 2, [w], eta, beta))
    (threshold,) = (t for t in ds.thresholds(p, eta) if t.condition.subs(beta, 0.5) == sp.true)
    assert threshold.kind == "flip"
    assert sp.simplify(threshold.value - bound) == 0
    for values in ({beta: 0.3, S: 2.0}, {beta: 0.9, S: 0.7}):
        at = float(bound.subs(values))
        assert bool(p.stable.subs(values | {eta: 0.99 * at}))
        assert not bool(p.stable.subs(values | {eta: 1.01 * at}))


def test_weight_decay_adds_to_the_curvature():
    w = sp.Symbol("w", real=True)
    p = ds.fixed_points(ds.gradient_descent(S * w**2 / 2, [w], eta, weight_decay=gamma))[0]
    assert sp.simplify(p.stable.rhs - 2 / (S + gamma)) == 0


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        (sp.zeros(2, 3), "square"),
        (sp.Poly(0, mu), "not zero"),
        (sp.Poly(mu**2 + sp.I, mu), "real coefficients"),
        (mu * eta + beta, "unknown"),
        (sp.sin(mu), "polynomial in mu"),
        ("mu", "Poly"),
    ],
)
def test_bad_input(given_, named):
    if given_ == "mu":
        given_, named = sp.true, "Poly"
    with pytest.raises(ds.InputError, match=named):
        ds.stability_conditions(given_)


def test_real_roots_need_no_hurwitz_determinant():
    """Against the eigenvalues of random symmetric matrices, and against the general criterion."""
    rng = np.random.default_rng(1)
    mu = sp.Symbol("mu")
    for n in (1, 2, 3, 4):
        for _ in range(10):
            A = rng.integers(-9, 10, (n, n))
            matrix = sp.Matrix(A + A.T) / (8 * n)
            edge = boundary(sp.Poly(matrix.charpoly(mu).as_expr(), mu), real_roots=True)
            assert edge.pair is None
            stable = max(abs(np.linalg.eigvalsh(np.array(matrix, dtype=float)))) < 1
            assert all(e > 0 for e in edge.expressions()) == stable
