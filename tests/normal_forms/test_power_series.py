"""Power series of expressions against derivatives, products and compositions of polynomials."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsharp.normal_forms.power_series import evaluate, ring

p, q = sp.symbols("p q", real=True)
EXPRESSIONS = [
    sp.exp(p * q) / (1 + p**2) + sp.sin(q) ** 3,
    sp.Max(p, q) ** 2 + sp.Abs(p - 2 * q) * sp.Min(p**2, q),
    sp.Piecewise((sp.tanh(p * q), p > q), (sp.sqrt(p + 2) ** 3, True)),
    sp.erf(p) + sp.atan2(p + q, 1 + q**2) + (1 + p**2) ** q,
    (p + q) ** sp.Rational(-3, 2) * sp.log(q) + sp.pi,
]


@pytest.mark.parametrize("e", EXPRESSIONS)
@settings(max_examples=2)
@given(at=st.tuples(st.floats(0.3, 1.2), st.floats(0.3, 1.2)))
def test_power_series_are_those_of_derivatives(e, at):
    if abs(at[0] - at[1]) < 0.01 or abs(at[0] ** 2 - at[1]) < 0.01:
        return
    R = ring(2, 3)
    values = {}
    for i, s in enumerate((p, q)):
        values[s] = R.constant(at[i])
        values[s][1 + i] = 1.0
    series = evaluate([e], values, R)[0]
    for i, j in R.exponents:
        exact = sp.diff(e, p, int(i), q, int(j)).subs({p: at[0], q: at[1]}).doit().evalf()
        exact = float(exact) / float(sp.factorial(i) * sp.factorial(j))
        assert series[R.index[i, j]] == pytest.approx(exact, rel=1e-8, abs=1e-9)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31))
def test_product_and_substitution_are_those_of_polynomials(variables, order, seed):
    R, rng = ring(variables, order), np.random.default_rng(seed)
    a, b = rng.normal(size=(2, R.size))
    inner = rng.normal(size=(variables, R.size))
    inner[:, 0] = 0.0
    t = 1e-3 * rng.normal(size=variables)  # what is cut off is of the order t^(order + 1)

    def value(s, at=t):
        return s @ np.prod(at**R.exponents, axis=1)

    bound = 1e-3**order
    assert value(R.multiply(a, b)) == pytest.approx(value(a) * value(b), abs=bound)
    at = np.array([value(s) for s in inner])
    assert value(a @ R.substitution(inner)) == pytest.approx(value(a, at), abs=bound)
