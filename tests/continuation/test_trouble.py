"""Trouble: bad starts, maps that are not finite or not smooth, stiff units: a sentence each."""

import time

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.errors import InputError
from dynsharp.symbolic.fixed_points import fixed_points

x, y, r = sp.symbols("x y r", real=True)
LOGISTIC = ds.systems.logistic()
STEEP = sp.Integer(10) ** 10


def one(expression):
    return ds.DiscreteMap({x: expression}, [r])


TROUBLE = {
    # nothing to follow
    "no solution": (one(x + 1 + r**2), {"x": 0}, 1, (0, 2), {}, 0, "start closer by"),
    "overflow": (one(sp.exp(sp.exp(x)) + r), {"x": 8}, 1, (0, 2), {}, 0, "start elsewhere"),
    "nan": (one(sp.sqrt(-1 - x**2) + r), {"x": 1}, 1, (0, 2), {}, 0, "start elsewhere"),
    "crossing": (LOGISTIC, {"x": 0}, 1, (0, 2), {}, 0, "at another value"),
    "shorter": (LOGISTIC, {"x": 0.6}, 3.2, (2.5, 4), {"period": 4}, 0, "period 2 instead of 4"),
    "same": (LOGISTIC, {"x": [0.6, 0.6]}, 2.5, (2, 4), {"period": 2}, 0, "period 1 instead of 2"),
    # followed until the map or the method ends
    "root": (one(sp.sqrt(x + r)), {"x": 1.5}, 1, (-3, 3), {}, 50, "its domain ends there"),
    "kink": (one(r - sp.Abs(x)), {"x": 0.5}, 1, (-1, 2), {}, 50, "on the other side"),
    "jump": (one(sp.floor(x) + r), {"x": 0.5}, 0.5, (0, 2), {}, 50, "on the other side"),
    "mod": (one(sp.Mod(2 * x + r, 1)), {"x": 0.3}, 0.5, (0, 1), {}, 50, "on the other side"),
    "cusp": (one(x + r**2 - x**3), {"x": 0.9}, 0.9, (-1, 1), {}, 50, "or several cross"),
    "tiny steps": (LOGISTIC, {"x": 0.6}, 2.5, (2, 4), {"step": 1e-12}, 999, "with max_points"),
    "together": (
        ds.DiscreteMap({x: r * x * (1 - x), y: r * y * (1 - y)}, [r]),
        {"x": 0.6, "y": 0.6}, 2.5, (1.5, 4), {}, 50, "together",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLE)
def test_it_ends_with_a_sentence_and_what_was_computed(name):
    map, start, at, span, options, least, says = TROUBLE[name]
    begun = time.process_time()
    branch = continue_fixed_point(map, "r", start, at, span, **options)
    assert time.process_time() - begun < 10  # compilation included
    assert says in branch.status
    assert len(branch) >= least
    assert np.isfinite(branch.states).all()
    assert np.isfinite(branch.multipliers).all()
    assert says in repr(branch)
    F = sp.lambdify((*map.state, r), list(map.expressions))
    for i in range(0, len(branch), max(1, len(branch) // 20)):
        z = branch.states[i]
        for a, b in zip(z, np.roll(z, -1, axis=0), strict=True):
            assert F(*a, branch.values[i]) == pytest.approx(list(b), abs=1e-9)


COMPLETE = {
    # branches that are infinite, vertical, or do not depend on the parameter
    "infinite": (one(x + r - 1 / x), {"x": 1}, 1, (-3, 3), {}, "grows beyond"),
    "vertical": (one(x + r * (1 + x**2)), {"x": 0.3}, 0, (-1, 1), {}, "from the start"),
    "absent": (one(x**2 - 1), {"x": 1.5}, 0, (-1, 1), {}, "the span ends"),
    "identity": (one(x), {"x": 1.5}, 0, (-1, 1), {}, "from the start"),
    "pole": (one(1 / (x - r)), {"x": 1.6}, 1, (-3, 3), {}, "the span ends"),
    "edge": (LOGISTIC, {"x": 0.6}, 1.5, (1.5, 4), {}, "the span ends"),
    "tiny span": (LOGISTIC, {"x": 0.6}, 2.5, (2.5 - 1e-12, 2.5 + 1e-12), {}, "the span ends"),
    "giant step": (LOGISTIC, {"x": 0.6}, 2.5, (1.5, 4), {"step": 100}, "the span ends"),
    "chaos": (LOGISTIC, {"x": 0.6}, 3.9, (3.8, 3.95), {"period": 500}, "the span ends"),
    "rotation": (ds.DiscreteMap({x: -y, y: x}, [r]), {"x": 0, "y": 0}, 0, (-1, 1), {}, "the span"),
}


@pytest.mark.parametrize("name", COMPLETE)
def test_what_looks_like_trouble_is_followed(name):
    map, start, at, span, options, end = COMPLETE[name]
    branch = continue_fixed_point(map, "r", start, at, span, **options)
    assert branch.status == "complete"
    assert end in " ".join(branch.ends)
    assert np.isfinite(branch.states).all()


@pytest.mark.parametrize("unit", [10**8, sp.Rational(1, 10**8)])
def test_units_of_one_variable_do_not_matter(unit):
    stiff = ds.DiscreteMap({x: r * x * (1 - x / unit) + y * STEEP, y: r * y / 5}, [r])
    start = {"x": 0.6 * float(unit), "y": 0}
    branch = continue_fixed_point(stiff, "r", start, 2.5, (0.5, 4))
    assert branch.status == "complete"
    assert [(p.kind, p.normal_form.kind) for p in branch.special_points] == [
        ("branch", "transcritical"),
        ("flip", "flip"),
    ]
    assert [p.value for p in branch.special_points] == pytest.approx([1, 3], abs=1e-12)
    for p in branch.special_points:
        assert p.normal_form.status == "nondegenerate"


def test_a_fixed_point_at_the_origin_is_not_measured_in_rounding_errors():
    xs = sp.symbols("x1:6", real=True)
    mean = ds.DiscreteMap({s: r * sp.tanh(sum(xs) / 5) + s / 10 for s in xs}, [r])
    branch = continue_fixed_point(mean, "r", {s.name: 0.1 for s in xs}, 0.5, (0, 3))
    assert branch.status == "complete"
    (point,) = branch.special_points
    assert point.normal_form.kind == "pitchfork"
    assert point.value == pytest.approx(0.9, abs=1e-12)


def test_wrong_input_names_the_argument():
    good = {"map": LOGISTIC, "parameter": "r", "start": {"x": 0.6}, "at": 2.5, "span": (1.5, 4)}
    uv = ds.systems.uv()
    family = next(p for p in fixed_points(uv) if p.family)
    away = next(p for p in fixed_points(ds.systems.henon()) if not p.family)
    for wrong, match in (
        ({"map": "logistic"}, "map: got 'logistic'"),
        ({"parameter": "x"}, "parameter: got 'x'"),
        ({"parameter": "s"}, "parameter: got 's'"),
        ({"at": 7}, "at: got 7"),
        ({"at": "here"}, "at: got 'here'"),
        ({"span": (4, 4)}, "span"),
        ({"span": (0, np.inf)}, "span"),
        ({"start": None}, "start"),
        ({"start": {"x": 0.6, "z": 1}}, "start"),
        ({"start": {"x": [0.1, 0.2, 0.3]}, "period": 2}, "start"),
        ({"start": away}, "start"),
        ({"period": 1.5}, "period"),
        ({"step": 0}, "step"),
        ({"max_points": 1}, "max_points"),
        ({"map": uv, "parameter": "rho", "start": family, "at": 1, "span": (0.5, 2)}, "start"),
        ({"map": ds.systems.henon(), "parameter": "a", "start": {"x": 0, "y": 0}}, "fixed"),
    ):
        with pytest.raises(InputError, match=match):
            continue_fixed_point(**(good | wrong))
