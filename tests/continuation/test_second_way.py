"""Normal forms computed two ways, from derivatives and from solutions next to the point."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.normal_forms import codim1 as _normal_forms
from dynsharp.normal_forms.from_solutions import Fit, extrapolated

x, y, z, r = sp.symbols("x y z r", real=True)
LOGISTIC = ds.systems.logistic()


def forms(map, start, at, span, **options):
    branch = continue_fixed_point(map, "r", start, at, span, **options)
    return {p.normal_form.kind: p.normal_form for p in branch.special_points}


@pytest.mark.parametrize(
    ("update", "start", "kind", "a", "b"),
    [
        # the coefficients are written into the map
        ({x: -(1 + 3 * r) * x + 2 * x**3 + x**5}, {x: 0}, "flip", -3, 2),
        ({x: x + 2 * r - 5 * x**2 + x**3}, {x: 0.5}, "fold", 2, -5),
        ({x: (1 + 2 * r) * x - 3 * x**3 + x**4}, {x: 0}, "pitchfork", 2, -3),
        ({x: (1 - 2 * r) * x + 7 * x**2 - x**3}, {x: 0}, "transcritical", -2, 7),
    ],
)
def test_both_ways_give_the_known_coefficients(update, start, kind, a, b):
    map = ds.DiscreteMap(update, [r])
    guess = {s.name: v for s, v in start.items()}
    form = forms(map, guess, 0.625 if kind == "fold" else -0.2, (-0.3, 1))[kind]
    assert (form.a, form.b) == pytest.approx((a, b), rel=1e-9)
    assert form.second == pytest.approx((a, b), rel=1e-6)
    assert form.discrepancy < 1e-6
    assert form.status == "nondegenerate"


C, S, B, Q = sp.symbols("c s b quadratic", real=True)


def circle():
    """e^{iθ} w (1 + r + b |w|²), seen through w = z + (quadratic terms)."""
    back = x - Q * y**2
    size = 1 + r + B * (back**2 + y**2)
    u, v = size * (C * back - S * y), size * (S * back + C * y)
    return ds.DiscreteMap({x: u + Q * v**2, y: v}, [r, C, S, B, Q])


@settings(derandomize=True, max_examples=12, deadline=None)
@given(
    st.floats(0.3, 2.8).filter(lambda t: min(abs(t - np.pi / 2), abs(t - 2 * np.pi / 3)) > 0.1),
    st.floats(-3, 3).filter(lambda b: abs(b) > 0.1),
    st.floats(-1, 1),
)
def test_a_circle_with_known_growth(theta, b, quadratic):
    fixed = {"c": np.cos(theta), "s": np.sin(theta), "b": b, "quadratic": quadratic}
    start = {"x": 0, "y": 0}
    form = forms(circle(), start, -0.1, (-0.2, 0.2), fixed=fixed)["neimark-sacker"]
    # x = z q + z̄ q̄ with |q| = 1 is |w|² = 2 |z|²
    assert form.b == pytest.approx(2 * b, rel=1e-8)
    assert form.second == pytest.approx((1, 2 * b), rel=1e-5)
    assert form.criticality == ("supercritical" if b < 0 else "subcritical")


def test_the_whole_cascade_is_confirmed():
    branch = continue_fixed_point(LOGISTIC, "r", {"x": 0.6}, 2.5, (0.5, 4))
    for _ in range(6):
        (flip,) = [p for p in branch.special_points if p.kind == "flip"]
        assert flip.normal_form.discrepancy < 1e-6
        assert flip.normal_form.supercritical
        branch = branch.switch(flip)


def test_a_map_that_is_not_smooth_is_undetermined():
    # x|x| decides near zero; the derivatives at zero see x³ alone
    map = ds.DiscreteMap({x: -(1 + r) * x + x**3 - sp.Abs(x) * x / 2}, [r])
    form = forms(map, {"x": 0}, -0.5, (-0.8, 0.5))["flip"]
    assert form.criticality == "undetermined"
    assert "second way" in form.status


def test_what_differs_is_said():
    form = _normal_forms.NormalForm("flip", 1.0, 2.0, "supercritical")
    agreed = _normal_forms.confirmed(form, Fit(1.0, 2.00002, (1e-9, 1e-9)), 3.0)
    assert agreed.criticality == "supercritical"
    assert agreed.discrepancy == pytest.approx(1e-5, rel=1e-2)
    differs = _normal_forms.confirmed(form, Fit(1.0, -2.0, (1e-9, 1e-9)), 3.0)
    assert differs.criticality == "undetermined"
    assert differs.discrepancy == 2.0
    assert "b = -2" in differs.status
    vague = _normal_forms.confirmed(form, Fit(1.0, 3.0, (1e-9, 5.0)), 3.0)
    assert vague.criticality == "supercritical"
    assert "not confirmed" in vague.status
    assert "not confirmed" in _normal_forms.confirmed(form, None, 3.0).status


def test_resonant_and_degenerate_points_keep_what_they_have():
    # θ = 2π/3: b has no meaning, a has
    c, s = -sp.Rational(1, 2), sp.sqrt(3) / 2
    map = ds.DiscreteMap({x: (1 + r) * (c * x - s * y) + x**2, y: (1 + r) * (s * x + c * y)}, [r])
    form = forms(map, {"x": 0, "y": 0}, -0.1, (-0.2, 0.2))["neimark-sacker"]
    assert form.resonance == 3
    assert form.b is None
    assert form.second[0] == pytest.approx(form.a, rel=1e-8)
    flat = forms(ds.DiscreteMap({x: -(1 + r) * x + x**5}, [r]), {"x": 0}, -0.5, (-0.8, 0.5))["flip"]
    assert flat.criticality == "degenerate"
    assert abs(flat.second[1]) < 1e-6


def test_extrapolation_equals_the_limit_of_an_even_series():
    def sample(h):
        return np.array([np.cos(h), np.sinh(h) / h]) if h < 1 else None

    value, error = extrapolated(sample, 3.0)
    assert np.all(np.abs(value - 1) <= error + 1e-15)
    assert np.all(error < 1e-8)
    assert extrapolated(lambda h: None, 0.1) is None


@pytest.mark.parametrize("turns", [0, 17, 121])
def test_copies_of_the_branch_are_not_taken_for_it(turns):
    """A circle map on the line: the fold at Ω = K/2π comes again at every whole number."""
    circle = ds.DiscreteMap({x: x + r - sp.Rational(9, 20) / sp.pi * sp.sin(2 * sp.pi * x)}, [r])
    form = forms(circle, {"x": turns + 0.24}, 0.143, (-0.5, 0.5), max_points=30)["fold"]
    assert form.second == pytest.approx((form.a, form.b), rel=1e-6)
    assert form.status == "nondegenerate"


def test_a_long_span_does_not_carry_the_second_way_past_the_branch():
    henon = ds.DiscreteMap({x: 1 - r * x**2 + y, y: -x / 2}, [r])
    branch = continue_fixed_point(henon, "r", {"x": 0.6, "y": -0.3}, 0.5, (-1, 4))
    for _ in range(3):
        flip = next(p for p in branch.special_points if p.kind == "flip")
        assert flip.normal_form.criticality == "supercritical"
        assert flip.normal_form.discrepancy < 1e-3
        branch = branch.switch(flip)
