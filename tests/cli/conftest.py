"""The command line as tests call it, and a file of a user."""

import pytest
from typer.testing import CliRunner

from dynsharp.cli import app

OWN = """
import sympy as sp
import dynsharp as ds

u, v = sp.symbols("u v", real=True)
q, eta, gamma = sp.symbols("q eta gamma", positive=True)
beta = sp.Symbol("beta", real=True)
loss = (u*v - q)**2/2
decay = ds.gradient_descent(loss, weights=[u, v], step=eta, weight_decay=gamma)
S = sp.Symbol("S", positive=True)

def ball():
    return ds.heavy_ball(S*u**2/2, weights=[u], step=eta, momentum=beta)

logistic = ds.DiscreteMap.from_function(
    lambda x, r: r*x*(1 - x), state=["x"], parameters=["r"], name="logistic"
)
number = 3
def asks(a):
    return a
def fails():
    return 1/0
"""


@pytest.fixture(scope="session")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.py"
    path.write_text(OWN)
    return path


@pytest.fixture
def run():
    return lambda *words: CliRunner().invoke(app, [str(w) for w in words])


@pytest.fixture
def good(run):
    """What a command prints that ends well."""

    def printed(*words):
        result = run(*words)
        assert result.exit_code == 0, result.stderr or result.exception
        return result.stdout

    return printed


@pytest.fixture
def refused(run):
    """Bad input: a code that is not 0, one line on standard error, nothing on standard output."""

    def line(*words):
        result = run(*words)
        assert result.exit_code == 2, result.exception
        assert isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("error: ")
        return line

    return line
