"""The phases of runs whose phases are known: of the exact UV map, and of others."""

import json
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp import InputError
from dynsharp.regimes import Phase, training_regime

MONOTONE = 2 * np.sqrt(2) - 2  # on the edge-of-stability manifold no loss rises up to this rho
DOUBLED = np.sqrt(5) - 1  # where the 2-cycle doubles
SHARPER, FLATTER = "progressive sharpening", "sharpness reduction"
EDGE = "edge of stability"


def uv(rho, f, k, steps=1000):
    """Iterate the scaled UV map: loss and sharpness (times eta), by plain arithmetic."""
    Z, K = np.empty((2, steps + 1))
    z, k = np.float64(f - rho), np.float64(k)
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            Z[t], K[t] = z, k
            z, k = z * (1 - k + z * (z + rho)), k + z * (z * k - 4 * (z + rho))
        plane = (K + np.sqrt(K * K + 4 * Z * (3 * Z + 2 * rho))) / 2
        loss, sharpness = Z * Z / 2, np.maximum(plane, np.abs(Z))
    bad = ~(np.isfinite(loss) & np.isfinite(sharpness))
    return np.where(bad, np.nan, loss), np.where(bad, np.nan, sharpness)


def regime(rho, f, k, steps=1000):
    loss, sharpness = uv(rho, f, k, steps)
    return training_regime(loss=loss, sharpness=sharpness, eta=1)


def trapped(rho, f, k):
    """Whether a start is inside the triangle that no orbit leaves."""
    return 2 * abs(f) <= k < 4 + rho * (f - rho)


# ---- analytic truths ---------------------------------------------------------------------------


@pytest.mark.parametrize("f", [0.01, 0.2, 0.5, 0.9, 1.3])
@pytest.mark.parametrize("rho", [0.1, 0.4, 0.7, 0.82])
def test_no_catapult_on_the_manifold_below_its_threshold(rho, f):
    assert rho < MONOTONE
    found = regime(rho, f, 2 * f)
    assert set(found.names) <= {SHARPER, FLATTER, "convergence"}
    assert found.final.name == "convergence"


@pytest.mark.parametrize("f", [0.01, 0.2, 0.5, 0.9, 1.3, 1.7])
@pytest.mark.parametrize("rho", [0.84, 0.88, 0.93, 0.97, 0.99])
def test_between_its_threshold_and_one_what_rises_is_a_catapult(rho, f):
    assert MONOTONE < rho <= 1
    loss, _ = uv(rho, f, 2 * f)
    large = loss > 1e-20
    rises = bool((np.diff(loss)[large[1:]] > 1e-12 * loss[:-1][large[1:]]).any())
    found = regime(rho, f, 2 * f)
    assert ("catapult" in found.names) == rises
    assert found.final.name == "convergence"


@pytest.mark.parametrize("f", [0.03, 0.4, 0.8])
@pytest.mark.parametrize(
    ("rho", "period"), [(1.02, 2), (1.1, 2), (1.2, 2), (1.25, 4), (1.28, 4), (1.7, 3), (1.29505, 8)]
)
def test_period_at_the_edge_of_stability(rho, period, f):
    found = regime(rho, f, 2 * f, 3000).final
    assert (found.name, found.kind, found.period) == (EDGE, "periodic", period)
    assert found.label == f"edge of stability, period {period}"


def test_periodic_or_chaotic_by_the_lyapunov_exponent():
    values = np.linspace(1.4, 1.96, 22)
    start = {"z": 0.8 - values, "k": 1.7}
    exponent = ds.lyapunov(ds.systems.uv(), "rho", values, start, iterations=4000)
    wrong = []
    for rho, le in zip(values, exponent["exponent"].values, strict=True):
        loss, sharpness = uv(rho, 0.8, 1.7, 3000)
        found = training_regime(loss=loss, sharpness=sharpness, eta=1).final
        assert found.name == EDGE
        if abs(le) > 0.02 and (found.kind == "chaotic") != (le > 0):
            wrong.append((rho, le, found))
        if found.kind == "chaotic":  # an estimate of that exponent
            assert found.measured["growth"] == pytest.approx(le, rel=0.25, abs=0.03)
    assert not wrong


def test_divergence_exactly_outside_the_trapping_triangle():
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(60):
        rho, f = random.uniform(0.2, 1.9), random.uniform(0.05, 2.5)
        k = 2 * f + random.uniform(0, 4)
        if abs(k - 4 - rho * (f - rho)) < 0.02:
            continue
        found = regime(rho, f, k)
        assert (found.final.name == "divergence") != trapped(rho, f, k)
        seen.add(found.final.name)
    assert seen >= {"divergence", EDGE, "convergence"}


