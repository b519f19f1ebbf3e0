"""The command line: every documented command, its formats, and bad input in one line."""

import json
import re

import pytest
import sympy as sp
from typer.testing import CliRunner

from dynsharp import __version__
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


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.py"
    path.write_text(OWN)
    return path


def run(*words):
    return CliRunner().invoke(app, [str(w) for w in words])


def good(*words):
    result = run(*words)
    assert result.exit_code == 0, result.stderr or result.exception
    return result.stdout


def refused(*words):
    """Bad input: a code that is not 0, one line on standard error, nothing on standard output."""
    result = run(*words)
    assert result.exit_code == 2, result.exception
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_version_and_help():
    assert good("--version").strip() == __version__
    for command in ("systems", "derive", "diagram", "manifold", "continue", "cascade", "report"):
        assert command in good()
        assert "Usage" in good(command, "--help")


def test_systems():
    assert "uv-eos" in good("systems")
    rows = json.loads(good("systems", "--json"))
    assert {"name", "state", "parameters", "about"} == set(rows[0])
    assert ["F"] in [row["state"] for row in rows]


def test_derive_text():
    text = good("derive", "uv", "--no-cycles")
    for expected in (
        "k >= 2*rho",
        "1 - k",
        "rho = 1",
        "supercritical",
        "k - rho*z - 4 = 0",
        "rho < 2",
    ):
        assert expected in text


def test_derive_json_reads_back():
    d = json.loads(good("derive", "uv-eos", "--json"))
    rho = sp.Symbol("rho")
    assert [sp.sympify(m) for p in d["fixed_points"] for m in p["multipliers"]] == [
        (rho + 1) ** 2,
        1 - 2 * rho,
        2 * rho + 5,
    ]
    (threshold,) = d["thresholds"]
    assert (threshold["kind"], threshold["float"]) == ("flip", 1.0)
    assert {c["period"] for c in d["cycles"]} == {2}
    assert d["unresolved"] == []


def test_derive_latex_is_balanced():
    text = good("derive", "uv-physical", "--along", "eta", "--no-cycles", "--latex")
    assert r"\lambda" in text
    assert r"\Delta f" in text
    assert text.count(r"\begin{") == text.count(r"\end{")
    assert text.count("$") % 2 == 0
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert all(ord(c) < 128 for c in text), "pdflatex reads it without further packages"


def test_derive_along_and_set():
    d = json.loads(good("derive", "chain-3", "--along", "eta", "--set", "q=8", "--json"))
    assert {t["parameter"] for t in d["thresholds"]} == {"eta"}
    assert [sp.sympify(t["value"]) for t in d["thresholds"]] == [sp.Rational(1, 24)]


def test_weight_decay_of_a_user(own):
    d = json.loads(
        good("derive", f"{own}:decay", "--no-manifolds", "--no-cycles", "--json", "--along", "eta")
    )
    q, gamma = sp.symbols("q gamma")
    names = {"q": q, "gamma": gamma}
    eta = {sp.sympify(t["value"], names) for t in d["thresholds"] if t["kind"] == "flip"}
    # the minima uv = q - gamma lose stability across and along the line u = v
    assert any(sp.simplify(e - 1 / (q - gamma)) == 0 for e in eta)
    assert any(sp.simplify(e - 1 / gamma) == 0 for e in eta)


def test_heavy_ball_of_a_user(own):
    d = json.loads(
        good("derive", f"{own}:ball", "--no-manifolds", "--no-cycles", "--json", "--along", "eta")
    )
    S, beta = sp.symbols("S beta")
    (t,) = d["thresholds"]
    assert t["kind"] == "flip"
    value = sp.sympify(t["value"], locals={"S": S, "beta": beta})
    assert sp.simplify(value - 2 * (1 + beta) / S) == 0


def test_logistic_of_a_user(own):
    text = good("derive", f"{own}:logistic")
    for expected in ("r = 1", "transcritical", "r = 3", "flip", "supercritical", "r != 0"):
        assert expected in text


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
def test_bad_names_in_a_file(own, name, words):
    assert words in refused("derive", f"{own}{name}")


