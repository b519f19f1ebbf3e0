"""The parts of the phase finder: turning points, excursions, noise, recurrence, decay."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynsharp.regimes.excursions import excursions, turning_points
from dynsharp.regimes.motion import decays, motion
from dynsharp.regimes.noise import smoothed, white_noise

series = st.lists(st.integers(0, 20), min_size=3, max_size=40).map(lambda v: np.array(v, float))


@given(series, st.integers(0, 8))
def test_turning_points_alternate_and_miss_no_swing(x, least):
    points = turning_points(x, least)
    assert points[0] == 0
    assert points[-1] == len(x) - 1
    swings = [x[j] - x[i] for i, j in pairwise(points)]
    inner = swings[1:-1]
    assert all(abs(s) > least for s in inner)
    assert all(a * b < 0 for a, b in pairwise(inner))
    for i, j in pairwise(points):  # within a leg nothing goes back by more
        leg = x[i : j + 1] * (1 if x[j] >= x[i] else -1)
        assert (np.maximum.accumulate(leg) - leg).max() <= least


@given(series, st.integers(0, 5))
def test_excursions_are_the_times_above_where_a_rise_began(x, least):
    found = excursions(x, least)
    points = turning_points(x, least)
    covered = np.zeros(len(x), bool)
    for i, j in pairwise(points):
        if x[j] - x[i] > least:
            back = next((k for k in range(j + 1, len(x)) if x[k] <= x[i]), len(x) - 1)
            covered[i + 1 : back] = True
    mine = np.zeros(len(x), bool)
    for e in found:
        mine[e.first + 1 : e.last] = True
        assert e.returned == bool((x[e.rises[0][1] + 1 :] <= x[e.first]).any())
    np.testing.assert_array_equal(mine, covered)
    assert all(a.last <= b.first for a, b in pairwise(found))


@pytest.mark.parametrize("level", [1e-4, 0.03, 0.8])
def test_white_noise_is_measured_on_any_smooth_series(level):
    t = np.linspace(0, 1, 1000)
    noise = level * np.random.default_rng(0).normal(size=1000)
    for smooth in (0 * t, 5 * t, np.exp(-2 * t)):
        assert white_noise(smooth + noise) == pytest.approx(level, rel=0.15)


def logistic(r, n=1200, x=0.3):
    out = np.empty(n)
    for i in range(n):
        out[i] = x = r * x * (1 - x)
    return out


def test_what_follows_from_itself_is_no_noise():
    t = np.arange(500.0)
    for x in (np.exp(-t / 50), (-0.99) ** t, np.cos(t), t % 5, logistic(4)):
        assert white_noise(x) == 0


@pytest.mark.parametrize(
    ("r", "kind", "period"),
    [(2.9, "periodic", 1), (3.2, "periodic", 2), (3.5, "periodic", 4), (3.55, "periodic", 8),
     (3.83, "periodic", 3), (3.9, "chaotic", 0), (4.0, "chaotic", 0)],
)  # fmt: skip
def test_motion_of_the_logistic_map(r, kind, period):
    found = motion(logistic(r)[None, 400:], 64)
    assert (found.kind, found.period) == (kind, period)
    if r == 4:  # its Lyapunov exponent is ln 2
        assert found.growth == pytest.approx(np.log(2), rel=0.1)


@pytest.mark.parametrize("rate", [0.99, 0.9])
def test_a_transient_does_not_double_the_period(rate):
    t = np.arange(300)
    cycle = 1 + 0.3 * (-1.0) ** t
    slow = 0.1 * rate**t * np.where(t % 4 < 2, 1, -1)  # multiplier -rate² of the 2-cycle
    assert motion((cycle + slow)[None], 64).period == 2
    assert motion((cycle + 0.1 * np.where(t % 4 < 2, 1, -1))[None], 64).period == 4


def test_rotation_is_quasi_periodic_and_noise_irregular():
    t = np.arange(1200)
    turning = np.array([np.cos(t * 1.234), np.sin(t * 1.234)])
    assert motion(turning, 64).kind == "quasi-periodic"
    assert motion(np.random.default_rng(0).normal(size=(2, 1200)), 64).kind == "irregular"


def test_decay_is_told_from_a_cycle_by_the_normal_form_of_a_flip():
    # h' = h - mu h - h^3: mu > 0 dies out exponentially, mu = 0 algebraically, mu < 0 saturates.
    for mu, dies in ((0.02, True), (0.0, True), (-0.02, False)):
        h, out = 0.35, []
        for i in range(600):
            out.append(1 + h * (-1) ** i)
            h -= mu * h + h**3
        assert decays(np.array([out])) == dies


@given(st.floats(-3, 3), st.floats(-2, 2), st.floats(-2, 2))
def test_smoothing_keeps_a_level_and_cancels_what_alternates(level, slope, swing):
    t = np.arange(40.0)
    y = smoothed(level + slope * t + swing * (-1) ** t)
    np.testing.assert_allclose(y[1:-1], (level + slope * t)[1:-1], atol=1e-9)
