"""The normal form where two branches cross (Keller 1977; Govaerts 2000, chapter 8)."""

from __future__ import annotations

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.normal_forms.codim1 import NormalForm, confirmed, criticality_of
from dynsharp.normal_forms.from_solutions import pitchfork_fit, transcritical_fit
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array


def branch_form(curve: Curve, y: Array, other: Array, along: Array) -> NormalForm:
    """Return the normal form where branches of tangents ``along`` and ``other`` cross."""
    n = curve.dimension
    forms, A = Forms(curve, y), product(curve.jacobians(y))
    q, p = critical_pair(A, 1.0)
    u = np.append(q, 0.0)
    units = curve.units
    size = [abs(t[n] / units[n]) / np.linalg.norm(t / units) for t in (along, other)]
    trunk, beside = (along, other) if size[0] >= size[1] else (other, along)
    if max(size) < 1e-9:
        return NormalForm("branch", q=q, p=p, status="both branches are vertical here")
    a = float(p @ forms.second(u, trunk / trunk[n]))
    quadratic = float(p @ forms.second(u, u) / 2)
    if min(size) > 1e-6:
        form = NormalForm("transcritical", a, quadratic, q=q, p=p)
        tangents = curve.carried(y, trunk), curve.carried(y, beside)
        fit = transcritical_fit(curve, y, *tangents, (q, p), a, quadratic)
        return confirmed(form, fit, abs(quadratic))
    identity = np.eye(n)
    bordered = np.block([[A - identity, q[:, None]], [p[None, :], np.zeros((1, 1))]])
    h = -np.linalg.solve(bordered, np.append(forms.second(u, u) - 2 * quadratic * q, 0.0))[:n]
    first = float(p @ forms.third(u, u, u) / 6)
    second = float(p @ forms.second(u, np.append(h, 0.0)) / 2)
    b = first + second
    criticality = criticality_of(curve, b, abs(first) + abs(second), positive=False)
    form = NormalForm("pitchfork", a, b, criticality, q, p)
    tangents = curve.carried(y, trunk), curve.carried(y, beside)
    fit = pitchfork_fit(curve, y, *tangents, (q, p), a, b)
    return confirmed(form, fit, abs(first) + abs(second))
