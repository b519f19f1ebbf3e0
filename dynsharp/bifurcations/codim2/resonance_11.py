"""The 1:1 resonance: a double multiplier 1, where folds meet Neimark–Sacker points.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 9.5.2.
"""

from __future__ import annotations

from dynsharp.bifurcations.codim2.kind import FOLD, NEIMARK_SACKER, Codim2Kind, CurveEnd
from dynsharp.bifurcations.codim2.multipliers import another
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign


class Resonance11(Codim2Kind):
    """Test function ∏(μ − 1) along folds; an end of Neimark–Sacker points."""

    name = "1:1"
    meaning = "double multiplier 1: a curve of Neimark–Sacker points ends on one of folds"
    marker = Marker("o", "black", "1:1 resonance")
    tests = (another("fold", 1.0),)
    ends = (
        CurveEnd(
            "neimark-sacker",
            2.0,
            "the 1:1 resonance",
            "the pair is real (a neutral saddle)",
        ),
    )
    multipliers = (1.0, 1.0)
    map = "(ξ + η, η + a ξ² + b ξη)"
    order = 2
    through = (FOLD, NEIMARK_SACKER)
    beyond = "a narrow region of homoclinic tangles of the saddle"

    def read(self, m: CenterManifold) -> Reading:
        """Read a and b."""
        a, b = m.coefficient(1, 2).real, m.coefficient(1, 1, 1).real
        s = a * (b - 2 * a)
        kind = "stable" if s < 0 else "unstable"
        return Reading(
            {"a": a, "b": b},
            sign("a (b − 2a)", s),
            f"the closed invariant curve at the Neimark–Sacker curve is {kind}",
            required={"a": (a, 2), "b − 2a": (b - 2 * a, 2)},
        )


KIND = Resonance11()
