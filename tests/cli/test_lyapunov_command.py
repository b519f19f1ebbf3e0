"""``dynsharp lyapunov``."""

import json
from math import log

import numpy as np
import pytest
import xarray as xr

SWEEP = ("lyapunov", "logistic", "--sweep", "r=3:4:11", "--start", "x=0.3")


def test_exponents_with_their_errors(good, tmp_path):
    file = tmp_path / "exponent.png"
    d = json.loads(good(*SWEEP, "--json", "-o", file))
    last = xr.Dataset.from_dict(d["data"]).isel(r=-1)
    assert abs(float(last["exponent"]) - log(2)) < 4 * float(last["standard_error"])
    assert d["exponent"]["at"] == 4
    assert [t["value"] for t in d["thresholds"]] == ["3"]
    assert file.stat().st_size > 10_000


def test_the_table_is_that_of_the_sweep(good):
    rows = [line.split() for line in good(*SWEEP).splitlines()]
    table = rows[rows.index(["r", "exponent", "standard", "error"]) + 1 :]
    assert [float(r[0]) for r in table] == pytest.approx(np.linspace(3, 4, 11))
    assert float(table[-1][1]) == pytest.approx(log(2), abs=0.01)


def test_no_exponent_is_a_failure(run):
    result = run("lyapunov", "logistic", "--sweep", "r=5:6:5", "--start", "x=0.3")
    assert result.exit_code == 1
    assert result.stdout.count("diverged") == 6
    assert "every orbit diverged" in result.stderr


def test_superstable_is_said(good):
    assert "superstable" in good("lyapunov", "logistic", "--sweep", "r=2:3:2", "--start", "x=0.5")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("lyapunov", "henon", "--sweep", "a=0:1:5"), "--set b=VALUE"),
        (("lyapunov", "henon", "--sweep", "a=0:1:5,b=0:1:5"), "--sweep: got 2 parameters"),
        ((*SWEEP, "--iterations", "0"), "--iterations"),
        ((*SWEEP, "-o", "a.jpg"), ".png"),
    ],
)
def test_bad_words(refused, words, named):
    assert named in refused(*words)
