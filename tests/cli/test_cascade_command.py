"""``dynsharp cascade``."""

import json


def test_cascade_to_many_digits(good):
    found = json.loads(good("cascade", "uv-eos", "--digits", "20", "--doublings", "7", "--json"))
    assert found["thresholds"][1]["value"].startswith("1.236067977499789696")
    assert abs(float(found["delta"]["value"]) - 4.669201609) < found["delta"]["error"]
    text = good("cascade", "henon", "--set", "b=0.3", "--parameter", "a", "--doublings", "4")
    assert "0.3675" in text
