"""The fold–Neimark–Sacker point: a multiplier 1 and a pair on the unit circle.

Kuznetsov, Meijer, *Numerical Bifurcation Analysis of Maps*, CUP 2019, section 3.3.
"""

from __future__ import annotations

from dataclasses import replace

from dynsharp.bifurcations.codim2.kind import FOLD, NEIMARK_SACKER, Codim2Kind
from dynsharp.bifurcations.codim2.multipliers import another, another_pair
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import LEADING, Reading, sign


class FoldNeimarkSacker(Codim2Kind):
    """Test functions ∏(μᵢμⱼ − 1) along folds and ∏(μ − 1) along Neimark–Sacker points."""

    name = "fold-neimark-sacker"
    meaning = "multiplier 1 and a pair on the circle: folds touch Neimark–Sacker points"
    marker = Marker("h", "black", "fold–Neimark–Sacker")
    tests = (another_pair("fold"), another("neimark-sacker", 1.0))
    multipliers = (1.0, None)
    map = "(ξ + a ξ² + b |z|², λ z (1 + e ξ)), leading terms"
    order = 2
    through = (FOLD, replace(NEIMARK_SACKER, pair=1))
    beyond = "a curve where a closed invariant curve becomes a torus, in some cases"

    def read(self, m: CenterManifold) -> Reading:
        """Read a, b and e."""
        a, b = m.coefficient(0, 2).real, m.coefficient(0, 0, 1, 1).real
        e = m.coefficient(1, 1, 1) / m.critical.multipliers[1]
        case = f"{sign('a b', a * b)}, {sign('a Re e', a * e.real)}"
        required = {"a": (a, 2), "b": (b, 2), "Re e": (e.real, 2)}
        return Reading({"a": a, "b": b, "e": e}, case, LEADING, required)


KIND = FoldNeimarkSacker()
