"""Normal form of the flip (period doubling) of a fixed point, by multilinear forms.

Kuznetsov, *Elements of Applied Bifurcation Theory*, sections 4.5 and 5.4; Kuznetsov and Meijer,
*Numerical normal forms for codim 2 bifurcations of fixed points with at most two critical
eigenvalues*, SIAM J. Sci. Comput. 26 (2005).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.map import DiscreteMap
from dynsharp.results import Result
from dynsharp.symbolic.critical import (
    COEFFICIENTS,
    TOO_LONG,
    Unresolved,
    expand_at,
    find_critical,
    verdict,
)
from dynsharp.symbolic.normal_forms.expansion import (
    Expansion,
    adjugate,
    eigenpair,
    short,
    solve,
    vanishes,
)
from dynsharp.symbolic.normal_forms.family_flip import FamilyFlip, family_flip

__all__ = ["FlipNormalForm", "flip_at", "flip_normal_form"]


@dataclass(frozen=True, repr=False, eq=False)
class FlipNormalForm(Result):
    """A flip of an isolated fixed point: ξ' = (−1 + a Δα) ξ + b ξ³ on the centre manifold.

    The state is x = x* + ξ q + O(ξ²) with |q| = 1, and Δα is the distance of the parameter from
    ``value``. The doubled cycle has amplitude ξ² = −a Δα / b: it exists on the side where that is
    positive, and, if no other multiplier is outside the unit circle, is stable iff b > 0.

    Attributes
    ----------
    map, parameter, value, state
        The map, its parameter α, the critical value and the fixed point there.
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

    map: DiscreteMap
    parameter: sp.Symbol | None
    value: sp.Expr | None
    state: Mapping[sp.Symbol, sp.Expr]
    q: sp.ImmutableMatrix | None = None
    p: sp.ImmutableMatrix | None = None
    a: sp.Expr | None = None
    b: sp.Expr | None = None
    supercritical: bool | Boolean | None = None
    criticality: str = "undetermined"
    status: str = "nondegenerate"

    @property
    def amplitude2(self) -> sp.Expr | None:
        """Return ξ² of the doubled cycle per unit of Δα: −a/b; None where a or b is not there."""
        if self.a is None or self.b is None or vanishes(self.b):
            return None
        return short(-self.a / self.b)

    def __repr__(self) -> str:
        where = f" at {self.parameter} = {self.value}" if self.value is not None else ""
        law = f"\n    amplitude² of the doubled cycle: {self.amplitude2} Δ{self.parameter}"
        return (
            f"flip of {self.map.name}{where}: {self.criticality}"
            f"\n    rate of the multiplier a = {self.a}\n    cubic coefficient b = {self.b}"
            + law * (self.amplitude2 is not None)
            + f"\n    {self.status}" * (self.status != "nondegenerate")
        )


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
    try:
        critical = find_critical(map, p, parameter, _condition, "flip", value)
    except Unresolved as failure:
        return FlipNormalForm(map, parameter, None, p.state, status=str(failure))
    try:
        with limit(COEFFICIENTS):
            return _flip(Expansion(map, critical.point), parameter, critical.facts)
    except BudgetExceeded:
        state = {s: critical.point[s] for s in map.state}
        return FlipNormalForm(map, parameter, critical.value, state, status=TOO_LONG)


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


def _condition(A: sp.Matrix) -> sp.Expr:
    return adjugate(A + sp.eye(A.rows))[1]


def _flip(x: Expansion, parameter: sp.Symbol | None, facts: list[Any]) -> FlipNormalForm:
    state = {s: x.point[s] for s in x.map.state}
    head = (x.map, parameter, x.point.get(parameter) if parameter else None, state)
    A, identity = x.A, sp.eye(x.map.dimension)
    pair = eigenpair(A, -1)
    if pair is None:
        status = "the multiplier −1 is not simple: no flip normal form; unfold with two parameters"
        return FlipNormalForm(*head, status=status)
    q, p = pair
    length = sp.sqrt(short(q.dot(q)))
    unit = q / length, p * length
    if vanishes(adjugate(A - identity)[1]):
        status = (
            "there is a multiplier 1 too, so that A − I is singular: on a family of fixed points "
            "use family_flip, else this is a fold-flip point"
        )
        return FlipNormalForm(*head, *unit, status=status)

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
    return FlipNormalForm(*head, *unit, a, b, supercritical, criticality, status)
