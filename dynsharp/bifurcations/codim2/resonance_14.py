"""The 1:4 resonance: a pair of multipliers ±i.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 9.5.5.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dynsharp.bifurcations.codim2.kind import FOLD, NEIMARK_SACKER, Codim2Kind
from dynsharp.bifurcations.codim2.multipliers import at_kappa
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign
from dynsharp.normal_forms.reduced_map import Condition
from dynsharp.normal_forms.unfoldings import Born, Longer
from dynsharp.types import Array


class Resonance14(Codim2Kind):
    """Test function κ along Neimark–Sacker points."""

    name = "1:4"
    meaning = "multipliers ±i: cycles of four times the period are born"
    marker = Marker("s", "black", "1:4 resonance")
    tests = (at_kappa("neimark-sacker", 0.0),)
    multipliers = (1j,)
    map = "i z + c z|z|² + d z̄³; A0 = −i c/|d|"
    through = (NEIMARK_SACKER,)
    multiples = (4,)
    beyond = "narrow regions of heteroclinic tangles of the cycle of four times the period"

    def read(self, m: CenterManifold) -> Reading:
        """Read c, d and A0."""
        c, d = m.coefficient(0, 2, 1), m.coefficient(0, 0, 3)
        numbers: dict[str, complex] = {"c": c, "d": d}
        case = decides = ""
        if d:
            A0 = numbers["A0"] = -1j * c / abs(d)
            case = f"|A0| {'>' if abs(A0) > 1 else '<'} 1, {sign('Re A0', A0.real)}"
            decides = (
                "two cycles of four times the period are born and die on two fold curves"
                if abs(A0) > 1
                else "one saddle cycle of four times the period exists all around the point"
            )
            if _own_pair(A0):
                decides += ", one of them with a Neimark–Sacker curve"
        gap = abs(c) - abs(d)
        required = {"d": (d, 3), "|c| − |d|": (gap, 3), "Re A0": ((c * -1j).real, 3)}
        return Reading(numbers, case, decides, required)

    def longer(self, m: CenterManifold) -> Longer:
        """Four steps are about the flow of βz + C|z|²z + D z̄³, C = −4ic, D = −4id, β = −4i να.

        A 4-cycle r e^{iφ} has β = −r²(C + |D|e^{iψ}), ψ = arg D − 4φ. With A = C/|D| it is a fold
        at Re(A e^{−iψ}) = −1 and a Neimark–Sacker point at cos ψ = Re A, if Re(A e^{−iψ}) < −1.
        """
        nu = -4j * m.rates(0, 1)
        rates = np.array([nu.real, nu.imag])
        C, D = -4j * m.coefficient(0, 2, 1), -4j * m.coefficient(0, 0, 3)
        A = C / abs(D)

        def place(u: Array, epsilon: float) -> tuple[Array, Array]:
            r = epsilon * np.array([np.cos(u[2]), np.sin(u[2])])
            return r, np.linalg.solve(rates, u[:2] * epsilon**2)

        def at(condition: Condition, psi: float) -> Born:
            beta = -(C + abs(D) * np.exp(1j * psi))
            guess = np.array([beta.real, beta.imag, (np.angle(D) - psi) / 4])
            return Born(condition, 4, place, guess)

        def curves() -> Iterator[Born]:
            if abs(A) > 1:
                for side in (1, -1):
                    yield at(FOLD, float(np.angle(A) + side * np.arccos(-1 / abs(A))))
            if _own_pair(A):
                yield at(NEIMARK_SACKER, float(-np.sign(A.imag) * np.arccos(A.real)))

        return Longer(rates, curves)


def _own_pair(A0: complex) -> bool:
    """Whether the cycle of four times the period has a Neimark–Sacker curve.

    That is |Im A0| > (1 + a²)/√(1 − a²) with a = Re A0.
    """
    a = A0.real
    return bool(abs(a) < 1 and abs(A0.imag) * np.sqrt(1 - a * a) > 1 + a * a)


KIND = Resonance14()
