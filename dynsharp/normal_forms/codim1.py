"""Normal forms at a special point of a cycle, in numbers, from the forms of the P-fold map G.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., sections 4.5 to 4.7 and 5.4;
Keller (1977) for the algebraic branching equation. A = DG, B and C are the second and third
derivative forms, q and p the critical right and left eigenvectors with |q| = 1, p q = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.normal_forms.from_solutions import (
    Fit,
    flip_fit,
    fold_fit,
    neimark_sacker_fit,
    pitchfork_fit,
    transcritical_fit,
)
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

__all__ = ["NormalForm", "branch_form", "flip_form", "fold_form", "neimark_sacker_form", "product"]

NOTHING = 1e-11  # a cubic coefficient, in units of the state, that is rounding
NOT_SIMPLE = 1e6  # condition of an eigenvalue beyond which it counts as a double one
DISCREPANT = 1e-3  # relative difference of a coefficient computed two ways that is no rounding
VAGUE = 0.1  # relative error of what was computed a second way that makes it no confirmation
UNCONFIRMED = (
    "not confirmed a second way: nothing converges next to it, as where the map is not smooth, or "
    "another special point is close by"
)
ZERO = 1e-6  # a coefficient is taken to vanish below this fraction of what it is a difference of


@dataclass(frozen=True, repr=False, eq=False)
class NormalForm:
    """What the map looks like near a special point, on its centre manifold.

    With Δα the distance of the parameter from its critical value, ξ an amplitude along q (of unit
    length) and coefficients per unit length of the state:

    ===============  ==============================================  ============================
    kind             the map P steps later                           coefficients
    ===============  ==============================================  ============================
    flip             (−1 + a Δα) ξ + b ξ³                            supercritical iff b > 0
    fold             ξ + a Δα + b ξ²                                 quadratic fold, b ≠ 0
    transcritical    (1 + a Δα) ξ + b ξ²  from the branch followed   both branches cross
    pitchfork        (1 + a Δα) ξ + b ξ³  from the trunk             supercritical iff b < 0
    neimark-sacker   e^{iθ} z (1 + a Δα + b |z|² + i(...))           supercritical iff b < 0
    ===============  ==============================================  ============================

    Attributes
    ----------
    kind
        As in the table; for a branch point that is neither, "branch".
    a, b
        The coefficients; None where they have no meaning.
    criticality
        "supercritical", "subcritical", "degenerate" (b vanishes) or "undetermined".
    q, p
        The eigenvectors.
    theta, resonance
        Neimark–Sacker: the angle, and k where e^{ikθ} = 1 for a k ≤ 4.
    status
        "nondegenerate", or the sentence that says what fails.
    second
        (a, b) computed a second way, from solutions of the map next to the point: see `_second`.
        None where that found none, NaN where one of them has no meaning.
    discrepancy
        The largest relative difference of a and b from these; None without them. Where it is not
        small, the criticality is "undetermined" and the status says so.
    """

    kind: str
    a: float | None = None
    b: float | None = None
    criticality: str = "undetermined"
    q: Array | None = field(default=None)
    p: Array | None = field(default=None)
    theta: float | None = None
    resonance: int | None = None
    status: str = "nondegenerate"
    second: tuple[float, float] | None = None
    discrepancy: float | None = None

    @property
    def supercritical(self) -> bool | None:
        """Whether what is born is stable (if nothing else is unstable); None if undecided."""
        return {"supercritical": True, "subcritical": False}.get(self.criticality)

    def __repr__(self) -> str:
        numbers = [f"{k} = {v:.10g}" for k in "ab" if (v := getattr(self, k)) is not None]
        if self.theta is not None:
            numbers.append(f"theta = {self.theta:.10g}")
        head = (
            self.kind if self.criticality == "undetermined" else f"{self.criticality} {self.kind}"
        )
        notes = [self.status] if self.status != "nondegenerate" else []
        return "; ".join([head, *numbers, *notes])


def critical_pair(A: Array, multiplier: complex) -> tuple[Array, Array]:
    """Right and left eigenvector of the eigenvalue nearest to a number: |q| = 1, p q = 1."""
    real = np.isreal(multiplier)
    q, p = (
        vectors[:, np.argmin(np.abs(values - multiplier))]
        for values, vectors in map(np.linalg.eig, (A, A.T))
    )
    if real:
        q, p = (v.real if np.linalg.norm(v.real) > 0.5 else v.imag for v in (q, p))
        q = q * np.sign(q[np.argmax(np.abs(q))])
    q = q / np.linalg.norm(q)
    return q, p / (p @ q)


def _condition(curve: Curve, q: Array, p: Array) -> float:
    """Condition of the eigenvalue, the state in units of the curve."""
    return float(np.linalg.norm(p * curve.scale) * np.linalg.norm(q / curve.scale))


def _criticality(curve: Curve, b: float, size: float, positive: bool) -> str:
    if not np.isfinite(b):
        return "undetermined"
    if abs(b) <= max(ZERO * size, NOTHING / float(np.max(curve.scale)) ** 2):
        return "degenerate"
    return "supercritical" if (b > 0) == positive else "subcritical"


def _confirmed(form: NormalForm, fit: Fit | None, size: float) -> NormalForm:
    """Hold a form against the second way; ``size`` is what b is a difference of."""
    errors = [] if fit is None else _relative(form, fit, fit.errors)
    if fit is None or max(errors, default=0.0) > VAGUE:
        if fit is not None and form.b is not None and form.b * fit.b < 0:
            form = replace(form, criticality="undetermined")
        return replace(form, status=_joined(form.status, UNCONFIRMED))
    least = ZERO * size if form.criticality == "degenerate" else 0.0
    apart = tuple(
        abs(v - w) if v is not None else 0.0 for v, w in ((form.a, fit.a), (form.b, fit.b))
    )
    relative = _relative(form, fit, apart, least)
    form = replace(form, second=(fit.a, fit.b), discrepancy=float(max(relative, default=0.0)))
    allowed = max(DISCREPANT, 10 * max(errors, default=0.0))
    if max(relative, default=0.0) <= allowed or form.criticality == "degenerate":
        return form
    text = (
        f"the coefficients differ from those computed a second way, a = {fit.a:.6g} and "
        f"b = {fit.b:.6g}: the map is not smooth enough here, or another special point is close by"
    )
    return replace(form, criticality="undetermined", status=_joined(form.status, text))


def _relative(
    form: NormalForm, fit: Fit, distances: tuple[float, ...], least: float = 0.0
) -> list[float]:
    """Distances of a and b in units of these, where they have a meaning; b's at least ``least``."""
    return [
        distance / max(abs(value), abs(other), floor)
        for value, other, distance, floor in (
            (form.a, fit.a, distances[0], 0.0),
            (form.b, fit.b, distances[1], least),
        )
        if value is not None and np.isfinite(other) and (value or other)
    ]


