"""``dynsharp cycles``."""

import pytest

LOGISTIC = ("cycles", "logistic", "--set", "r=4", "--period", "4")


def test_all_cycles_in_a_box(good):
    text = good(*LOGISTIC, "--box", "x=0:1")
    assert "by period  1: 2, 2: 1, 3: 2, 4: 3" in text  # those of the tent map
    assert "complete, up to rounding" in text


def test_exact_cycles(good):
    text = good("cycles", "logistic", "--period", "2", "--exact")
    assert "-r**2 + 2*r + 4" in text


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
