"""The normal form of a fold, ξ + aα + bξ².

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., sections 4.5 to 4.7 and 5.4.
"""

from __future__ import annotations

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.normal_forms.codim1 import (
    NOT_SIMPLE,
    ZERO,
    NormalForm,
    by_parameter,
    condition,
    confirmed,
)
from dynsharp.normal_forms.from_solutions import fold_fit
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point


def fold_form(curve: Curve, point: Point) -> NormalForm:
    """Return a = p G_α, b = ½ p B(q, q)."""
    forms, A = Forms(curve, point.y), product(curve.jacobians(point.y))
    q, p = critical_pair(A, 1.0)
    if condition(curve, q, p) > NOT_SIMPLE:
        return NormalForm("fold", q=q, status="the multiplier 1 meets another one: not simple")
    u = np.append(q, 0.0)
    a = float(p @ by_parameter(forms, curve.dimension))
    b = float(p @ forms.second(u, u) / 2)
    cubic = abs(p @ forms.third(u, u, u)) / 6
    scale = float(np.max(curve.scale))
    if abs(b) <= ZERO * cubic * scale:
        status = (
            "the quadratic coefficient vanishes: a cusp, or a branch that only touches the value"
        )
        return NormalForm("fold", a, b, "degenerate", q, p, status=status)
    form = NormalForm("fold", a, b, q=q, p=p)
    return confirmed(form, fold_fit(curve, point.y, point.tangent, (q, p), b), abs(b))
