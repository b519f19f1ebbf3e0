"""The flip–Neimark–Sacker point: a multiplier −1 and a pair on the unit circle.

Kuznetsov, Meijer, *Numerical Bifurcation Analysis of Maps*, CUP 2019, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dynsharp.bifurcations.codim2.kind import FLIP, NEIMARK_SACKER, Codim2Kind
from dynsharp.bifurcations.codim2.multipliers import another, another_pair
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import LEADING, Reading, sign
from dynsharp.normal_forms.unfoldings import Born, Longer
from dynsharp.types import Array

OWN = replace(NEIMARK_SACKER, pair=1)


class FlipNeimarkSacker(Codim2Kind):
    """Test functions ∏(μᵢμⱼ − 1) along flips and ∏(μ + 1) along Neimark–Sacker points."""

    name = "flip-neimark-sacker"
    meaning = "multiplier −1 and a pair on the circle: flips cross Neimark–Sacker points"
    marker = Marker("H", "black", "flip–Neimark–Sacker")
    tests = (another_pair("flip"), another("neimark-sacker", -1.0))
    multipliers = (-1.0, None)
    map = "(−ξ + a ξ³ + b ξ|z|², λ z (1 + c ξ² + d |z|²)), leading terms"
    through = (FLIP, OWN)
    multiples = (2,)
    beyond = "a curve where a closed invariant curve doubles"

    def read(self, m: CenterManifold) -> Reading:
        """Read a, b, c and d."""
        value = m.critical.multipliers[1]
        a, b = m.coefficient(0, 3).real, m.coefficient(0, 1, 1, 1).real
        c, d = m.coefficient(1, 2, 1) / value, m.coefficient(1, 0, 2, 1) / value
        case = f"{sign('a', a)}, {sign('Re d', d.real)}"
        required = {"a": (a, 3), "Re d": (d.real, 3)}
        return Reading({"a": a, "b": b, "c": c, "d": d}, case, LEADING, required)

    def longer(self, m: CenterManifold) -> Longer:
        """(−x + μα x + a x³, λz(1 + να + c x²)): μα = −a ε², Re να = −Re c ε²."""
        value = m.critical.multipliers[1]
        rates = np.array([m.rates(0, 1).real, (m.rates(1, 0, 1) / value).real])
        a, c = m.coefficient(0, 3).real, (m.coefficient(1, 2, 1) / value).real

        def place(u: Array, epsilon: float) -> tuple[Array, Array]:
            return np.append(epsilon, u[2:] * epsilon**3), np.linalg.solve(
                rates, u[:2] * epsilon**2
            )

        def curves() -> Iterator[Born]:
            yield Born(OWN, 2, place, np.array([-a, -c, 0.0, 0.0]))

        return Longer(rates, curves)


KIND = FlipNeimarkSacker()