@pytest.mark.parametrize(("f", "k"), [(0.001, 0.006), (0.004, 0.02), (0.019, 0.05), (0.021, 0.05),
                                      (0.03, 0.06), (0.05, 0.12)])  # fmt: skip
def test_small_steps_sharpen_if_and_only_if_f_is_below_y(f, k):
    # For gradient flow the trace goes from k to sqrt(k^2 - 4 f^2 + 4 rho^2).
    rho = 0.02
    run = ds.orbit(ds.systems.uv(), {"z": f - rho, "k": k}, 3000, fixed={"rho": rho})
    found = training_regime(run, 1, sharpness="k")
    assert found.names == (SHARPER if f < rho else FLATTER, "convergence")
    assert found.phases[0].measured["sharpness_first"] == k
    limit = np.sqrt(k**2 - 4 * f**2 + 4 * rho**2)
    assert found.final.measured["sharpness_last"] == pytest.approx(limit, rel=0.01)


def test_an_exact_quadratic():
    for eta, final in ((0.5, "convergence"), (1.99, "convergence"), (2.01, "divergence")):
        w = (1 - eta) ** np.arange(1500.0)
        found = training_regime(loss=w**2 / 2, sharpness=np.ones(1500), eta=eta)
        assert found.names == (final,)


def test_a_cycle_on_which_the_loss_is_equal():
    # -cos at eta = 3: w -> w - 3 sin w has the cycle ±w*, 2 w* = 3 sin w*; its minimum is unstable.
    w, out = 0.7, []
    for _ in range(600):
        out.append((-np.cos(w), np.cos(w)))
        w -= 3 * np.sin(w)
    loss, sharpness = np.array(out).T
    found = training_regime(loss=loss, sharpness=sharpness, eta=3)
    assert (found.final.name, found.final.period) == (EDGE, 1)
    assert loss[-1] == pytest.approx(loss[-2])
    assert loss[-1] > loss[0]


def test_a_step_size_that_falls():
    a, b, out = 0.3, 0.1, []
    eta = np.where(np.arange(800) < 400, 1.15, 0.5)
    for step in eta:
        r = a * b - 1
        out.append(
            (r * r / 2, np.linalg.eigvalsh([[b * b, 2 * a * b - 1], [2 * a * b - 1, a * a]])[1])
        )
        a, b = a - step * r * b, b - step * r * a
    loss, sharpness = np.array(out).T
    found = training_regime(loss=loss, sharpness=sharpness, eta=eta)
    edge = found.at(390)
    assert (edge.name, edge.period) == (EDGE, 2)
    assert abs(edge.last - 400) <= 3
    assert found.final.name == "convergence"


def test_momentum_oscillates_without_a_catapult_and_has_its_own_threshold():
    x, eta, beta = sp.symbols("x eta beta")
    hb = ds.heavy_ball(x**2 / 2, weights=[x], step=eta, momentum=beta)
    start = dict(zip([s.name for s in hb.state], [1.0, 0.0], strict=True))
    for value, final in ((2.5, "convergence"), (3.7, "divergence")):
        run = ds.orbit(hb, start, 1500, fixed={"eta": value, "beta": 0.8})
        found = training_regime(
            run, sharpness=np.ones(1501), threshold=2 * (1 + 0.8) / value, change=0.02
        )
        assert found.names == (final,)


# ---- invariances -------------------------------------------------------------------------------

starts = st.tuples(
    st.floats(0.05, 2.2), st.floats(0.02, 2.4), st.floats(0.0, 3.0)
).map(lambda s: (s[0], s[1], 2 * s[1] + s[2]))  # fmt: skip


def spans(found):
    return [(p.label, p.first, p.last) for p in found]


@given(starts)
def test_spans_cover_every_step_once(start):
    found = regime(*start, steps=300)
    assert found.phases[0].first == 0
    assert found.final.last == 300
    for before, after in pairwise(found):
        assert before.first <= before.last
        assert after.first == before.last + 1
    assert found.at(150).first <= 150 <= found.at(150).last


@given(starts, st.sampled_from([2.0**-20, 2.0**7]), st.sampled_from([0.25, 16.0]))
def test_scales_of_loss_and_step_do_not_matter(start, factor, unit):
    loss, sharpness = uv(*start, steps=300)
    plain = training_regime(loss=loss, sharpness=sharpness, eta=1)
    scaled = training_regime(loss=factor * loss, sharpness=sharpness / unit, eta=unit)
    assert spans(plain) == spans(scaled)


