"""A kind of codimension one with a defining matrix is followed: neutral saddles, μ₁μ₂ = 1."""

from itertools import combinations

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp import bifurcations
from dynsharp.bifurcation_curves import continue_bifurcation

x, y, a, b = sp.symbols("x y a b", real=True)


class NeutralSaddle(bifurcations.Tested):
    """K = A² − κA + I is singular twice with κ = μ₁ + μ₂, |κ| > 2."""

    name = "neutral-saddle"
    condition = "two real multipliers have the product 1"
    marker = bifurcations.Marker("d", "orange", "neutral saddle")
    critical = False
    borders = 2

    def values(self, curve, Y, MU):
        """Return ∏(μᵢμⱼ − 1), i < j."""
        pairs = [MU[:, i] * MU[:, j] - 1 for i, j in combinations(range(MU.shape[1]), 2)]
        return np.prod(pairs, axis=0).real[:, None]

    def belongs(self, curve, place):
        """Whether the pair is real."""
        return bool(np.all(place.point.mu.imag == 0))

    def polynomial(self, kappa):
        """Return the coefficients of A² − κA + I."""
        return 1.0, -kappa, 1.0

    def kappa(self, multipliers):
        """Return the sum of the two whose product is nearest to 1."""
        pairs = list(combinations(multipliers.real, 2))
        return float(sum(min(pairs, key=lambda p: abs(p[0] * p[1] - 1))))

    def limits(self, kappa):
        """Return the range in which the two are real."""
        return (2.0, np.inf) if kappa > 0 else (-np.inf, -2.0)


@pytest.fixture
def neutral_saddles():
    bifurcations.register(NeutralSaddle())
    yield
    bifurcations.unregister("neutral-saddle")


def test_neutral_saddles_of_a_map_in_closed_form(neutral_saddles):
    """x' = y, y' = a + b y + x/5 − x²: on x = y the determinant is 2x − 1/5, the trace b.

    So they are at x = 3/5, a = 3/5 (1 − b) − 3/25 + 9/25, from b = 2 on.
    """
    m = ds.DiscreteMap({x: y, y: a + b * y + x / 5 - x**2}, [a, b])
    start = {x: 0.7, y: 0.7}
    line = ds.continue_fixed_point(m, a, start, -0.69, (-3, 3), fixed={b: 2.5})
    (point,) = (p for p in line.special_points if p.kind == "neutral-saddle")
    assert point.value == pytest.approx(0.6 * (1 - 2.5) + 0.24, abs=1e-12)
    curve = continue_bifurcation(point, ("a", "b"), {"a": (-3, 3), "b": (0, 4)})
    assert (curve.kind, curve.status) == ("neutral-saddle", "complete")
    A, B = curve.values.T
    np.testing.assert_allclose(A, 0.6 * (1 - B) + 0.24, atol=1e-12)
    np.testing.assert_allclose(curve.states[:, 0], 0.6, atol=1e-12)
    np.testing.assert_allclose(curve.multipliers.prod(axis=1), 1, atol=1e-10)
    np.testing.assert_allclose(curve.multipliers.sum(axis=1), B, atol=1e-10)
    assert (B.min(), B.max()) == (pytest.approx(2, abs=1e-12), 4)
    assert "κ = 2, where neutral-saddle points end" in curve.ends
    assert np.isnan(curve.coefficient).all()
