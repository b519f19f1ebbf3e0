"""Large maps on a tape, against the straight-line code and against sympy."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.compiled import pointwise as _evaluator
from dynsharp.compiled import tape as _tape
from dynsharp.continuation import continue_fixed_point
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve

x, y, r, s = sp.symbols("x y r s", real=True)
MAPS = [
    {x: r * x * (1 - x) ** 2 / (2 + y**2) + sp.exp(-x * y), y: sp.tanh(r * x) - y**3 / 3},
    {x: sp.sin(x + r) * sp.sqrt(2 + y) + s, y: sp.cos(x * y) + sp.log(3 + r * x) ** 2},
    {x: x ** sp.Rational(-3, 2) + y**5 * r**-2, y: 1 / (x + y) + sp.pi * r},
]


@pytest.mark.parametrize("update", MAPS)
@settings(derandomize=True, max_examples=5, deadline=None)
@given(st.lists(st.floats(0.2, 1.5), min_size=4, max_size=4))
def test_values_and_forms_are_those_of_sympy(update, numbers):
    map = ds.DiscreteMap(update, [s, r])
    point = dict(zip((x, y, r, s), numbers, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_evaluator, "LARGE", 0)
        curve = Curve(map, r, {"s": numbers[3]}, 1, (0.0, 1.0), np.ones(2))
        image, J, Fp = curve.step(np.array(numbers[:2]), numbers[2])
    exact = [e.subs(point) for e in map.expressions]
    assert image == pytest.approx([float(e) for e in exact], rel=1e-12)
    D = sp.Matrix(map.expressions).jacobian([x, y, r]).subs(point)
    assert np.allclose(np.column_stack([J, Fp]), np.array(D, dtype=float), rtol=1e-11, atol=1e-12)
    t = sp.Symbol("t")
    u = np.array([0.3, -0.7, 0.4])
    moved = {v: point[v] + float(c) * t for v, c in zip((x, y, r), u, strict=True)} | {s: point[s]}
    third = [sp.diff(e.subs(moved, simultaneous=True), t, 3).subs(t, 0) for e in map.expressions]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_evaluator, "LARGE", 0)
        found = 6 * Forms(curve, np.array(numbers[:3])).along(u, 3)
    assert found == pytest.approx([float(e) for e in third], rel=1e-9, abs=1e-9)


def test_a_power_of_zero_has_its_derivatives():
    tape = _tape.taped([x**2, x**3], [x])
    w = np.zeros((tape.size, 4))
    w[1 : 1 + len(tape.numbers), 0], w[0, 1] = tape.numbers, 1.0
    _tape.jets(np.array(tape.lines), w)
    assert w[tape.results].tolist() == [[0, 0, 1, 0], [0, 0, 0, 1]]


def test_what_a_tape_does_not_know_is_left_to_straight_line_code():
    for e in (sp.Abs(x), sp.Max(x, y), sp.Piecewise((x, x > 0), (y, True)), x**y, sp.erf(x)):
        assert _tape.taped([e], [x, y]) is None


def test_dense_maps_in_many_variables():
    depth = 50
    chain, eta = ds.systems.chain(depth), 2.0 / depth
    curve = Curve(chain, chain.parameters[0], {"q": 1.0}, 1, (0.0, 1.0), np.ones(depth))
    image, J, _ = curve.step(np.ones(depth), eta)
    assert image == pytest.approx(np.ones(depth))
    assert np.allclose(J, np.eye(depth) - eta, atol=1e-12)  # at the balanced minimum

    xs = sp.symbols("x1:21", real=True)
    mean = sum(a**2 for a in xs) / 20
    update = {a: r * a * (1 - mean) + sp.Rational(i, 100) * a**2 for i, a in enumerate(xs)}
    branch = continue_fixed_point(
        ds.DiscreteMap(update, [r]), "r", {a.name: 0.7 for a in xs}, 1.9, (1.7, 2.1)
    )
    F = sp.lambdify((*xs, r), list(update.values()))
    for i in range(0, len(branch), 9):
        assert F(*branch.states[i, 0], branch.values[i]) == pytest.approx(branch.states[i, 0])
