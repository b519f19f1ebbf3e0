"""Every exact result is told as JSON and shown as a table, and equals itself computed again."""

import json

import pytest

import dynsharp as ds

UV, LOGISTIC, HENON = ds.systems.uv(), ds.systems.logistic(), ds.systems.henon()
DELAYED = ds.systems.delayed_logistic()
RESULTS = {
    "fixed points": lambda: ds.fixed_points(UV),
    "fixed point": lambda: ds.fixed_points(UV)[0],
    "thresholds": lambda: ds.thresholds(ds.fixed_points(LOGISTIC)[1], "r"),
    "threshold": lambda: ds.thresholds(ds.fixed_points(LOGISTIC)[1], "r")[0],
    "family flip": lambda: ds.flip_normal_form(UV, ds.fixed_points(UV)[0], "rho"),
    "flip": lambda: ds.flip_normal_form(HENON, ds.fixed_points(HENON)[0], "a"),
    "fold": lambda: ds.fold_normal_form(LOGISTIC, ds.fixed_points(LOGISTIC)[0], "r"),
    "Neimark-Sacker": lambda: ds.neimark_sacker_normal_form(
        DELAYED, ds.fixed_points(DELAYED)[1], "a"
    ),
    "cycles": lambda: ds.cycles(LOGISTIC, 2),
    "manifolds": lambda: ds.invariant_manifolds(ds.systems.chain(2)),
}


@pytest.mark.parametrize("name", RESULTS)
def test_told_shown_and_compared(name):
    result, again = RESULTS[name](), RESULTS[name]()
    assert result == again
    assert json.loads(json.dumps(result.as_dict())) == again.as_dict()
    assert len(result.to_dataframe()) == (len(result) if hasattr(result, "__len__") else 1)


def test_a_normal_form_tells_its_condition():
    assert RESULTS["flip"]().as_dict()["condition"] == "b > 1"


def test_thresholds_tell_what_is_open():
    (kinds, values) = zip(
        *((t["kind"], t["float"]) for t in RESULTS["thresholds"]().as_dict()["thresholds"]),
        strict=True,
    )
    assert (kinds, values) == (("transcritical", "flip"), (1.0, 3.0))
    slow = ds.thresholds(ds.fixed_points(HENON)[1], "b", budget=1e-3)
    assert slow.as_dict()["unresolved"] == list(slow.unresolved) != []
