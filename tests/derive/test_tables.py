"""Derivations as text, LaTeX and JSON, for maps that are in no catalogue."""

import io
import json

import pytest
import sympy as sp
from rich.console import Console

import dynsharp as ds
from dynsharp.derive import as_text, derive

x, y, r, s = sp.symbols("x y r s", real=True)
MAPS = {
    "ricker": ds.DiscreteMap({x: x * sp.exp(r - x)}, [r], name="ricker"),
    "no fixed point": ds.DiscreteMap({x: x + 1}, name="shift"),
    "rotation": ds.DiscreteMap({x: r * x - y, y: x}, [r], name="rotation"),
    "quintic": ds.DiscreteMap({x: x**5 - x + s + 1 + x}, [s], name="quintic"),
    "names": ds.DiscreteMap(
        {sp.Symbol("x_1", real=True): r * sp.Symbol("x_1", real=True) / 2}, [r], name="a_b & 50%"
    ),
}


def text(d, width):
    return as_text(d.tables(), Console(file=io.StringIO(), width=width))


@pytest.mark.parametrize("name", MAPS)
def test_every_format(name):
    d = derive(MAPS[name], budget=8)
    assert MAPS[name].name in text(d, 300)
    fragment = d.latex()
    assert fragment.count(r"\begin{") == fragment.count(r"\end{")
    assert "<table" in d.html()
    assert json.loads(json.dumps(d.as_dict()))["map"]["name"] == MAPS[name].name
    assert d == d
    assert repr(d) == text(d, 10_000)


def test_nothing_is_dropped():
    assert "None." in text(derive(MAPS["no fixed point"]), 100)


def test_brackets_are_no_markup():
    interval = ds.DiscreteMap({x: r * x}, [r], name="[red]map[/red]")
    assert "[red]map[/red]" in text(derive(interval), 100)


def test_ctrl_c_keeps_what_was_derived(monkeypatch):
    def ctrl_c(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("dynsharp.derive.derivation.cycles", ctrl_c)
    d = derive(MAPS["rotation"])
    assert d.interrupted
    assert len(d.fixed_points) == 1
    assert "interrupted" in d.unresolved[-1]


def test_along_one_parameter_or_several():
    a, b = (derive(MAPS["names"], along, manifolds=False) for along in ("r", [r]))
    assert a == b
    assert {symbol for _, symbol in a.thresholds} == {r}
    with pytest.raises(ds.InputError, match="parameter: got 'q'"):
        derive(MAPS["names"], "q")
