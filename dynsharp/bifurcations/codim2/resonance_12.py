"""The 1:2 resonance: a double multiplier −1, where flips meet Neimark–Sacker points.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 9.5.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dynsharp.bifurcations.codim2.kind import FLIP, NEIMARK_SACKER, Codim2Kind, CurveEnd
from dynsharp.bifurcations.codim2.multipliers import another
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign
from dynsharp.normal_forms.unfoldings import Born, Longer
from dynsharp.types import Array


class Resonance12(Codim2Kind):
    """Test function ∏(μ + 1) along flips; an end of Neimark–Sacker points."""

    name = "1:2"
    meaning = "double multiplier −1: a curve of Neimark–Sacker points ends on one of flips"
    marker = Marker("D", "black", "1:2 resonance")
    tests = (another("flip", -1.0),)
    ends = (
        CurveEnd(
            "neimark-sacker",
            -2.0,
            "the 1:2 resonance",
            "the pair is real (a neutral saddle)",
        ),
    )
    multipliers = (-1.0, -1.0)
    map = "(−ξ + η, −η + c ξ³ + d ξ²η); C1 = 4c, D1 = −2d − 6c"
    through = (FLIP, NEIMARK_SACKER)
    multiples = (2,)
    beyond = "a narrow region of homoclinic or heteroclinic tangles"

    def read(self, m: CenterManifold) -> Reading:
        """Read c, d, C1 and D1."""
        c, d = m.coefficient(1, 3).real, m.coefficient(1, 2, 1).real
        C1, D1 = 4 * c, -2 * d - 6 * c
        own = (
            "the doubled cycle has a Neimark–Sacker curve too"
            if C1 < 0
            else "the doubled cycle is a saddle"
        )
        kind = "stable" if D1 < 0 else "unstable"
        return Reading(
            {"c": c, "d": d, "C1": C1, "D1": D1},
            f"{sign('C1', C1)}, {sign('D1', D1)}",
            f"{own}; the closed invariant curve around the cycle is {kind}",
            required={"c": (c, 3), "d + 3c": (d + 3 * c, 3)},
        )

    def longer(self, m: CenterManifold) -> Longer:
        """(−x + y, −y + pα x + qα y + c x³ + d x²y): y = 0, pα = −cε², (p + q)α = −(d + 3c)ε²."""
        p, q = (m.rates(1, *e).real for e in ((1, 0), (0, 1)))
        rates = np.array([p, p + q])
        c, d = m.coefficient(1, 3).real, m.coefficient(1, 2, 1).real

        def place(u: Array, epsilon: float) -> tuple[Array, Array]:
            r = np.array([epsilon, u[2] * epsilon**3])
            return r, np.linalg.solve(rates, u[:2] * epsilon**2)

        def curves() -> Iterator[Born]:
            if c < 0:
                yield Born(NEIMARK_SACKER, 2, place, np.array([-c, -d - 3 * c, 0.0]))

        return Longer(rates, curves)


KIND = Resonance12()
