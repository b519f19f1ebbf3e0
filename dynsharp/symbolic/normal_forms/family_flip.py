r"""The flip on a family of fixed points: the edge of stability, a bifurcation without parameters.

Along a family x(c) the multiplier 1 belongs to its tangents n_j = ∂x/∂c_j, so that A − I is
singular and the textbook flip coefficient does not exist. Let A q = −q, p A = −p, p_j A = p_j with
p q = 1, p_j n_i = δ_ij. On the centre manifold, with coordinates ξ along q and c, measured from
x₀, along the family,

    x = x₀ + ξq + c_j n_j + ½ξ²h + ξc_j k_j + ...,
    ξ' = −ξ + r_j c_j ξ + bξ³,   c_j' = c_j + d_j ξ²

(ξ² in ξ', and ξ and ξc in c', are not resonant with the multipliers −1 and 1; what is free of ξ
vanishes since ξ = 0 is the family). Inserting this into x' = F(x) gives, order by order,

    ξ²:   (A − I) h = 2 d_j n_j − B(q, q)        solvable iff   d_j = ½ p_j B(q, q)
    ξc_j: (A + I) k_j = r_j q − B(q, n_j)        solvable iff   r_j = p B(q, n_j)
    ξ³:   b = ⅙ p[C(q, q, q) + 3 B(q, h)] + d_j p k_j

Of (A − I)⁻¹ only the part that exists is used: h = −(A − I)^# B(q, q) with the group inverse #,
that is on what is left of B(q, q) when its part along the family, 2 d_j n_j, is taken off;
p_j h = 0 and p k_j = 0. Replacing c by c + κξ² moves b by r·κ, so b belongs to this choice of c
unless r = 0. The drift, the rate and their product P = Σ r_j d_j do not depend on it, and P does
not depend on coordinates.

*Slow–fast reduction.* Let ε = −1 − μ = −r·c be the excess over the edge and E = ξ². To leading
order a step changes them by

    ΔE = 2E(ε − bE),   Δε = −PE.

- P > 0: the drift leads back below the edge (self-stabilisation). From E ≈ 0 at a small excess ε₀
  the cubic is of higher order (E ~ ε²) and dE/dε = −2ε/P, so that E = (ε₀² − ε²)/P: the amplitude
  grows to ε₀²/P at the edge, and the orbit lands on the family as far below the edge as it started
  above it, at excess −ε₀, up to relative errors of order ε₀ and ε₀b/P.
- P > 0 and ε₀ not small against P/2|b| (a slow drift): if b > 0, E saturates near ε₀/b and follows
  ε/b while the excess decays; if b < 0, the orbit escapes before the drift catches it.
- P = 0, for gradient descent where the sharpness is stationary along the family: b decides alone,
  and E settles at ε/b if b > 0.
- P < 0: excess and amplitude grow together; if b > 0, E follows ε/b.

For a gradient map x' = x − η∇L, r_j = −ηL'''(q, q, n_j) and d_j = −(η/2) L'''(q, q, n^j) with the
dual basis n^j of the family, so that P = (η²/2)‖∇S‖² ≥ 0 with S the sharpness along the family:
per unit of ξ² the orbit drifts by −(η/2)∇S, and S falls by (η/2)‖∇S‖². (Damian, Nichani, Lee,
*Self-stabilization*, ICLR 2023, have the conservative limit.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.expressions import tidy
from dynsharp.algebra.linear_algebra import adjugate, eigenpair, evaluate, kernel, particular
from dynsharp.algebra.shortening import flat, short, vanishes
from dynsharp.errors import InputError
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
from dynsharp.symbolic.normal_forms.self_stabilisation import STILL, in_words


@dataclass(frozen=True, repr=False, eq=False)
class FamilyFlip(NormalForm):
    """A flip on a family of fixed points; the symbols are those of the module's derivation.

    Scaling: |q| = 1, so that the amplitude ξ is a length in state space; drift and rate are per
    unit of the family coordinates.

    Attributes
    ----------
    map, family
        The map and the state symbols that parametrise the family.
    parameter, value
        The edge on the family, solved: ``parameter`` (or else a family coordinate) is ``value``
        there.
    state, exists
        The fixed points on the edge, and the condition for them to lie in the domain.
    condition
        What the other symbols must satisfy, as in a `FlipNormalForm`.
    q, p
        Flip direction, of unit length, and its adjoint.
    tangents, cotangents
        n_j as columns and p_j as rows of two matrices.
    drift
        d_j = ½ p_j B(q, q): step of each family coordinate per unit of amplitude².
    rate
        r_j = p B(q, n_j): derivative of the multiplier by each family coordinate.
    a
        Derivative of the multiplier by ``parameter``, at fixed family coordinates if it is none.
    product
        P = Σ r_j d_j: change of the multiplier per step and amplitude². Positive: the drift leads
        back into stability, which for gradient descent is to lower sharpness.
    self_stabilising
        P > 0: True, False or a condition on the symbols left.
    cubic
        b, by the group inverse.
    supercritical, criticality
        b > 0, as for a `FlipNormalForm`: whether the flip is stopped without the drift.
    status
        "nondegenerate", or the sentence that says what fails.
    """

    family: tuple[sp.Symbol, ...] = ()
    exists: Boolean = sp.true
    q: sp.ImmutableMatrix | None = None
    p: sp.ImmutableMatrix | None = None
    tangents: sp.ImmutableMatrix | None = None
    cotangents: sp.ImmutableMatrix | None = None
    drift: tuple[sp.Expr, ...] | None = None
    rate: tuple[sp.Expr, ...] | None = None
    a: sp.Expr | None = None
    product: sp.Expr | None = None
    self_stabilising: bool | Boolean | None = None
    cubic: sp.Expr | None = None

    @property
    def unknown(self) -> sp.Symbol | None:
        """Return ``parameter``: what the edge is solved for, which may be a family coordinate."""
        return self.parameter

    @property
    def b(self) -> sp.Expr | None:
        """Return ``cubic``, under its name in a `FlipNormalForm`."""
        return self.cubic

    @property
    def reading(self) -> str:
        """Return in words what an orbit does that leaves the family a little above the edge."""
        if self.product is None or self.cubic is None:
            return self.status
        return in_words(self.self_stabilising, vanishes(self.product), self.criticality)

    def __repr__(self) -> str:
        lines = [f"flip on the family of fixed points of {self.map.name} in {self.family}"]
        if self.value is not None:
            lines[0] += f", edge at {self.parameter} = {self.value}"
        if self.condition not in (sp.true, self.exists):
            lines.append(f"    condition = {self.condition}")
        for name in ("exists", "drift", "rate", "product", "cubic"):
            if (v := getattr(self, name)) not in (None, sp.true):
                lines.append(f"    {name} = {v}")
        return "\n".join([*lines, f"    {self.reading}"])


def family_flip(
    map: DiscreteMap, p: Any, parameter: Any = None, *, value: Any = None
) -> FamilyFlip:
    """Return the flip on a family of fixed points.

    Parameters
    ----------
    map
        The map.
    p
        The family: a fixed point with free coordinates ``p.family``.
    parameter
        What to solve the edge, μ = −1, for: a parameter or a family coordinate. Where the edge does
        not depend on the parameter (or none is given) it is solved for a family coordinate.
    value
        Which solution is meant, where there are several.

    Raises
    ------
    InputError
        If p is isolated, nowhere on the family is a multiplier −1, or several solutions fit.

    Examples
    --------
    >>> z, k = sp.symbols("z k", real=True)
    >>> rho = sp.Symbol("rho", positive=True)
    >>> family_flip(uv(), line, rho)                                     # doctest: +SKIP
    flip on the family of fixed points of uv in (k,), edge at k = 2
        exists = rho <= 1
        drift = (2*(rho - 1)*(rho + 1)/(4*rho**2 + 1),)
        rate = (-1,)
        ...
    """
    if not p.family:
        raise InputError(
            "p", p, "a family of fixed points; use flip_normal_form for an isolated one"
        )
    candidates = [map.symbol(parameter, "parameter")] if parameter is not None else []
    if candidates and candidates[0] in map.state and candidates[0] not in p.family:
        raise InputError("parameter", parameter, f"a parameter or one of the family {p.family}")
    candidates += [c for c in p.family if c not in candidates]
    failure: InputError | None = None
    for unknown in candidates:
        try:
            found = at_critical(
                FamilyFlip, map, p, unknown, "flip", value, partial(family_form, full=True)
            )
        except InputError as error:
            if error.argument != "parameter":
                raise
            failure = failure or error
        else:
            return replace(found, family=tuple(p.family))
    assert failure is not None
    raise failure


def family_form(p: FixedPoint, c: Critical, full: bool = False) -> FamilyFlip:
    """Return the flip at a critical value of a member; ``full``: with ``exists`` and ``a``."""

    def at(x: Expansion, facts: list[Boolean]) -> FamilyFlip:
        def derivative(s: sp.Symbol) -> sp.ImmutableMatrix:
            column = [sp.diff(p.state[y], s).subs(c.at).xreplace(x.point) for y in x.map.state]
            return sp.ImmutableMatrix(column).applyfunc(flat)

        if p.relations:
            tangents = _graph(kernel(x.A - sp.eye(x.A.rows)), x.map, p.family)
        else:
            tangents = sp.ImmutableMatrix.hstack(*(derivative(s) for s in p.family))
        exists = conditions.simplify(tidy(p.exists.subs(c.at).subs(x.point))) if full else sp.true
        found = FamilyFlip(
            x.map,
            c.parameter,
            c.value,
            {s: x.point[s] for s in x.map.state},
            family=p.family,
            exists=exists,
        )
        moves = full and c.parameter in x.map.parameters and not p.relations
        return _reduced(found, x, tangents, facts, derivative(c.parameter) if moves else None)

    return build(p, c, at)


def family_flip_at(
    map: DiscreteMap,
    state: Mapping[Any, Any],
    values: Mapping[Any, Any] | None = None,
    family: Sequence[Any] = (),
) -> FamilyFlip:
    """Return the flip on a family at a point of its edge that is known, exactly or in numbers.

    Parameters
    ----------
    map
        The map.
    state, values
        The fixed point and the parameters, as for `flip_at`.
    family
        The state variables to take as family coordinates: as many as there are multipliers 1, and
        such that the family is a graph over them. Without them the tangents are an orthonormal
        basis and the coordinates of the family lengths along them.

    Raises
    ------
    InputError
        If the state is not a fixed point, has no multiplier −1 or none 1, or the family is not a
        graph over those variables.
    """
    x = expand_at(map, state, values, -1)
    basis = kernel(x.A - sp.eye(x.A.rows))
    if basis.cols == 0:
        raise InputError("state", dict(state), "a point of a family; it has no multiplier 1")
    names = tuple(map.symbol(c, "family") for c in family)
    tangents = _graph(basis, map, names) if names else _orthonormal(basis)
    found = FamilyFlip(map, None, None, {s: x.point[s] for s in map.state}, family=names)
    return _reduced(found, x, tangents, [], None)


def _reduced(
    found: FamilyFlip,
    x: Expansion,
    tangents: sp.ImmutableMatrix,
    facts: list[Boolean],
    motion: sp.ImmutableMatrix | None,
) -> FamilyFlip:
    """Fill in the coefficients of the reduced map."""
    A, identity = x.A, sp.eye(x.A.rows)
    pair = eigenpair(A, -1)
    if pair is None:
        return replace(found, status="the multiplier −1 is not simple on the family's edge")
    raw_q, raw_p = pair
    norm2 = short(raw_q.dot(raw_q))
    length = sp.sqrt(norm2)
    left = kernel((A - identity).T).T
    if left.rows != tangents.cols:
        return replace(
            found,
            status=f"the multiplier 1 has {left.rows} left eigenvectors, the family "
            f"{tangents.cols} dimensions: a fold meets the flip, or the family is larger",
        )
    gram = evaluate(lambda a, b: a * b, left, tangents)
    adj, det = adjugate(gram)
    if vanishes(det):
        return replace(found, status="the multiplier 1 is not semi-simple: the family folds here")
    cotangents = evaluate(lambda a, b: a * b, adj / det, left)

    curvature = x.B(raw_q, raw_q)
    along = evaluate(lambda p, v: p * v, cotangents, curvature)
    transverse = evaluate(lambda v, n, d: v - n * d, curvature, tangents, along)
    h = evaluate(
        lambda h, n, p: n * (p * h) - h, particular(A - identity, transverse), tangents, cotangents
    )
    third, second = x.C(raw_q, raw_q, raw_q), x.B(raw_q, h)
    cubic = short(
        evaluate(lambda p, c, b: p * (c + b + b + b), raw_p, third, second)[0] / 6 / norm2
    )
    columns = [x.B(raw_q, tangents.col(j)) for j in range(tangents.cols)]
    rates = evaluate(lambda p, c: p * c, raw_p, sp.ImmutableMatrix.hstack(*columns))
    product = short(evaluate(lambda r, d: r * d, rates, along)[0] / 2 / norm2)
    drift = tuple(short(d / 2 / norm2) for d in along)
    rate = tuple(short(r) for r in rates)
    a = None
    if found.parameter in found.family:
        a = rate[found.family.index(found.parameter)]
    elif motion is not None:
        a = short((raw_p * x.along(motion, found.parameter) * raw_q)[0])

    facts = facts + _denominators([*x.point.values(), product, cubic])
    stabilising = _stabilising(x.map, rate, product, facts)
    supercritical, criticality = verdict(cubic, facts)
    status = "nondegenerate"
    if vanishes(product):
        status = STILL
    return replace(
        found,
        q=raw_q / length,
        p=raw_p * length,
        tangents=tangents,
        cotangents=sp.ImmutableMatrix(cotangents),
        drift=drift,
        rate=rate,
        a=a,
        product=product,
        self_stabilising=stabilising,
        cubic=cubic,
        supercritical=supercritical,
        criticality=criticality,
        status=status,
    )


def _stabilising(
    map: DiscreteMap, rate: tuple[sp.Expr, ...], product: sp.Expr, facts: list[Boolean]
) -> bool | Boolean:
    """Whether the product is positive: for a gradient map, unless every rate is zero.

    A symmetric Jacobian everywhere makes a gradient map. Then p is q, the drift is half the rate
    with its index raised by the metric of the family, and the product is |rate|²/2 in that metric.
    """
    J = map.jacobian
    if not all(vanishes(J[i, j] - J[j, i]) for i in range(J.rows) for j in range(i)):
        return _positive(product, facts)
    moving = sp.Or(*(_positive(r**2, facts) for r in rate))
    return bool(moving) if moving in (sp.true, sp.false) else moving


def _positive(e: sp.Expr, facts: list[Boolean]) -> bool | Boolean:
    if vanishes(e):
        return False
    s = sign_of(e, facts)
    return conditions.positive(e, facts) if s is None else s > 0


def _denominators(expressions: list[sp.Expr]) -> list[Boolean]:
    """Return the conditions that no denominator vanishes: the formulas hold where they do not."""
    facts: list[Boolean] = []
    for e in expressions:
        below = sp.fraction(sp.factor(e))[1]
        bases = [f.as_base_exp()[0] for f in sp.Mul.make_args(below)]
        facts += [sp.Ne(f, 0) for f in bases if f.free_symbols]
    return facts


def _graph(
    basis: sp.ImmutableMatrix, map: DiscreteMap, family: Sequence[sp.Symbol]
) -> sp.ImmutableMatrix:
    """Return the basis of the kernel whose components along the family coordinates are 1 and 0."""
    rows = basis.extract([map.state.index(c) for c in family], list(range(basis.cols)))
    if rows.rows != rows.cols or vanishes(adjugate(rows)[1]):
        raise InputError(
            "family", tuple(family), f"{basis.cols} state variables over which it is a graph"
        )
    adj, det = adjugate(rows)
    return (basis * adj / det).applyfunc(flat)


def _orthonormal(basis: sp.ImmutableMatrix) -> sp.ImmutableMatrix:
    columns = sp.GramSchmidt([basis.col(j) for j in range(basis.cols)], orthonormal=True)
    return sp.ImmutableMatrix.hstack(*columns).applyfunc(short)
