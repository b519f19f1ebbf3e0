"""Fold: a real multiplier goes through 1 where the branch turns round in the parameter."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from dynsharp.bifurcations.branch_point import IMPERFECT
from dynsharp.bifurcations.branch_point import KIND as BRANCH
from dynsharp.bifurcations.crossings import INDISTINCT, crossing, real_multiplier
from dynsharp.bifurcations.kind import Counted, Marker, Place
from dynsharp.normal_forms.along_curves import OnCurve, per_pairing, quadratic
from dynsharp.normal_forms.codim1 import NormalForm
from dynsharp.normal_forms.fold import fold_form
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array


class Fold(Counted):
    """K = A − I is singular, [A − I, G_p] is not; several multipliers make a branch point."""

    name = "fold"
    condition = "a multiplier is 1, the branch turns round"
    marker = Marker("s", "purple", "fold")
    borders = 1
    order = 1
    together = "branch"
    unseen = 0  # what turns round cannot be cancelled

    def count(self, MU: Array, SIGN: Array) -> Array:
        """Return the number of real multipliers above 1."""
        return np.asarray(((MU.imag == 0) & (MU.real > 1 + INDISTINCT)).sum(axis=-1))

    def locate(self, curve: Curve, a: Point, b: Point) -> Place | None:
        """Newton's method on the bordered matrix A − I; a branch point if the rank is lost."""
        place = crossing(curve, a, b, partial(real_multiplier, 1.0), self.share(a, b))
        if place is None:
            return None
        for point in (place.point, a, b):
            if not BRANCH.holds(curve, point.y):
                continue
            crossed = BRANCH.located_from(curve, a, b, point.y)
            if crossed is not None and not crossed.status.startswith(IMPERFECT):
                return replace(crossed, kind=BRANCH)
        return place

    def beyond(self, MU: Array) -> Array:
        """Return how far each multiplier is above 1."""
        return MU - 1

    def form(self, curve: Curve, place: Place) -> NormalForm:
        """Return the normal form."""
        return fold_form(curve, place.point)

    def polynomial(self, kappa: float) -> tuple[float, ...]:
        """Return the coefficients of A − I."""
        return -1.0, 1.0

    def along(self, point: OnCurve) -> float:
        """Return b = w·B(v, v)/2 w·v."""
        return per_pairing(quadratic(point)[0] / 2, point)


KIND = Fold()
