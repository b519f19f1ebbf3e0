"""Normal forms at a special point of a cycle, in numbers, from the forms of the P-fold map G.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., sections 4.5 to 4.7 and 5.4;
Keller (1977) for the algebraic branching equation. A = DG, B and C are the second and third
derivative forms, q and p the critical right and left eigenvectors with |q| = 1, p q = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from dynsharp.continuation._curve import Array, Curve, Point
from dynsharp.continuation._jets import Forms
from dynsharp.continuation._linear import OPTIONS

__all__ = ["NormalForm", "branch_form", "flip_form", "fold_form", "neimark_sacker_form", "product"]

NOTHING = 1e-11  # a cubic coefficient, in units of the state, that is rounding
NOT_SIMPLE = 1e6  # condition of an eigenvalue beyond which it counts as a double one
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


def product(J: Array) -> Array:
    """Product of the Jacobians along a cycle, the last one leftmost."""
    return np.asarray(_chained(np.ascontiguousarray(J)))


@njit(**OPTIONS)
def _chained(J: Any) -> Any:
    n = J.shape[1]
    A, B = J[0].copy(), np.empty((n, n))
    for step in range(1, J.shape[0]):
        for i in range(n):
            for j in range(n):
                s = 0.0
                for k in range(n):
                    s += J[step, i, k] * A[k, j]
                B[i, j] = s
        A[:] = B
    return A


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


def _criticality(curve: Curve, b: float, size: float, positive: bool) -> str:
    if not np.isfinite(b):
        return "undetermined"
    if abs(b) <= max(ZERO * size, NOTHING / float(np.max(curve.scale)) ** 2):
        return "degenerate"
    return "supercritical" if (b > 0) == positive else "subcritical"


def flip_form(curve: Curve, point: Point) -> NormalForm:
    """Return b = ⅙ p[C(q, q, q) − 3 B(q, (A − I)⁻¹ B(q, q))] and the multiplier's derivative a."""
    forms, A = Forms(curve, point.y), product(curve.jacobians(point.y))
    n = curve.dimension
    identity = np.eye(n)
    q, p = critical_pair(A, -1.0)
    u = np.append(q, 0.0)
    if np.linalg.norm(p) > NOT_SIMPLE:
        return NormalForm("flip", q=q, status="the multiplier −1 meets another one: not simple")
    if np.linalg.cond(A - identity) > 1e10:
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
    return NormalForm("flip", a, b, criticality, q, p, status=status)


def fold_form(curve: Curve, point: Point) -> NormalForm:
    """Return a = p G_α, b = ½ p B(q, q)."""
    forms, A = Forms(curve, point.y), product(curve.jacobians(point.y))
    q, p = critical_pair(A, 1.0)
    if np.linalg.norm(p) > NOT_SIMPLE:
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
    return NormalForm("fold", a, b, q=q, p=p)


def branch_form(curve: Curve, y: Array, other: Array, along: Array) -> NormalForm:
    """Return the normal form where branches of tangents ``along`` and ``other`` cross."""
    n = curve.dimension
    forms, A = Forms(curve, y), product(curve.jacobians(y))
    q, p = critical_pair(A, 1.0)
    u = np.append(q, 0.0)
    units = curve.units
    size = [abs(t[n] / units[n]) / np.linalg.norm(t / units) for t in (along, other)]
    trunk = along if size[0] >= size[1] else other
    if max(size) < 1e-9:
        return NormalForm("branch", q=q, p=p, status="both branches are vertical here")
    a = float(p @ forms.second(u, trunk / trunk[n]))
    quadratic = float(p @ forms.second(u, u) / 2)
    if min(size) > 1e-6:
        return NormalForm("transcritical", a, quadratic, q=q, p=p)
    identity = np.eye(n)
    bordered = np.block([[A - identity, q[:, None]], [p[None, :], np.zeros((1, 1))]])
    h = -np.linalg.solve(bordered, np.append(forms.second(u, u) - 2 * quadratic * q, 0.0))[:n]
    first = float(p @ forms.third(u, u, u) / 6)
    second = float(p @ forms.second(u, np.append(h, 0.0)) / 2)
    b = first + second
    criticality = _criticality(curve, b, abs(first) + abs(second), positive=False)
    return NormalForm("pitchfork", a, b, criticality, q, p)


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
        return form
    steady = np.append(np.linalg.solve(identity - A, forms.second(u, bar)), 0.0)
    double = np.append(np.linalg.solve(mu**2 * identity - A, forms.second(u, u)), 0.0)
    parts = [forms.third(u, u, bar), 2 * forms.second(u, steady), forms.second(bar, double)]
    terms = np.array([(np.conj(mu) * (p @ part)).real / 2 for part in parts])
    b = float(terms.sum())
    criticality = _criticality(curve, b, float(np.abs(terms).sum()), positive=False)
    status = "nondegenerate"
    if resonance == 4:
        status = "strong resonance 1:4: b alone does not decide"
    elif criticality == "degenerate":
        status = "the first Lyapunov coefficient vanishes: a Chenciner point"
    return NormalForm("neimark-sacker", a, b, criticality, q, p, theta, resonance, status)


def _derivative(forms: Forms, n: int) -> Array:
    """∂G/∂p."""
    return forms.along(np.eye(n + 1)[n], 1)
