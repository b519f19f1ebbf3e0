"""Events at the ends of a span, and next to them: on the branch or not, and never too sure."""

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point

x, y, r = sp.symbols("x y r", real=True)
LOGISTIC, HENON = ds.systems.logistic(), ds.systems.henon()
PITCHFORK = ds.DiscreteMap({x: x + r * x - x**3}, [r])
TURN = sp.Matrix([[3, -4], [4, 3]]) / 5 * sp.Matrix([x, y]) * (1 + r)
CIRCLE = ds.DiscreteMap(
    {x: TURN[0] - x * (x**2 + y**2), y: TURN[1] - y * (x**2 + y**2)}, [r], name="circle"
)
OPPOSITE = ds.DiscreteMap({x: -(1 + r) * x + x**3, y: -(1 - r) * y + y**3}, [r])
# map, parameter, start, at, where it happens, what, other end, fixed
OUTWARD = {  # multipliers reach the circle from inside
    "transcritical": (LOGISTIC, "r", {"x": 0}, 0.5, 1.0, "branch", 0.2, None),
    "other branch": (LOGISTIC, "r", {"x": 0.5}, 2.0, 1.0, "branch", 2.8, None),
    "pitchfork": (PITCHFORK, "r", {"x": 0}, -0.5, 0.0, "branch", -1.0, None),
    "flip": (LOGISTIC, "r", {"x": 0.6}, 2.5, 3.0, "flip", 1.5, None),
    "flip, Hénon": (HENON, "a", {"x": 0.8, "y": 0.2}, 0.3, 0.3675, "flip", 0.05, {"b": 0.3}),
    "pair": (CIRCLE, "r", {"x": 0, "y": 0}, -0.1, 0.0, "neimark-sacker", -0.3, None),
}
INWARD = {
    "transcritical": (LOGISTIC, "r", {"x": 0}, 2.0, 1.0, "branch", 4.0, None),
    "pitchfork": (PITCHFORK, "r", {"x": 0}, 0.5, 0.0, "branch", 1.0, None),
    "flip": (LOGISTIC, "r", {"x": 0.68}, 3.2, 3.0, "flip", 4.0, None),
    "flip, Hénon": (HENON, "a", {"x": 0.7, "y": 0.2}, 0.6, 0.3675, "flip", 1.05, {"b": 0.3}),
    "pair": (CIRCLE, "r", {"x": 0, "y": 0}, 0.1, 0.0, "neimark-sacker", 0.3, None),
    "opposite": (OPPOSITE, "r", {"x": 0, "y": 0}, 0.1, 0.0, "flip", 0.2, None),
}
CASES = [*OUTWARD.values(), *INWARD.values()]


def near(case, beyond):
    """Return the events near the critical value, with the span ending so far beyond it."""
    map, parameter, start, at, value, kind, other, fixed = case
    span = sorted((value + np.sign(value - other) * beyond, other))
    branch = continue_fixed_point(map, parameter, start, at, span, fixed=fixed)
    assert branch.ends[0].startswith("the span ends")
    assert branch.ends[1].startswith("the span ends")
    return [p for p in branch.special_points if abs(p.value - value) < 1e-3], value, kind


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("beyond", [1e-9, 1e-10, 1e-11, 1e-13])
def test_what_happens_just_before_the_end_is_found(case, beyond):
    (found,), value, kind = near(case, beyond)
    assert found.kind == kind
    assert abs(found.value - value) <= found.uncertainty < 1e-12


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("beyond", [1e-6, 1e-9, 1e-11])
def test_what_happens_just_beyond_the_end_is_not(case, beyond):
    assert near(case, -beyond)[0] == []


@pytest.mark.parametrize(
    "case", [*INWARD.values(), *(c for c in OUTWARD.values() if c[5] == "branch")]
)
def test_exactly_at_the_end(case):
    (found,), value, kind = near(case, 0.0)
    assert found.kind == kind
    assert abs(found.value - value) <= found.uncertainty < 1e-12


def test_the_transcritical_point_at_the_end_of_the_logistic_span():
    branch = continue_fixed_point(LOGISTIC, "r", {"x": 0}, 2.0, (1, 4))
    (found,) = branch.special_points
    assert (found.kind, found.status, branch.status) == ("branch", "located", "complete")
    assert abs(found.value - 1) <= found.uncertainty < 1e-13
    form = found.normal_form
    assert (form.kind, form.a, form.b) == ("transcritical", pytest.approx(1), pytest.approx(-1))


@pytest.mark.parametrize("step", [1e-3, 1e-2, 1.0])
def test_the_width_of_a_bracket_about_a_fold_holds_the_fold(step):
    # x = (r - x²)/…: no derivative at the fold, which no method locates to rounding
    map = ds.DiscreteMap({x: x + r - sp.Abs(x) ** sp.Rational(3, 2)}, [r])
    branch = continue_fixed_point(map, "r", {"x": 0.5}, 0.35, (-1, 1), step=step)
    for p in branch.special_points:
        assert abs(p.value) <= p.uncertainty
