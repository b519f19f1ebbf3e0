"""Orbits, orbit diagrams and phase diagrams: values, layout, netCDF, interruption, wrong input."""

import numpy as np
import pytest
import sympy as sp
import xarray as xr

import dynsharp as ds
from dynsharp import progress as progress_bar
from dynsharp.compiled import threads as threading_room
from dynsharp.sweeps import lyapunov, orbit, orbit_diagram, phase_diagram

UV, EOS = ds.systems.uv(), ds.systems.uv_eos()
w, power = sp.symbols("w D", real=True)
POWER = ds.DiscreteMap({w: w - (w**power - 1) * w ** (power - 1) / 5}, [power], name="power")


def eos_loop(rho, start, steps):
    F = start
    for _ in range(steps):
        F = F * (1 + rho - F) ** 2
    return F


def test_orbit_records_state_and_observables():
    d = orbit(UV, {"z": -0.6, "k": 3.0}, 50, fixed={"rho": 1.2})
    z, k = -0.6, 3.0
    for n in range(50):
        assert float(d.z[n]) == pytest.approx(z, rel=1e-9)
        assert float(d.loss[n]) == pytest.approx(z**2 / 2, rel=1e-9)
        z, k = z * (1 - k + z * (z + 1.2)), k + z * (z * k - 4 * (z + 1.2))
    assert d.z.dims == ("iterate",)
    assert d.iterate.values.tolist() == list(range(51))
    assert d.sharpness.shape == (51,)


def test_orbit_says_when_it_escapes():
    d = orbit(EOS, {"F": 4.0}, 30, fixed={"rho": 1.5})
    at = d.attrs["escaped_at"]
    assert 0 < at < 30
    assert np.isnan(d.F[at:]).all()
    assert np.isfinite(d.F[:at]).all()
    assert d.diverged.values.tolist() == [0] * at + [1] * (31 - at)


def test_orbit_diagram_layout_and_cycles():
    rho = np.linspace(0.9, 1.2, 300)
    d = orbit_diagram(EOS, "rho", rho, {"F": 0.4}, transient=5001, keep=4, record=["F", "loss"])
    assert d.F.dims == ("rho", "iterate")
    assert d.iterate.values.tolist() == [5001, 5002, 5003, 5004]
    assert d.diverged.dtype == np.int8
    F = d.F.values
    settled, cycle = rho < 0.99, rho > 1.01
    np.testing.assert_allclose(F[settled], np.repeat(rho[settled, None], 4, axis=1), rtol=1e-9)
    np.testing.assert_allclose(F[cycle, 0] * F[cycle, 1], 1, rtol=1e-9)
    np.testing.assert_allclose(F[cycle, 0] + F[cycle, 1], 1 + rho[cycle], rtol=1e-9)
    np.testing.assert_allclose(d.loss, (F - rho[:, None]) ** 2 / 2, atol=1e-12)


def test_record_begins_after_the_transient():
    d = orbit_diagram(EOS, "rho", [0.5, 1.1], {"F": [0.4, 0.3]}, transient=3, keep=2)
    for n, (rho, start) in enumerate([(0.5, 0.4), (1.1, 0.3)]):
        for i in range(2):
            assert float(d.F[n, i]) == pytest.approx(eos_loop(rho, start, 3 + i), rel=1e-12)


def test_diverged_orbits_are_marked_and_counted():
    d = orbit_diagram(EOS, "rho", [1.5, 2.5, 3.0], {"F": 0.4}, transient=2000, keep=8)
    assert d.diverged.values.tolist() == [0, 1, 1]
    assert d.attrs["diverged"] == 2
    assert np.isnan(d.F[1:]).all()
    assert np.isfinite(d.F[0]).all()


def test_phase_diagram_periods():
    axes = {"F": [0.3, 0.5, 9.0], "rho": [0.8, 1.1, 1.25, 1.9]}
    d = phase_diagram(EOS, axes, max_period=16)
    assert d.period.dims == ("F", "rho")
    assert d.period.dtype == np.int32
    assert d.period.values.tolist() == [[1, 2, 4, 0], [1, 2, 4, 0], [-1, -1, -1, -1]]
    assert d.attrs["diverged"] == 4


