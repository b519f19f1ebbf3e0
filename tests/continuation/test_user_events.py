"""Events of the user's own: expressions and functions, on fixed points, cycles and families."""

import pickle

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.errors import InputError

x, y, r, lam = sp.symbols("x y r lambda", real=True)
LOGISTIC = ds.systems.logistic()
HALF = sp.Rational(1, 2)


def logistic(events, **options):
    return continue_fixed_point(LOGISTIC, "r", {"x": 0.6}, 2.5, (1.5, 4), events=events, **options)


def of_kind(branch, kind):
    return [p for p in branch.special_points if p.kind == kind]


def test_closed_forms_on_a_branch_and_on_the_one_switched_to():
    # x* = 1 − 1/r; the 2-cycle has a point at 1/2 at r = 1 + √5
    branch = logistic({"half": x - HALF, "superstable": LOGISTIC.determinant, "late": r - 3.5})
    assert branch.status == "complete"
    for kind, value in (("half", 2), ("superstable", 2), ("late", 3.5)):
        (point,) = of_kind(branch, kind)
        assert abs(point.value - value) <= point.uncertainty < 1e-13
        assert point.status == "located"
        assert branch.stable[branch.where(point)[0]] == (value < 3)
    doubled = branch.switch(of_kind(branch, "flip")[0])
    for kind, value in (("half", 1 + np.sqrt(5)), ("superstable", 1 + np.sqrt(5)), ("late", 3.5)):
        (point,) = of_kind(doubled, kind)
        assert abs(point.value - value) <= point.uncertainty < 1e-13
    assert len(branch.segments()) == 2


def test_an_expression_equals_a_function_and_an_equation():
    one = logistic({"e": x - sp.Rational(7, 10)})
    two = logistic({"e": lambda state, p: state["x"] - 0.7})
    three = logistic({"e": sp.Eq(x, sp.Rational(7, 10))})
    for branch in (one, two, three):
        assert of_kind(branch, "e")[0].value == pytest.approx(10 / 3, abs=1e-13)
    cycles = [b.switch(of_kind(b, "flip")[0]) for b in (one, two)]
    values = [[p.value for p in of_kind(b, "e")] for b in cycles]
    assert values[0] == pytest.approx(values[1], abs=1e-13)
    assert values[0]


def test_a_function_sees_the_whole_cycle_and_all_parameters():
    henon = ds.systems.henon()
    seen = []

    def spread(state, parameters):
        seen.append((np.shape(state["x"]), parameters["b"]))
        return np.ptp(state["x"]) - 1.2

    branch = continue_fixed_point(
        henon, "a", {"x": 0.98, "y": -0.2}, 0.8, (0.4, 0.9), period=2, fixed={"b": 0.3},
        events={"spread": spread},
    )  # fmt: skip
    (point,) = of_kind(branch, "spread")
    # 2-cycle of x' = 1 − a x² + y, y' = b x: (x₁ − x₂)² = (4a − 3(1 − b)²)/a²
    assert point.value == pytest.approx((4 - np.sqrt(16 - 4 * 1.44 * 3 * 0.49)) / 2.88, abs=1e-12)
    assert set(seen) == {((2,), 0.3)}


def test_the_edge_of_stability_on_a_family_is_its_flip():
    uv = ds.systems.uv()
    events = {"edge": uv.observables["sharpness"] - 2}
    branch = continue_fixed_point(uv, "rho", {"z": 0, "k": 1.4}, 0.5, (0.2, 2), events=events)
    (edge,), (flip,) = of_kind(branch, "edge"), of_kind(branch, "flip")
    assert edge.value == pytest.approx(flip.value, abs=1e-13)
    assert branch.parameter == edge.parameter == "k"


