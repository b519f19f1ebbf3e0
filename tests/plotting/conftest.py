"""Small sweeps by plain NumPy, in the layout that the simulations have."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def logistic_sweep(grid, transient=300, keep=64):
    r = np.asarray(grid, float)
    x = np.full(r.shape, 0.3)
    out = np.empty((len(r), keep))
    with np.errstate(all="ignore"):
        for t in range(transient + keep):
            x = r * x * (1 - x)
            if t >= transient:
                out[:, t - transient] = x
    bad = ~(np.abs(out) < 10).all(axis=1)
    return xr.Dataset(
        {"x": (("r", "iterate"), out), "diverged": ("r", bad.astype(np.int8))},
        {"r": r},
        {"parameter": "r", "map": "logistic"},
    )


@pytest.fixture
def sweep():
    return logistic_sweep