@given(starts)
def test_it_reads_a_log_in_any_form(start):
    loss, sharpness = uv(*start, steps=200)
    steps = np.arange(100, 301)
    expected = spans(training_regime(loss=loss, sharpness=sharpness, eta=0.5, step=steps))
    data = xr.Dataset(
        {"loss": ("step", loss), "sharpness": ("step", sharpness), "eta": 0.5}, {"step": steps}
    )
    record = {"step": list(steps), "loss": list(loss), "sharpness": list(sharpness)}
    table = np.rec.fromarrays([steps, loss, sharpness], names="step,loss,sharpness")
    renamed = {"iterate": steps, "train": loss, "top": sharpness}
    for found in (
        training_regime(data.drop_vars("eta"), 0.5),
        training_regime(record, eta=0.5),
        training_regime(table, [0.5] * 201),
        training_regime(renamed, 0.5, loss="train", sharpness="top"),
        training_regime(record | {"eta": [0.5] * 201}),
    ):
        assert [s[1:] for s in spans(found)] == [s[1:] for s in expected]


NAMED = [
    ((0.02, 0.003, 0.09), ["progressive sharpening", "convergence"]),
    ((0.02, 0.05, 0.15), ["sharpness reduction", "convergence"]),
    ((0.97, 0.7, 1.6), ["catapult", "convergence"]),
    ((1.1, 0.3, 0.9), [EDGE + ", period 2"]),
    ((1.26, 0.3, 0.9), [EDGE + ", period 4"]),
    ((1.7, 0.3, 0.9), [EDGE + ", period 3"]),
    ((1.6, 0.3, 0.9), [EDGE + ", chaotic"]),
    ((1.9, 0.3, 0.9), [EDGE + ", chaotic"]),
]


@pytest.mark.parametrize(("start", "labels"), NAMED)
@pytest.mark.parametrize("size", [1e-3, 5e-3])
def test_small_noise_changes_no_main_phase(start, labels, size):
    loss, sharpness = uv(*start, steps=1500)
    random = np.random.default_rng(1)
    noisy = [a * np.exp(size * random.normal(size=a.size)) for a in (loss, sharpness)]
    for a in ((loss, sharpness), noisy):
        found = training_regime(loss=a[0], sharpness=a[1], eta=1)
        long = {p.label for p in found if p.last - p.first > 8}
        assert long == set(labels) or [p.label for p in found] == labels
        assert found.final.label == labels[-1]


@pytest.mark.parametrize(("start", "labels"), NAMED)
@pytest.mark.parametrize("every", [2, 5, 7])
def test_a_thinned_log_has_the_same_final_phase(start, labels, every):
    loss, sharpness = uv(*start, steps=7000)
    found = training_regime(
        loss=loss[::every], sharpness=sharpness[::every], eta=1, step=np.arange(7001)[::every]
    )
    assert found.final.name == labels[-1].split(",")[0]
    if found.final.period:
        assert found.final.period % int(labels[-1][-1]) == 0
        assert found.final.period % every == 0
    coarse = training_regime(
        loss=loss, sharpness=sharpness[::every], eta=1, sharpness_step=np.arange(0, 7001, every)
    )
    assert coarse.final.name == found.final.name


# ---- a naive version ---------------------------------------------------------------------------


def naive(loss, sharpness):
    """Return the final phase of a clean run, word for word by the definitions."""
    if not np.isfinite(loss).all():
        return "divergence"
    end = loss[-400:]
    if end.max() < 1e-10:
        return "convergence"
    for period in range(1, 65):
        if np.allclose(end[period:], end[:-period], rtol=1e-7, atol=0):
            return f"edge of stability, period {period}"
    return "edge of stability, aperiodic"


@given(st.floats(0.05, 2.3), st.floats(0.02, 1.9), st.floats(0.0, 2.0))
def test_clean_runs_end_as_the_definitions_say(rho, f, above):
    k = 2 * f + above
    loss, sharpness = uv(rho, f, k, 4000)
    found = training_regime(loss=loss, sharpness=sharpness, eta=1).final
    expected = naive(loss, sharpness)
    if abs(rho - 1) < 0.02 or expected.endswith(("aperiodic", "period 64")):
        assert found.name == expected.split(",")[0] or abs(rho - 1) < 0.02
    else:
        assert found.label == expected


# ---- noise, logs of real runs, results -----------------------------------------------------------


def test_minibatch_noise_is_neither_catapult_nor_edge():
    random = np.random.default_rng(2)
    steps = np.arange(3000)
    loss = (np.exp(-steps / 300) + 0.01) * np.exp(0.4 * random.normal(size=3000))
    rising = 1 - 0.6 * np.exp(-steps / 400)
    noisy = rising * np.exp(0.003 * random.normal(size=3000))
    found = training_regime(loss=loss, sharpness=noisy, eta=1)
    assert found.names == (SHARPER, "convergence")
    assert found.settings["loss_noise"] == pytest.approx(0.4, rel=0.15)
    assert found.settings["sharpness_noise"] == pytest.approx(0.003, rel=0.15)
    edge = training_regime(loss=loss, sharpness=2 * noisy, eta=1)  # comes to the threshold
    assert edge.final.name == EDGE
    assert edge.final.kind == "irregular"


