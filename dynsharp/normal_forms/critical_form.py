"""What a map looks like at a critical point, read from its centre manifold.

Each kind of point has a `Reading`: its coefficients in the normal form of `center_manifold`, what
must vanish there, what must not, and what they decide. `critical_form` states it, or says why not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dynsharp.normal_forms.center_manifold import CenterManifold

VANISHES = 1e-8  # a coefficient in units of the manifold's length that counts as zero
LOWER = 1e-5  # the same for the coefficient whose zero defines the point, which is only located

LEADING = "leading terms only: which tori and which cycles exist is not derived from them here"


@dataclass(frozen=True)
class Reading:
    """What a critical normal form says.

    Attributes
    ----------
    coefficients
        By name.
    case, decides
        Which of the cases of the literature it is, as a condition, and what that means in words.
    required
        What must not vanish, by its name: the number and the degree of its term.
    vanishing
        What vanishes at such a point, likewise.
    """

    coefficients: Mapping[str, complex]
    case: str = ""
    decides: str = ""
    required: Mapping[str, tuple[complex, int]] = field(default_factory=dict)
    vanishing: Mapping[str, tuple[complex, int]] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Codim2Form:
    """What the map looks like at a point of codimension two, on its centre manifold.

    Coordinates are amplitudes along the critical directions q of unit length; ξ, η are real, z is
    complex and stands for z q + z̄ q̄. So the coefficient of a term of degree k is per unit length
    of the state to the power k − 1; signs and ratios do not depend on units or coordinates. At a
    Jordan block |q₀| = 1 and q₁ ⊥ q₀. The map P steps later and the names of its coefficients are
    those of the kind: see `dynsharp.bifurcations.codim2`.

    Attributes
    ----------
    kind
        Such as "cusp".
    coefficients
        By name; complex where they are, empty where the status says why.
    case
        Which of the cases of the literature it is, as a condition on the coefficients.
    decides
        What that means, in words.
    theta
        Angles of the critical pairs.
    status
        "nondegenerate", or the sentence that says what fails.
    """

    kind: str
    coefficients: Mapping[str, complex] = field(default_factory=dict)
    case: str = ""
    decides: str = ""
    theta: tuple[float, ...] = ()
    status: str = "nondegenerate"

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, name: str) -> complex:
        return self.coefficients[name]

    def __repr__(self) -> str:
        numbers = [f"{name} = {_shown(value)}" for name, value in self.coefficients.items()]
        notes = [self.status] if self.status != "nondegenerate" else []
        return "; ".join([self.kind, *numbers, *filter(None, [self.case, self.decides]), *notes])


def critical_form(
    kind: str, read: Callable[[CenterManifold], Reading], manifold: CenterManifold
) -> Codim2Form:
    """Return what is read from a centre manifold, or what fails."""
    theta = tuple(float(np.angle(m)) for m in manifold.critical.multipliers if m.imag > 0)
    if manifold.clash:
        return Codim2Form(kind, theta=theta, status=manifold.clash)
    reading = read(manifold)
    status = ""
    for name, (value, degree) in reading.required.items():
        if manifold.small(value, degree, VANISHES):
            status = f"{name} vanishes: terms of higher order decide"
    for name, (value, degree) in reading.vanishing.items():
        if not manifold.small(value, degree, LOWER):
            status = f"{name} = {_shown(value)} should vanish here: this is no {kind} point"
    if status:
        return Codim2Form(kind, reading.coefficients, theta=theta, status=status)
    return Codim2Form(kind, reading.coefficients, reading.case, reading.decides, theta)


def sign(name: str, value: float) -> str:
    """Return in words which sign a number has."""
    return f"{name} {'>' if value > 0 else '<'} 0"


def _shown(value: complex) -> str:
    return f"{value.real:.10g}" if np.isreal(value) else f"{value:.10g}"
