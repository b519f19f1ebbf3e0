"""Bifurcation curves are the same in other coordinates, and slice by slice."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.bifurcation_curves import continue_bifurcation

x, y, a, b, r, s, eta, beta = sp.symbols("x y a b r s eta beta", real=True)
q, z = sp.symbols("q z", real=True)
BOX = {"a": (-0.5, 1.5), "b": (-0.6, 0.8)}


def henon():
    return ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x + y**2 / 10}, [a, b])


def specials(m, start, **options):
    branch = ds.continue_fixed_point(m, "a", start, at=0.3, span=(-0.5, 1.5), fixed={"b": 0.2})
    return {p.kind: p for p in branch.special_points}


def places(curve):
    found = sorted((p.kind, *np.round(p.values, 9) + 0.0) for p in curve.special_points)
    return [row[0] for row in found], np.array([row[1:] for row in found])


def distance(point, rows):
    """Distance of a point from the polygon through the rows."""
    chord = np.diff(rows, axis=0)
    along = ((point - rows[:-1]) * chord).sum(axis=1) / (chord**2).sum(axis=1)
    nearest = rows[:-1] + np.clip(along, 0, 1)[:, None] * chord
    return np.linalg.norm(point - nearest, axis=1).min()


@pytest.mark.slow
@settings(max_examples=3, phases=[Phase.generate], deadline=None, derandomize=True)
@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.3, 3))
def test_other_coordinates_give_the_same_curve(k, t, scale):
    k, t, scale = (sp.Rational(str(round(v, 3))) for v in (k, t, scale))
    u, v = sp.symbols("u v", real=True)
    plain = henon()
    # u = scale (x + k y²), v = y + t
    bent = plain.conjugate(
        {u: scale * (x + k * y**2), v: y + t}, {x: u / scale - k * (v - t) ** 2, y: v - t}
    )
    X, Y = 0.65, 0.13
    start = {u: float(scale * (X + float(k) * Y**2)), v: Y + float(t)}
    one, two = specials(plain, {x: X, y: Y}), specials(bent, start)
    assert set(one) == set(two) == {"fold", "flip"}
    for kind in one:
        c, d = (continue_bifurcation(p[kind], ("a", "b"), BOX) for p in (one, two))
        assert max(distance(v, c.values) for v in d.values[::7]) < 2e-4  # of the chords
        assert max(distance(v, d.values) for v in c.values[::7]) < 2e-4
        kinds = [places(w) for w in (c, d)]
        assert kinds[0][0] == kinds[1][0]
        np.testing.assert_allclose(kinds[0][1], kinds[1][1], atol=1e-9)


@pytest.mark.parametrize("kind", ["fold", "flip"])
def test_the_order_of_the_parameters_does_not_matter(kind):
    p = specials(henon(), {x: 0.65, y: 0.13})[kind]
    one = continue_bifurcation(p, ("a", "b"), BOX)
    two = continue_bifurcation(p, ("b", "a"), BOX)
    assert two.parameters == ("b", "a")
    rows = two.values[:, ::-1]
    if np.sign(rows[-1, 1] - rows[0, 1]) != np.sign(one.values[-1, 1] - one.values[0, 1]):
        rows = rows[::-1]
    assert len(rows) == len(one)
    np.testing.assert_allclose(rows, one.values, atol=1e-6)
    assert set(one.ends) == set(two.ends)


def test_slices_by_one_parameter_continuation():
    """The naive way: continue in a at fixed values of b."""
    m = henon()
    flips = specials(m, {x: 0.65, y: 0.13})["flip"]
    curve = continue_bifurcation(flips, ("a", "b"), BOX)
    for i in np.linspace(5, len(curve) - 5, 5).astype(int):
        A, B = curve.values[i]
        start = dict(zip(m.state, curve.states[i, 0], strict=True))
        branch = ds.continue_fixed_point(
            m, "a", start, at=A, span=(A - 0.1, A + 0.1), fixed={"b": B}
        )
        point = min(branch.special_points, key=lambda p: abs(p.value - A))
        assert point.kind == "flip"
        assert point.value == pytest.approx(A, abs=1e-12)
        assert point.normal_form.b == pytest.approx(curve.coefficient[i], rel=1e-6)


def test_first_lyapunov_coefficient_agrees_with_slices():
    m = ds.DiscreteMap({x: a * x * (1 - y) + b * x**3, y: x + x * y / 5}, [a, b])
    branch = ds.continue_fixed_point(m, a, {x: 0.4, y: 0.4}, at=1.7, span=(1.2, 3), fixed={b: 0.1})
    (point,) = (p for p in branch.special_points if p.kind == "neimark-sacker")
    curve = continue_bifurcation(point, ("a", "b"), {"a": (1.2, 3), "b": (-1, 1)})
    i = int(np.argmin(np.abs(curve.values[:, 1] - 0.1)))
    np.testing.assert_allclose(curve.values[i], (point.value, 0.1), atol=1e-12)
    assert point.normal_form.b == pytest.approx(curve.coefficient[i], rel=1e-6)


def test_heavy_ball_on_a_double_well():
    """The flip at a minimum of curvature 2 is at η = 1 + β."""
    m = ds.heavy_ball((x**2 - 1) ** 2 / 4, weights=[x], step=eta, momentum=beta)
    start = dict(zip(m.state, (1.0, 0.0), strict=True))
    branch = ds.continue_fixed_point(m, eta, start, at=0.5, span=(0.1, 3), fixed={beta: 0.3})
    (point,) = (p for p in branch.special_points if p.kind == "flip")
    curve = continue_bifurcation(point, (eta, beta), {eta: (0.2, 1.9), beta: (-0.9, 0.95)})
    np.testing.assert_allclose(curve.values[:, 0], 1 + curve.values[:, 1], atol=1e-13)


def test_fold_of_a_three_cycle():
    """x' = r x (1 − x) + s x² is the logistic map in the coordinate (1 − s/r) x."""
    m = ds.DiscreteMap({x: r * x * (1 - x) + s * x**2}, [r, s])
    start = {x: [0.149, 0.485, 0.956]}
    branch = ds.continue_fixed_point(m, r, start, at=3.835, span=(3.8, 3.9), fixed={s: 0}, period=3)
    fold = next(p for p in branch.special_points if p.kind == "fold")
    curve = continue_bifurcation(fold, ("r", "s"), {"r": (3, 4), "s": (-1, 1)})
    np.testing.assert_allclose(curve.values[:, 0], 1 + np.sqrt(8), atol=1e-12)
    assert curve.states.shape[1:] == (3, 1)
    assert (curve.values[0, 1], curve.values[-1, 1]) in ((-1, 1), (1, -1))


