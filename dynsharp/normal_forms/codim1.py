"""What is told of a normal form of codimension one, and how it is held against a second way.

In all files of a kind G is the P-fold map at a special point of a cycle, A = DG, B and C its second
and third derivative forms, q and p the critical right and left eigenvectors, |q| = 1, p q = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dynsharp.normal_forms.from_solutions import Fit
from dynsharp.results import Result
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

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
class NormalForm(Result):
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
        (a, b) computed a second way, from solutions of the map next to the point: see
        `from_solutions`.
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


def condition(curve: Curve, q: Array, p: Array) -> float:
    """Condition of the eigenvalue, the state in units of the curve."""
    return float(np.linalg.norm(p * curve.scale) * np.linalg.norm(q / curve.scale))


def criticality_of(curve: Curve, b: float, size: float, positive: bool) -> str:
    """Return what the sign of b says; b is a difference of numbers of that size."""
    if not np.isfinite(b):
        return "undetermined"
    if abs(b) <= max(ZERO * size, NOTHING / float(np.max(curve.scale)) ** 2):
        return "degenerate"
    return "supercritical" if (b > 0) == positive else "subcritical"


def confirmed(form: NormalForm, fit: Fit | None, size: float) -> NormalForm:
    """Hold a form against the second way; ``size`` is what b is a difference of."""
    errors = [] if fit is None else _relative(form, fit, fit.errors)
    if fit is None or max(errors, default=0.0) > VAGUE:
        if fit is not None and form.b is not None and form.b * fit.b < 0:
            form = replace(form, criticality="undetermined")
        return replace(form, status=joined(form.status, UNCONFIRMED))
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
    return replace(form, criticality="undetermined", status=joined(form.status, text))


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


def joined(status: str, text: str) -> str:
    """Return a status with one more sentence."""
    return text if status == "nondegenerate" else f"{status}; {text}"


def by_parameter(forms: Forms, n: int) -> Array:
    """∂G/∂p."""
    return forms.along(np.eye(n + 1)[n], 1)
