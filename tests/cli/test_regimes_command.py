"""``dynsharp regimes``."""

import json

import pytest

import dynsharp as ds


@pytest.fixture(scope="module")
def orbit():
    """A run that ends on a cycle of period two: the example of `training_regime`."""
    return ds.orbit(ds.systems.uv(), {"z": -1.0, "k": 0.6}, 400, fixed={"rho": 1.1})


@pytest.fixture
def write(orbit, tmp_path):
    def written(name, rename=None, **more):
        frame = orbit.to_dataframe()[["loss", "sharpness"]].reset_index().assign(**more)
        frame = frame.rename(columns={"iterate": "step"} | (rename or {}))
        path = tmp_path / name
        if path.suffix == ".json":
            path.write_text(frame.to_json(orient="records", double_precision=15))
        else:
            frame.to_csv(path, index=False)
        return path

    return written


def test_phases_of_a_log(good, write, orbit, tmp_path):
    direct = ds.training_regime(orbit, 1.0)
    assert good("regimes", write("log.csv"), "--eta", "1").rstrip() == repr(direct)
    assert good("regimes", write("own.csv", eta=1.0)).rstrip() == repr(direct)
    assert good("regimes", write("lr.csv", learning_rate=1.0)).rstrip() == repr(direct)
    file = tmp_path / "phases.png"
    d = json.loads(good("regimes", write("log.json", lr=1.0), "--json", "-o", file))
    assert [(p["name"], p["period"]) for p in d["phases"]] == [
        ("progressive sharpening", None),
        ("edge of stability", 2),
    ]
    assert d["status"] == "complete"
    assert file.stat().st_size > 10_000


def test_a_threshold_instead_of_a_step_size(good, write):
    assert "edge of stability" in good("regimes", write("log.csv"), "--threshold", "2")


def test_bad_logs(refused, write, tmp_path):
    assert "no file" in refused("regimes", tmp_path / "none.csv")
    assert "--eta" in refused("regimes", write("log.csv"))
    assert "'sharpness'" in refused("regimes", write("other.csv", {"sharpness": "s"}), "--eta", 1)
    assert "one-dimensional array of numbers" in refused(
        "regimes", write("w.csv", loss="x"), "--eta", 1
    )
    (tmp_path / "broken.json").write_text("[1, {")
    assert "cannot be read" in refused("regimes", tmp_path / "broken.json", "--eta", 1)
    (tmp_path / "empty.csv").write_text("")
    assert "cannot be read" in refused("regimes", tmp_path / "empty.csv", "--eta", 1)
    assert ".png" in refused("regimes", write("log.csv"), "--eta", 1, "-o", "a.gif")