def test_edge_of_stability_on_a_family():
    """Minima u v = 1 of ½(u v − 1)² have sharpness u² + v²: the flip is where it is 2/η."""
    m = ds.gradient_descent((x * y - q) ** 2 / 2, weights=[x, y], step=eta)
    branch = ds.continue_fixed_point(
        m, eta, {x: 1.0, y: 1.0}, at=0.8, span=(0.1, 2), fixed={q: 1.0}
    )
    point = branch.special_points[0]
    names = (branch.parameter, "eta")
    curve = continue_bifurcation(point, names, {names[0]: (0.1, 3), "eta": (0.05, 2)})
    U, V = curve.states[:, 0].T
    np.testing.assert_allclose(U * V, 1, atol=1e-12)
    np.testing.assert_allclose((U**2 + V**2) * curve.values[:, 1], 2, atol=1e-12)
    assert curve.values[:, 1].max() == pytest.approx(1, abs=1e-3)  # the flattest minimum
    line = ds.continue_fixed_point(ds.systems.uv(), "rho", {"z": 0, "k": 1.5}, 0.5, (0.1, 1))
    edge = continue_bifurcation(line.special_points[0], ("k", "rho"), {"k": (1, 4), "rho": (0, 3)})
    np.testing.assert_allclose(edge.values[:, 0], 2, atol=1e-13)
    assert (edge.values[:, 1].min(), edge.values[:, 1].max()) == (0, 3)
