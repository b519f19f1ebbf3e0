"""The program: help, bad input in one line, systems of a user."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from dynsharp import __version__
from dynsharp.cli import commands


def test_version_and_help(good):
    assert good("--version").strip() == __version__
    for command in ("systems", "derive", "diagram", "manifold", "continue", "cascade", "report"):
        assert command in good()
        assert "Usage" in good(command, "--help")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (":nothing", "own.py, which has no 'nothing'"),
        (":number", "of type int"),
        (":asks", "with arguments"),
        (":fails", "ZeroDivisionError"),
        ("", "own.py:decay"),
    ],
)
def test_bad_names_in_a_file(refused, own, name, words):
    assert words in refused("derive", f"{own}{name}")


def test_bad_files(refused, tmp_path):
    assert "no file" in refused("derive", tmp_path / "none.py:a")
    (tmp_path / "syntax.py").write_text("x = 1\ny = (\n")
    assert "line 2" in refused("derive", f"{tmp_path}/syntax.py:x")
    (tmp_path / "imports.py").write_text("import no_such_module_anywhere\n")
    assert "line 1: ModuleNotFoundError" in refused("derive", f"{tmp_path}/imports.py:x")
    (tmp_path / "map.py").write_text("import dynsharp as ds\nm = ds.DiscreteMap({})\n")
    assert "non-empty dictionary" in refused("derive", f"{tmp_path}/map.py:m")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["derive", "uvv"], "uv"),
        (["derive", "uv", "--along", "sigma"], "sigma"),
        (["derive", "uv", "--latex", "--json"], "one of the two"),
        (["derive", "uv", "--set", "rho"], "name=value"),
        (["derive", "uv", "--set", "rho=x"], "a real number"),
        (["derive", "uv", "--set", "rho=-1"], "a positive number"),
        (["derive", "uv", "--set", "rho=1,rho=2"], "twice"),
        (["derive"], "argument"),
        (["nothing"], "nothing"),
        (["diagram", "uv-eos", "-o", "a.png"], "--sweep"),
        (["diagram", "uv-eos", "--sweep", "rho=1:2:9", "-o", "a.gif"], ".png"),
        (["diagram", "uv-eos", "--sweep", "rho=2:1:9", "-o", "a.png"], "first < last"),
        (["diagram", "uv-eos", "--sweep", "rho=1:2:1.5", "-o", "a.png"], "number"),
        (["diagram", "uv-eos", "--sweep", "r=1:2:9", "-o", "a.png"], "rho"),
        (["diagram", "henon", "--sweep", "a=1:2:9", "-o", "a.png"], "--set b=VALUE"),
        (
            ["diagram", "henon", "--sweep", "a=1:2:9", "--set", "a=1,b=0", "-o", "a.png"],
            "not swept",
        ),
        (["diagram", "uv-eos", "--sweep", "rho=1:2:9", "--start", "G=1", "-o", "a.png"], "G"),
        (["diagram", "uv", "--sweep", "rho=1:2:9", "--start", "z=0", "-o", "a.png"], "k"),
        (["diagram", "uv", "--sweep", "rho=1:2:9", "--start", "z=0,k=0", "-o", "a.png"], "domain"),
        (["manifold", "uv", "-o", "a.png"], "--set rho=VALUE"),
        (["manifold", "logistic", "--set", "r=3", "-o", "a.png"], "invariant manifold"),
        (["manifold", "uv", "--set", "rho=1.4", "--manifold", "9", "-o", "a.png"], "k - 2*rho"),
        (["report", "--data", "nowhere.npz"], "nowhere.npz"),
        (["report", "--seed", "-1"], "seed"),
    ],
)
def test_bad_input_is_one_line(refused, words, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert expected in refused(*words)
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_an_unexpected_error_is_not_hidden(run, monkeypatch):
    monkeypatch.setattr("dynsharp.derive.derivation.fixed_points", lambda *a: 1 / 0)
    assert isinstance(run("derive", "uv").exception, ZeroDivisionError)


def test_every_command_shows_an_example_of_itself(good):
    for module in iter_modules(commands.__path__):
        name = module.name.rstrip("_")
        example = import_module(f"{commands.__name__}.{module.name}").EXAMPLE
        assert name in good()
        assert example.startswith(f"dynsharp {name}")
        assert example in good(name, "--help")
