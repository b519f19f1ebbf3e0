"""Normal form of a fixed point with multiplier 1: fold, transcritical or pitchfork.

With A q = q, p A = p, p q = 1, |q| = 1 and Δα = α − ``value``, the map on the centre manifold is

    ξ' = ξ + fΔα + c ξΔα + e Δα² + s ξ² + b ξ³ + ...
    f = p F_α,   s = ½ p B(q, q),   b = ⅙ p[C(q, q, q) − 3 B(q, R B(q, q))]   (where s = 0)
    c = p[F_xα q + B(q, h)],   e = ½ p[F_αα + 2 F_xα h + B(h, h)],   h = −R F_α   (where f = 0)

R is the inverse of A − I on the complement of q. Kuznetsov, *Elements of Applied Bifurcation
Theory*, sections 4.2 and 5.4; Kuznetsov and Meijer, SIAM J. Sci. Comput. 26 (2005).

- f ≠ 0, s ≠ 0: fold, ξ² = −fΔα/s.
- f = 0, s ≠ 0: two branches of slope ξ/Δα = (−c ± √(c² − 4se))/2s, along which the multiplier
  changes at the rates ±√(c² − 4se): transcritical if c² > 4se, an isolated point if c² < 4se.
- f = 0, s = 0, b ≠ 0: pitchfork, ξ² = −cΔα/b; the trunk's multiplier changes at rate c.
- f ≠ 0, s = 0: a cusp in the plane of α and a second parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.conditions import positive
from dynsharp.algebra.linear_algebra import eigenpair, solve
from dynsharp.algebra.shortening import short, vanishes
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.critical import Critical
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.normal_forms.expansion import Expansion
from dynsharp.symbolic.normal_forms.normal_form import (
    NormalForm,
    at_critical,
    build,
    expand_at,
    sign_of,
    verdict,
)


@dataclass(frozen=True, repr=False, eq=False)
class FoldNormalForm(NormalForm):
    """A fixed point with a simple multiplier 1, and what happens to it along a parameter.

    The coefficients are those of the formulas above, per unit length of the state; None where they
    have no meaning. The sign of q, and with it the common sign of ``forcing`` and ``quadratic``, is
    a convention.

    Attributes
    ----------
    map, parameter, value, state
        The map, its parameter α, the critical value and the fixed point there.
    condition
        What the other symbols must satisfy, as in a `FlipNormalForm`.
    kind
        "fold", "transcritical", "pitchfork", "cusp", "isola" or "undetermined".
    q, p
        Right (unit length) and left eigenvector of the multiplier 1, p q = 1.
    forcing
        f = p F_α.
    quadratic
        s = ½ p B(q, q).
    rate
        How fast the multiplier changes along a branch through the point: transcritical
        √(c² − 4se) (one branch; the other has the opposite sign), pitchfork c (the trunk).
    cubic
        b, where s = 0.
    criticality
        Pitchfork: "supercritical" if the outer branches are stable (b < 0), else "subcritical".
    status
        "nondegenerate", or the sentence that says what fails.
    """

    kind: str = "undetermined"
    q: sp.ImmutableMatrix | None = None
    p: sp.ImmutableMatrix | None = None
    forcing: sp.Expr | None = None
    quadratic: sp.Expr | None = None
    rate: sp.Expr | None = None
    cubic: sp.Expr | None = None
    criticality: str | None = None

    def __repr__(self) -> str:
        coefficients = ("forcing", "quadratic", "rate", "cubic")
        lines = [f"    {c} = {v}" for c in coefficients if (v := getattr(self, c)) is not None]
        word = f"{self.criticality} " if self.criticality else ""
        head = f"{word}{self.kind} of {self.map.name} at {self.parameter} = {self.value}"
        return "\n".join([head, *lines, *self.remarks()])


def fold_normal_form(
    map: DiscreteMap, p: Any, parameter: Any, *, value: Any = None
) -> FoldNormalForm:
    """Return the normal form where a multiplier of a fixed point passes 1 along a parameter.

    Parameters
    ----------
    map, p, parameter, value
        As for `flip_normal_form`.

    Raises
    ------
    InputError
        If no multiplier is 1 anywhere along the parameter, or at several values and none is given.
    """
    parameter = map.parameter(parameter)
    if p.family:
        status = (
            "on a family of fixed points 1 is a multiplier everywhere, and not simple where a "
            "second one meets it: there is no fold normal form"
        )
        return FoldNormalForm(map, parameter, None, p.state, status=status)
    return at_critical(FoldNormalForm, map, p, parameter, "multiplier 1", value, fold_form)


def fold_form(p: FixedPoint, c: Critical) -> FoldNormalForm:
    """Return the normal form at a critical value of a fixed point."""
    return build(p, c, lambda x, facts: _fold(x, c.parameter, facts))


def fold_at(
    map: DiscreteMap, state: Mapping[Any, Any], values: Mapping[Any, Any], parameter: Any
) -> FoldNormalForm:
    """Return the normal form at a critical state that is known, exactly or in numbers.

    Parameters
    ----------
    map, state, values, parameter
        As for `flip_at`; the parameter is needed.

    Raises
    ------
    InputError
        If the state is not a fixed point or has no multiplier 1 (to 1e-4 for numbers).
    """
    return _fold(expand_at(map, state, values, 1), map.parameter(parameter), [])


def _fold(x: Expansion, parameter: sp.Symbol, facts: list[Boolean]) -> FoldNormalForm:
    state = {s: x.point[s] for s in x.map.state}
    form = FoldNormalForm(x.map, parameter, x.point.get(parameter), state)
    pair = eigenpair(x.A, 1)
    if pair is None:
        status = "the multiplier 1 is not simple: no fold normal form; unfold with two parameters"
        return replace(form, status=status)
    length = sp.sqrt(short(pair[0].dot(pair[0])))
    q, p = (pair[0] / length).applyfunc(short), (pair[1] * length).applyfunc(short)

    def complement(v: sp.Matrix) -> sp.ImmutableMatrix:
        """R v: solve (A − I) y = v − q p v with p y = 0."""
        return solve(x.A - sp.eye(x.map.dimension) + q * p, v - q * (p * v))

    def cubic() -> sp.Expr:
        return short((p * (x.C(q, q, q) - 3 * x.B(q, complement(x.B(q, q)))))[0] / 6)

    forcing = short((p * x.derivative(parameter))[0])
    quadratic = short((p * x.B(q, q))[0] / 2)
    form = replace(form, q=q, p=p, forcing=forcing, quadratic=quadratic)
    if not vanishes(forcing) and not vanishes(quadratic):
        return replace(form, kind="fold")
    if not vanishes(forcing):
        third = cubic()
        if vanishes(third):
            return replace(form, cubic=third, status="the cubic coefficient vanishes too")
        status = "the quadratic coefficient vanishes: unfold with a second parameter"
        return replace(form, kind="cusp", cubic=third, status=status)

    h = -complement(x.derivative(parameter))
    mixed = short((p * x.along(h, parameter) * q)[0])
    if vanishes(quadratic):
        return _pitchfork(replace(form, kind="pitchfork", rate=mixed, cubic=cubic()), facts)
    still = sp.zeros(x.map.dimension, 1)
    bend = x.derivative(parameter, parameter) + 2 * x.along(still, parameter) * h + x.B(h, h)
    discriminant = short(mixed**2 - 2 * quadratic * (p * bend)[0])
    if vanishes(discriminant):
        status = f"the two branches touch: the multiplier does not cross 1 with {parameter}"
        return replace(form, status=status)
    s = sign_of(discriminant, facts)
    if s == -1:
        status = "no branch of fixed points passes: the point is isolated in state and parameter"
        return replace(form, kind="isola", status=status)
    form = replace(form, kind="transcritical", rate=short(sp.sqrt(discriminant)))
    condition = sp.true if s == 1 else positive(discriminant, facts)
    return form if condition == sp.true else replace(form, status=f"if {condition}, else isolated")


def _pitchfork(form: FoldNormalForm, facts: list[Boolean]) -> FoldNormalForm:
    supercritical, criticality = verdict(-sp.sympify(form.cubic), facts)
    form = replace(form, supercritical=supercritical, criticality=criticality)
    if criticality == "degenerate":
        status = "the quadratic and the cubic coefficient vanish"
        return replace(form, kind="undetermined", status=status)
    if criticality == "undetermined":
        return replace(form, status=f"supercritical where {supercritical}")
    if vanishes(form.rate):
        status = f"the multiplier does not cross 1 with {form.parameter} to first order"
        return replace(form, status=status)
    return form
