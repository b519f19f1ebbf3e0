"""Wrong input is an InputError; what cannot be computed is said in the result."""

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.bifurcation_curves import continue_bifurcation
from dynsharp.bifurcation_curves import track as _track

x, y, a, b, K, alpha = sp.symbols("x y a b K alpha", real=True)


@pytest.fixture(scope="module")
def branch():
    m = ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b], name="henon")
    return ds.continue_fixed_point(
        m, a, {"x": 0.6, "y": 0.2}, at=0.3, span=(-0.5, 1), fixed={"b": 0.3}
    )


SPAN = {"a": (-1, 2), "b": (-1, 0.9)}


@pytest.mark.parametrize(
    ("parameters", "span", "options", "text"),
    [
        (("a", "c"), SPAN, {}, "parameters: got 'c'"),
        (("a", "x"), SPAN, {}, "parameters: got 'x'"),
        (("a", "a"), SPAN, {}, "two different parameters"),
        ("a", SPAN, {}, "two parameters"),
        (("a", "b"), {"a": (0, 1)}, {}, "span: got"),
        (("a", "b"), [(0, 1), (0, 1)], {}, "span: got"),
        (("a", "b"), {"a": (1, 2), "b": (-1, 1)}, {}, "a range around 0.3675"),
        (("a", "b"), {"a": (2, 0), "b": (-1, 1)}, {}, "the lesser first"),
        (("a", "b"), {"a": (0, np.inf), "b": (-1, 1)}, {}, "a finite number"),
        (("a", "b"), {"a": 3, "b": (-1, 1)}, {}, "two numbers"),
        (("a", "b"), SPAN, {"step": 0}, "step: got 0"),
        (("a", "b"), SPAN, {"max_points": 1}, "max_points: got 1"),
    ],
)
def test_wrong_input_is_named(branch, parameters, span, options, text):
    flip = next(p for p in branch.special_points if p.kind == "flip")
    with pytest.raises(ds.InputError, match=text):
        continue_bifurcation(flip, parameters, span, **options)


def test_points_of_other_kinds_are_refused():
    m = ds.DiscreteMap({x: a * x - x**3 + b}, [a, b])
    line = ds.continue_fixed_point(m, a, {x: 0}, at=0.5, span=(0, 2), fixed={b: 0})
    pitchfork = next(p for p in line.special_points if p.kind == "branch")
    with pytest.raises(ds.InputError, match="a symmetry"):
        continue_bifurcation(pitchfork, ("a", "b"), {"a": (0, 2), "b": (-1, 1)})
    with pytest.raises(ds.InputError, match="a special point of a branch"):
        continue_bifurcation("flip", ("a", "b"), {"a": (0, 2), "b": (-1, 1)})


def test_flips_on_a_family_need_its_coordinate():
    m, start = ds.systems.uv_physical(), {"df": 0, "lam": 1.5}
    line = ds.continue_fixed_point(m, "eta", start, 1, (0.1, 3), fixed={"y": 0.3, "g": 1})
    flip = line.special_points[0]
    with pytest.raises(ds.InputError, match="the family's coordinate lam"):
        continue_bifurcation(flip, ("eta", "y"), {"eta": (0.1, 3), "y": (0, 1)})
    chain = ds.continue_fixed_point(
        ds.systems.chain(depth=3),
        "eta",
        {f"w{i}": 1 for i in (1, 2, 3)},
        0.5,
        (0.1, 2),
        fixed={"q": 1},
    )
    flip = chain.special_points[0]
    with pytest.raises(ds.InputError, match="a family of dimension 2"):
        continue_bifurcation(flip, (flip.parameter, "eta"), {flip.parameter: (0, 3), "eta": (0, 1)})


def test_branch_points_kept_by_a_symmetry_are_not_called_folds():
    m = ds.DiscreteMap({x: sp.tanh(a * x + b * y), y: sp.tanh(a * y / 2 - b * x)}, [a, b])
    line = ds.continue_fixed_point(m, a, {x: 0, y: 0}, at=0.5, span=(0.2, 4), fixed={b: 0.8})
    (point,) = (p for p in line.special_points if p.kind == "neimark-sacker")
    curve = continue_bifurcation(point, ("a", "b"), {"a": (-4, 4), "b": (-3, 3)})
    resonance = next(p for p in curve.special_points if p.kind == "1:1")
    # det = a²/2 + b² = 1 and trace 3a/2 = 2
    np.testing.assert_allclose(resonance.values, (4 / 3, 1 / 3), atol=1e-11)
    folds = curve.switch(resonance)
    assert len(folds) == 0
    assert "branch point in both parameters" in folds.status


