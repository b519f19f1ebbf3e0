"""Normal form of the flip (period doubling) of a fixed point, by multilinear forms.

Kuznetsov, *Elements of Applied Bifurcation Theory*, sections 4.5 and 5.4; Kuznetsov and Meijer,
*Numerical normal forms for codim 2 bifurcations of fixed points with at most two critical
eigenvalues*, SIAM J. Sci. Comput. 26 (2005).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from dynsharp.algebra.linear_algebra import adjugate, eigenpair, solve
from dynsharp.algebra.shortening import short, vanishes
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.critical import Critical
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.normal_forms.expansion import Expansion
from dynsharp.symbolic.normal_forms.family_flip import FamilyFlip, family_flip
from dynsharp.symbolic.normal_forms.normal_form import (
    NormalForm,
    at_critical,
    build,
    expand_at,
    verdict,
)


@dataclass(frozen=True, repr=False, eq=False)
class FlipNormalForm(NormalForm):
    """A flip of an isolated fixed point: ξ' = (−1 + a Δα) ξ + b ξ³ on the centre manifold.

    The state is x = x* + ξ q + O(ξ²) with |q| = 1, and Δα is the distance of the parameter from
    ``value``. The doubled cycle has amplitude ξ² = −a Δα / b: it exists on the side where that is
    positive, and, if no other multiplier is outside the unit circle, is stable iff b > 0.

    Attributes
    ----------
    map, parameter, value, state
        The map, its parameter α, the critical value and the fixed point there.
    condition
        What the other symbols must satisfy: as that of the threshold, if the point can lose
        stability here, and else that it exists with this multiplier.
    q, p
        Critical eigenvector A q = −q, a column of unit length, and its adjoint, a row p A = −p with
        p q = 1.
    a
        dμ/dα of the multiplier μ = −1, the drift of the fixed point with α included. None if no
        parameter was given.
    b
        Cubic coefficient ⅙ p[C(q, q, q) − 3 B(q, (A − I)⁻¹ B(q, q))]. It is measured per unit
        length of the state; its sign does not depend on coordinates.
    supercritical
        b > 0: True, False, or a condition on the symbols left; None if b is not there.
    criticality
        "supercritical", "subcritical", "degenerate" (b = 0) or "undetermined".
    status
        "nondegenerate", or the sentence that says what fails.
    """

    q: sp.ImmutableMatrix | None = None
    p: sp.ImmutableMatrix | None = None
    a: sp.Expr | None = None
    b: sp.Expr | None = None

    @property
    def amplitude2(self) -> sp.Expr | None:
        """Return ξ² of the doubled cycle per unit of Δα: −a/b; None where a or b is not there."""
        if self.a is None or self.b is None or vanishes(self.b):
            return None
        return short(-self.a / self.b)

    def __repr__(self) -> str:
        where = f" at {self.parameter} = {self.value}" if self.value is not None else ""
        law = f"    amplitude² of the doubled cycle: {self.amplitude2} Δ{self.parameter}"
        lines = [
            f"flip of {self.map.name}{where}: {self.criticality}",
            f"    rate of the multiplier a = {self.a}",
            f"    cubic coefficient b = {self.b}",
            *[law] * (self.amplitude2 is not None),
            *self.remarks(),
        ]
        return "\n".join(lines)


def flip_normal_form(
    map: DiscreteMap, p: Any, parameter: Any, *, value: Any = None
) -> FlipNormalForm | FamilyFlip:
    """Return the normal form of the flip of a fixed point along a parameter.

    Parameters
    ----------
    map
        The map.
    p
        One of its fixed points. On a family of fixed points see `family_flip`.
    parameter
        The parameter along which the multiplier passes −1. The others stay symbolic.
    value
        Which critical value is meant, where there are several.

    Raises
    ------
    InputError
        If there is no flip along the parameter, or several and no ``value``.

    Examples
    --------
    >>> x, r = sp.symbols("x r", real=True)
    >>> logistic = DiscreteMap({x: r*x*(1 - x)}, parameters=[r], name="logistic")
    >>> flip_normal_form(logistic, fixed_points(logistic)[1], r)        # doctest: +SKIP
    flip of logistic at r = 3: supercritical
        rate of the multiplier a = -1
        cubic coefficient b = 9
        amplitude² of the doubled cycle: 1/9 Δr
    """
    if p.family:
        return family_flip(map, p, parameter, value=value)
    parameter = map.parameter(parameter)
    return at_critical(FlipNormalForm, map, p, parameter, "flip", value, flip_form)


def flip_form(p: FixedPoint, c: Critical) -> FlipNormalForm:
    """Return the normal form at a critical value of a fixed point."""
    return build(p, c, lambda x, facts: _flip(x, c.parameter, facts))


def flip_at(
    map: DiscreteMap,
    state: Mapping[Any, Any],
    values: Mapping[Any, Any] | None = None,
    parameter: Any = None,
) -> FlipNormalForm:
    """Return the flip normal form at a critical state that is known, exactly or in numbers.

    Parameters
    ----------
    map
        The map.
    state
        The fixed point, as {state variable: value}.
    values
        {parameter: value}; parameters left out stay symbolic.
    parameter
        The parameter that ``a`` is the derivative by; without it there is no ``a``.

    Raises
    ------
    InputError
        If the state is not a fixed point or has no multiplier −1 (to 1e-4 for numbers).
    """
    expansion = expand_at(map, state, values, -1)
    return _flip(expansion, None if parameter is None else map.parameter(parameter), [])


def _flip(x: Expansion, parameter: sp.Symbol | None, facts: list[Any]) -> FlipNormalForm:
    state = {s: x.point[s] for s in x.map.state}
    value = None if parameter is None else x.point.get(parameter)
    form = FlipNormalForm(x.map, parameter, value, state)
    A, identity = x.A, sp.eye(x.map.dimension)
    pair = eigenpair(A, -1)
    if pair is None:
        status = "the multiplier −1 is not simple: no flip normal form; unfold with two parameters"
        return replace(form, status=status)
    q, p = pair
    length = sp.sqrt(short(q.dot(q)))
    form = replace(form, q=q / length, p=p * length)
    if vanishes(adjugate(A - identity)[1]):
        status = (
            "there is a multiplier 1 too, so that A − I is singular: on a family of fixed points "
            "use family_flip, else this is a fold-flip point"
        )
        return replace(form, status=status)

    a = None
    if parameter is not None:
        drift = solve(identity - A, x.derivative(parameter))
        a = short((p * x.along(drift, parameter) * q)[0])
    h = solve(A - identity, x.B(q, q))
    b = short((p * (x.C(q, q, q) - 3 * x.B(q, h)))[0] / 6 / length**2)
    supercritical, criticality = verdict(b, facts)
    status = "nondegenerate"
    if criticality == "degenerate":
        status = "the cubic coefficient vanishes: the fifth-order one decides (generalised flip)"
    elif a is not None and vanishes(a):
        status = f"the multiplier does not cross −1 with {parameter} to first order"
    return replace(
        form, a=a, b=b, supercritical=supercritical, criticality=criticality, status=status
    )