def _joined(status: str, text: str) -> str:
    return text if status == "nondegenerate" else f"{status}; {text}"


def flip_form(curve: Curve, point: Point) -> NormalForm:
    """Return b = ⅙ p[C(q, q, q) − 3 B(q, (A − I)⁻¹ B(q, q))] and the multiplier's derivative a."""
    forms, A = Forms(curve, point.y), product(curve.jacobians(point.y))
    n = curve.dimension
    identity = np.eye(n)
    q, p = critical_pair(A, -1.0)
    u = np.append(q, 0.0)
    if _condition(curve, q, p) > NOT_SIMPLE:
        return NormalForm("flip", q=q, status="the multiplier −1 meets another one: not simple")
    if np.linalg.cond(A * curve.scale / curve.scale[:, None] - identity) > 1e10:
        return NormalForm("flip", q=q, p=p, status="there is a multiplier 1 too: A − I is singular")
    drift = np.append(np.linalg.solve(identity - A, _derivative(forms, n)), 1.0)
    a = float(p @ forms.second(drift, u))
    h = np.linalg.solve(A - identity, forms.second(u, u))
    first = float(p @ forms.third(u, u, u) / 6)
    second = float(p @ forms.second(u, np.append(h, 0.0)) / 2)
    b = first - second
    criticality = _criticality(curve, b, abs(first) + abs(second), positive=True)
    status = "nondegenerate"
    if criticality == "degenerate":
        status = "the cubic coefficient vanishes: the fifth-order one decides (generalised flip)"
    form = NormalForm("flip", a, b, criticality, q, p, status=status)
    fit = flip_fit(curve, point.y, point.tangent, (q, p), a, b)
    return _confirmed(form, fit, abs(first) + abs(second))