def test_missing_records_are_counted_and_the_spans_cover_them():
    loss, sharpness = uv(0.97, 0.7, 1.6, 600)
    whole = training_regime(loss=loss, sharpness=sharpness, eta=1)
    loss[[100, 101, 300]] = np.nan
    sharpness[200:260] = np.nan
    found = training_regime(loss=loss, sharpness=sharpness, eta=1)
    assert found.names == whole.names
    assert "3 of the records" in found.status
    assert found.final.last == 600


def test_a_log_cut_short_says_so():
    loss, sharpness = uv(0.5, 0.5 + 1e-4, 3.5, 12)
    found = training_regime(loss=loss[:8], sharpness=sharpness[:8], eta=1)
    assert found.names == ("catapult",)
    assert "record more steps" in found.status


def test_results_print_compare_and_go_to_netcdf(tmp_path):
    found = regime(1.1, 0.02, 0.1, 400)
    assert found == regime(1.1, 0.02, 0.1, 400)
    lines = repr(found).splitlines()
    assert len(lines) == 1 + len(found)
    assert "edge of stability, period 2" in lines[-1]
    assert repr(Phase("catapult", 3, 9)) == "catapult: steps 3 to 9"
    data = found.to_dataset()
    data.to_netcdf(tmp_path / "phases.nc")
    with xr.open_dataset(tmp_path / "phases.nc") as back:
        assert list(back["name"].values) == list(found.names)
        assert list(back["period"].values) == [p.period or 0 for p in found]
        np.testing.assert_allclose(back["ratio_mean"], [p.measured["ratio_mean"] for p in found])


def test_results_are_plain_data_and_a_table():
    found = regime(1.3, 0.4, 1.0)
    told = json.loads(json.dumps(found.as_dict()))
    assert told["status"] == found.status
    assert [p["name"] for p in told["phases"]] == list(found.names)
    assert told["phases"][0]["measured"] == dict(found.phases[0].measured)
    frame = found.to_dataframe()
    assert list(frame["first"]) == [p.first for p in found]
    assert list(frame["loss_last"]) == [p.measured["loss_last"] for p in found]


def test_measured_values_are_those_of_the_log():
    loss, sharpness = uv(1.1, 0.02, 0.1, 400)
    for phase in training_regime(loss=loss, sharpness=sharpness, eta=1):
        here = slice(phase.first, phase.last + 1)
        assert phase.measured["loss_peak"] == loss[here].max()
        assert phase.measured["loss_first"] == loss[phase.first]
        assert phase.measured["sharpness_last"] == sharpness[phase.last]
        assert phase.measured["ratio_mean"] == pytest.approx(sharpness[here].mean() / 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sharpness": [1, 2, 3], "eta": 1}, "loss"),
        ({"loss": [1, 2, 3], "eta": 1}, "sharpness"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3]}, "eta"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2], "eta": 1}, "sharpness: got 2 values"),
        ({"loss": [1, 2], "sharpness": [1, 2], "eta": 1}, "at least 3"),
        ({"loss": [[1, 2, 3]], "sharpness": [1, 2, 3], "eta": 1}, "one-dimensional"),
        ({"loss": ["a", "b", "c"], "sharpness": [1, 2, 3], "eta": 1}, "loss"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3], "eta": 0}, "eta"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3], "eta": [1, 2]}, "eta"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3], "eta": 1, "threshold": 2}, "threshold"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3], "threshold": -2}, "threshold"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3], "eta": 1, "step": [0, 2, 1]}, "step"),
        ({"loss": [np.nan] * 3, "sharpness": [1, 2, 3], "eta": 1}, "no finite"),
        ({"loss": [1, 2, 3], "sharpness": [np.nan] * 3, "eta": 1}, "no finite"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3], "eta": 1, "change": 2}, "change"),
        ({"loss": [1, 2, 3], "sharpness": [1, 2, 3], "eta": 1, "max_period": 0}, "max_period"),
        ({"trajectory": {"loss": [1, 2, 3]}, "eta": 1}, "no 'sharpness'"),
        ({"trajectory": 3, "eta": 1}, "trajectory"),
    ],
)  # fmt: skip
def test_wrong_input_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        training_regime(**arguments)


def test_the_heavy_tails_of_single_sample_losses_are_no_catapults():
    random = np.random.default_rng(3)
    steps = np.arange(3000)
    loss = (np.exp(-steps / 300) + 0.01) * random.normal(size=3000) ** 2
    found = training_regime(loss=loss, sharpness=1 - 0.6 * np.exp(-steps / 400), eta=1)
    assert found.names == (SHARPER, "convergence")