def test_a_whole_exponent_may_be_fixed_or_swept():
    degree = 3
    fixed = phase_diagram(POWER, {"w": [-0.9, 0.6]}, fixed={"D": degree}, max_period=4)
    swept = phase_diagram(POWER, {"D": [float(degree)], "w": [-0.9, 0.6]}, max_period=4)
    np.testing.assert_array_equal(fixed.period, swept.period[0])


def test_threads_change_nothing():
    rho = np.linspace(0.9, 2.0, 1500)
    one, four = (
        orbit_diagram(EOS, "rho", rho, {"F": 0.4}, transient=500, keep=4, threads=n) for n in (1, 4)
    )
    xr.testing.assert_identical(one, four)
    few = orbit_diagram(EOS, "rho", rho[700:710], {"F": 0.4}, transient=500, keep=4)
    np.testing.assert_array_equal(few.F, one.F[700:710])


def test_chunks_change_nothing(monkeypatch):
    whole = lyapunov(EOS, "rho", [1.3, 1.9], {"F": 0.4}, iterations=5000)
    diagram = orbit_diagram(EOS, "rho", [1.3, 1.9], {"F": 0.4}, transient=999, keep=50)
    for room in ("dynsharp.sweeps.stepping", "dynsharp.sweeps.exponents"):
        monkeypatch.setattr(f"{room}.CHUNK", 150)
    parts = orbit_diagram(EOS, "rho", [1.3, 1.9], {"F": 0.4}, transient=999, keep=50)
    xr.testing.assert_identical(diagram, parts)
    pieces = lyapunov(EOS, "rho", [1.3, 1.9], {"F": 0.4}, iterations=5000)
    xr.testing.assert_allclose(whole, pieces, rtol=1e-12)


def test_netcdf_gives_it_back(tmp_path):
    results = [
        orbit(UV, {"z": -0.6, "k": 3.0}, 10, fixed={"rho": 1.2}),
        orbit_diagram(EOS, "rho", [1.5, 2.5], {"F": [0.5, 0.4]}, transient=100, keep=8),
        lyapunov(
            EOS,
            "rho",
            [1.5, 2.5],
            {"F": 0.5},
            iterations=500,
            transverse=(1 + EOS.state[0] - EOS.parameters[0]) ** 2,
        ),
        phase_diagram(EOS, {"rho": [0.8, 1.1], "F": [0.4, 0.5, 9]}),
    ]
    for result in results:
        assert_comes_back(result, tmp_path / "result.nc")
        assert result.attrs["dynsharp_version"] == ds.__version__


def assert_comes_back(result, path):
    result.to_netcdf(path, engine="scipy")
    with xr.open_dataset(path, engine="scipy") as back:
        xr.testing.assert_identical(back.load(), result)


def test_netcdf_has_room_for_every_name_in_latin_letters(tmp_path):
    state = [sp.Symbol(n, real=True) for n in ("x'", "w_{1}", "float")]
    parameters = [sp.Symbol(n, real=True) for n in (r"\rho", "é", "2 a^*")]
    rule = {a: b * a * (1 - a) for a, b in zip(state, parameters, strict=True)}
    many = ds.DiscreteMap(rule, parameters, name="λ → ∞", observables={"loss(x)": state[0] ** 2})
    start, path = dict.fromkeys(state, 0.3), tmp_path / "result.nc"
    for b in parameters:
        fixed = dict.fromkeys(set(parameters) - {b}, 3.2)
        d = orbit_diagram(
            many, b, [2.9, 3.3], start, keep=4, fixed=fixed, record=[*state, "loss(x)"]
        )
        assert d[state[0].name].dims == (b.name, "iterate")
        assert_comes_back(d, path)


def test_greek_names_are_kept_and_renamed_for_netcdf(tmp_path):
    greek = ds.DiscreteMap.from_function(lambda x, ρ: ρ * x * (1 - x), ["x"], ["ρ"])
    d = orbit_diagram(greek, "ρ", [2.9, 3.3], {"x": 0.3}, keep=4)
    assert d.x.dims == ("ρ", "iterate")
    assert_comes_back(d.rename({"ρ": "rho"}), tmp_path / "result.nc")


def named(state, parameter):
    a, b = sp.symbols([state, parameter], real=True)
    return ds.DiscreteMap({a: b * a * (1 - a)}, [b], observables={"finished": a})


