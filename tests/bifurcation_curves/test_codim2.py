"""Points of codimension two whose place is known, and the curves that go on from them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.bifurcation_curves import continue_bifurcation

x, y, a, b = sp.symbols("x y a b", real=True)
WIDE = {"a": (-3, 3), "b": (-3, 3)}


def special(m, parameter, start, at, fixed, kind, period=1, span=(-3, 3)):
    branch = ds.continue_fixed_point(
        m, parameter, start, at=at, span=span, fixed=fixed, period=period
    )
    return next(p for p in branch.special_points if p.kind == kind)


def kinds(curve):
    return sorted(p.kind for p in curve.special_points)


CUSP = ds.DiscreteMap({x: a + (1 + b) * x - x**3}, [a, b])
BENT = CUSP.conjugate({y: sp.sinh(x) + 1}, {x: sp.asinh(y - 1)})


@pytest.mark.parametrize(
    ("m", "start"),
    [
        (CUSP, {x: 1.0}),
        pytest.param(BENT, {y: 1 + np.sinh(1.0)}, marks=pytest.mark.slow),
    ],
    ids=["plain", "bent"],
)
def test_cusp_under_a_nonlinear_change_of_coordinates(m, start):
    """x' = a + (1 + b) x − x³ has its folds on 27 a² = 4 b³, the cusp at 0."""
    fold = special(m, a, start, 0.1, {b: 0.7}, "fold")
    curve = continue_bifurcation(fold, ("a", "b"), {"a": (-1, 1), "b": (-1, 1.2)})
    A, B = curve.values.T
    np.testing.assert_allclose(27 * A**2, 4 * B**3, atol=1e-11)
    assert (B.max(), len(curve) > 100) == (1.2, True)
    (cusp,) = curve.special_points
    assert cusp.kind == "cusp"
    np.testing.assert_allclose(cusp.values, 0, atol=1e-10)
    assert cusp.normal_form["c"].real < 0  # of either form: three fixed points, two stable
    assert cusp.uncertainty < (1e-10, 1e-10)


