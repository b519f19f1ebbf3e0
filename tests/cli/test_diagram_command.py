"""``dynsharp diagram``."""

import json
import re

import pytest


def test_diagram(good, tmp_path):
    file = tmp_path / "figures" / "eos.png"
    words = ("--sweep", "rho=0.8:1.2:65", "--transient", "2000", "--keep", "16", "-o", file)
    d = json.loads(good("diagram", "uv-eos", *words, "--json"))
    assert file.read_bytes().startswith(b"\x89PNG")
    assert (d["from"], d["to"], d["number"], d["diverged"]) == (0.8, 1.2, 65, 0)
    assert [t["value"] for t in d["thresholds"]] == ["1"]
    assert d["periods"]["1"] >= 30
    assert d["periods"]["2"] >= 30
    assert d["exponent"]["positive"] == 0


def test_diagram_of_a_family_starts_inside_the_domain(good, tmp_path):
    words = ("--sweep", "rho=0.8:1.95:33", "--transient", "500", "--keep", "8", "--no-exponent")
    text = good("diagram", "uv", *words, "-o", tmp_path / "uv.svg")
    assert "fixed point" in text
    assert re.search(r"^diverged +0$", text, flags=re.M)
    assert (tmp_path / "uv.svg").read_text().count("<svg") == 1


def test_diagram_with_a_start_and_fixed_values(good, tmp_path):
    words = ("--sweep", "a=0.2:0.5:17", "--set", "b=0.3", "--start", "x=0.1", "--start", "y=0.1")
    more = ("--transient", "500", "--keep", "8", "--no-exponent", "--json")
    d = json.loads(good("diagram", "henon", *words, *more, "-o", tmp_path / "h.pdf"))
    assert d["start"] == "x = 0.1, y = 0.1"
    # flip of the Henon map: a = 3(1 - b)^2/4
    assert [t["float"] for t in d["thresholds"]] == [pytest.approx(0.75 * 0.7**2)]


def test_diagram_with_branches(good, tmp_path):
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