@pytest.mark.parametrize(
    ("analysis", "clash"),
    [
        (lambda: orbit(named("iterate", "r"), {"iterate": 0.3}, 5, fixed={"r": 3}), "iterate"),
        (lambda: orbit_diagram(named("diverged", "r"), "r", [3], {"diverged": 0.3}), "diverged"),
        (lambda: orbit_diagram(named("x", "iterate"), "iterate", [3], {"x": 0.3}), "iterate"),
        (lambda: orbit_diagram(named("x", "r"), "r", [3], {"x": 0.3}, record="finished"), "fini"),
        (lambda: lyapunov(named("x", "exponent"), "exponent", [3], {"x": 0.3}), "exponent"),
        (lambda: phase_diagram(named("x", "period"), {"period": [3]}, {"x": 0.3}), "period"),
    ],
)
def test_a_name_that_the_result_has_already_is_refused(analysis, clash):
    with pytest.raises(ds.InputError, match=f"got {clash}.*other names"):
        analysis()


HALF = ds.DiscreteMap({w: power * w * (1 - w)}, [power], domain=(w >= 0) & (w <= 1), name="half")
EVERYWHERE = ds.DiscreteMap(HALF.update, [power])
VALUES, STARTS = [2.9, 3.3, 3.9, 4.5], np.array([0.3, 1.5, -0.1, 0.4])


def test_starts_outside_the_domain_are_marked_and_are_no_data(tmp_path):
    d = orbit_diagram(HALF, power, VALUES, {w: STARTS}, transient=100, keep=4)
    assert d.outside_domain.values.tolist() == [0, 1, 1, 0]
    assert d.outside_domain.dtype == np.int8
    assert d.diverged.values.tolist() == [0, 0, 0, 1]
    assert (d.attrs["outside_domain"], d.attrs["diverged"]) == (2, 1)
    assert np.isnan(d.w.values).all(axis=1).tolist() == [False, True, True, True]
    assert_comes_back(d, tmp_path / "d.nc")
    free = orbit_diagram(EVERYWHERE, power, VALUES, {w: STARTS}, transient=100, keep=4)
    np.testing.assert_array_equal(free.w[0], d.w[0])
    assert "outside_domain" not in free
    assert free.attrs["outside_domain"] == 0
    inside = orbit_diagram(HALF, power, VALUES, {w: 0.3}, transient=100, keep=4)
    assert inside.outside_domain.values.tolist() == [0, 0, 0, 0]


def test_exponents_of_starts_outside_the_domain_say_what_to_do(tmp_path):
    le = lyapunov(HALF, power, VALUES, {w: STARTS}, iterations=500, transverse=1 - 2 * w)
    assert le.status.values.tolist() == [0, 5, 5, 1] == le.transverse_status.values.tolist()
    assert np.isnan(le.exponent[1:]).all()
    assert np.isnan(le.transverse_exponent[1:]).all()
    assert le.diverged.values.tolist() == [0, 0, 0, 1]
    meaning = le.status.attrs["flag_meanings"].split("\n")[5]
    assert meaning.endswith("choose a start that is inside for every value")
    assert_comes_back(le, tmp_path / "le.nc")


def test_periods_of_starts_outside_the_domain_have_a_code_of_their_own():
    d = phase_diagram(HALF, {"D": [2.9, 3.3, 4.5], "w": [-0.1, 0.3]})
    assert d.period.values.tolist() == [[-3, 1], [-3, 2], [-3, -1]]
    assert (d.attrs["outside_domain"], d.attrs["diverged"]) == (3, 1)


def test_no_start_inside_the_domain_is_wrong_input():
    for analysis in (
        lambda: orbit(HALF, {w: 1.5}, 3, fixed={power: 3}),
        lambda: orbit_diagram(HALF, power, VALUES, {w: 1.5}),
        lambda: lyapunov(HALF, power, VALUES, {w: [1.5, -1, 2, 3]}),
        lambda: phase_diagram(HALF, {"w": [-1.0, 2.0]}, fixed={"D": 3}),
    ):
        with pytest.raises(ds.InputError, match="outside the domain of half, first"):
            analysis()


