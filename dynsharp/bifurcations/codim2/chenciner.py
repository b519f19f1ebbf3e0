"""The Chenciner point: the first Lyapunov coefficient of the Neimark–Sacker bifurcation vanishes.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 9.4.
"""

from __future__ import annotations

from dynsharp.bifurcations.codim2.kind import NEIMARK_SACKER, Codim2Kind, CurveTest
from dynsharp.bifurcations.codim2.multipliers import without_pole
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.along_curves import lyapunov
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign

WEAK = 1e-3  # |λ⁵ − 1| below which a weak resonance is near


class Chenciner(Codim2Kind):
    """Test function: the first Lyapunov coefficient times ∏(μ − 1) along Neimark–Sacker points."""

    name = "chenciner"
    meaning = "the Neimark–Sacker bifurcation turns from supercritical to subcritical"
    marker = Marker("X", "sky", "Chenciner")
    tests = (CurveTest("neimark-sacker", without_pole(lyapunov)),)
    multipliers = (None,)
    map = "λ z (1 + c1 |z|² + c2 |z|⁴), Re c1 = 0; L2 = Re c2 + (Im c1)²/2"
    order = 5
    through = (NEIMARK_SACKER,)
    beyond = "a curve where two closed invariant curves meet and vanish"

    def read(self, m: CenterManifold) -> Reading:
        """Read c1, c2 and L2; of c2 only what enters L2 is independent of coordinates."""
        value = m.critical.multipliers[0]
        c1, c2 = (m.coefficient(0, k + 1, k) / value for k in (1, 2))
        L2 = c2.real + c1.imag**2 / 2  # |1 + i Im c1 r² + c2 r⁴| = 1 + L2 r⁴
        kind = "stable" if L2 < 0 else "unstable"
        decides = f"the outer of the two closed invariant curves that meet in a fold is {kind}"
        if abs(value**5 - 1) < WEAK:
            decides += "; θ is near 2π/5 or 4π/5: a weak resonance acts at fourth order already"
        return Reading(
            {"c1": c1, "c2": c2, "L2": L2},
            sign("L2", L2),
            decides,
            required={"L2": (L2, 5)},
            vanishing={"the first Lyapunov coefficient": (c1.real, 3)},
        )


KIND = Chenciner()
