"""The scripts of analysis/ run, find what theory says, and write their figures."""

import importlib.util
import pathlib
import runpy
import sys

import matplotlib.pyplot as plt
import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "analysis"


@pytest.fixture
def run(tmp_path, capsys):
    """Run a script's main quickly into a figure; return what it returned and printed."""

    def run(name):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        figure = tmp_path / "figure.png"
        found = module.main(quick=True, figure=figure)
        assert figure.stat().st_size > 10_000
        return found, capsys.readouterr().out

    yield run
    plt.close("all")


@pytest.mark.slow
def test_a_threshold_for_a_new_loss(run):
    value, printed = run("threshold_of_a_new_loss")
    # The sharpness of a²b = q is 4q²/a² + a⁴, least at a⁶ = 2q²: 3 (2q²)^(2/3).
    (q,) = value.free_symbols
    assert abs(float(value.subs(q, 3)) - 2 / (3 * 18 ** (2 / 3))) < 1e-12
    assert "flip at eta = 2**(1/3)/(3*q**(4/3)), supercritical" in printed
    assert "as derived" in printed


@pytest.mark.slow
def test_a_route_to_chaos_for_heavy_ball(run):
    begins, printed = run("chaos_with_momentum")
    assert "flip at eta = (beta + 1)/4, supercritical" in printed
    assert all(1.05 < value < 2 for value in begins.values())


def test_theory_against_simulation(run):
    rows, printed = run("theory_in_a_test")
    assert printed.count("holds") == 3
    for name, theory, found, tolerance in rows:
        assert abs(found - theory) <= tolerance, name


def test_a_phase_diagram_over_step_and_momentum(run):
    agree, printed = run("step_and_momentum")
    assert agree > 0.97
    assert "(eta < (beta + 1)/4)" in printed


def test_they_are_scripts_too(monkeypatch):
    """What stands under ``__main__`` runs main with the arguments of the command line."""
    seen = []
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 80
        assert "from dynsharp._" not in text
        monkeypatch.setattr(sys, "argv", [str(path), "--quick"])
        code = text.replace("def main(", "def main(*_, **given): seen(given)\n\n\ndef _main(")
        namespace = {"__name__": "__main__", "__file__": str(path), "seen": seen.append}
        exec(compile(code, str(path), "exec"), namespace)
        assert runpy.run_path(str(path))["FIGURE"].parent.name == "figures"
    assert seen == [{"quick": True}] * 4
