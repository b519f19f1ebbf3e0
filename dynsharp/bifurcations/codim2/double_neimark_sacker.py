"""The double Neimark–Sacker point: two pairs on the unit circle.

Kuznetsov, Meijer, *Numerical Bifurcation Analysis of Maps*, CUP 2019, section 3.3.
"""

from __future__ import annotations

from dataclasses import replace

from dynsharp.bifurcations.codim2.kind import NEIMARK_SACKER, Codim2Kind
from dynsharp.bifurcations.codim2.multipliers import another_pair
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import LEADING, Reading, sign


class DoubleNeimarkSacker(Codim2Kind):
    """Test function ∏(μᵢμⱼ − 1) along Neimark–Sacker points."""

    name = "double-neimark-sacker"
    meaning = "two pairs on the circle: two curves of Neimark–Sacker points cross"
    marker = Marker("8", "black", "double Neimark–Sacker")
    tests = (another_pair("neimark-sacker"),)
    multipliers = (None, None)
    map = "(λ₁ z (1 + a |z|² + b |w|²), λ₂ w (1 + c |z|² + d |w|²)), leading terms"
    through = (NEIMARK_SACKER, replace(NEIMARK_SACKER, pair=2))
    beyond = "curves where closed invariant curves become tori"

    def read(self, m: CenterManifold) -> Reading:
        """Read a, b, c and d."""
        first, second = m.critical.multipliers[[0, 2]]
        a, b = (m.coefficient(0, *e) / first for e in ((2, 1), (1, 0, 1, 1)))
        c, d = (m.coefficient(2, *e) / second for e in ((1, 1, 1), (0, 0, 2, 1)))
        case = f"{sign('Re a', a.real)}, {sign('Re d', d.real)}"
        required = {"Re a": (a.real, 3), "Re d": (d.real, 3)}
        return Reading({"a": a, "b": b, "c": c, "d": d}, case, LEADING, required)


KIND = DoubleNeimarkSacker()
