"""The normal form of a Neimark–Sacker point: its rate and first Lyapunov coefficient.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., sections 4.5 to 4.7 and 5.4.
"""

from __future__ import annotations

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.normal_forms.codim1 import NormalForm, by_parameter, confirmed, criticality_of
from dynsharp.normal_forms.from_solutions import neimark_sacker_fit
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point


def neimark_sacker_form(curve: Curve, point: Point, mu: complex) -> NormalForm:
    """Return the rate of the modulus and the first Lyapunov coefficient b.

    b = ½ Re e^{−iθ} p[C(q, q, q̄) + 2 B(q, (I − A)⁻¹B(q, q̄)) + B(q̄, (e^{2iθ}I − A)⁻¹B(q, q))]
    """
    forms, A = Forms(curve, point.y), product(curve.jacobians(point.y))
    n = curve.dimension
    identity = np.eye(n)
    mu = mu if mu.imag > 0 else mu.conjugate()
    theta = float(np.angle(mu))
    q, p = critical_pair(A, mu)
    u, bar = np.append(q, 0.0), np.append(q.conj(), 0.0)
    resonance = next((k for k in (1, 2, 3, 4) if abs(mu**k - 1) < 1e-6), None)
    drift = np.append(np.linalg.solve(identity - A, by_parameter(forms, n)), 1.0)
    a = float((np.conj(mu) * (p @ forms.second(drift, u))).real / abs(mu))
    if resonance is not None and resonance <= 3:
        status = f"strong resonance 1:{resonance}: the first Lyapunov coefficient does not decide"
        form = NormalForm("neimark-sacker", a, None, "undetermined", q, p, theta, resonance, status)
        none = float("nan")
        fit = neimark_sacker_fit(curve, point.y, point.tangent, A, mu, (q, p), a, none)
        return confirmed(form, fit, 0.0)
    steady = np.append(np.linalg.solve(identity - A, forms.second(u, bar)), 0.0)
    double = np.append(np.linalg.solve(mu**2 * identity - A, forms.second(u, u)), 0.0)
    parts = [forms.third(u, u, bar), 2 * forms.second(u, steady), forms.second(bar, double)]
    terms = np.array([(np.conj(mu) * (p @ part)).real / 2 for part in parts])
    b, size = float(terms.sum()), float(np.abs(terms).sum())
    criticality = criticality_of(curve, b, size, positive=False)
    status = "nondegenerate"
    if resonance == 4:
        status = "strong resonance 1:4: b alone does not decide"
    elif criticality == "degenerate":
        status = "the first Lyapunov coefficient vanishes: a Chenciner point"
    form = NormalForm("neimark-sacker", a, b, criticality, q, p, theta, resonance, status)
    told = np.nan if resonance == 4 else b
    fit = neimark_sacker_fit(curve, point.y, point.tangent, A, mu, (q, p), a, told)
    return confirmed(form, fit, size)
