"""Flip (period doubling): a real multiplier goes through −1."""

from __future__ import annotations

from functools import partial

import numpy as np

from dynsharp.bifurcations.crossings import INDISTINCT, crossing, real_multiplier
from dynsharp.bifurcations.kind import Counted, Leaving, Marker, Place
from dynsharp.normal_forms.along_curves import OnCurve, cubic, per_pairing
from dynsharp.normal_forms.codim1 import NormalForm
from dynsharp.normal_forms.flip import flip_form
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array


class Flip(Counted):
    """K = A + I is singular; the cycle of twice the period leaves."""

    name = "flip"
    condition = "a multiplier is −1"
    marker = Marker("o", "green", "flip")
    leaves = Leaving(2, "the cycle of twice the period")
    borders = 1
    order = 0

    def count(self, MU: Array, SIGN: Array) -> Array:
        """Return the number of real multipliers below −1."""
        return np.asarray(((MU.imag == 0) & (MU.real < -1 - INDISTINCT)).sum(axis=-1))

    def locate(self, curve: Curve, a: Point, b: Point) -> Place | None:
        """Newton's method on the bordered matrix A + I."""
        return crossing(curve, a, b, partial(real_multiplier, -1.0), self.share(a, b))

    def beyond(self, MU: Array) -> Array:
        """Return how far each multiplier is below −1."""
        return -1 - MU

    def form(self, curve: Curve, place: Place) -> NormalForm:
        """Return the normal form."""
        return flip_form(curve, place.point)

    def polynomial(self, kappa: float) -> tuple[float, ...]:
        """Return the coefficients of A + I."""
        return 1.0, 1.0

    def along(self, point: OnCurve) -> float:
        """Return b = w·[C(v, v, v) − 3B(v, (A − I)⁻¹B(v, v))]/6 w·v."""
        return per_pairing(cubic(point)[0] / 6, point)


KIND = Flip()
