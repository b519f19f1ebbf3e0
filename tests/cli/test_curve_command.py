"""``dynsharp curve``."""

import json

import pytest

HENON = ("curve", "henon", "--span", "a=0.1:4,b=-1.5:1.5", "--set", "b=0.3")


def test_flips_of_henon(good, tmp_path):
    file = tmp_path / "curve.png"
    d = json.loads(good(*HENON, "--json", "-o", file))
    assert d["kind"] == "flip"
    (point,) = d["special_points"]  # a = 3(1 - b)^2/4; both multipliers are -1 at b = -1
    assert point["kind"] == "1:2"
    assert point["values"] == [pytest.approx(3, abs=1e-10), pytest.approx(-1, abs=1e-10)]
    assert file.stat().st_size > 10_000
    text = good(*HENON)
    assert "flip curve" in text
    assert "1:2" in text


def test_flips_of_the_doubled_cycle(good):
    text = good("curve", "henon", "--span", "a=0.1:1,b=0.2:0.4", "--set", "b=0.3",
                "--doublings", "1")  # fmt: skip
    assert "flip curve of cycles of period 2" in text


def test_a_point_that_is_not_there(run):
    result = run(*HENON, "--kind", "fold")
    assert result.exit_code == 1
    assert "no fold point that can be followed: the branch has flip at 0.3675" in result.stderr
    assert result.stdout == ""
    assert run(*HENON, "--number", "2").exit_code == 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("curve", "henon", "--span", "a=0:1"), "--span: got 1 parameters"),
        (("curve", "henon", "--span", "a=0:1,b=1:0"), "low < high"),
        (("curve", "henon", "--span", "a=0:1,b=0:1"), "b=VALUE, to begin at"),
        (("curve", "henon", "--span", "a=0:1,c=0:1", "--set", "c=1"), "b"),
        ((*HENON, "-o", "a.gif"), ".png"),
        ((*HENON[:-1], "b=2"), "--start"),
    ],
)
def test_bad_words(refused, words, named):
    assert named in refused(*words)