def test_zeros_that_one_step_hides_are_found():
    branch = logistic({"two": (r - sp.Rational(31, 10)) ** 2 - sp.Rational(1, 10**6)})
    assert [p.value for p in of_kind(branch, "two")] == pytest.approx([3.099, 3.101], abs=1e-13)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (1 / (r - sp.Rational(16, 5)), "jumps or has a pole"),
        (sp.sqrt(r - 2) + 1, "not finite before"),
        (sp.sqrt(-r), "finite nowhere"),
        (lambda state, p: np.nan, "finite nowhere"),
        (sp.Piecewise((1, r < 3), (-1, True)), "jumps or has a pole"),
    ],
)
def test_what_is_no_zero_says_so(function, says):
    branch = logistic({"odd": function})
    (point,) = of_kind(branch, "odd")
    assert says in point.status
    assert says in repr(branch)
    assert says in branch.status


def test_wrong_input():
    for wrong, match in (
        ([x], "events"),
        ({"flip": x}, "names other than"),
        ({"": x}, "names other than"),
        ({"e": y}, "unknown symbols y"),
        ({"e": "x"}, "Expr"),
        ({"e": lambda s, p: "no"}, "one real number"),
        ({"e": lambda s, p: [1, 2, 3]}, "one real number"),
    ):
        with pytest.raises(InputError, match=match):
            logistic(wrong)


def test_greek_names_and_pickles():
    map = ds.DiscreteMap({x: lam * x * (1 - x)}, [lam])
    branch = continue_fixed_point(
        map, "lambda", {"x": 0.6}, 2.5, (1.5, 4), events={"e": sp.Symbol("lambda") * x - 2}
    )
    (point,) = of_kind(branch, "e")
    assert point.value == pytest.approx(3, abs=1e-13)
    again = pickle.loads(pickle.dumps(branch))
    assert again == branch
    assert again.switch(of_kind(again, "flip")[0]).status == "complete"
    with pytest.raises(InputError, match="a flip or a branch point"):
        branch.switch(point)


@settings(derandomize=True, max_examples=15, deadline=None)
@given(st.floats(0.35, 0.74), st.floats(0.001, 0.05))
def test_every_level_is_found_once_whatever_the_step(level, step):
    branch = logistic({"level": x - level}, step=step)
    (point,) = of_kind(branch, "level")
    assert abs(point.value - 1 / (1 - level)) <= point.uncertainty < 1e-12


def test_a_function_may_take_the_multipliers():
    # the fixed point 1 − 1/r has the multiplier 2 − r, its 2-cycle 4 + 2r − r²
    seen = []

    def half(state, parameters, multipliers):
        seen.append(multipliers.shape)
        return abs(multipliers[0]) - 0.4

    branch = logistic({"half": half})
    assert [p.value for p in of_kind(branch, "half")] == pytest.approx([1.6, 2.4], abs=1e-12)
    assert set(seen) == {(1,)}
    cycle = branch.switch(of_kind(branch, "flip")[0])
    exact = [1 + np.sqrt(5 - m) for m in (0.4, -0.4)]
    assert [p.value for p in of_kind(cycle, "half")] == pytest.approx(exact, abs=1e-12)


def test_multipliers_come_the_largest_first_whatever_the_branch():
    henon = ds.systems.henon()

    def leading(state, parameters, mu, *, level=-0.9):
        assert (np.abs(mu[:-1]) >= np.abs(mu[1:])).all()
        return mu[0].real - level

    branch = continue_fixed_point(
        henon, "a", {"x": 0.8, "y": 0.2}, 0.3, (0.01, 1.4), fixed={"b": 0.3},
        events={"leading": leading},
    )  # fmt: skip
    (point,) = of_kind(branch, "leading")
    u = (0.9 - 0.3 / 0.9) / 2  # u = a x, of μ² + 2uμ − b = 0 at μ = −0.9
    a = u**2 + 0.7 * u  # of a x² + (1 − b) x = 1
    assert point.value == pytest.approx(a, abs=1e-12)


def test_on_a_family_the_multipliers_along_it_are_there_too():
    uv = ds.systems.uv()
    events = {"edge": lambda state, p, mu: float(np.min(mu.real)) + 1}
    branch = continue_fixed_point(uv, "rho", {"z": 0, "k": 1.4}, 0.5, (0.2, 2), events=events)
    (edge,), (flip,) = of_kind(branch, "edge"), of_kind(branch, "flip")
    assert edge.value == pytest.approx(flip.value, abs=1e-12)
