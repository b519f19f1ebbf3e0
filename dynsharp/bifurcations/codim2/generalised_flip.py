"""The generalised flip: the cubic coefficient of the flip vanishes.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 9.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dynsharp.bifurcations.codim2.kind import FLIP, FOLD, Codim2Kind, CurveTest
from dynsharp.bifurcations.codim2.multipliers import without_pole
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.along_curves import cubic
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign
from dynsharp.normal_forms.unfoldings import Born, Longer
from dynsharp.types import Array


class GeneralisedFlip(Codim2Kind):
    """Test function w·[C(v, v, v) − 3B(v, (A − I)⁻¹B(v, v))] ∏(μ − 1) along flips."""

    name = "generalised-flip"
    meaning = "the flip turns from supercritical to subcritical; the doubled cycle has a fold"
    marker = Marker("P", "green", "generalised flip")
    tests = (CurveTest("flip", without_pole(cubic), on_families=False),)
    multipliers = (-1.0,)
    map = "−ξ + d ξ⁵"
    order = 5
    through = (FLIP,)
    multiples = (2,)

    def read(self, m: CenterManifold) -> Reading:
        """Read d."""
        b, d = (m.coefficient(0, k).real for k in (3, 5))
        kind = "stable" if d > 0 else "unstable"
        return Reading(
            {"d": d},
            sign("d", d),
            f"the outer of the two doubled cycles that meet in a fold is {kind}",
            required={"d": (d, 5)},
            vanishing={"the cubic coefficient": (b, 3)},
        )

    def longer(self, m: CenterManifold) -> Longer:
        """−w + (μα + Qαα) w + κα w³ + d w⁵: a double 2-cycle at κα = −2d ε², μα = d ε⁴ − Qαα."""
        rates = np.array([m.rates(0, 1).real, m.rates(0, 3).real])
        d = m.coefficient(0, 5).real

        def place(u: Array, epsilon: float) -> tuple[Array, Array]:
            return np.array([epsilon]), np.linalg.solve(rates, u * [epsilon**4, epsilon**2])

        def curves() -> Iterator[Born]:
            one, two = np.linalg.solve(rates, [0.0, -2 * d])
            Q = [m.coefficient(0, 1, *e).real for e in ((2, 0), (1, 1), (0, 2))]
            guess = [d - np.dot(Q, [one**2, one * two, two**2]), -2 * d]
            yield Born(FOLD, 2, place, np.array(guess))

        return Longer(rates, curves)


KIND = GeneralisedFlip()