def test_generalised_flip_and_the_folds_of_the_doubled_cycle():
    """x' = −(1 + a)x + b x³ + x⁵: for x² = w the 2-cycles are w² + b w = a, their fold b² = −4a."""
    m = ds.DiscreteMap({x: -(1 + a) * x + b * x**3 + x**5}, [a, b])
    flip = special(m, a, {x: 0.0}, -0.3, {b: 0.5}, "flip")
    curve = continue_bifurcation(flip, ("a", "b"), WIDE)
    np.testing.assert_allclose(curve.values[:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(curve.coefficient, curve.values[:, 1], atol=1e-10)
    (point,) = curve.special_points
    assert point.kind == "generalised-flip"
    np.testing.assert_allclose(point.values, 0, atol=1e-10)
    folds = curve.switch(point)
    assert (folds.kind, folds.period) == ("fold", 2)
    A, B = folds.values.T
    np.testing.assert_allclose(B, -2 * np.sqrt(-A), atol=1e-10)  # w > 0 where b < 0
    np.testing.assert_allclose(folds.states[:, :, 0] ** 2, np.tile(-B / 2, (2, 1)).T, atol=1e-8)


def test_resonances_of_a_two_dimensional_map_from_its_trace():
    """x' = y, y' = a + b y + c x − x²: det = 2x − c, trace = b on the fixed points."""
    c = sp.Rational(1, 5)
    m = ds.DiscreteMap({x: y, y: a + b * y + c * x - x**2 + x * y / 4}, [a, b])
    X = sp.Symbol("X", real=True)
    trace, det = m.jacobian.trace().subs({x: X, y: X}), m.jacobian.det().subs({x: X, y: X})
    fixed = m.expressions[1].subs({x: X, y: X}) - X
    start = special(m, b, {x: 0.5, y: 0.5}, 0.0, {a: 0.6}, "neimark-sacker")
    curve = continue_bifurcation(start, ("a", "b"), WIDE)
    for A, B, state in zip(*curve.values.T, curve.states[:, 0], strict=True):
        here = {a: A, b: B, X: state[0]}
        assert abs(fixed.subs(here)) < 1e-12
        assert abs(det.subs(here) - 1) < 1e-12
    for kind, tr in {"1:1": 2, "1:2": -2, "1:3": -1, "1:4": 0}.items():
        exact = [
            s for s in sp.solve([fixed, det - 1, trace - tr], [a, b, X], dict=True) if s[a].is_real
        ]
        found = [p for p in curve.special_points if p.kind == kind]
        assert len(found) == len(exact) == 1
        want = [float(exact[0][s]) for s in (a, b)]
        np.testing.assert_allclose(found[0].values, want, atol=1e-11)
        mu = complex(found[0].multipliers[0])
        assert mu.real == pytest.approx(tr / 2, abs=1e-11)


@pytest.fixture(scope="module")
def unfolded():
    """All of fold, flip and Neimark–Sacker curves of one map."""
    m = ds.DiscreteMap({x: y, y: a + b * x - x * y / 5 - y**2 + x**3 / 10}, [a, b])
    fold = special(m, a, {x: 0.1, y: 0.1}, 0.1, {b: 0.2}, "fold")
    return m, continue_bifurcation(fold, ("a", "b"), WIDE)


def test_curves_meet_where_they_should(unfolded):
    _, folds = unfolded
    places = {p.kind: p for p in folds.special_points}
    assert set(places) == {"1:1", "fold-flip"}
    flips = folds.switch(places["fold-flip"])
    circles = folds.switch(places["1:1"])
    assert (flips.kind, circles.kind) == ("flip", "neimark-sacker")
    back = {p.kind: p for p in flips.special_points}
    np.testing.assert_allclose(back["fold-flip"].values, places["fold-flip"].values, atol=1e-10)
    again = flips.switch(back["1:2"])
    assert again.kind == "neimark-sacker"
    # the same curve from either of its ends
    ends = [{p.kind: p.values for p in c.special_points} for c in (circles, again)]
    assert set(ends[0]) == set(ends[1])
    for kind in ends[0]:
        np.testing.assert_allclose(ends[0][kind], ends[1][kind], atol=1e-9)


def test_neimark_sacker_curve_of_the_doubled_cycle(unfolded):
    m, folds = unfolded
    point = next(p for p in folds.special_points if p.kind == "fold-flip")
    curve = folds.switch(point, "neimark-sacker", 2)
    assert len(curve) > 50
    J = sp.lambdify([*m.state, *m.parameters], m.jacobian)
    for values, (one, two) in zip(curve.values, curve.states, strict=True):
        A = np.array(J(*two, *values)) @ np.array(J(*one, *values))
        assert np.linalg.det(A) == pytest.approx(1, abs=1e-10)
        assert abs(np.trace(A)) <= 2 + 1e-10
    with pytest.raises(ds.InputError, match="neimark-sacker of period 2"):
        folds.switch(point, "fold", 7)


@pytest.mark.parametrize("step", [pytest.param(0.003, marks=pytest.mark.slow), 0.1])
def test_no_point_is_lost_with_another_step(unfolded, step):
    m, folds = unfolded
    fold = special(m, a, {x: 0.1, y: 0.1}, 0.1, {b: 0.2}, "fold")
    other = continue_bifurcation(fold, ("a", "b"), {"a": (-3, 0.3), "b": (-2, 1.5)}, step=step)
    expected = {p.kind: p.values for p in folds.special_points}
    assert {p.kind for p in other.special_points} == set(expected)
    for p in other.special_points:
        np.testing.assert_allclose(p.values, expected[p.kind], atol=1e-11)


def test_two_cusps_within_one_step():
    """x' = x + a + b x + P(x): folds b = −P'(x), cusps P''(x) = 12 (x² − d²) = 0 at x = ± d."""
    d = sp.Rational(1, 1000)
    m = ds.DiscreteMap({x: x + a + b * x + x**4 - 6 * d**2 * x**2}, [a, b])
    fold = special(m, a, {x: -0.5}, 0.05, {b: 0.3}, "fold")
    curve = continue_bifurcation(fold, ("a", "b"), WIDE, step=0.1)
    found = sorted(p.state["x"] for p in curve.special_points)
    assert kinds(curve) == ["cusp", "cusp"]
    np.testing.assert_allclose(found, [-1e-3, 1e-3], atol=1e-9)


def test_curves_from_several_threads_are_those_from_one():
    """Coefficients along flips and Neimark–Sacker points need third derivatives at each point."""
    m = ds.DiscreteMap({x: y, y: a + b * x - x * y / 5 - y**2 + x**3 / 10}, [a, b])
    fold = special(m, a, {x: 0.1, y: 0.1}, 0.1, {b: 0.2}, "fold")
    folds = continue_bifurcation(fold, ("a", "b"), WIDE, step=0.1)
    alone = [folds.switch(p) for p in folds.special_points]
    with ThreadPoolExecutor(8) as pool:
        tasks = [pool.submit(folds.switch, p) for p in folds.special_points * 4]
    assert [t.result() for t in tasks] == alone * 4