def test_bad_files(tmp_path):
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
def test_bad_input_is_one_line(words, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert expected in refused(*words)
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_an_unexpected_error_is_not_hidden(monkeypatch):
    monkeypatch.setattr("dynsharp.derive.derivation.fixed_points", lambda *a: 1 / 0)
    assert isinstance(run("derive", "uv").exception, ZeroDivisionError)


def test_diagram(tmp_path):
    file = tmp_path / "figures" / "eos.png"
    words = ("--sweep", "rho=0.8:1.2:65", "--transient", "2000", "--keep", "16", "-o", file)
    d = json.loads(good("diagram", "uv-eos", *words, "--json"))
    assert file.read_bytes().startswith(b"\x89PNG")
    assert (d["from"], d["to"], d["number"], d["diverged"]) == (0.8, 1.2, 65, 0)
    assert [t["value"] for t in d["thresholds"]] == ["1"]
    assert d["periods"]["1"] >= 30
    assert d["periods"]["2"] >= 30
    assert d["exponent"]["positive"] == 0


def test_diagram_of_a_family_starts_inside_the_domain(tmp_path):
    words = ("--sweep", "rho=0.8:1.95:33", "--transient", "500", "--keep", "8", "--no-exponent")
    text = good("diagram", "uv", *words, "-o", tmp_path / "uv.svg")
    assert "fixed point" in text
    assert re.search(r"^diverged +0$", text, flags=re.M)
    assert (tmp_path / "uv.svg").read_text().count("<svg") == 1


def test_diagram_with_a_start_and_fixed_values(tmp_path):
    words = ("--sweep", "a=0.2:0.5:17", "--set", "b=0.3", "--start", "x=0.1", "--start", "y=0.1")
    more = ("--transient", "500", "--keep", "8", "--no-exponent", "--json")
    d = json.loads(good("diagram", "henon", *words, *more, "-o", tmp_path / "h.pdf"))
    assert d["start"] == "x = 0.1, y = 0.1"
    # flip of the Henon map: a = 3(1 - b)^2/4
    assert [t["float"] for t in d["thresholds"]] == [pytest.approx(0.75 * 0.7**2)]


@pytest.mark.parametrize(
    "words",
    [
        ("uv", "rho=1.4"),
        pytest.param(("chain-2", "eta=0.9,q=1.05"), marks=pytest.mark.slow),
    ],
)
def test_manifold(words, tmp_path):
    system, values = words
    file = tmp_path / "m.png"
    d = json.loads(good("manifold", system, "--set", values, "-o", file, "--json"))
    assert file.stat().st_size > 10_000
    assert d["distance_at_end"] < d["distance_at_start"]
    assert d["escaped_at"] is None


def test_continue_with_doublings():
    text = good(
        "continue", "uv-eos", "--parameter", "rho", "--span", "0.2", "2", "--doublings", "2"
    )
    assert "flip  1 " in text
    assert "1.236067977499" in text
    found = json.loads(good("continue", "logistic", "--span", "1.5", "3.9", "--json"))
    kinds = [(s["kind"], round(s["value"], 9)) for s in found[0]["special_points"]]
    assert ("flip", 3.0) in kinds


def test_diagram_with_branches(tmp_path):
    words = ["diagram", "logistic", "--sweep", "r=2.5:3.6:30", "--branches"]
    d = json.loads(good(*words, "-o", tmp_path / "branches.png", "--json"))
    found = d["branches"]["branches"]
    assert [b["period"] for b in found] == [1, 1, 2, 4, 8]
    (flip,) = (p for p in found[2]["special_points"])
    assert flip["value"] == pytest.approx(1 + 6**0.5, abs=1e-13)
    assert found[2]["stable"][0] == pytest.approx([3, 1 + 6**0.5], abs=1e-13)
    assert (tmp_path / "branches.png").stat().st_size > 10_000
    text = good(*words, "-o", tmp_path / "branches.pdf")
    assert "the flip at r = 3 of branch 1" in text
    assert "not followed" in text


def test_cascade_to_many_digits():
    found = json.loads(good("cascade", "uv-eos", "--digits", "20", "--doublings", "7", "--json"))
    assert found["thresholds"][1]["value"].startswith("1.236067977499789696")
    assert abs(float(found["delta"]["value"]) - 4.669201609) < found["delta"]["error"]
    text = good("cascade", "henon", "--set", "b=0.3", "--parameter", "a", "--doublings", "4")
    assert "0.3675" in text


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("continue", "henon", "--span", "0", "1"), "--parameter"),
        (("continue", "logistic", "--span", "2", "1"), "--span: got 2 1"),
        (("continue", "logistic", "--span", "5", "2"), "--span: got 5 2"),
        (("continue", "logistic", "--span", "0", "1", "--start", "x=0.1"), "--at"),
        (("cascade", "uv-eos", "--digits", "0"), "digits"),
    ],
)
def test_bad_words_of_continuation(words, named):
    assert named in refused(*words)
