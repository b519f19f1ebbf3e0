import matplotlib.pyplot as plt
import numpy as np
import pytest

import dynsharp as ds
from dynsharp import InputError
from dynsharp.plotting import save, training_regime


@pytest.fixture
def log():
    """A catapult that converges, and its phases."""
    run = ds.orbit(ds.systems.uv(), {"z": -0.29, "k": 1.6}, 400, fixed={"rho": 0.99})
    return run, ds.training_regime(run, 1)


def test_phases_are_shaded_where_they_are_and_named(log, tmp_path):
    run, regime = log
    upper, lower = training_regime(run, regime, 1)
    for ax in (upper, lower):
        bands = [p for p in ax.patches if p.get_gid()]
        assert [p.get_gid() for p in bands] == [p.label for p in regime]
        assert [p.get_x() for p in bands] == [p.first for p in regime]
    texts = [t.get_text() for t in upper.get_legend().get_texts()]
    assert texts == [r"$2/\eta$", "sharpness", *dict.fromkeys(p.label for p in regime)]
    (line,) = [a for a in upper.lines if a.get_label() == "sharpness"]
    np.testing.assert_array_equal(line.get_ydata(), run["sharpness"])
    assert (lower.get_xlabel(), upper.get_xlim()) == ("step", (0, 400))
    assert upper.get_xscale() == "symlog"  # the catapult has three steps of four hundred
    save(upper, tmp_path / "regime.png")


def test_a_schedule_has_a_threshold_that_moves(log):
    run, _ = log
    eta = np.linspace(0.5, 1, 401)
    given = {"loss": run["loss"].values, "sharpness": run["sharpness"].values, "eta": eta}
    axes = training_regime(None, ds.training_regime(**given), **given, ax=plt.subplots()[1])
    (line,) = [a for a in axes[0].lines if a.get_gid() == "threshold"]
    np.testing.assert_allclose(line.get_ydata(), 2 / eta)


def test_wrong_input_is_named(log):
    run, regime = log
    with pytest.raises(InputError, match="regime"):
        training_regime(run, None, 1)
    with pytest.raises(InputError, match="colour"):
        training_regime(run, regime, 1, colour="red")
    with pytest.raises(InputError, match="eta"):
        training_regime(run, regime)
