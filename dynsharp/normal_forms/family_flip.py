"""The flip on a family, in numbers: `symbolic.normal_forms.family_flip` from jets of the map.

With G = F^P, A = DG and B, C its second and third forms, A q = −q, p A = −p, n_j the tangents of
the family and p_j their duals, the reduced map is ξ' = −ξ + r_j c_j ξ + bξ³, c_j' = c_j + d_j ξ²,

    d_j = ½ p_j B(q, q),   r_j = p B(q, n_j),   b = ⅙ p[C(q, q, q) + 3 B(q, h)],
    (A − I) h = 2 d_j n_j − B(q, q),   p_j h = 0.

The derivation and what it says of an orbit are in `dynsharp.symbolic.normal_forms.family_flip`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.compiled.elimination import product
from dynsharp.map import DiscreteMap
from dynsharp.normal_forms.codim1 import (
    DISCREPANT,
    NOT_SIMPLE,
    NOTHING,
    UNCONFIRMED,
    VAGUE,
    criticality_of,
    joined,
)
from dynsharp.normal_forms.family_flip_from_solutions import bent, family_flip_fit
from dynsharp.normal_forms.from_solutions import Fit
from dynsharp.results import Result
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.families import Member, coordinates
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve
from dynsharp.symbolic.normal_forms.self_stabilisation import STILL, in_words
from dynsharp.types import Array

DOUBLE = 1e-6  # distance between multipliers −1 that are one
RESOLVED = 1e-9  # a coefficient is rounding below this fraction of what it is a projection of


@dataclass(frozen=True, repr=False, eq=False)
class FamilyFlipForm(Result):
    """A flip on a family in numbers: the attributes are those of the symbolic `FamilyFlip`.

    Scaling: |q| = 1, so that the amplitude ξ is a length in state space; drift and rate are per
    unit of the family coordinates. Of a family of cycles everything is at their first point.

    Attributes
    ----------
    map, family
        The map and the state symbols that parametrise the family there.
    unknown, value
        The coordinate that the family was followed in, and its value on the edge.
    state
        The point of the family.
    q, p
        Flip direction (n), of unit length, and its adjoint.
    tangents, cotangents
        n_j as columns (n × c) and p_j as rows (c × n).
    drift, rate
        d_j = ½ p_j B(q, q) and r_j = p B(q, n_j).
    a
        Derivative of the multiplier by ``unknown`` along what was followed; None where that does
        not move.
    product
        P = Σ r_j d_j; positive: the drift leads back into stability.
    self_stabilising
        P > 0; None where there is no form, or its second computation disagrees.
    cubic
        b, also under that name.
    criticality
        "supercritical" (b > 0), "subcritical", "degenerate" or "undetermined".
    status
        "nondegenerate", or the sentence that says what fails.
    second
        (product, cubic) computed without second and third derivatives: see
        `family_flip_from_solutions`.
    discrepancy
        The largest relative difference of product and cubic from these; None without them.
    """

    map: DiscreteMap
    family: tuple[sp.Symbol, ...]
    unknown: sp.Symbol
    value: float
    state: Mapping[sp.Symbol, Any]
    q: Array | None = None
    p: Array | None = None
    tangents: Array | None = None
    cotangents: Array | None = None
    drift: tuple[float, ...] | None = None
    rate: tuple[float, ...] | None = None
    a: float | None = None
    product: float | None = None
    self_stabilising: bool | None = None
    cubic: float | None = None
    criticality: str = "undetermined"
    status: str = "nondegenerate"
    second: tuple[float, float] | None = None
    discrepancy: float | None = None

    @property
    def parameter(self) -> sp.Symbol:
        """Return ``unknown``."""
        return self.unknown

    @property
    def b(self) -> float | None:
        """Return ``cubic``, under its name in a `NormalForm`."""
        return self.cubic

    @property
    def supercritical(self) -> bool | None:
        """Whether the flip is stopped without the drift; None if undecided."""
        return {"supercritical": True, "subcritical": False}.get(self.criticality)

    @property
    def reading(self) -> str:
        """Return in words what an orbit does that leaves the family a little above the edge."""
        if self.self_stabilising is None:
            return self.status
        words = in_words(self.self_stabilising, STILL in self.status, self.criticality)
        return words + f"; {self.status}" * (self.status not in ("nondegenerate", STILL))

    def __repr__(self) -> str:
        head = f"flip on the family of fixed points of {self.map.name} in {self.family}"
        lines = [f"{head}, edge at {self.unknown} = {self.value:.10g}"]
        for name in ("drift", "rate", "product", "cubic"):
            if (v := getattr(self, name)) is not None:
                shown = ", ".join(f"{x:.10g}" for x in np.atleast_1d(v))
                lines.append(f"    {name} = {f'({shown})' if isinstance(v, tuple) else shown}")
        return "\n".join([*lines, f"    {self.reading}"])


def family_flip_form(curve: Curve, member: Member, axis: int) -> FamilyFlipForm:
    """Return the normal form at a member of a family where a multiplier is −1."""
    y, scale = member.y, curve.scale
    symbols = curve.map.state
    names = tuple(coordinates(member.basis, [s.name for s in symbols]))
    rows = [[s.name for s in symbols].index(name) for name in names]
    state = {curve.map.symbol(k): v for k, v in curve.named(y).items()}
    form = FamilyFlipForm(
        curve.map, tuple(symbols[i] for i in rows), symbols[axis], float(y[axis]), state
    )

    A = product(curve.jacobians(y))
    scaled = A * scale / scale[:, None]
    q, p = critical_pair(scaled, -1.0)
    near = int((np.abs(member.mu + 1) < DOUBLE).sum())
    if near > 1 or np.linalg.norm(q) * np.linalg.norm(p) > NOT_SIMPLE:
        return replace(form, status="the multiplier −1 is not simple on the family's edge")
    gram = member.left.T @ member.basis
    if np.linalg.svd(gram)[1].min() < 1 / NOT_SIMPLE:
        return replace(form, status="the multiplier 1 is not semi-simple: the family folds here")
    q, p = q * scale, p / scale
    q, p = q / np.linalg.norm(q), p * np.linalg.norm(q)
    tangents = member.basis * scale[:, None]
    tangents = tangents @ np.linalg.inv(tangents[rows])
    cotangents = (member.left / scale[:, None]).T
    cotangents = np.linalg.solve(cotangents @ tangents, cotangents)

    forms, u = Forms(curve, y), np.append(q, 0.0)
    curvature = forms.second(u, u)
    drift = cotangents @ curvature / 2
    mixed = [forms.second(u, np.append(n_j, 0.0)) for n_j in tangents.T]
    rate = np.array([p @ B for B in mixed])
    h = bent(A, tangents, cotangents, curvature)
    terms = p @ forms.third(u, u, u) / 6, p @ forms.second(u, np.append(h, 0.0)) / 2
    if not np.isfinite([*drift, *rate, *terms]).all():
        return replace(form, q=q, p=p, status="the derivatives of the map are not finite here")
    lengths = np.linalg.norm(tangents / scale[:, None], axis=0)
    amplitude = float(np.linalg.norm(q / scale))
    still = _vanish(rate, [p] * len(rate), mixed, amplitude * lengths, scale)
    still |= _vanish(2 * drift, cotangents, [curvature] * len(rate), amplitude**2, scale)
    pull, size = float(rate @ drift), float(np.abs(rate) @ np.abs(drift))
    still |= abs(pull) <= RESOLVED * size
    cubic, parts = float(sum(terms)), float(np.abs(terms).sum())
    followed = (member.direction * scale)[rows]
    speed = float((member.direction * scale)[axis])
    found = replace(
        form,
        q=q,
        p=p,
        tangents=tangents,
        cotangents=cotangents,
        drift=tuple(drift.tolist()),
        rate=tuple(rate.tolist()),
        a=float(rate @ followed) / speed if speed else None,
        product=pull,
        self_stabilising=not still and pull > 0,
        cubic=cubic,
        criticality=criticality_of(curve, cubic, parts, positive=True),
        status=STILL if still else "nondegenerate",
    )
    fit = family_flip_fit(curve, member, A, (q, p), (tangents, cotangents), (pull, cubic))
    return _confirmed(found, fit)


def _vanish(
    coefficients: Array, left: Sequence[Array] | Array, vectors: list[Array], of: Any, scale: Array
) -> bool:
    """Whether projections of vectors are rounding; ``of`` are the lengths their forms are of."""
    lengths = [np.linalg.norm(p * scale) for p in left]
    sizes = [np.linalg.norm(v / scale) for v in vectors]
    least = np.array(lengths) * np.maximum(RESOLVED * np.array(sizes), NOTHING * of)
    return bool((np.abs(coefficients) <= least).all())


def _confirmed(form: FamilyFlipForm, fit: Fit | None) -> FamilyFlipForm:
    """Hold a form against the second way; coefficients that vanish are not compared."""
    first = np.array([form.product, form.cubic], dtype=float)
    undecided = np.array([form.status == STILL, form.criticality == "degenerate"])
    if fit is None:
        return replace(form, status=joined(form.status, UNCONFIRMED))
    second, errors = np.array([fit.a, fit.b]), np.array(fit.errors)
    larger = np.maximum(np.abs(first), np.abs(second))
    larger = np.where(larger > 0, larger, 1.0)
    apart, vague = np.abs(first - second) / larger, errors / larger
    apart[undecided], vague[undecided] = 0.0, 0.0
    if not (vague <= VAGUE).all():
        return replace(form, status=joined(form.status, UNCONFIRMED))
    told = (float(fit.a), float(fit.b))
    form = replace(form, second=told, discrepancy=float(apart.max()))
    if apart.max() <= max(DISCREPANT, 10 * float(vague.max())):
        return form
    text = (
        f"computed a second way the product is {told[0]:.6g} and the cubic coefficient "
        f"{told[1]:.6g}: the map is not smooth enough here, or another special point is close by"
    )
    return replace(form, self_stabilising=None, criticality="undetermined", status=text)
