"""Normal form of the Neimark–Sacker bifurcation: the first Lyapunov coefficient, without roots.

Kuznetsov, *Elements of Applied Bifurcation Theory*, sections 4.6–4.7 and 5.4. With A q = w q,
p A = w p, p q = 1, q̄ q = 1 and w = e^{iθ}, the map on the centre manifold x = x* + zq + z̄q̄ + ...
is z' = w z (1 + d|z|² + ...) with

    d = ½ w̄ p[C(q, q, q̄) + 2 B(q, (I − A)⁻¹ B(q, q̄)) + B(q̄, (w² − A)⁻¹ B(q, q))]

and the Lyapunov coefficient is Re d. With c = 2cos θ the numbers w and w̄ = c − w are the roots of
w² = cw − 1, so that every quantity is α + βw with α, β rational in c and the derivatives, and its
real part is α + βc/2: the algebra stays in the field of the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.linear_algebra import adjugate, eigenpair, solve
from dynsharp.algebra.shortening import short, vanishes
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.critical import Critical
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.normal_forms.expansion import Expansion
from dynsharp.symbolic.normal_forms.normal_form import (
    NormalForm,
    at_critical,
    build,
    explicit_point,
    verdict,
)

_W = sp.Dummy("w")
_C = sp.Dummy("c", real=True)
_RESONANT = {1: 2, 2: -2, 3: -1, 4: 0}  # 2cos θ where e^{ikθ} = 1 for this k and no smaller one


@dataclass(frozen=True, repr=False, eq=False)
class NeimarkSackerNormalForm(NormalForm):
    """A pair of multipliers e^{±iθ}: z' = e^{iθ} z (1 + rate·Δα + lyapunov·|z|² + i(...)).

    The state is x = x* + 2 Re(z q) + O(|z|²) with |q| = 1. The invariant circle has radius
    |z|² = −rate·Δα / lyapunov; if no other multiplier is outside the unit circle it is stable iff
    lyapunov < 0.

    Attributes
    ----------
    map, parameter, value, state
        The map, its parameter α, the critical value and the fixed point there.
    condition
        What the other symbols must satisfy, as in a `FlipNormalForm`.
    cosine, theta
        cos θ, and the angle θ in (0, π) by which a step rotates.
    rate
        d|μ|/dα, the drift of the fixed point included; None without a parameter.
    lyapunov
        First Lyapunov coefficient, Re d of the formula above.
    supercritical
        lyapunov < 0: True, False, or a condition on the symbols left; None if undefined.
    criticality
        "supercritical", "subcritical", "degenerate" or "undetermined".
    resonance
        k if e^{ikθ} = 1 for k ≤ 4 (a strong resonance), else None.
    status
        "nondegenerate", or the sentence that says what fails.
    """

    cosine: sp.Expr | None = None
    theta: sp.Expr | None = None
    rate: sp.Expr | None = None
    lyapunov: sp.Expr | None = None
    resonance: int | None = None

    def __repr__(self) -> str:
        lines = [
            f"{self.criticality} Neimark–Sacker bifurcation of {self.map.name} at "
            f"{self.parameter} = {self.value}",
            f"    angle = {self.theta}",
            f"    rate of the modulus = {self.rate}",
            f"    first Lyapunov coefficient = {self.lyapunov}",
            *self.remarks(),
        ]
        return "\n".join(lines)


def neimark_sacker_normal_form(
    map: DiscreteMap, p: Any, parameter: Any, *, value: Any = None
) -> NeimarkSackerNormalForm:
    """Return the normal form where a complex pair of multipliers leaves the unit circle.

    Parameters
    ----------
    map, p, parameter, value
        As for `flip_normal_form`.

    Raises
    ------
    InputError
        If no complex pair meets the unit circle along the parameter, or at several values and none
        is given.
    """
    parameter = map.parameter(parameter)
    if map.dimension < 2:
        raise InputError("map", map.name, "at least two state variables for a complex pair")
    return at_critical(
        NeimarkSackerNormalForm, map, p, parameter, "neimark-sacker", value, neimark_sacker_form
    )


def neimark_sacker_form(p: FixedPoint, c: Critical) -> NeimarkSackerNormalForm:
    """Return the normal form at a critical value of a fixed point.

    Raises
    ------
    InputError
        If two real multipliers have the product 1 there.
    """

    def at(x: Expansion, facts: list[Boolean]) -> NeimarkSackerNormalForm:
        pairs = _cosines(x.A)
        if not pairs:
            wants = (
                f"a complex pair on the unit circle; at {c.value} the product of two real "
                "multipliers is 1 (a neutral saddle)"
            )
            raise InputError("parameter", c.parameter, wants)
        return _neimark_sacker(x, c.parameter, pairs, facts)

    return build(p, c, at)


def neimark_sacker_at(
    map: DiscreteMap,
    state: Mapping[Any, Any],
    values: Mapping[Any, Any] | None = None,
    parameter: Any = None,
) -> NeimarkSackerNormalForm:
    """Return the normal form at a critical state that is known, exactly or in numbers.

    Parameters
    ----------
    map, state, values, parameter
        As for `flip_at`.

    Raises
    ------
    InputError
        If the state is not a fixed point or has no complex pair on the unit circle.
    """
    expansion = Expansion(map, explicit_point(map, state, values or {}))
    pairs = _cosines(expansion.A)
    if not pairs:
        raise InputError("state", dict(state), "a pair of complex multipliers of modulus 1")
    wanted = None if parameter is None else map.parameter(parameter)
    return _neimark_sacker(expansion, wanted, pairs, [])


def _remainder(A: sp.Matrix) -> tuple[sp.Expr, sp.Expr]:
    """Return r₁(c), r₀(c), the characteristic polynomial being r₁λ + r₀ modulo λ² − cλ + 1."""
    chi = sp.Poly(A.charpoly().all_coeffs(), _W)
    rest = sp.Poly(sp.rem(chi.as_expr(), _W**2 - _C * _W + 1, _W), _W)
    return rest.coeff_monomial(_W), rest.coeff_monomial(1)


def _cosines(A: sp.Matrix) -> list[sp.Expr]:
    """Return c = 2cos θ of the complex pairs on the unit circle."""
    if all(e.is_number for e in A) and A.has(sp.Float):
        roots = [complex(z) for z in sp.Poly(A.charpoly().all_coeffs(), _W).nroots()]
        return [sp.Float(2 * z.real) for z in roots if z.imag > 1e-6 and abs(abs(z) - 1) < 1e-4]
    r1, r0 = _remainder(A)
    candidates = [short(c) for c in sp.solve(r1 if r1.has(_C) else r0, _C)]
    return [
        c
        for c in candidates
        if c.is_real is not False
        and vanishes(r0.subs(_C, c))
        and (c**2 - 4).is_positive is not True
    ]


def _neimark_sacker(
    x: Expansion, parameter: sp.Symbol | None, pairs: list[sp.Expr], facts: list[Boolean]
) -> NeimarkSackerNormalForm:
    c = short(pairs[0])
    state = {s: x.point[s] for s in x.map.state}
    known: dict[str, Any] = {"cosine": short(c / 2), "theta": sp.acos(short(c / 2))}
    value = None if parameter is None else x.point.get(parameter)
    form = NeimarkSackerNormalForm(x.map, parameter, value, state)

    def result(status: str = "nondegenerate", **more: Any) -> NeimarkSackerNormalForm:
        return replace(form, **known, **more, status=status)

    if len(pairs) > 1:
        return result("two pairs are on the unit circle: unfold with two parameters")
    known["resonance"] = next((k for k, v in _RESONANT.items() if vanishes(c - v)), None)

    if known["resonance"] in (1, 2):
        sign_of = "1" if known["resonance"] == 1 else "−1"
        return result(f"the pair is a double multiplier {sign_of}: unfold with two parameters")

    A, identity = x.A, sp.eye(x.map.dimension)
    floats = A.has(sp.Float) and not A.free_symbols
    w = sp.N(c / 2 + sp.I * sp.sqrt(1 - c**2 / 4)) if floats else _W

    def reduce(e: Any) -> sp.Expr:
        return short(e) if floats else _reduced(sp.sympify(e), c)

    def bar(v: Any) -> Any:
        return v.conjugate() if floats else v.subs(_W, c - _W).applyfunc(reduce)

    def real(e: Any) -> sp.Expr:
        return sp.re(e) if floats else short(reduce(e).subs(_W, c / 2))

    pair = eigenpair(A, w, reduce)
    if pair is None:
        return result("the pair of multipliers is not simple: unfold with two parameters")
    q, p = pair
    if vanishes(adjugate(A - identity)[1]):
        return result("there is a multiplier 1 too: (I − A)⁻¹ does not exist")
    if parameter is not None:
        drift = solve(identity - A, x.derivative(parameter))
        known["rate"] = real((c - w) * (p * x.along(drift, parameter) * q)[0])
    if known["resonance"] == 3:
        return result("strong resonance e^{3iθ} = 1: a quadratic z̄² term takes the lead")
    w2 = reduce(w**2)
    if vanishes(adjugate(w2 * identity - A, reduce)[1], reduce):
        return result("e^{2iθ} is a multiplier too: unfold with two parameters")

    h11 = solve(identity - A, x.B(q, bar(q)).applyfunc(reduce))
    h20 = solve(w2 * identity - A, x.B(q, q).applyfunc(reduce), reduce)
    cubic = x.C(q, q, bar(q)) + 2 * x.B(q, h11) + x.B(bar(q), h20)
    length2 = reduce((q.T * bar(q))[0])
    lyapunov = short(real((c - w) / 2 * (p * cubic)[0]) / length2)
    if known["resonance"] == 4:
        status = "strong resonance e^{4iθ} = 1: a cubic z̄³ term competes, the coefficient alone "
        return result(status + "does not decide", lyapunov=lyapunov)
    supercritical, criticality = verdict(-lyapunov, facts)
    status = "nondegenerate"
    if criticality == "degenerate":
        status = "the first Lyapunov coefficient vanishes (Chenciner point): the second decides"
    elif known.get("rate") is not None and vanishes(known["rate"]):
        status = f"the pair does not cross the unit circle with {parameter} to first order"
    known |= {"lyapunov": lyapunov, "supercritical": supercritical, "criticality": criticality}
    return result(status)


def _reduced(e: sp.Expr, c: sp.Expr) -> sp.Expr:
    """Bring a rational function of w to α + βw by w² = cw − 1."""
    if not e.has(_W):
        return short(e)
    above, below = sp.fraction(sp.together(e))
    a0, a1 = _linear(above, c)
    b0, b1 = _linear(below, c)  # 1/(b0 + b1 w) = (b0 + b1 w̄)/|b0 + b1 w|²
    norm = b0**2 + b0 * b1 * c + b1**2
    real = short((a0 * b0 + a0 * b1 * c + a1 * b1) / norm)
    return real + short((a1 * b0 - a0 * b1) / norm) * _W


def _linear(polynomial: sp.Expr, c: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Coefficients of 1 and w of a polynomial in w after w² = cw − 1."""
    a0, a1 = sp.S.Zero, sp.S.Zero
    for coefficient in sp.Poly(polynomial, _W).all_coeffs():  # Horner: (a0 + a1 w) w + coefficient
        a0, a1 = short(coefficient - a1), short(a0 + c * a1)
    return a0, a1
