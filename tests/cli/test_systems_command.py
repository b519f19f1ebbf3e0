"""``dynsharp systems``."""

import json


def test_systems(good):
    assert "uv-eos" in good("systems")
    rows = json.loads(good("systems", "--json"))
    assert {"name", "state", "parameters", "about"} == set(rows[0])
    assert ["F"] in [row["state"] for row in rows]
