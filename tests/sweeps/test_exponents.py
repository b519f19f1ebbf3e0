"""Lyapunov exponents against exact values, invariances and block statistics."""

from functools import cache

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.sweeps import lyapunov
from dynsharp.sweeps.exponents import standard_error

x, y, r, s = sp.symbols("x y r s", real=True)
LOGISTIC = ds.DiscreteMap({x: r * x * (1 - x)}, [r], name="logistic")
EOS = ds.systems.uv_eos()
RHO = EOS.parameters[0]
TRANSVERSE = (1 + EOS.state[0] - RHO) ** 2  # the cofactor (1 + z)² of the manifold k = 2F


class Manifold:
    """What `transverse` needs of a manifold at the least."""

    cofactor = TRANSVERSE


def within(value, truth, error, sigmas=5):
    assert abs(float(value) - truth) < sigmas * float(error)


def test_logistic_at_four_is_ln_2():
    le = lyapunov(LOGISTIC, r, [3.2, 4.0], {x: 0.3}, iterations=200_000)
    within(le.exponent[1], np.log(2), le.standard_error[1])
    assert le.standard_error[1] < 1e-3
    multiplier = 4 + 2 * 3.2 - 3.2**2  # of the 2-cycle
    assert float(le.exponent[0]) == pytest.approx(np.log(abs(multiplier)) / 2, abs=1e-4)


def test_uv_at_two_is_the_cubic_chebyshev_map():
    starts = np.linspace(0.31, 3.2, 256)
    le = lyapunov(
        EOS, "rho", np.full(256, 2.0), {"F": starts}, iterations=6000, transverse=TRANSVERSE
    )
    assert le.attrs["diverged"] == 0
    for name, truth in (("exponent", np.log(3)), ("transverse_exponent", 0.0)):
        each = le[name].values
        within(each.mean(), truth, each.std() / 16)  # of 256 independent orbits
    # the stated error is that of the scatter of independent orbits, and errs on the safe side
    ratio = le.standard_error.values.mean() / le.exponent.values.std()
    assert ratio > 0.7


def test_transverse_exponent_of_the_two_cycle():
    rho = np.linspace(1.05, 1.2, 4)
    le = lyapunov(EOS, RHO, rho, {"F": 0.5}, transient=4000, transverse=Manifold())
    np.testing.assert_allclose(le.transverse_exponent, np.log((3 - 2 * rho) ** 2) / 2, atol=1e-9)
    np.testing.assert_allclose(le.exponent, np.log(abs(9 - 2 * (1 + rho) ** 2)) / 2, atol=1e-3)


def test_transverse_to_a_found_manifold_of_the_full_map():
    uv = ds.systems.uv()
    z, k = uv.state
    (rho,) = uv.parameters

    class Found:
        map, cofactor = uv, (1 + z) ** 2
        transverse_multiplier = (1 + EOS.state[0] - rho) ** 2

        def restrict(self):
            return EOS.conjugate({z: EOS.state[0] - rho})

    found = Found()
    found.transverse_multiplier = (1 + z) ** 2
    # off the manifold; the second start is outside the domain, but inside on the manifold, the
    # third the other way about
    values, start = np.array([1.1, 1.2, 1.1]), {"z": [-0.5, -0.5, -1.2], "k": [2.0, 0.1, 2.0]}
    le = lyapunov(uv, "rho", values, start, transient=4000, transverse=found)
    assert le.status.values.tolist() == [0, 5, 0]
    assert le.transverse_status.values.tolist() == [0, 0, 5]
    truth = np.log((3 - 2 * values[:2]) ** 2) / 2
    np.testing.assert_allclose(le.transverse_exponent, [*truth, np.nan], atol=1e-9)
    other = ds.DiscreteMap({z: k / 2, k: z}, uv.parameters)
    with pytest.raises(ds.InputError, match="transverse"):
        lyapunov(other, "rho", [1.0], {"z": -0.5, "k": 2.0}, transverse=found)


def test_henon():
    henon = ds.DiscreteMap({x: 1 - r * x**2 + y, y: s * x}, [r, s], name="Hénon")
    le = lyapunov(henon, r, [1.4], {"x": 0.1, "y": 0.1}, fixed={"s": 0.3}, iterations=400_000)
    within(le.exponent[0], 0.4192, max(float(le.standard_error[0]), 2e-4))


def test_linear_diagonal_map_has_the_logarithm_of_its_largest_entry():
    entries = sp.Matrix([sp.Rational(1, 3), -r, sp.Rational(1, 2)])
    symbols = sp.symbols("a b c", real=True)
    linear = ds.DiscreteMap({q: e * q for q, e in zip(symbols, entries, strict=True)}, [r])
    values = np.array([0.1, 0.7, 0.99, 1.001])
    le = lyapunov(linear, r, values, dict.fromkeys(symbols, 1.0), iterations=4000)
    np.testing.assert_allclose(le.exponent, np.log(np.maximum(values, 0.5)), atol=1e-12)
    assert (le.standard_error < 1e-12).all()


@cache
def of_the_logistic_map():
    return lyapunov(LOGISTIC, r, [3.3, 3.9], {"x": 0.3}, iterations=40_000)


@given(st.floats(0.2, 5.0), st.floats(-2.0, 2.0))
def test_a_change_of_coordinates_changes_no_exponent(scale, shift):
    a, b = sp.symbols("a b", real=True)
    conjugate = ds.DiscreteMap({x: a * LOGISTIC.expressions[0].subs(x, (x - b) / a) + b}, [r, a, b])
    start = {"x": scale * 0.3 + shift}
    fixed = {"a": scale, "b": shift}
    le = lyapunov(conjugate, r, [3.3, 3.9], start, fixed=fixed, iterations=40_000)
    own = of_the_logistic_map()
    assert abs(float(le.exponent[0] - own.exponent[0])) < 1e-9
    within(le.exponent[1], own.exponent[1], le.standard_error[1] + own.standard_error[1])


def test_superstable_and_diverged_orbits_say_so():
    le = lyapunov(LOGISTIC, r, [2.0, 3.7, 4.2], {"x": 0.5}, iterations=2000)
    assert le.status.values.tolist() == [2, 0, 1]
    assert not {"transverse_status", "outside_domain"} & set(le)
    assert le.diverged.values.tolist() == [0, 0, 1]
    assert le.exponent[0] == -np.inf
    assert np.isnan(le.exponent[2])
    assert le.attrs["diverged"] == 1
    assert "2 = superstable" in le.status.attrs["flag_meanings"]


def test_standard_error_of_correlated_blocks():
    draw = np.random.default_rng(3)
    independent = draw.normal(size=(32, 400))
    assert standard_error(independent).mean() == pytest.approx(1 / np.sqrt(32), rel=0.25)
    correlated = np.repeat(draw.normal(size=(16, 400)), 2, axis=0)
    assert standard_error(correlated).mean() > 0.9 / np.sqrt(16)


@pytest.mark.parametrize("transverse", ["cofactor", sp.Symbol("stranger"), object()])
def test_what_is_no_cofactor_is_refused(transverse):
    with pytest.raises(ds.InputError, match="transverse"):
        lyapunov(LOGISTIC, r, [3.0], {"x": 0.3}, transverse=transverse)
