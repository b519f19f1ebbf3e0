"""The cascade against closed forms, Feigenbaum's constants and a naive search."""

import pickle

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq

import dynsharp as ds
from dynsharp.continuation import cascade
from dynsharp.errors import InputError

DELTA = mpmath.mpf("4.669201609102990671853203820466")
ALPHA = mpmath.mpf("2.502907875095892822283902873218")
EOS = ds.systems.uv_eos()
x, y, z, r = sp.symbols("x y z r", real=True)


def within(estimate, exact):
    with mpmath.workdps(60):
        return abs(estimate - exact) <= estimate.error


def test_edge_of_stability_cascade_to_thirty_digits():
    found = cascade(EOS, "rho", start={"F": 0.5}, at=0.5, doublings=9, digits=30)
    assert found.status == "complete"
    assert found.periods == tuple(2**n for n in range(9))
    with mpmath.workdps(50):
        exact = [mpmath.mpf(1), mpmath.sqrt(5) - 1]
        assert all(abs(a - b) < 1e-30 for a, b in zip(found.thresholds, exact, strict=False))
        assert abs(found.superstable[0] - (3 / mpmath.sqrt(2) - 1)) < 1e-30
    for t in found.thresholds:
        assert t.error < 1e-29
    assert within(found.delta, DELTA)
    assert within(found.alpha, ALPHA)
    assert found.delta.error < 1e-3
    assert found.accumulation.error < 1e-8


@pytest.mark.parametrize(
    ("map", "start", "at"),
    [
        (ds.systems.logistic(), {"x": 0.6}, 2.5),
        (ds.DiscreteMap({x: r * sp.sin(x)}, [r], name="sine"), {"x": 1.8}, 2.0),
        (ds.DiscreteMap({x: x * sp.exp(r * (1 - x))}, [r], name="ricker"), {"x": 1.0}, 1.0),
        (ds.systems.balanced_chain(3), {"omega": 1.0}, 0.5),
    ],
)
def test_the_constants_are_within_their_bounds(map, start, at):
    parameter = map.parameters[0]
    for doublings in (7, 8, 9):
        found = cascade(map, parameter, start, at, doublings, 25)
        assert found.status == "complete"
        assert within(found.delta, DELTA)
        assert within(found.alpha, ALPHA)
        longer = cascade(map, parameter, start, at, doublings + 1, 25)
        assert within(found.accumulation, longer.accumulation)


def test_a_cascade_in_two_dimensions_and_a_quartic_maximum():
    henon = cascade(ds.systems.henon(), "a", {"x": 0.8, "y": 0.2}, 0.1, 8, 20, fixed={"b": 0.3})
    with mpmath.workdps(40):
        assert abs(henon.thresholds[0] - mpmath.mpf("0.3675")) < 1e-20
        assert abs(henon.thresholds[1] - mpmath.mpf("0.9125")) < 1e-20
    assert within(henon.delta, DELTA)
    assert within(henon.alpha, ALPHA)
    assert henon.alpha.error < 0.1
    quartic = cascade(ds.DiscreteMap({x: 1 - r * x**4}, [r]), "r", {"x": 0.8}, 0.3, 8, 20)
    assert float(quartic.ratios[-1]) == pytest.approx(7.2846862, abs=0.01)


def test_thresholds_equal_those_of_a_naive_search():
    found = cascade(EOS, "rho", start={"F": 0.5}, at=0.5, doublings=4, digits=15)

    def multiplier(rho, period):
        F, product = 1.6, 1.0
        for _ in range(200_000):
            F = F * (1 + rho - F) ** 2
        for _ in range(period):
            product *= (1 + rho - F) * (1 + rho - 3 * F)
            F = F * (1 + rho - F) ** 2
        return product + 0.9  # not −1, where the orbit settles too slowly

    for n in (1, 2):
        low, high = (float(found.superstable[n - 1]), float(found.thresholds[n]))
        before = brentq(multiplier, low, high, args=(2**n,), xtol=1e-9)
        assert low < before < high
        assert abs(high - before) < 0.1 * (high - low)


def test_results_and_failures():
    found = cascade(EOS, "rho", start={"F": 0.5}, at=0.5, doublings=4, digits=20)
    assert found == cascade(EOS, "rho", start={"F": 0.5}, at=0.5, doublings=4, digits=20)
    data = found.to_dataset()
    assert np.allclose(data["rho"], [float(t) for t in found.thresholds])
    assert "1.236067977499" in repr(found)
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert again.thresholds[1].value == found.thresholds[1].value
    with mpmath.workdps(40):
        assert abs(again.thresholds[1].value - (mpmath.sqrt(5) - 1)) < 1e-20
    shifted = ds.DiscreteMap({x: x + 1 + r**2}, [r])
    nothing = cascade(shifted, "r", {"x": 0}, 0.5, 3)
    assert nothing.thresholds == ()
    assert "not near a solution" in nothing.status
    linear = cascade(ds.DiscreteMap({x: r * x}, [r]), "r", {"x": 0}, 0.5, 3)
    assert len(linear.thresholds) == 1
    assert linear.status != "complete"
    assert not np.isfinite(linear.delta.error)
    line = cascade(ds.systems.uv(), "rho", {"z": 0, "k": 1.5}, 0.5, 3)
    assert "family" in line.status
    for wrong in ({"doublings": 0}, {"digits": 1.5}):
        with pytest.raises(InputError):
            cascade(EOS, "rho", {"F": 0.5}, 0.5, **wrong)


def test_a_cycle_that_splits_before_it_doubles():
    # the 2-cycle ±x of an odd map cannot flip: it splits at r = 2 into two that do
    odd = ds.DiscreteMap({x: -r * x + x**3}, [r], name="odd")
    found = cascade(odd, "r", {"x": 0}, 0.5, 4, 15)
    assert found.status == "complete"
    assert float(found.thresholds[0]) == 1
    assert float(found.thresholds[1]) == pytest.approx(np.sqrt(5), abs=1e-14)
    mirror = cascade(ds.DiscreteMap({x: r * x - x**3}, [r]), "r", {"x": 0.7}, 1.5, 3, 15)
    assert [float(t) for t in mirror.thresholds[1:]] == pytest.approx(
        [float(t) for t in found.thresholds[1:3]], abs=1e-14
    )


@pytest.mark.parametrize(
    ("update", "start", "at"),
    [
        ({x: r * x * (1 - x) + y / 10, y: x / 5 + y**2 / 10}, {"x": 0.6, "y": 0.1}, 2.0),
        ({x: 1 - r * x**2 + y, y: x / 5 + z / 10, z: x / 4}, {"x": 0.6, "y": 0.1, "z": 0.1}, 0.1),
        ({x: 1 - r * x**2 + y, y: -x / 4}, {"x": 0.6, "y": 0.1}, 0.1),
    ],
)
def test_the_constants_beyond_one_dimension(update, start, at):
    map = ds.DiscreteMap(update, [r])
    few = cascade(map, "r", start, at, 3, 20)
    assert not np.isfinite(few.alpha.error)
    assert "no error bound on accumulation, delta, alpha: 3 doublings" in few.note
    assert few.note in repr(few)
    many = cascade(map, "r", start, at, 9, 20)
    assert many.note == ""
    assert within(many.delta, DELTA)
    assert within(many.alpha, ALPHA)
    assert many.alpha.error < 0.1
