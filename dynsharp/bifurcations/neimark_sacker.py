"""Neimark–Sacker: a complex pair of multipliers goes through the unit circle."""

from __future__ import annotations

import numpy as np

from dynsharp.bifurcations.crossings import INDISTINCT, critical_pair_of, crossing, modulus
from dynsharp.bifurcations.kind import Counted, Leaving, Marker, Place
from dynsharp.normal_forms.along_curves import OnCurve, lyapunov
from dynsharp.normal_forms.codim1 import NormalForm
from dynsharp.normal_forms.neimark_sacker import neimark_sacker_form
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array


class NeimarkSacker(Counted):
    """K = A² − κA + I, κ = 2 cos θ, has two null vectors; a closed invariant curve leaves."""

    name = "neimark-sacker"
    condition = "two multipliers are e^{±iθ}"
    marker = Marker("^", "sky", "Neimark–Sacker")
    leaves = Leaving(0, "an invariant circle emanates, which is no branch of cycles")
    borders = 2
    order = 3
    size = 2

    def count(self, MU: Array, SIGN: Array) -> Array:
        """Return the number of pairs outside the unit circle."""
        return np.asarray(((MU.imag > 0) & (np.abs(MU) > 1 + INDISTINCT)).sum(axis=-1))

    def locate(self, curve: Curve, a: Point, b: Point) -> Place | None:
        """Newton's method on the modulus of the pair."""
        return crossing(curve, a, b, modulus, self.share(a, b))

    def beyond(self, MU: Array) -> Array:
        """Return how far each multiplier is outside the circle."""
        return np.where(MU.imag > 0, np.abs(MU) - 1, np.inf)

    def form(self, curve: Curve, place: Place) -> NormalForm | None:
        """Return the normal form."""
        mu = critical_pair_of(place.point.mu)
        return None if mu is None else neimark_sacker_form(curve, place.point, mu)

    def polynomial(self, kappa: float) -> tuple[float, ...]:
        """Return the coefficients of A² − κA + I."""
        return 1.0, -kappa, 1.0

    def kappa(self, multipliers: Array) -> float:
        """Return 2 cos θ of the pair nearest to the circle; 0 if there is none."""
        mu = critical_pair_of(multipliers)
        return 0.0 if mu is None else 2 * mu.real / abs(mu)

    def limits(self, kappa: float) -> tuple[float, float]:
        """Return the range of 2 cos θ: beyond it the pair is real, a neutral saddle."""
        return -2.0, 2.0

    def along(self, point: OnCurve) -> float:
        """Return the first Lyapunov coefficient."""
        return lyapunov(point)[0]


KIND = NeimarkSacker()
