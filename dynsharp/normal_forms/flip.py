"""The normal form of a flip, −ξ + bξ³, and the rate of its multiplier.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., sections 4.5 to 4.7 and 5.4.
"""

from __future__ import annotations

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.normal_forms.codim1 import (
    NOT_SIMPLE,
    NormalForm,
    by_parameter,
    condition,
    confirmed,
    criticality_of,
)
from dynsharp.normal_forms.from_solutions import flip_fit
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point


def flip_form(curve: Curve, point: Point) -> NormalForm:
    """Return b = ⅙ p[C(q, q, q) − 3 B(q, (A − I)⁻¹ B(q, q))] and the multiplier's derivative a."""
    forms, A = Forms(curve, point.y), product(curve.jacobians(point.y))
    n = curve.dimension
    identity = np.eye(n)
    q, p = critical_pair(A, -1.0)
    u = np.append(q, 0.0)
    if condition(curve, q, p) > NOT_SIMPLE:
        return NormalForm("flip", q=q, status="the multiplier −1 meets another one: not simple")
    if np.linalg.cond(A * curve.scale / curve.scale[:, None] - identity) > 1e10:
        return NormalForm("flip", q=q, p=p, status="there is a multiplier 1 too: A − I is singular")
    drift = np.append(np.linalg.solve(identity - A, by_parameter(forms, n)), 1.0)
    a = float(p @ forms.second(drift, u))
    h = np.linalg.solve(A - identity, forms.second(u, u))
    first = float(p @ forms.third(u, u, u) / 6)
    second = float(p @ forms.second(u, np.append(h, 0.0)) / 2)
    b = first - second
    criticality = criticality_of(curve, b, abs(first) + abs(second), positive=True)
    status = "nondegenerate"
    if criticality == "degenerate":
        status = "the cubic coefficient vanishes: the fifth-order one decides (generalised flip)"
    form = NormalForm("flip", a, b, criticality, q, p, status=status)
    fit = flip_fit(curve, point.y, point.tangent, (q, p), a, b)
    return confirmed(form, fit, abs(first) + abs(second))