def test_closed_curve():
    m = ds.DiscreteMap({x: x + (a**2 + b**2 - 1) + x**2}, [a, b])
    line = ds.continue_fixed_point(m, a, {x: -0.5}, at=0.866, span=(0.2, 1.5), fixed={b: 0})
    circle = continue_bifurcation(line.special_points[0], ("a", "b"), {"a": (-2, 2), "b": (-2, 2)})
    np.testing.assert_allclose((circle.values**2).sum(axis=1), 1, atol=1e-12)
    assert circle.ends[0] == circle.ends[1]
    assert circle.ends[0].startswith("closed curve")
    np.testing.assert_allclose(circle.values[0], circle.values[-1], atol=1e-12)
    assert circle.values.min() < -0.99
    assert circle.status == "complete"


def test_end_of_the_domain_and_of_the_budget():
    m = ds.DiscreteMap({x: alpha + K * sp.log(x) + x / 4}, [alpha, K])
    line = ds.continue_fixed_point(m, alpha, {x: 1}, at=0.75, span=(-3, 3), fixed={K: 0.1})
    fold = next(p for p in line.special_points if p.kind == "fold")
    box = {"alpha": (-6, 6), "K": (0.05, 4)}
    curve = continue_bifurcation(fold, ("alpha", "K"), box)
    A, k = curve.values.T  # 1/4 + K/x = 1: x = 4K/3
    np.testing.assert_allclose(A, 0.75 * (4 * k / 3) - k * np.log(4 * k / 3), atol=1e-12)
    assert all("the span ends at K" in end for end in curve.ends)
    short = continue_bifurcation(fold, ("alpha", "K"), box, max_points=7)
    assert len(short) == 13
    assert "allow more with max_points" in short.status


@pytest.mark.parametrize("step", [0.01, 0.1])
def test_a_long_step_does_not_cross_a_corner_outside_the_span(step):
    """The folds of x' = a + (1 + b) x − x³ have their cusp at b = 0, just below the span."""
    m = ds.DiscreteMap({x: a + (1 + b) * x - x**3}, [a, b])
    line = ds.continue_fixed_point(m, a, {x: 1.0}, at=0.1, span=(-1, 1), fixed={b: 0.7})
    fold = next(p for p in line.special_points if p.kind == "fold")
    box = {"a": (-1, 1), "b": (1e-4, 1)}
    curve = continue_bifurcation(fold, ("a", "b"), box, step=step)
    assert curve.special_points == ()
    assert np.ptp(np.sign(curve.values[:, 0])) == 0
    assert {curve.values[0, 1], curve.values[-1, 1]} == {1e-4, 1}


def test_multipliers_that_meet_are_not_located_too_well():
    """In a ring of six coupled logistic maps all multipliers are −1 at r = 3, ε = 0."""
    r, e = sp.symbols("r epsilon", real=True)
    X = sp.symbols("x0:6", real=True)
    f = [r * u * (1 - u) for u in X]
    m = ds.DiscreteMap(
        {X[i]: (1 - e) * f[i] + e * (f[i - 1] + f[(i + 1) % 6]) / 2 for i in range(6)}, [r, e]
    )
    line = ds.continue_fixed_point(m, r, dict.fromkeys(X, 0.6), 2.5, (1.5, 3.05), fixed={e: 0.2})
    box = {"r": (2, 4), "epsilon": (-0.4, 0.4)}
    curve = continue_bifurcation(line.special_points[0], ("r", "epsilon"), box)
    np.testing.assert_allclose(curve.values[:, 0], 3, atol=1e-12)
    (point,) = curve.special_points
    assert point.kind == "1:2"
    assert abs(point.values[1]) < point.uncertainty[1]
    assert "several multipliers meet" in point.status
    assert "several multipliers meet" in curve.status


def test_interrupt_returns_what_is_there(branch, monkeypatch):
    def interrupted(start, options):
        for count, way in enumerate(one_way(start, options)):
            yield way
            if count == 20:
                raise KeyboardInterrupt

    one_way = _track.one_way
    monkeypatch.setattr(_track, "one_way", interrupted)
    flip = next(p for p in branch.special_points if p.kind == "flip")
    curve = continue_bifurcation(flip, ("a", "b"), SPAN)
    assert len(curve) >= 20
    assert "interrupted at a = " in curve.status


def test_start_that_is_no_solution(branch):
    from dataclasses import replace

    flip = next(p for p in branch.special_points if p.kind == "flip")
    wrong = replace(flip, located=replace(flip.located, y=np.array([1e8, -1e8, flip.value])))
    curve = continue_bifurcation(wrong, ("a", "b"), SPAN)
    assert len(curve) == 0
    assert "no regular flip point" in curve.status
    assert curve.to_dataset().sizes["point"] == 0
