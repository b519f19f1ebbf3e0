"""What a search takes and gives: wrong input, the table, the Dataset, interruption."""

import json

import numpy as np
import pytest
import sympy as sp
import xarray as xr

import dynsharp as ds
from dynsharp.compiled import threads
from dynsharp.cycle_search import find_cycles

LOGISTIC = ds.systems.logistic()


@pytest.fixture(scope="module")
def cycles():
    return find_cycles(LOGISTIC, 4, {"x": (0, 1)}, fixed={"r": 4})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"period": 0}, "period"),
        ({"period": 2.5}, "period"),
        ({"starts": 0}, "starts"),
        ({"box": {"y": (0, 1)}}, "box"),
        ({"box": {}}, "no interval for x"),
        ({"box": [0, 1]}, "box"),
        ({"box": {"x": (1, 0)}}, "the lesser first"),
        ({"box": {"x": (0, float("inf"))}}, "finite"),
        ({"box": {"x": 3}}, "two numbers"),
        ({"fixed": None}, "no value for r"),
        ({"fixed": {"s": 1}}, "fixed"),
        ({"fixed": {"r": "a"}}, "real number"),
        ({"fixed": 4}, "fixed"),
        ({"map": "logistic"}, "DiscreteMap"),
    ],
)
def test_wrong_input_is_named(arguments, says):
    given = {"map": LOGISTIC, "period": 2, "box": {"x": (0, 1)}, "fixed": {"r": 4}} | arguments
    with pytest.raises(ds.InputError, match=says):
        find_cycles(given.pop("map"), given.pop("period"), given.pop("box"), **given)


def test_it_is_a_sequence_in_the_order_of_periods(cycles):
    assert len(cycles) == sum(cycles.counts.values()) == 8
    assert [c.period for c in cycles] == sorted(c.period for c in cycles)
    assert cycles[0] == next(iter(cycles))
    assert len(cycles[1:3]) == 2
    assert cycles.of_period(4) == tuple(cycles)[5:]
    assert not any(c.stable for c in cycles)
    step = sp.lambdify(LOGISTIC.state, 4 * LOGISTIC.state[0] * (1 - LOGISTIC.state[0]))
    for c in cycles:
        assert step(c.states) == pytest.approx(np.roll(c.states, -1, axis=0), abs=1e-15)
        assert np.argmin(c.states[:, 0]) == 0


def test_only_one_period_when_asked_exactly(cycles):
    only = find_cycles(LOGISTIC, 4, {"x": (0, 1)}, fixed={"r": 4}, exactly=True)
    assert only.counts == {4: 3}
    assert tuple(only) == cycles.of_period(4)


def test_the_table_shows_counts_and_status(cycles):
    text = repr(cycles)
    assert "cycles of logistic at r = 4, x in [0, 1]: 8" in text
    assert "1: 2, 2: 1, 3: 2, 4: 3" in text
    assert "unstable" in text
    assert cycles.status in text


def test_dataset_goes_to_a_file_and_back(cycles, tmp_path):
    data = cycles.to_dataset()
    assert data["x"].dims == ("cycle", "phase")
    assert data.sizes == {"cycle": 8, "phase": 4, "multiplier": 1, "part": 2}
    assert list(data["period"].values) == [c.period for c in cycles]
    assert data["x"].values[2] == pytest.approx(np.tile(cycles[2].states[:, 0], 2))
    assert "complete" in data.attrs["status"]
    data.to_netcdf(tmp_path / "cycles.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "cycles.nc", engine="scipy") as back:
        assert back["multipliers"].values == pytest.approx(data["multipliers"].values)
        assert back.attrs["box"] == "x: 0.0 to 1.0"


def test_an_empty_result_is_one_too():
    none = find_cycles(LOGISTIC, 2, {"x": (0.1, 0.2)}, fixed={"r": 4})
    assert none.counts == {1: 0, 2: 0}
    assert none.to_dataset().sizes["cycle"] == 0
    assert none.complete
    nowhere = ds.DiscreteMap({LOGISTIC.state[0]: sp.sqrt(LOGISTIC.state[0] - 5)})
    assert len(find_cycles(nowhere, 2, {"x": (0, 1)})) == 0


@pytest.mark.parametrize(
    ("map", "box", "fixed"),
    [
        (LOGISTIC, {"x": (0, 1)}, {"r": 4}),
        (ds.systems.henon(), {"x": (-2, 2), "y": (-1, 1)}, {"a": 1.4, "b": 0.3}),
    ],
)
def test_ctrl_c_returns_what_was_found(map, box, fixed, monkeypatch):
    whole = find_cycles(map, 2, box, fixed=fixed)
    run = threads.run

    def interrupted(size, work, *, label, **options):
        if label.endswith("period 3"):
            raise KeyboardInterrupt
        return run(size, work, label=label, **options)

    monkeypatch.setattr(threads, "run", interrupted)
    cut = find_cycles(map, 9, box, fixed=fixed)
    assert tuple(cut)[: len(whole)] == tuple(whole)
    assert cut.status.startswith("interrupted in period 3")
    assert not cut.complete


def test_it_is_told_as_json_and_as_a_table(cycles):
    told = json.loads(json.dumps(cycles.as_dict()))
    assert [c["period"] for c in told["found"]] == [c.period for c in cycles]
    assert told["found"][0]["states"] == cycles[0].states.tolist()
    assert told["found"][0]["multipliers"] == [[c.real, c.imag] for c in cycles[0].multipliers]
    assert told["box"] == {"x": [0.0, 1.0]}
    assert [r["certified"] for r in told["reports"]] == [True] * 4
    assert told["map"]["name"] == "logistic"
    frame = cycles.to_dataframe()
    assert list(frame["period"]) == [c.period for c in cycles]
    assert np.array_equal(frame["x"][2], cycles[2].states[:, 0])


def test_equal_is_what_was_found_equally(cycles):
    again = find_cycles(LOGISTIC, 4, {"x": (0, 1)}, fixed={"r": 4})
    assert cycles == again
    assert cycles != find_cycles(LOGISTIC, 4, {"x": (0, 1)}, fixed={"r": 3.9})
    assert cycles[0] == again[0]
    assert cycles[0] != cycles[1]
    line = find_cycles(ds.DiscreteMap({sp.Symbol("x", real=True): sp.Symbol("x", real=True)}), 1,
                       {"x": (0, 1)})  # fmt: skip
    (family,) = line.families
    assert family.as_dict()["dimension"] == 1
    assert family == family
