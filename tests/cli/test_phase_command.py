"""``dynsharp phase``."""

import json

import numpy as np
import pytest
import xarray as xr

import dynsharp as ds

PLANE = ("phase", "uv-eos", "--sweep", "rho=0.9:1.2:7", "--sweep", "F=0.3:0.6:4")


def test_periods_over_a_plane(good, tmp_path):
    file = tmp_path / "phase.png"
    d = json.loads(good(*PLANE, "--json", "-o", file))
    data = xr.Dataset.from_dict(d["data"])
    axes = {"rho": np.linspace(0.9, 1.2, 7), "F": np.linspace(0.3, 0.6, 4)}
    direct = ds.phase_diagram(ds.systems.uv_eos(), axes)
    assert (data["period"].to_numpy() == direct["period"].to_numpy()).all()
    period = data["period"].sel(rho=[0.9, 1.2])  # the flip is at rho = 1
    assert period.to_numpy().tolist() == [[1] * 4, [2] * 4]
    assert d["orbits"] == sum(d["of_period"].values()) == 28
    assert file.stat().st_size > 10_000


def test_a_plane_of_parameters(good):
    words = ("--sweep", "a=0.1:0.9:5", "--sweep", "b=0.2:0.3:2", "--start", "x=0.1,y=0.1")
    rows = [line.split() for line in good("phase", "henon", *words).splitlines()]
    periods = rows[rows.index(["period", "orbits"]) + 1 :]
    assert sum(int(r[-1]) for r in periods) == 10
    assert periods[0][0] == "1"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (PLANE[:4], "--sweep: got 1 axes"),
        (("phase", "henon", "--sweep", "a=0:1:5,b=0:1:5"), "--start x=VALUE --start y=VALUE"),
        (("phase", "henon", "--sweep", "a=0:1:5,x=0:1:5"), "--set b=VALUE"),
        ((*PLANE, "--max-period", "0"), "--max-period"),
    ],
)
def test_bad_words(refused, words, named):
    assert named in refused(*words)
