"""The 1:3 resonance: a pair of multipliers e^{±2πi/3}.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 9.5.4.
"""

from __future__ import annotations

import numpy as np

from dynsharp.bifurcations.codim2.kind import NEIMARK_SACKER, Codim2Kind
from dynsharp.bifurcations.codim2.multipliers import at_kappa
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign


class Resonance13(Codim2Kind):
    """Test function κ + 1 along Neimark–Sacker points."""

    name = "1:3"
    meaning = "multipliers e^{±2πi/3}: a saddle cycle of three times the period shrinks to it"
    marker = Marker("^", "black", "1:3 resonance")
    tests = (at_kappa("neimark-sacker", -1.0),)
    multipliers = (np.exp(2j * np.pi / 3),)
    map = "λ z + b z̄² + c z|z|²; a1 = Re(λ̄c)/3|b|² − ⅓"
    through = (NEIMARK_SACKER,)
    beyond = (
        "a narrow region of homoclinic tangles of the saddle cycle of three times the period, "
        "and a curve where that cycle is a neutral saddle"
    )

    def read(self, m: CenterManifold) -> Reading:
        """Read b, c and a1; of c only what enters a1 is independent of coordinates."""
        value = m.critical.multipliers[0]
        b, c = m.coefficient(0, 0, 2), m.coefficient(0, 2, 1)
        rate = (np.conj(value) * c).real - abs(b) ** 2
        numbers: dict[str, complex] = {"b": b, "c": c}
        if b:
            numbers["a1"] = rate / (3 * abs(b) ** 2)
        kind = "stable" if rate < 0 else "unstable"
        return Reading(
            numbers,
            sign("a1", rate),
            "a saddle cycle of three times the period on either side; "
            f"the closed invariant curve is {kind}",
            required={"b": (b, 2), "Re(λ̄c) − |b|²": (rate, 3)},
        )


KIND = Resonance13()
