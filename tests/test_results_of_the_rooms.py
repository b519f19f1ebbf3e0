"""Every result of every room: told in types that JSON has, equal to its copy, as a table."""

import json
import pickle

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.derive import derive
from dynsharp.results import Result

x, r = sp.symbols("x r", real=True)
LOGISTIC = ds.DiscreteMap({x: r * x * (1 - x)}, parameters=[r], name="logistic")


def branch():
    return ds.continue_fixed_point(LOGISTIC, "r", {"x": 0.6}, 2.5, (1.5, 3.9))


def curve():
    start = {"x": 0.9, "y": 0.3}
    found = ds.continue_fixed_point(
        ds.systems.henon(), "a", start, 0.3, (0.1, 0.9), fixed={"b": 0.3}
    )
    return ds.continue_bifurcation(
        found.special_points[0], ("a", "b"), {"a": (0.2, 4), "b": (-1.2, 0.5)}
    )


def regime():
    run = ds.orbit(ds.systems.uv(), {"z": -1.0, "k": 0.6}, 100, fixed={"rho": 1.1})
    return ds.training_regime(run, eta=1)


RESULTS = {
    "fixed points": (lambda: ds.fixed_points(LOGISTIC), 2),
    "exact cycles": (lambda: ds.cycles(LOGISTIC, 2), 1),
    "manifolds": (lambda: ds.invariant_manifolds(LOGISTIC), None),
    "flip": (lambda: ds.flip_normal_form(LOGISTIC, ds.fixed_points(LOGISTIC)[1], r), 1),
    "derivation": (lambda: derive(LOGISTIC), 1),
    "branch": (branch, 1),
    "special point": (lambda: branch().special_points[0], 1),
    "tree": (lambda: ds.bifurcation_diagram(LOGISTIC, "r", (2.5, 3.5), progress=False), 2),
    "cascade": (lambda: ds.cascade(LOGISTIC, "r", {"x": 0.6}, 2.9, doublings=4), 4),
    "curve": (curve, 1),
    "cycles in a box": (lambda: ds.find_cycles(LOGISTIC, 4, {"x": (0, 1)}, fixed={"r": 4}), None),
    "regime": (regime, 2),
}


@pytest.mark.parametrize("name", RESULTS)
def test_protocol(name):
    make, rows = RESULTS[name]
    result = make()
    assert isinstance(result, Result)
    told = result.as_dict()
    assert told["dynsharp"] == ds.__version__
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    copy = pickle.loads(pickle.dumps(result))
    assert copy == result
    assert copy.as_dict() == told
    assert repr(copy) == repr(result)
    assert " object at 0x" not in repr(result)
    frame = result.to_dataframe()
    assert rows is None or len(frame) == rows


def test_a_copy_with_expressions_that_sympy_writes_otherwise_is_equal():
    found = ds.cycles(ds.systems.uv_eos(), period=2)
    copy = pickle.loads(pickle.dumps(found))
    assert str(copy[0].points) != str(found[0].points)  # (rho + 1)/2 comes back as rho/2 + 1/2
    assert copy == found
    assert copy != ds.cycles(ds.systems.uv_eos(), period=1)


def test_a_branch_in_json():
    told = branch().as_dict()
    assert told["map"]["name"] == "logistic"
    (flip,) = told["special_points"]
    assert (flip["kind"], flip["criticality"]) == ("flip", "supercritical")
    assert flip["value"] == pytest.approx(3, abs=1e-13)
    assert flip["normal_form"]["b"] == pytest.approx(branch().special_points[0].normal_form.b)
    assert told["stable"] == [[1.5, pytest.approx(3, abs=1e-13)]]


def test_a_cascade_keeps_its_digits_in_json():
    found = ds.cascade(LOGISTIC, "r", {"x": 0.6}, 2.9, doublings=3, digits=25)
    second = found.as_dict()["thresholds"][1]
    assert abs(sp.Float(second["value"], 30) - (1 + sp.sqrt(6))) < second["error"] < 1e-23


def test_results_that_differ_are_not_equal():
    one, other = branch(), ds.continue_fixed_point(LOGISTIC, "r", {"x": 0.6}, 2.5, (1.5, 3.8))
    assert one != other
    assert one.special_points[0] != ds.cascade(LOGISTIC, "r", {"x": 0.6}, 2.9, doublings=1)
    assert np.array_equal(one.to_dataframe()["value"], [p.value for p in one.special_points])
