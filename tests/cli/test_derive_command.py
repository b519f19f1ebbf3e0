"""``dynsharp derive``."""

import json

import sympy as sp


def test_derive_text(good):
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


def test_derive_json_reads_back(good):
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


def test_derive_latex_is_balanced(good):
    text = good("derive", "uv-physical", "--along", "eta", "--no-cycles", "--latex")
    assert r"\lambda" in text
    assert r"\Delta f" in text
    assert text.count(r"\begin{") == text.count(r"\end{")
    assert text.count("$") % 2 == 0
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert all(ord(c) < 128 for c in text), "pdflatex reads it without further packages"


def test_derive_along_and_set(good):
    d = json.loads(good("derive", "chain-3", "--along", "eta", "--set", "q=8", "--json"))
    assert {t["parameter"] for t in d["thresholds"]} == {"eta"}
    assert [sp.sympify(t["value"]) for t in d["thresholds"]] == [sp.Rational(1, 24)]


def test_weight_decay_of_a_user(good, own):
    d = json.loads(
        good("derive", f"{own}:decay", "--no-manifolds", "--no-cycles", "--json", "--along", "eta")
    )
    q, gamma = sp.symbols("q gamma")
    names = {"q": q, "gamma": gamma}
    eta = {sp.sympify(t["value"], names) for t in d["thresholds"] if t["kind"] == "flip"}
    # the minima uv = q - gamma lose stability across and along the line u = v
    assert any(sp.simplify(e - 1 / (q - gamma)) == 0 for e in eta)
    assert any(sp.simplify(e - 1 / gamma) == 0 for e in eta)


def test_heavy_ball_of_a_user(good, own):
    d = json.loads(
        good("derive", f"{own}:ball", "--no-manifolds", "--no-cycles", "--json", "--along", "eta")
    )
    S, beta = sp.symbols("S beta")
    (t,) = d["thresholds"]
    assert t["kind"] == "flip"
    value = sp.sympify(t["value"], locals={"S": S, "beta": beta})
    assert sp.simplify(value - 2 * (1 + beta) / S) == 0


def test_logistic_of_a_user(good, own):
    text = good("derive", f"{own}:logistic")
    for expected in ("r = 1", "transcritical", "r = 3", "flip", "supercritical", "r != 0"):
        assert expected in text
