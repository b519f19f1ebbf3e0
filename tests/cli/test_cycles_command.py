"""``dynsharp cycles``."""

import json

import pytest

LOGISTIC = ("cycles", "logistic", "--set", "r=4", "--period", "4")


def test_all_cycles_in_a_box(good):
    text = good(*LOGISTIC, "--box", "x=0:1")
    assert "by period  1: 2, 2: 1, 3: 2, 4: 3" in text  # those of the tent map
    assert "complete, up to rounding" in text


def test_cycles_as_json(good):
    d = json.loads(good(*LOGISTIC, "--box", "x=0:1", "--json"))
    assert [c["period"] for c in d["found"]] == [1] * 2 + [2] + [3] * 2 + [4] * 3
    for c in d["found"]:  # 2^n as for the tent map; 4 at the end x = 0
        ((real, imaginary),) = c["multipliers"]
        size = 4 if c["states"] == [[0]] else 2 ** c["period"]
        assert (abs(real), imaginary) == (pytest.approx(size, rel=1e-12), 0)


def test_exact_cycles(good):
    words = ("cycles", "logistic", "--period", "2", "--exact")
    assert "-r**2 + 2*r + 4" in good(*words)
    (c,) = json.loads(good(*words, "--json"))["found"]
    assert c["multipliers"] == ["-r**2 + 2*r + 4"]


def test_what_algebra_cannot_do_is_said(run, own):
    result = run("cycles", "standard", "--period", "2", "--exact")
    assert result.exit_code == 1
    assert "no algebra finds its cycles" in result.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("cycles", "logistic", "--period", "2", "--box", "x=0:1"), "--set r=VALUE"),
        (LOGISTIC, "--box"),
        ((*LOGISTIC, "--box", "y=0:1"), "y"),
        ((*LOGISTIC[:-1], "0", "--box", "x=0:1"), "--period"),
        (("cycles", "logistic", "--period", "2", "--exact", "--box", "x=0:1"), "no box"),
    ],
)
def test_bad_words(refused, words, named):
    assert named in refused(*words)
