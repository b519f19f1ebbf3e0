"""The pieces against transparent versions: derivative forms, Newton steps, multipliers, limits."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point
from dynsharp.continuation.cascade.limits import limit
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve

x, y, r = sp.symbols("x y r", real=True)
MAPS = [
    ds.DiscreteMap(
        {x: r * sp.tanh(x * y) + sp.exp(-(x**2)), y: x / (1 + y**2) + sp.sin(r * x)}, [r]
    ),
    ds.DiscreteMap({x: sp.Max(r * x, y) ** 3 + sp.Abs(x - 2), y: sp.sqrt(1 + x**2) * y**r}, [r]),
    ds.DiscreteMap(
        {x: sp.Piecewise((r * x**2, x < 1), (x * y, True)), y: sp.erf(x) + sp.atan(y)}, [r]
    ),
    ds.systems.henon().substitute({"b": sp.Rational(3, 10)}),
]


@pytest.mark.parametrize("map", MAPS)
def test_derivative_forms_are_those_of_sympy(map):
    parameter = map.parameters[0]
    curve = Curve(map, parameter, {}, 1, (0.0, 1.0), np.ones(2))
    point = np.array([0.7, 0.4, 0.9])
    forms = Forms(curve, point)
    rng = np.random.default_rng(3)
    u, v, w = rng.normal(size=(3, 3))
    symbols = [*map.state, parameter]
    at = dict(zip(symbols, point, strict=True))

    def along(e, *vectors):
        for vector in vectors:
            e = sum(c * sp.diff(e, s) for c, s in zip(vector, symbols, strict=True))
        return float(e.subs(at).doit())

    def close(form, *vectors):
        exact = [along(e, *vectors) for e in map.expressions]
        assert np.allclose(form, exact, rtol=1e-9, atol=1e-11)

    close(forms.along(u, 1), u)
    close(forms.second(u, u), u, u)
    close(forms.second(u, v), u, v)
    close(forms.third(u, u, u), u, u, u)
    close(forms.third(u, v, w), u, v, w)


@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 2**31))
def test_newton_step_of_a_cycle_is_that_of_the_full_system(period, n, seed):
    rng = np.random.default_rng(seed)
    xs = sp.symbols(f"x1:{n + 1}", real=True)
    update = {s: sp.sin(r * s) + xs[(i + 1) % n] ** 2 / 2 for i, s in enumerate(xs)}
    curve = Curve(ds.DiscreteMap(update, [r]), r, {}, period, (0.0, 2.0), np.ones(n))
    z, border = rng.normal(size=(2, period * n + 1))
    border[n:-1] = 0
    here = curve.linearised(z)
    assert here.finite
    J, Fp, R = here.J, here.Fp, here.R
    sign, newton, null = here.directions(border)
    D = np.zeros((period * n + 1, period * n + 1))
    for i in range(period):
        rows = slice(i * n, i * n + n)
        D[rows, i * n : i * n + n] += J[i]
        k = (i + 1) % period * n
        D[rows, k : k + n] -= np.eye(n)
        D[rows, -1] = Fp[i]
    D[-1] = border / np.abs(border).max()
    assert np.allclose(D @ newton, np.append(-R.ravel(), 0), atol=1e-8 * (1 + np.abs(newton).max()))
    assert np.allclose(D @ null, np.eye(len(D))[-1], atol=1e-8 * (1 + np.abs(null).max()))
    assert abs(sign) == 1


@given(st.floats(0.05, 0.45), st.floats(-0.5, 0.5), st.integers(5, 9))
def test_limit_of_sums_of_geometric_terms(ratio, second, size):
    with mpmath.workdps(40):
        terms = [
            2 + mpmath.mpf(ratio) ** n + second * mpmath.mpf(ratio / 2) ** n for n in range(size)
        ]
        found = limit(terms, 1e-38)
        assert abs(found - 2) <= found.error


def test_multipliers_along_a_branch_are_eigenvalues_of_the_product():
    branch = continue_fixed_point(
        ds.systems.henon(), "a", {"x": 0.98, "y": -0.2}, 0.8, (0.4, 1.0), fixed={"b": 0.3}, period=2
    )
    J = sp.lambdify((*branch.map.state, *branch.map.parameters), branch.map.jacobian)
    for i in range(0, len(branch), 9):
        one, two = (J(*s, branch.values[i], 0.3) for s in branch.states[i])
        exact = np.sort_complex(np.linalg.eigvals(two @ one))
        assert np.allclose(np.sort_complex(branch.multipliers[i]), exact, atol=1e-7)


def test_units_of_the_state_do_not_matter():
    for unit in (10**6, sp.Rational(1, 10**8)):
        map = ds.DiscreteMap({x: r * x * (1 - x * unit)}, [r])
        branch = continue_fixed_point(map, "r", {"x": 0.6 / float(unit)}, 2.5, (0.5, 4))
        kinds = {p.kind: p for p in branch.special_points}
        assert kinds["flip"].value == pytest.approx(3, abs=1e-13)
        assert kinds["flip"].normal_form.a == pytest.approx(-1, abs=1e-10)
        assert kinds["flip"].normal_form.b == pytest.approx(9 * float(unit) ** 2, rel=1e-9)
        assert kinds["branch"].normal_form.kind == "transcritical"


def test_multipliers_that_cross_together_are_reported_not_resolved():
    z = sp.Symbol("z", real=True)
    share = sp.Rational(1, 20)

    def step(s):
        return r * s * (1 - s)

    ring = {
        s: step(s) * (1 - 2 * share) + share * (step(t) + step(u))
        for s, t, u in ((x, y, z), (y, z, x), (z, x, y))
    }
    branch = continue_fixed_point(
        ds.DiscreteMap(ring, [r]), "r", {"x": 0.6, "y": 0.6, "z": 0.6}, 2.5, (1.5, 4)
    )
    one, two = branch.special_points
    assert one.value == pytest.approx(3, abs=1e-13)
    assert "2 multipliers" in two.status
    assert abs(two.value - 54 / 17) <= two.uncertainty + 1e-7
    assert "2 multipliers" in branch.status