def fold_form(curve: Curve, point: Point) -> NormalForm:
    """Return a = p G_α, b = ½ p B(q, q)."""
    forms, A = Forms(curve, point.y), product(curve.jacobians(point.y))
    q, p = critical_pair(A, 1.0)
    if _condition(curve, q, p) > NOT_SIMPLE:
        return NormalForm("fold", q=q, status="the multiplier 1 meets another one: not simple")
    u = np.append(q, 0.0)
    a = float(p @ _derivative(forms, curve.dimension))
    b = float(p @ forms.second(u, u) / 2)
    cubic = abs(p @ forms.third(u, u, u)) / 6
    scale = float(np.max(curve.scale))
    if abs(b) <= ZERO * cubic * scale:
        status = (
            "the quadratic coefficient vanishes: a cusp, or a branch that only touches the value"
        )
        return NormalForm("fold", a, b, "degenerate", q, p, status=status)
    form = NormalForm("fold", a, b, q=q, p=p)
    return _confirmed(form, fold_fit(curve, point.y, point.tangent, (q, p), b), abs(b))


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
        return _confirmed(form, fit, abs(quadratic))
    identity = np.eye(n)
    bordered = np.block([[A - identity, q[:, None]], [p[None, :], np.zeros((1, 1))]])
    h = -np.linalg.solve(bordered, np.append(forms.second(u, u) - 2 * quadratic * q, 0.0))[:n]
    first = float(p @ forms.third(u, u, u) / 6)
    second = float(p @ forms.second(u, np.append(h, 0.0)) / 2)
    b = first + second
    criticality = _criticality(curve, b, abs(first) + abs(second), positive=False)
    form = NormalForm("pitchfork", a, b, criticality, q, p)
    tangents = curve.carried(y, trunk), curve.carried(y, beside)
    fit = pitchfork_fit(curve, y, *tangents, (q, p), a, b)
    return _confirmed(form, fit, abs(first) + abs(second))


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
    drift = np.append(np.linalg.solve(identity - A, _derivative(forms, n)), 1.0)
    a = float((np.conj(mu) * (p @ forms.second(drift, u))).real / abs(mu))
    if resonance is not None and resonance <= 3:
        status = f"strong resonance 1:{resonance}: the first Lyapunov coefficient does not decide"
        form = NormalForm("neimark-sacker", a, None, "undetermined", q, p, theta, resonance, status)
        none = float("nan")
        fit = neimark_sacker_fit(curve, point.y, point.tangent, A, mu, (q, p), a, none)
        return _confirmed(form, fit, 0.0)
    steady = np.append(np.linalg.solve(identity - A, forms.second(u, bar)), 0.0)
    double = np.append(np.linalg.solve(mu**2 * identity - A, forms.second(u, u)), 0.0)
    parts = [forms.third(u, u, bar), 2 * forms.second(u, steady), forms.second(bar, double)]
    terms = np.array([(np.conj(mu) * (p @ part)).real / 2 for part in parts])
    b, size = float(terms.sum()), float(np.abs(terms).sum())
    criticality = _criticality(curve, b, size, positive=False)
    status = "nondegenerate"
    if resonance == 4:
        status = "strong resonance 1:4: b alone does not decide"
    elif criticality == "degenerate":
        status = "the first Lyapunov coefficient vanishes: a Chenciner point"
    form = NormalForm("neimark-sacker", a, b, criticality, q, p, theta, resonance, status)
    told = np.nan if resonance == 4 else b
    fit = neimark_sacker_fit(curve, point.y, point.tangent, A, mu, (q, p), a, told)
    return _confirmed(form, fit, size)


def _derivative(forms: Forms, n: int) -> Array:
    """∂G/∂p."""
    return forms.along(np.eye(n + 1)[n], 1)
