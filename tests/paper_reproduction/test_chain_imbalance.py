from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from paper_reproduction.chain import imbalance
from paper_reproduction.chain.data import gaussian, power_law

SAMPLES = [
    gaussian(12, 30, np.random.default_rng(1)),
    power_law(12, 30, 2.0, np.random.default_rng(2)),
]


@pytest.fixture(scope="module")
def curves():
    return [imbalance.curve(s, 12, 40, 3) for s in SAMPLES]


def original():
    return np.array([imbalance.in_original_coordinates(SAMPLES[0], 12, 0.5)])


def test_the_claim_holds_on_other_data(curves):
    assert [c.criterion for c in imbalance.judge(curves, original()) if not c.holds] == []


def test_sharpness_is_that_of_the_hessian_in_the_samples(curves):
    """∂²/∂(u, v)² of (1/2N)‖X u v − y‖² at a minimum, written out."""
    for samples, c in zip(SAMPLES, curves, strict=True):
        X, y = samples.X[:12], samples.y[:12]
        for place in (0, 17, 39):
            v = np.sqrt((np.sqrt(c.C[place] ** 2 + 4 * c.chain.Q) - c.C[place]) / 2)
            u = np.linalg.pinv(X) @ y / v
            J = np.column_stack([X * v, X @ u])
            assert np.linalg.eigvalsh(J.T @ J / 12)[-1] == pytest.approx(c.S[place], rel=1e-10)


def test_least_sharpness_is_where_its_derivative_vanishes(curves):
    """Hellmann–Feynman: d(λ N)/d(v²) = w·σ²w − (w·d)²/v⁴ for the top eigenvector w."""
    for c in curves:

        def slope(t, chain=c.chain):
            matrix = t * np.diag(chain.sigma**2) + np.outer(chain.targets, chain.targets) / t
            w = np.linalg.eigh(matrix)[1][:, -1]
            return float(w**2 @ chain.sigma**2 - (w @ chain.targets) ** 2 / t**2)

        t = brentq(slope, 1e-4, 1e4, xtol=1e-14)
        assert c.chain.Q / t - t == pytest.approx(c.turn, abs=1e-5 * np.sqrt(c.chain.Q))


def test_scaling_the_data_scales_the_sharpness(curves):
    """y → c y: Q → c² Q, so that C/√Q stays and S → c S."""
    doubled = replace(SAMPLES[0], y=2 * SAMPLES[0].y)
    other = imbalance.curve(doubled, 12, 40, 3)
    unit = [np.sqrt(c.chain.Q) for c in (curves[0], other)]
    np.testing.assert_allclose(other.C / unit[1], curves[0].C / unit[0], rtol=1e-6)
    np.testing.assert_allclose(other.S, 2 * curves[0].S, rtol=1e-6)


def test_a_wrong_theory_is_refused(curves):
    bent = [replace(c, S=c.S * 1.5, trained=c.trained * [1, 1.01, 1]) for c in curves]
    monotone = [replace(c, turn=1.1 * c.turn) for c in curves]
    refused = {c.criterion[:12] for c in imbalance.judge(bent, original()) if not c.holds}
    assert {"So does grad", "(1/N)[σ₁²v² "} <= refused
    refused = {c.criterion[:12] for c in imbalance.judge(monotone, original()) if not c.holds}
    assert "S is not mon" in refused
    drifted = original() * [1, 1, 1e9]
    assert not imbalance.judge(curves, drifted)[0].holds
