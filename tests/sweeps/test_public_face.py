"""The lines of the public face that ask for sweeps run as they are written."""

import numpy as np

import dynsharp as ds

eos, uv = ds.systems.uv_eos(), ds.systems.uv()


def test_orbit_diagram():
    d = ds.orbit_diagram(
        eos, "rho", np.linspace(0.9, 2, 2000), start={"F": 0.4}, transient=5000, keep=256
    )
    assert d["F"].dims == ("rho", "iterate")
    assert d["F"].shape == (2000, 256)
    assert np.isfinite(d["F"]).all()


def test_lyapunov():
    le = ds.lyapunov(
        uv, "rho", np.linspace(1, 2, 500), start={"z": -0.6, "k": 1.4}, iterations=20000
    )
    inside = le["rho"] <= 1.3  # 2|z + rho| <= k
    np.testing.assert_array_equal(le["outside_domain"], ~inside)
    np.testing.assert_array_equal(le["status"] == 5, ~inside)
    np.testing.assert_array_equal(np.isfinite(le["exponent"]), inside)
    np.testing.assert_array_equal(np.isfinite(le["standard_error"]), inside)
    assert le.attrs["outside_domain"] == int((~inside).sum())
    assert le.attrs["diverged"] == 0


def test_phase_diagram():
    pd = ds.phase_diagram(
        eos, {"rho": np.linspace(0.9, 2, 500), "F": np.linspace(0.05, 3, 500)}, max_period=64
    )
    assert pd["period"].dims == ("rho", "F")
    # the orbits that escape are those beyond the unstable fixed point 2 + rho
    np.testing.assert_array_equal(pd["period"] == -1, (pd["F"] > 2 + pd["rho"]).T)
    settled, cycle, chaos = pd["period"].sel(rho=[0.95, 1.1, 2.0], method="nearest").values
    assert set(settled) == {1, -1}
    assert set(cycle) == {2}
    assert set(chaos) == {0, 1}  # 1: from F = 3 a step lands on the fixed point 0