def test_an_interrupt_returns_what_is_done(monkeypatch):
    monkeypatch.setattr("dynsharp.sweeps.stepping.CHUNK", 100_000)
    orbit_diagram(EOS, "rho", [1.5, 1.6], {"F": 0.5}, transient=10, keep=1)  # compile beforehand

    def ctrl_c(bar, fraction):
        raise KeyboardInterrupt

    monkeypatch.setattr("dynsharp.progress.ProgressBar.update", ctrl_c)
    rho = np.linspace(0.9, 1.9, 1024)
    d = orbit_diagram(EOS, "rho", rho, {"F": 0.4}, transient=2**30, keep=1, threads=1)
    assert d.attrs["unfinished"] == 1024
    assert np.isnan(d.F).all()
    assert not d.finished.any()
    assert not d.diverged.any()


def test_a_range_that_fails_is_an_error_and_one_that_is_done_is_kept():
    def work(first, last):
        yield 0.5
        if first:
            raise RuntimeError("broken")
        yield 1.0

    with pytest.raises(RuntimeError, match="broken"):
        threading_room.run(600, work, label="test", threads=2)


def test_progress_goes_to_standard_error(capsys, monkeypatch):
    monkeypatch.setattr(progress_bar, "SHOW_AFTER", 0.0)
    orbit_diagram(EOS, "rho", [1.5, 1.6], {"F": 0.5}, transient=10, keep=1, progress=True)
    captured = capsys.readouterr()
    assert "orbit diagram" in captured.err
    assert not captured.out


def test_boundary_starts_are_inside():
    rho = np.linspace(0.5, 1.9, 500)
    z = 0.4 - rho
    d = orbit_diagram(UV, "rho", rho, {"z": z, "k": 2 * (z + rho)}, transient=10, keep=1)
    assert d.attrs["diverged"] == 0


GOOD = {"parameter": "rho", "values": [1.0, 1.2], "start": {"z": -0.6, "k": 3.0}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameter": "eta"}, "rho"),
        ({"parameter": "z"}, "parameter"),
        ({"values": [1.0, np.nan]}, "1 values that are not finite"),
        ({"values": []}, "non-empty"),
        ({"values": "abc"}, "real numbers"),
        ({"values": 1.0}, "non-empty list"),
        ({"start": {"z": -0.6}}, "no value for k"),
        ({"start": {"z": -0.6, "k": 3.0, "q": 1}}, "'q'"),
        ({"start": {"z": -0.6, "k": "three"}}, "real numbers"),
        ({"start": {"z": -0.6, "k": np.inf}}, "not finite"),
        ({"start": {"z": -0.6, "k": [1.0, 2.0, 3.0]}}, "broadcast"),
        ({"start": [0.1, 0.2]}, "dictionary"),
        ({"start": {"z": -0.6, "k": 0.5}}, "all 2 starts outside the domain of uv, first rho"),
        ({"fixed": {"rho": 1.0}}, "not swept"),
        ({"fixed": {"nonsense": 1.0}}, "nonsense"),
        ({"escape": -1.0}, "escape"),
        ({"escape": None}, "escape"),
        ({"threads": 0}, "threads"),
    ],
)
@pytest.mark.parametrize("analysis", [orbit_diagram, lyapunov])
def test_wrong_input_is_named(analysis, change, message):
    arguments = {**GOOD, **change}
    with pytest.raises(ds.InputError, match=message):
        analysis(UV, **arguments)


def test_wrong_input_of_one_function():
    with pytest.raises(ds.InputError, match="record"):
        orbit_diagram(UV, **GOOD, record="temperature")
    with pytest.raises(ds.InputError, match="keep"):
        orbit_diagram(UV, **GOOD, keep=0)
    with pytest.raises(ds.InputError, match="transient"):
        orbit_diagram(UV, **GOOD, transient=1.5)
    with pytest.raises(ds.InputError, match="iterations"):
        lyapunov(UV, **GOOD, iterations=3)
    with pytest.raises(ds.InputError, match="no value for rho"):
        orbit(UV, {"z": 0.0, "k": 3.0}, 10)
    with pytest.raises(ds.InputError, match="axes"):
        phase_diagram(UV, {}, {"z": 0.0, "k": 3.0})
    with pytest.raises(ds.InputError, match="tolerance"):
        phase_diagram(EOS, {"rho": [1.0]}, {"F": 0.5}, tolerance=0)
    with pytest.raises(ds.InputError, match="DiscreteMap"):
        orbit("uv", {"z": 0.0}, 10)
