"""``dynsharp continue``."""

import json

import pytest


def test_continue_with_doublings(good):
    text = good(
        "continue", "uv-eos", "--parameter", "rho", "--span", "0.2", "2", "--doublings", "2"
    )
    assert "flip  1 " in text
    assert "1.236067977499" in text
    found = json.loads(good("continue", "logistic", "--span", "1.5", "3.9", "--json"))
    kinds = [(s["kind"], round(s["value"], 9)) for s in found[0]["special_points"]]
    assert ("flip", 3.0) in kinds


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
def test_bad_words_of_continuation(refused, words, named):
    assert named in refused(*words)
