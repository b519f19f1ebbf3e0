"""The report in its quick form, on synthetic data: it passes, and fails when it should."""

import dataclasses
import html
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy as sp
from matplotlib.figure import Figure
from typer.testing import CliRunner

from dynsharp.cli import app
from dynsharp.errors import InputError
from dynsharp.networks.chain_weights import gradient, imbalance_law
from dynsharp.networks.data import load
from dynsharp.report import pipeline, report
from dynsharp.report.effort import QUICK


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    random = np.random.default_rng(5)
    X = random.normal(size=(40, 6)) * [3.0, 2.0, 1.5, 1.0, 0.7, 0.5]
    y = np.sign(X @ random.normal(size=6))
    path = tmp_path_factory.mktemp("data") / "own.npz"
    np.savez(path, X=X, y=y)
    return path


def every_row_passes(result, tmp_path):
    assert result.passed
    assert len(result.compared) >= 20
    assert {r.part for r in result.compared} == {"UV model", "branches", "chain", "chain on data"}
    assert [r.name for r in result.compared if not r.passed] == []


def tolerances_are_narrow(result, tmp_path):
    """None is wider than a share of a percent, but for the bounds, which are a tolerance."""
    for r in result.compared:
        if "bounds" not in r.name:
            assert r.tolerance <= 5e-3 * max(abs(r.theory), abs(r.simulation), 1e-3), r.name
        assert r.because


def theory_is_derived(result, tmp_path):
    exact = [r.exact for r in result.compared if r.exact is not None]
    rho = sp.Symbol("rho", positive=True)
    for expected in (sp.Integer(1), sp.sqrt(5) - 1, sp.log(3), rho + 1):
        assert any(sp.simplify(e - expected) == 0 for e in exact)


def figures_are_written(result, tmp_path):
    assert len(result.pictures) == 9
    for picture in result.pictures:
        assert picture.file.read_bytes().startswith(b"\x89PNG")
        assert picture.file.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
        assert picture.caption.endswith(".")


def cascades_are_told_with_their_bounds(result, tmp_path):
    text = result.page.read_text(encoding="utf-8")
    for name, cascade in result.theory["branches"].cascades.items():
        assert f"Period doubling, {name}" in text
        for number in (*cascade.thresholds, cascade.delta, cascade.accumulation):
            assert str(number) in text


