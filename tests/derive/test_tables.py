"""Derivations as text, LaTeX and JSON, for maps that are in no catalogue."""

import io
import json

import pytest
import sympy as sp
from rich.console import Console

import dynsharp as ds
from dynsharp.derive.derivation import derive
from dynsharp.derive.machine import as_dict
from dynsharp.derive.tables import as_html, as_latex, as_text, tables

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


@pytest.mark.parametrize("name", MAPS)
def test_every_format(name):
    d = derive(MAPS[name], budget=8)
    made = tables(d)
    out = io.StringIO()
    as_text(made, Console(file=out, width=300))
    assert MAPS[name].name in out.getvalue()
    fragment = as_latex(made)
    assert fragment.count(r"\begin{") == fragment.count(r"\end{")
    assert "<table" in as_html(made)
    assert json.loads(json.dumps(as_dict(d)))["map"] == MAPS[name].name


def test_nothing_is_dropped():
    d = derive(MAPS["no fixed point"])
    out = io.StringIO()
    as_text(tables(d), Console(file=out, width=100))
    assert "None." in out.getvalue()


def test_brackets_are_no_markup():
    out = io.StringIO()
    interval = ds.DiscreteMap({x: r * x}, [r], name="[red]map[/red]")
    as_text(tables(derive(interval)), Console(file=out, width=100))
    assert "[red]map[/red]" in out.getvalue()


def test_ctrl_c_keeps_what_was_derived(monkeypatch):
    def ctrl_c(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("dynsharp.derive.derivation.cycles", ctrl_c)
    d = derive(MAPS["rotation"])
    assert d.interrupted
    assert len(d.fixed_points) == 1
    assert "interrupted" in d.unresolved[-1]
