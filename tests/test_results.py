"""The protocol of results: told in types that JSON has, compared in every number, as a table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
import xarray as xr

import dynsharp as ds
from dynsharp.results import Result, attributes, number, parts, plain, same, shown, table

x, r = sp.symbols("x r", real=True)
logistic = ds.DiscreteMap({x: r * x * (1 - x)}, parameters=[r], name="logistic")


@dataclass(frozen=True, repr=False, eq=False)
class Point(Result):
    map: ds.DiscreteMap
    parameter: sp.Symbol
    value: sp.Expr
    state: Mapping[Any, Any]
    multipliers: Any
    error: float = 0.0
    track: Any = field(default=None, compare=False)


@dataclass(frozen=True, repr=False, eq=False)
class Points(Result, Sequence):
    told = ("number_of_points", "points")
    map: ds.DiscreteMap
    points: tuple[Point, ...]

    @property
    def number_of_points(self):
        return len(self)

    def __len__(self):
        return len(self.points)

    def __getitem__(self, index):
        return self.points[index]


def point(**changes):
    parts = {
        "map": logistic,
        "parameter": r,
        "value": 1 + sp.sqrt(6),
        "state": {x: sp.Rational(2, 3)},
        "multipliers": np.array([-1 + 2j, 0.5]),
    }
    return Point(**parts | changes)


def test_what_is_told():
    d = point(error=np.inf, track=object()).as_dict()
    assert json.loads(json.dumps(d, allow_nan=False)) == {
        "dynsharp": ds.__version__,
        "map": {
            "name": "logistic",
            "state": ["x"],
            "parameters": ["r"],
            "update": {"x": "r*x*(1 - x)"},
            "domain": "True",
            "observables": {},
        },
        "parameter": "r",
        "value": "1 + sqrt(6)",
        "float": float(1 + np.sqrt(6)),
        "state": {"x": "2/3"},
        "state_float": {"x": 2 / 3},
        "multipliers": [[-1.0, 2.0], [0.5, 0.0]],
        "error": None,
    }


def test_map_and_version_are_told_once():
    d = Points(logistic, (point(), point(value=r))).as_dict()
    assert list(d) == ["dynsharp", "map", "number_of_points", "points"]
    first, second = d["points"]
    assert "map" not in first
    assert "dynsharp" not in first
    assert (second["value"], second["float"]) == ("r", None)


def test_the_text_reads_back():
    d = point(value=r / 3 + sp.exp(-r)).as_dict()
    assert sp.sympify(d["value"], {"r": r}) == r / 3 + sp.exp(-r)


def test_equality_looks_at_every_number():
    assert point() == point(track=1)
    assert point(error=np.nan) == point(error=np.nan)
    for change in (
        {"error": 1e-300},
        {"multipliers": np.array([-1 + 2j, 0.5000000001])},
        {"multipliers": np.array([-1 + 2j])},
        {"state": {x: sp.Rational(1, 3)}},
        {"state": {r: sp.Rational(2, 3)}},
        {"value": sp.Integer(3)},
    ):
        assert point() != point(**change)
    assert point() != 3
    with pytest.raises(TypeError):
        hash(point())


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0, 2.0]), [1.0, 2.0], True),
        (np.array(["a"]), np.array(["a"]), True),
        (np.zeros((2, 1)), np.zeros((1, 2)), False),
        ((np.ones(2), {"a": np.ones(1)}), (np.ones(2), {"a": np.ones(1)}), True),
        ((np.ones(2), {"a": np.ones(1)}), (np.ones(2), {"a": np.zeros(1)}), False),
        ((1, 2), (1, 2, 3), False),
        ({"a": 1}, {"b": 1}, False),
        (sp.Symbol("x"), x, False),
    ],
)
def test_same(one, other, equal):
    assert same(one, other) is same(other, one) is equal


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.1), 0.1),
        (np.int32(3), 3),
        (np.bool_(True), True),
        (Fraction(1, 4), 0.25),
        (-np.inf, None),
        (1j, [0.0, 1.0]),
        (x < r, "x < r"),
        (sp.true, "True"),
        (sp.Matrix([[x, 1]]), [["x", "1"]]),
        (sp.Poly(x**2 - r, x), "-r + x**2"),
        ({"b", "a"}, ["a", "b"]),
        ((k for k in "ab"), ["a", "b"]),
    ],
)
def test_plain(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_what_has_no_json_is_refused():
    with pytest.raises(TypeError, match="builtin_function"):
        plain({"a": [len]})


def test_a_dataset_reads_back():
    data = xr.Dataset({"x": ("r", [1.0, 2.0])}, {"r": [3, 4]}, {"map": "logistic"})
    assert xr.Dataset.from_dict(json.loads(json.dumps(plain(data)))).identical(data)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sp.sqrt(2), 2**0.5),
        (sp.CRootOf(x**5 - x - 1, 0), 1.1673039782614187),
        (sp.I - 1, [-1.0, 1.0]),
        (sp.oo, None),
        (sp.zoo, None),
        (r + 1, None),
    ],
)
def test_number(expression, expected):
    assert number(expression) == expected


def test_dataframe():
    frame = Points(logistic, (point(), point(value=r))).to_dataframe()
    assert list(frame.columns) == ["parameter", "value", "x", "multipliers", "error"]
    assert list(frame["x"]) == [sp.Rational(2, 3)] * 2
    assert frame["multipliers"][0][0] == -1 + 2j
    assert len(point().to_dataframe()) == 1
    clash = point(state={"error": 3.0}).to_dataframe()
    assert (clash["error"][0], clash["state_error"][0]) == (0.0, 3.0)


def test_table_is_aligned():
    assert table([("a", "long", "end"), ("bbb", "", "a long end"), ("c", "d", "")]) == [
        "    a    long  end",
        "    bbb        a long end",
        "    c    d",
    ]
    assert table([]) == []


def test_shown():
    assert shown({"x": 0.1, "y": np.array([1, 2, 3, 4.0])}) == "x = 0.1, y = (1, 2, 3, ...)"
    assert shown(np.array([1 + 0j, 0.5 - 1j])) == "1, 0.5-1j"
    assert shown(2 / 3, 3) == "0.667"
    assert shown(-0.0) == "0"
    assert shown(dict.fromkeys("abcde", 1.0)) == "a = 1, b = 1, c = 1, d = 1, ..."


def test_attributes_and_parts():
    attrs = attributes(logistic, {"b": 0.3}, period=2)
    assert attrs["update"] == "x' = r*x*(1 - x)"
    assert (attrs["fixed"], attrs["period"]) == ("b = 0.3", 2)
    assert attrs["dynsharp_version"] == ds.__version__
    assert parts(np.array([1 + 2j])).tolist() == [[1.0, 2.0]]