def parsed(path):
    """HTML that is well-formed as XML too; its entities are those of XML."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>\n")
    return text, ElementTree.fromstring(text.partition("\n")[2])


def page_is_well_formed_and_self_contained(result, tmp_path):
    text, root = parsed(result.page)
    for element in root.iter():
        for attribute in ("src", "href"):
            value = element.get(attribute)
            assert value is None or value.startswith(("data:image/png;base64,", "#")), value
    assert not re.search(r"url\(|@import|<script|<link", text)
    targets = {e.get("id") for e in root.iter() if e.get("id")}
    links = {e.get("href")[1:] for e in root.iter("a")}
    assert links == targets, "the table of contents is complete"
    assert "prefers-color-scheme: dark" in text


def page_has_formulas_that_browsers_render(result, tmp_path):
    text, root = parsed(result.page)
    math = "{http://www.w3.org/1998/Math/MathML}"
    formulas = list(root.iter(f"{math}math"))
    assert len(formulas) > 50
    assert "mfenced" not in text
    assert "<mo>&lt;</mo>" in text
    assert "ρ" in "".join(formulas[4].itertext()) + "".join(root.itertext())
    assert not re.search(r">(lam|df|rho|eta|omega)'?<", text), "letters, not their names"
    assert "-" not in "".join(e.text or "" for e in root.iter(f"{math}mo"))


def page_says_nothing_about_the_machine(result, tmp_path):
    text = result.page.read_text(encoding="utf-8")
    assert str(result.page.parent) not in text
    assert not re.search(r"\d\d:\d\d:\d\d|/home/|/root/|/tmp/", text)
    assert "own.npz" in text


def page_is_reproducible(result, tmp_path):
    from dynsharp.report.page import write

    again = dataclasses.replace(result, page=tmp_path / "again.html")
    write(again)
    assert again.page.read_bytes() == result.page.read_bytes()


def numbers_and_print(result, tmp_path):
    numbers = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert numbers["passed"]
    assert len(numbers["rows"]) == len(result.compared)
    assert repr(result).count("pass ") == len(result.compared)
    assert "FAIL" not in repr(result)
    assert len(result.to_dataframe()) == len(result.compared)


@pytest.mark.slow
def test_report(data, tmp_path, monkeypatch):
    """One run, since it takes most of the time here, and everything that is asked of it."""
    whole = Figure.savefig  # pixels cost the most, and none is looked at here
    monkeypatch.setattr(Figure, "savefig", lambda *a, **k: whole(*a, **(k | {"dpi": 50})))
    result = report(data=data, output=tmp_path / "figures", seed=1, effort=QUICK)
    for check in (
        every_row_passes,
        tolerances_are_narrow,
        theory_is_derived,
        figures_are_written,
        cascades_are_told_with_their_bounds,
        page_is_well_formed_and_self_contained,
        page_has_formulas_that_browsers_render,
        page_says_nothing_about_the_machine,
        page_is_reproducible,
        numbers_and_print,
    ):
        check(result, tmp_path)


# ---- when it should fail -------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch):
    """Only the comparisons of the chain, without figures: the rest is not asked here."""

    def nothing(*arguments):
        return iter(())

    for name in ("compare_uv.compare_uv", "compare_data.compare_data", "figures_uv.uv_figures"):
        monkeypatch.setattr(f"dynsharp.report.{name}", nothing)
    for name in ("compare_continued", "continued_figures"):
        monkeypatch.setattr(f"dynsharp.report.continued.{name}", nothing)
    monkeypatch.setattr("dynsharp.report.continued.continued", lambda *arguments: None)
    for name in ("chain_figures", "data_figures"):
        monkeypatch.setattr(f"dynsharp.report.figures_chain.{name}", nothing)
    monkeypatch.setattr("dynsharp.report.exact_uv.uv_theory", lambda tell: None)
    monkeypatch.setattr(
        "dynsharp.report.pipeline.FULL", dataclasses.replace(QUICK, depths=(2, 3), steps=20_000)
    )
    original = pipeline.report
    monkeypatch.setattr(
        "dynsharp.report.report", lambda **options: original(effort=pipeline.FULL, **options)
    )


@pytest.mark.slow
def test_false_theory_fails(data, tmp_path, monkeypatch, short):
    from dynsharp.report.exact_chain import ChainTheory

    right = ChainTheory.critical_step

    def wrong(self, depth):
        t = right(self, depth)
        return dataclasses.replace(t, value=t.value * sp.Rational(1001, 1000)) if depth == 3 else t

    monkeypatch.setattr(ChainTheory, "critical_step", wrong)
    run = CliRunner().invoke(app, ["report", "--data", str(data), "--output", str(tmp_path)])
    assert run.exit_code == 1
    assert run.stderr.count("\n") == 1
    assert "1 of " in run.stderr
    assert "depth 3" in run.stderr
    assert "FAIL" in run.stdout
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<td class="fail">fail</td>' in page
    assert 'class="verdict fails"' in page


def test_interrupted_keeps_what_is_done(data, tmp_path, monkeypatch, short):
    def ctrl_c(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("dynsharp.report.compare_data.compare_data", ctrl_c)
    shortest = dataclasses.replace(pipeline.FULL, depths=(2,), steps=4000)
    monkeypatch.setattr("dynsharp.report.pipeline.FULL", shortest)
    run = CliRunner().invoke(
        app, ["report", "--data", str(data), "--output", str(tmp_path), "--json"]
    )
    assert run.exit_code == 130
    assert "interrupted" in run.stderr
    numbers = json.loads(run.stdout)
    assert numbers["interrupted"]
    assert not numbers["passed"]
    assert len(numbers["rows"]) == 3  # those of the chain of depth 2
    assert "Interrupted" in (tmp_path / "report.html").read_text(encoding="utf-8")


# ---- the parts -----------------------------------------------------------------------------


def test_gradient_is_that_of_the_loss():
    random = np.random.default_rng(0)
    X, y, w = random.normal(size=(7, 3)), random.normal(size=7), random.normal(size=6)

    def loss(w):
        return np.sum((X @ w[:3] * w[3] * w[4] * w[5] - y) ** 2) / 14

    h = 1e-6
    slopes = [(loss(w + h * e) - loss(w - h * e)) / (2 * h) for e in np.eye(6)]
    assert gradient(X, y, w) == pytest.approx(slopes, rel=1e-7)


def test_imbalance_law():
    law, (eta, V, v, h, uh) = imbalance_law()
    assert sp.simplify(law - eta**2 * (V / v) ** 2 * (v**2 * h**2 - uh**2)) == 0


def test_data_errors(tmp_path, monkeypatch):
    for name, arrays, expected in (
        ("a.npz", {"X": np.eye(2)}, "without y"),
        ("b.npz", {"X": np.eye(2), "y": np.ones(3)}, "3 targets"),
        ("c.npz", {"X": np.array([{}], object), "y": np.ones(1)}, "cannot be read"),
    ):
        np.savez(tmp_path / name, **arrays)
        with pytest.raises(InputError, match=expected):
            load(tmp_path / name)
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "text.npz")
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"pip install dynsharp\[report\]"):
        load(None)


def test_trained_data_are_well_conditioned(data):
    source = load(data)
    sigma = np.linalg.svd(source.trained, compute_uv=False)
    kept = sigma[sigma > 1e-9 * sigma[0]]
    assert kept[0] / kept[-1] <= 20
    assert len(kept) == source.directions
    assert source.name == html.escape(source.name)
