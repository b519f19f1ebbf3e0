"""Fixed points: the truths of the papers' maps, completeness, families, conjugacy, bad input."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsharp as ds

x, y, u, v, w, r, a, b, q, eta = sp.symbols("x y u v w r a b q eta", real=True)


def states(map_):
    return {tuple(p.state.values()) for p in ds.fixed_points(map_)}


def check_all(map_, budget=20.0):
    """Every point satisfies F(x) = x where its relations hold, and nothing is unresolved."""
    points = ds.fixed_points(map_, budget)
    for p in points:
        for s, e in map_.update.items():
            defect = sp.together(e.subs(p.state, simultaneous=True) - p.state[s])
            numerator = sp.fraction(sp.simplify(defect))[0]
            if p.relations:
                numerator = sp.reduced(numerator, p.relations)[1]
            assert sp.simplify(numerator) == 0
    return points


def test_uv():
    uv = ds.systems.uv()
    (z, k), (rho,) = uv.state, uv.parameters
    points = check_all(uv)
    assert not points.unresolved
    line = points[0]
    assert line.family == (k,)
    assert line.state[z] == 0
    assert line.exists == (k >= 2 * rho)
    assert line.multipliers == (1, 1 - k)
    assert line.stable == sp.And(k > 0, k < 2)
    isolated = {tuple(p.state.values()): p for p in points[1:]}
    expected = {
        (-rho, sp.S(0)): {(1 + rho) ** 2, (1 - rho) ** 2},
        (sp.S(2), 2 * rho + 4): {sp.S(9), 5 + 2 * rho},
        (sp.S(-2), 4 - 2 * rho): {sp.S(9), 5 - 2 * rho},
    }
    assert set(isolated) == set(expected)
    for state, multipliers in expected.items():
        assert {sp.expand(m) for m in isolated[state].multipliers} == set(
            map(sp.expand, multipliers)
        )
        assert isolated[state].stable == sp.false
    assert isolated[sp.S(-2), 4 - 2 * rho].exists == (rho <= 2)


@pytest.mark.parametrize("depth", [2, 3, 4, pytest.param(5, marks=pytest.mark.slow)])
def test_minima_of_a_chain_are_one_family(depth):
    weights = sp.symbols(f"w1:{depth + 1}", real=True)
    map_ = ds.gradient_descent((sp.prod(weights) - q) ** 2 / 2, weights, eta)
    points = check_all(map_)
    minima, *saddles = points
    assert len(minima.family) == depth - 1
    product = sp.prod(minima.state.values())
    assert sp.simplify(product - q) == 0
    sharpness = q**2 * sum(1 / e**2 for e in minima.state.values())
    assert sp.simplify(minima.multipliers[-1] - (1 - eta * sharpness)) == 0
    assert minima.multipliers[:-1] == (1,) * (depth - 1)
    assert len(saddles) == depth * (depth - 1) // 2 if depth > 2 else 1
    assert all(p.stable == sp.false for p in saddles)


def test_two_residuals():
    loss = (u * v - q) ** 2 / 2 + (u * w - a) ** 2 / 2
    points = check_all(ds.gradient_descent(loss, [u, v, w], eta))
    minimum = next(p for p in points if p.stable != sp.false)
    assert sp.simplify(minimum.state[u] * minimum.state[v] - q) == 0
    assert sp.simplify(minimum.state[u] * minimum.state[w] - a) == 0


def test_triangle_of_products_is_resolved():
    loss = (u * v - 2) ** 2 / 2 + (v * w - 3) ** 2 / 2 + (u * w - 1) ** 2 / 2
    points = check_all(ds.gradient_descent(loss, [u, v, w], eta))
    assert not points.unresolved
    residuals = [u * v - 2, v * w - 3, u * w - 1]
    assert sum(all(sp.simplify(e.subs(p.state)) == 0 for e in residuals) for p in points) == 2


def test_symbolic_depth():
    bal = ds.systems.balanced_chain()
    (omega,), (rho, _) = bal.state, bal.parameters
    points = ds.fixed_points(bal)
    (p,) = points
    assert p.state[omega] == 1
    assert p.stable == (rho < 1)
    assert any("omega: 0" in sentence for sentence in points.unresolved)  # its multiplier needs D


def test_radicals_carry_their_existence():
    henon = ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, parameters=[a, b])
    points = check_all(henon)
    assert len(points) == 2
    for p in points:
        assert not bool(p.exists.subs({b: 0.3, a: -0.2}))  # the fold is at a = −(1 − b)²/4
        assert bool(p.exists.subs({b: 0.3, a: 1.0}))


def test_numbers_give_algebraic_numbers():
    map_ = ds.DiscreteMap({x: x**5 - x - 1 + x}, parameters=[])
    (p,) = ds.fixed_points(map_)
    root = float(p.state[x])
    assert abs(root**5 - root - 1) < 1e-12


def test_implicit_point_is_kept_with_its_relation():
    map_ = ds.DiscreteMap({x: q + r * x - x**3}, parameters=[q, r])
    (p,) = ds.fixed_points(map_)
    assert p.state[x] == x
    assert sp.expand(p.relations[0] - (q + r * x - x**3 - x)) in (0,)
    assert p.multipliers == (r - 3 * x**2,)


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (x * sp.exp(r * (1 - x)), {0, 1}),
        (sp.log(1 + sp.exp(x)) + x - a, {sp.log(sp.exp(a) - 1)}),
        (x + sp.tanh(x) - a, {sp.atanh(a)}),
        (r * sp.tanh(x), {0, x}),
        (x + sp.sin(x), {0, sp.pi}),
    ],
    ids=str,
)
def test_transcendental_maps(update, expected):
    parameters = sorted(update.free_symbols - {x}, key=str)
    found = {p.state[x] for p in ds.fixed_points(ds.DiscreteMap({x: update}, parameters))}
    assert {sp.simplify(f) for f in found} == {sp.simplify(e) for e in map(sp.sympify, expected)}


def test_what_is_left_out_is_said():
    points = ds.fixed_points(ds.DiscreteMap({x: x + sp.sin(x)}))
    assert any("2*pi*n" in sentence for sentence in points.unresolved)
    D = sp.Symbol("D", integer=True, positive=True)
    points = ds.fixed_points(ds.gradient_descent((x**D - q) ** 2 / 2, [x], eta))
    assert any("parity" in sentence for sentence in points.unresolved)
    slow = ds.gradient_descent(sum((u * v**i - q * w**i) ** 2 for i in range(1, 5)), [u, v, w], eta)
    points = ds.fixed_points(slow, budget=0.01)
    assert any("not finished within" in sentence for sentence in points.unresolved)


@settings(max_examples=3)
@given(st.integers(-3, 3), st.integers(1, 4), st.integers(-4, 4))
def test_multipliers_survive_a_change_of_coordinates(shift, scale, shear):
    henon = ds.DiscreteMap({x: 1 - sp.Rational(7, 5) * x**2 + y, y: sp.Rational(3, 10) * x})
    X, Y = sp.symbols("X Y", real=True)
    moved = henon.conjugate({X: scale * x + shift, Y: y + shear * x})
    before = sorted(complex(m).real for p in ds.fixed_points(henon) for m in p.multipliers)
    after = sorted(complex(m).real for p in ds.fixed_points(moved) for m in p.multipliers)
    np.testing.assert_allclose(before, after, rtol=1e-10)


@pytest.mark.slow
def test_stable_agrees_with_the_eigenvalues_of_the_numbers():
    map_ = ds.heavy_ball((u * v - q) ** 2 / 2 + (u**2 + v**2) / 20, [u, v], eta, b)
    rng = np.random.default_rng(3)
    seen = set()
    for p in ds.fixed_points(map_):
        jacobian = sp.lambdify((eta, b, q), map_.jacobian.subs(p.state), "numpy")
        for numbers in rng.uniform([0.05, 0, -2], [2.5, 0.95, 2], (25, 3)):
            at = dict(zip((eta, b, q), numbers, strict=True))
            if bool(p.exists.subs(at)):
                stable = max(abs(np.linalg.eigvals(jacobian(*numbers)))) < 1
                assert bool(p.stable.subs(at)) == stable
                seen.add(stable)
    assert seen == {True, False}


def test_family_given_by_a_relation_drops_its_own_multiplier():
    loss = (sp.tanh(u * v) - sp.Rational(1, 2)) ** 2 / 2
    points = ds.fixed_points(ds.gradient_descent(loss, [u, v], eta))
    for p in points:
        assert len(p.multipliers) == 2 or p.relations
        assert sum(m == 1 for m in p.multipliers) == len(p.family)


def test_readable():
    text = repr(ds.fixed_points(ds.systems.uv()))
    assert "(z = 0) for every k" in text
    assert "exists       k >= 2*rho" in text
    assert "stable       (k > 0) & (k < 2)" in text


def test_bad_input():
    with pytest.raises(ds.InputError, match="map"):
        ds.fixed_points("uv")


def test_a_value_that_a_function_does_not_take_is_no_solution():
    loss = (sp.tanh(u * v) - q) ** 2 / 2
    points = ds.fixed_points(ds.gradient_descent(loss, [u, v], eta))
    assert not any(p.relations for p in points)
    assert {tuple(p.state.values()) for p in points} == {(sp.atanh(q) / v, v), (0, 0)}


KINKS = {
    "tent": ({x: r * sp.Min(x, 1 - x)}, {r: 1.7}),
    "Lozi": ({x: 1 - a * sp.Abs(x) + y, y: b * x}, {a: 1.4, b: 0.3}),
    "two lines": ({x: sp.Piecewise((a * x + 1, x < 0), (b * x + 1, True))}, {a: 0.3, b: -0.5}),
    "two kinks": ({x: a * sp.Max(x - 1, 0) - b * sp.Abs(x + 1) + 1}, {a: -2.0, b: 0.7}),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_split_the_map_into_smooth_pieces(name):
    """Against Newton's method from many starts."""
    update, values = KINKS[name]
    map_ = ds.DiscreteMap(update, list(values))
    step = sp.lambdify([map_.state], [e.subs(values) for e in map_.expressions], "numpy")
    starts = np.random.default_rng(0).uniform(-3, 3, (60, map_.dimension))
    found = set()
    for s in starts:
        for _ in range(40):
            F = np.array(step(s), dtype=float)
            A = np.array(
                [(np.array(step(s + 1e-7 * e), dtype=float) - F) / 1e-7 for e in np.eye(len(s))]
            ).T
            s = s - np.linalg.solve(A - np.eye(len(s)), F - s)
        if np.allclose(step(s), s, atol=1e-9):
            found.add(tuple(np.round(s, 6)))
    points = [p for p in ds.fixed_points(map_) if bool(p.exists.subs(values))]
    exact = {tuple(np.round([float(e.subs(values)) for e in p.state.values()], 6)) for p in points}
    assert exact == found
    for p in points:
        at = np.array([float(e.subs(values)) for e in p.state.values()])
        A = [(np.array(step(at + 1e-6 * e)) - at) / 1e-6 for e in np.eye(len(at))]
        assert bool(p.stable.subs(values)) == (max(abs(np.linalg.eigvals(np.array(A).T))) < 1)


