"""Bifurcation curves whose equation is known."""

import json
import pickle

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.bifurcation_curves import continue_bifurcation

x, y, a, b, r = sp.symbols("x y a b r", real=True)


@pytest.fixture(scope="module")
def henon():
    m = ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b], name="henon")
    branch = ds.continue_fixed_point(
        m, a, {"x": 0.6, "y": 0.2}, at=0.3, span=(-0.5, 1), fixed={"b": 0.3}
    )
    return {p.kind: p for p in branch.special_points}


SPAN = {"a": (-1.1, 3.2), "b": (-1.2, 0.9)}


@pytest.mark.parametrize(("kind", "factor"), [("fold", -0.25), ("flip", 0.75)])
def test_henon_in_closed_form(henon, kind, factor):
    curve = continue_bifurcation(henon[kind], ("a", "b"), SPAN)
    A, B = curve.values.T
    np.testing.assert_allclose(A, factor * (1 - B) ** 2, rtol=0, atol=1e-13)
    assert B.min() < -1.05
    assert B.max() == 0.9
    (resonance,) = curve.special_points  # at b = −1 the map preserves area
    assert resonance.kind == {"fold": "1:1", "flip": "1:2"}[kind]
    np.testing.assert_allclose(resonance.values, (4 * factor, -1), atol=1e-12)


def test_neimark_sacker_points_of_an_area_preserving_henon(henon):
    """At b = −1 the trace −2a x is 2 cos θ: all resonances follow."""
    folds = continue_bifurcation(henon["fold"], ("a", "b"), SPAN)
    curve = folds.switch(folds.special_points[0])
    np.testing.assert_allclose(curve.values[:, 1], -1, atol=1e-12)
    found = {p.kind: p.values[0] for p in curve.special_points}
    # 2 cos θ = −2 a x with a x² + 2x = 1 gives a = c² − 2c, c = cos θ
    for kind, c in {"1:1": 1.0, "1:4": 0.0, "1:3": -0.5, "1:2": -1.0}.items():
        assert found.pop(kind) == pytest.approx(c**2 - 2 * c, abs=1e-12)
    assert not found
    assert "chenciner" in curve.status  # where area is preserved there is no coefficient


def test_results_pickle_and_compare(henon):
    curve = continue_bifurcation(henon["flip"], ("a", "b"), SPAN, step=0.05)
    again = pickle.loads(pickle.dumps(curve))
    assert again == curve
    assert again.switch(again.special_points[0]) == curve.switch(curve.special_points[0])
    data = curve.to_dataset()
    assert set(data.data_vars) == {"a", "b", "x", "y", "multipliers", "coefficient"}
    assert data.attrs["kind"] == "flip"


def test_results_are_told_as_data(henon):
    curve = continue_bifurcation(henon["fold"], ("a", "b"), SPAN, step=0.05)
    told = json.loads(json.dumps(curve.as_dict()))
    assert np.array_equal(told["values"], curve.values)
    (point,) = told["special_points"]
    assert (point["kind"], point["status"]) == ("1:1", "located")
    assert point["values"] == list(curve.special_points[0].values)
    form = curve.special_points[0].normal_form
    assert point["normal_form"]["coefficients"] == dict(form.coefficients)
    row = curve.to_dataframe().iloc[0]
    assert (row["kind"], row["x"]) == ("1:1", curve.special_points[0].state["x"])
