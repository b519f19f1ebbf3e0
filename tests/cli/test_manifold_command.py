"""``dynsharp manifold``."""

import json

import pytest


@pytest.mark.parametrize(
    "words",
    [("uv", "rho=1.4"), pytest.param(("chain-2", "eta=0.9,q=1.05"), marks=pytest.mark.slow)],
)
def test_manifold(good, words, tmp_path):
    system, values = words
    file = tmp_path / "m.png"
    d = json.loads(good("manifold", system, "--set", values, "-o", file, "--json"))
    assert file.stat().st_size > 10_000
    assert d["distance_at_end"] < d["distance_at_start"]
    assert d["escaped_at"] is None