def test_a_dead_unit_is_a_family_of_its_own():
    dead, alive = ds.fixed_points(ds.gradient_descent((v * sp.Max(u, 0) - 1) ** 2 / 2, [u, v], eta))
    assert (dead.family, dead.exists) == ((u, v), u < 0)
    assert (alive.family, alive.exists, alive.state[u]) == ((v,), v > 0, 1 / v)


def test_a_point_on_a_kink_is_said():
    points = ds.fixed_points(ds.DiscreteMap({x: sp.Abs(x) / 2}))
    assert not points
    assert any("kink" in sentence for sentence in points.unresolved)


def test_readable_multipliers_are_roots_where_they_fit_and_factors_otherwise():
    u, v = sp.symbols("u v", real=True)
    eta, q, beta = sp.symbols("eta q beta", positive=True)
    loss = (u * v - q) ** 2 / 2
    minima = ds.fixed_points(ds.heavy_ball(loss, weights=[u, v], step=eta, momentum=beta))[0]
    along, alone, pair = minima.readable_multipliers(lambda root: False)
    assert (along, alone) == (1, beta)  # of a factor of the first degree the root is the shortest
    for m in minima.readable_multipliers(lambda root: True)[2:]:
        assert sp.simplify(pair.as_expr().subs(pair.gen, m)) == 0
