"""Normal forms of codimension two at a cycle: their coefficients, and what these decide.

``codim2_form(kind, curve, y) -> Codim2Form`` with y = (x_0, ..., x_{P−1}, p) and ``curve.values``
the critical values of the parameters; ``KINDS`` lists the kinds. One algorithm serves all: the
normal form on the centre manifold (`_center_manifold`), of which the coefficients are read.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., chapter 9; Kuznetsov, Meijer,
SIAM J. Sci. Comput. 26 (2005) 1932; Kuznetsov, Meijer, van Veen, Int. J. Bifurcation Chaos 14
(2004) 2253 for the fold-flip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dynsharp.errors import InputError
from dynsharp.normal_forms.center_manifold import (
    CenterManifold,
    Critical,
    center_manifold,
    chain,
    eigenvectors,
    linearised,
)
from dynsharp.normal_forms.codim1 import NOT_SIMPLE
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["KINDS", "Codim2Form", "codim2_form", "critical_directions", "own_hopf", "read"]

NEAR = 1e-3  # distance of a multiplier from its critical value beyond which it is not that point
OFF = 1e-6  # defect of a cycle, in units of the curve, beyond which it is none
SEMISIMPLE = 1e-7  # second singular value of A − λI, in units, that means two eigenvectors
VANISHES = 1e-8  # a coefficient in units of the manifold's length that counts as zero
LOWER = 1e-5  # the same for the coefficient whose zero defines the point, which is only located


@dataclass(frozen=True, repr=False)
class Codim2Form:
    """What the map looks like at a point of codimension two, on its centre manifold.

    Coordinates are amplitudes along the critical directions q of unit length; ξ, η are real, z is
    complex and stands for z q + z̄ q̄. So the coefficient of a term of degree k is per unit length
    of the state to the power k − 1; signs and the ratios named below do not depend on units or
    coordinates. With λ = e^{iθ}:

    ===================  ====================================================  ====================
    kind                 the map P steps later                                 coefficients
    ===================  ====================================================  ====================
    cusp                 ξ + c ξ³                                              c
    generalised-flip     −ξ + d ξ⁵                                             d
    chenciner            λ z (1 + c1 |z|² + c2 |z|⁴), Re c1 = 0                c1, c2, L2 =
                                                                               Re c2 + (Im c1)²/2
    1:1                  (ξ + η, η + a ξ² + b ξη)                              a, b
    1:2                  (−ξ + η, −η + c ξ³ + d ξ²η)                           c, d and C1 = 4c,
                                                                               D1 = −2d − 6c
    1:3                  λ z + b z̄² + c z|z|²                                  b, c and
                                                                               a1 = Re(λ̄c)/3|b|² − ⅓
    1:4                  i z + c z|z|² + d z̄³                                  c, d and
                                                                               A0 = −i c/|d|
    fold-flip            (ξ + ½a ξ² + ½b η² + ⅙c ξ³ + ½d ξη²,                  a, b, c, d, e, f, g
                         −η + e ξη + ½f ξ²η + ⅙g η³)
    fold-neimark-sacker  (ξ + a ξ² + b |z|², λ z (1 + e ξ))                    a, b, e
    flip-neimark-sacker  (−ξ + a ξ³ + b ξ|z|², λ z (1 + c ξ² + d |z|²))        a, b, c, d
    double-neimark-      λ₁ z (1 + a |z|² + b |w|²),                           a, b, c, d
    sacker               λ₂ w (1 + c |z|² + d |w|²)
    ===================  ====================================================  ====================

    In the last three only the leading terms are given. At 1:1 and 1:2 |q₀| = 1 and q₁ ⊥ q₀. Of c at
    1:3 and of c2 only what enters a1 and L2 is independent of coordinates.

    Attributes
    ----------
    kind
        As in the table.
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


def codim2_form(kind: str, curve: Curve, y: Array) -> Codim2Form:
    """Return the normal form at a point of codimension two.

    Parameters
    ----------
    kind
        One of `KINDS`.
    curve
        The map with numbers for all parameters but one, and the period of the cycle.
    y
        The cycle, then the value of the curve's parameter.

    Raises
    ------
    InputError
        If there is no such kind, or y does not fit the curve.
    """
    directions = critical_directions(kind, curve, y)
    if isinstance(directions, str):
        return Codim2Form(kind, status=directions)
    manifold = center_manifold(curve, y, directions, _ORDERS[kind])
    return read(kind, manifold)


def read(kind: str, manifold: CenterManifold) -> Codim2Form:
    """Return what the critical normal form of that kind says."""
    theta = tuple(float(np.angle(m)) for m in manifold.critical.multipliers if m.imag > 0)
    if manifold.clash:
        return Codim2Form(kind, theta=theta, status=manifold.clash)
    coefficients, vanishing, required, case, decides = _READERS[kind](manifold)
    status = "nondegenerate"
    for name, (value, degree) in required.items():
        if manifold.small(value, degree, VANISHES):
            status = f"{name} vanishes: terms of higher order decide"
            case = decides = ""
    for name, (value, degree) in vanishing.items():
        if not manifold.small(value, degree, LOWER):
            status = f"{name} = {_shown(value)} should vanish here: this is no {kind} point"
            case = decides = ""
    return Codim2Form(kind, coefficients, case, decides, theta, status)


def critical_directions(kind: str, curve: Curve, y: Array) -> Critical | str:
    """Return the critical directions of a kind at a cycle, or the sentence why there are none.

    Raises
    ------
    InputError
        As `codim2_form`.
    """
    if kind not in _WANTED:
        raise InputError("kind", repr(kind), f"one of {', '.join(_WANTED)}")
    size = curve.period * curve.dimension + 1
    if np.shape(y) != (size,):
        raise InputError("y", f"an array of shape {np.shape(y)}", f"({size},): the cycle, then p")
    A, defect = linearised(curve, y)
    if not (np.all(np.isfinite(A)) and np.isfinite(defect)):
        return "the map or its Jacobian does not exist at the point (a kink or a pole)"
    if defect > OFF:
        return f"y is no cycle: a step misses the next point by {defect:.3g} of its unit"
    wanted = _WANTED[kind]
    if (needed := sum(2 if m is None or np.iscomplex(m) else 1 for m in wanted)) > curve.dimension:
        return f"a {kind} point needs {needed} critical multipliers, the map has {curve.dimension}"
    found: list[complex] = []
    left = list(np.linalg.eigvals(A).astype(complex))
    for target in wanted:
        mu = _nearest(left, target)
        goal = target if target is not None else mu / abs(mu) if mu else np.nan
        if mu is None or abs(mu - goal) > NEAR:
            whole = "a complex pair on the unit circle" if target is None else f"{target:.4g}"
            listed = ", ".join(f"{m:.6g}" for m in np.linalg.eigvals(A))
            return f"no {kind} point: its multipliers {listed} do not contain {whole}"
        left.remove(mu)
        found.append(goal)
        if np.iscomplex(goal):
            left.remove(min(left, key=lambda m, mu=mu: abs(m - np.conj(mu))))  # type: ignore[misc]
            found.append(np.conj(goal))
    if kind in ("1:1", "1:2"):
        block = (A - found[0].real * np.eye(len(A))) * curve.scale / curve.scale[:, None]
        sizes = np.linalg.svd(block, compute_uv=False)
        if sizes[-2] < SEMISIMPLE * max(1.0, sizes[0]):
            return (
                f"the double multiplier {found[0].real:g} has two eigenvectors (a symmetry or a "
                "family of fixed points): the normal form of its Jordan block does not apply"
            )
        return chain(A, found[0].real)
    real = not any(map(np.iscomplex, found))
    critical = eigenvectors(A, [m.real for m in found] if real else found)
    if not np.linalg.norm(critical.P) < NOT_SIMPLE:
        return "a critical multiplier meets another one: it is not simple"
    return critical


def _nearest(left: list[complex], target: complex | None) -> complex | None:
    """Return the multiplier nearest to a number, or the complex one nearest to the unit circle."""
    if target is not None:
        return min(left, key=lambda m: abs(m - target), default=None)
    upper = [m for m in left if m.imag > NEAR]
    return min(upper, key=lambda m: abs(abs(m) - 1), default=None)


_WANTED: dict[str, tuple[complex | None, ...]] = {  # None: a complex pair on the unit circle
    "cusp": (1.0,),
    "generalised-flip": (-1.0,),
    "chenciner": (None,),
    "1:1": (1.0, 1.0),
    "1:2": (-1.0, -1.0),
    "1:3": (np.exp(2j * np.pi / 3),),
    "1:4": (1j,),
    "fold-flip": (1.0, -1.0),
    "fold-neimark-sacker": (1.0, None),
    "flip-neimark-sacker": (-1.0, None),
    "double-neimark-sacker": (None, None),
}
KINDS = tuple(_WANTED)

# ---- reading the coefficients ------------------------------------------------------------------

Named = dict[str, tuple[complex, int]]  # a quantity and the degree of the term it belongs to
Reading = tuple[dict[str, complex], Named, Named, str, str]


def _cusp(m: CenterManifold) -> Reading:
    b, c = (m.coefficient(0, k).real for k in (2, 3))
    stable = "the outer two of the three cycles are" if c < 0 else "the middle one of the three is"
    decides = f"{stable} stable along the critical direction"
    return {"c": c}, {"the quadratic coefficient": (b, 2)}, {"c": (c, 3)}, _sign("c", c), decides


def _generalised_flip(m: CenterManifold) -> Reading:
    b, d = (m.coefficient(0, k).real for k in (3, 5))
    kind = "stable" if d > 0 else "unstable"
    decides = f"the outer of the two doubled cycles that meet in a fold is {kind}"
    return {"d": d}, {"the cubic coefficient": (b, 3)}, {"d": (d, 5)}, _sign("d", d), decides


def _chenciner(m: CenterManifold) -> Reading:
    value = m.critical.multipliers[0]
    c1, c2 = (m.coefficient(0, k + 1, k) / value for k in (1, 2))
    L2 = c2.real + c1.imag**2 / 2  # |1 + i Im c1 r² + c2 r⁴| = 1 + L2 r⁴
    kind = "stable" if L2 < 0 else "unstable"
    decides = f"the outer of the two closed invariant curves that meet in a fold is {kind}"
    if abs(value**5 - 1) < NEAR:
        decides += "; θ is near 2π/5 or 4π/5: a weak resonance acts at fourth order already"
    zero = {"the first Lyapunov coefficient": (c1.real, 3)}
    return {"c1": c1, "c2": c2, "L2": L2}, zero, {"L2": (L2, 5)}, _sign("L2", L2), decides


def _one_to_one(m: CenterManifold) -> Reading:
    a, b = m.coefficient(1, 2).real, m.coefficient(1, 1, 1).real
    s = a * (b - 2 * a)
    kind = "stable" if s < 0 else "unstable"
    decides = f"the closed invariant curve at the Neimark–Sacker curve is {kind}"
    required: Named = {"a": (a, 2), "b − 2a": (b - 2 * a, 2)}
    return {"a": a, "b": b}, {}, required, _sign("a (b − 2a)", s), decides


def _one_to_two(m: CenterManifold) -> Reading:
    c, d = m.coefficient(1, 3).real, m.coefficient(1, 2, 1).real
    C1, D1 = 4 * c, -2 * d - 6 * c
    own = (
        "the doubled cycle has a Neimark–Sacker curve too"
        if C1 < 0
        else "the doubled cycle is a saddle"
    )
    kind = "stable" if D1 < 0 else "unstable"
    decides = f"{own}; the closed invariant curve around the cycle is {kind}"
    required: Named = {"c": (c, 3), "d + 3c": (d + 3 * c, 3)}
    numbers: dict[str, complex] = {"c": c, "d": d, "C1": C1, "D1": D1}
    return numbers, {}, required, f"{_sign('C1', C1)}, {_sign('D1', D1)}", decides


def _one_to_three(m: CenterManifold) -> Reading:
    value = m.critical.multipliers[0]
    b, c = m.coefficient(0, 0, 2), m.coefficient(0, 2, 1)
    rate = (np.conj(value) * c).real - abs(b) ** 2
    numbers: dict[str, complex] = {"b": b, "c": c}
    if b:
        numbers["a1"] = rate / (3 * abs(b) ** 2)
    kind = "stable" if rate < 0 else "unstable"
    decides = (
        "a saddle cycle of three times the period on either side; "
        f"the closed invariant curve is {kind}"
    )
    required: Named = {"b": (b, 2), "Re(λ̄c) − |b|²": (rate, 3)}
    return numbers, {}, required, _sign("a1", rate), decides


def _one_to_four(m: CenterManifold) -> Reading:
    c, d = m.coefficient(0, 2, 1), m.coefficient(0, 0, 3)
    numbers: dict[str, complex] = {"c": c, "d": d}
    case = decides = ""
    if d:
        A0 = numbers["A0"] = -1j * c / abs(d)
        case = f"|A0| {'>' if abs(A0) > 1 else '<'} 1, {_sign('Re A0', A0.real)}"
        decides = (
            "two cycles of four times the period are born and die on two fold curves"
            if abs(A0) > 1
            else "one saddle cycle of four times the period exists all around the point"
        )
        if own_hopf(A0):
            decides += ", one of them with a Neimark–Sacker curve"
    gap = abs(c) - abs(d)
    required: Named = {"d": (d, 3), "|c| − |d|": (gap, 3), "Re A0": ((c * -1j).real, 3)}
    return numbers, {}, required, case, decides


def own_hopf(A0: complex) -> bool:
    """Whether the 4-cycle at a 1:4 resonance has a Neimark–Sacker curve.

    That is |Im A0| > (1 + a²)/√(1 − a²) with a = Re A0 (Kuznetsov, section 9.5.4).
    """
    a = A0.real
    return bool(abs(a) < 1 and abs(A0.imag) * np.sqrt(1 - a * a) > 1 + a * a)


def _fold_flip(m: CenterManifold) -> Reading:
    numbers: dict[str, complex] = {
        name: factor * m.coefficient(i, j, k).real
        for name, factor, i, j, k in [
            ("a", 2, 0, 2, 0),
            ("b", 2, 0, 0, 2),
            ("c", 6, 0, 3, 0),
            ("d", 2, 0, 1, 2),
            ("e", 1, 1, 1, 1),
            ("f", 2, 1, 2, 1),
            ("g", 6, 1, 0, 3),
        ]
    }
    a, b, e = (numbers[name].real for name in "abe")
    case = f"{_sign('b e', b * e)}, {_sign('a e', a * e)}"
    decides = (
        "the doubled cycle has a Neimark–Sacker curve"
        if b * e > 0
        else "the doubled cycle has no Neimark–Sacker curve"
    )
    return numbers, {}, {"a": (a, 2), "b": (b, 2), "e": (e, 2)}, case, decides


def _fold_neimark_sacker(m: CenterManifold) -> Reading:
    value = m.critical.multipliers[1]
    a, b = m.coefficient(0, 2).real, m.coefficient(0, 0, 1, 1).real
    e = m.coefficient(1, 1, 1) / value
    required: Named = {"a": (a, 2), "b": (b, 2), "Re e": (e.real, 2)}
    case = f"{_sign('a b', a * b)}, {_sign('a Re e', a * e.real)}"
    return {"a": a, "b": b, "e": e}, {}, required, case, _LEADING


def _flip_neimark_sacker(m: CenterManifold) -> Reading:
    value = m.critical.multipliers[1]
    a, b = m.coefficient(0, 3).real, m.coefficient(0, 1, 1, 1).real
    c, d = m.coefficient(1, 2, 1) / value, m.coefficient(1, 0, 2, 1) / value
    required: Named = {"a": (a, 3), "Re d": (d.real, 3)}
    case = f"{_sign('a', a)}, {_sign('Re d', d.real)}"
    return {"a": a, "b": b, "c": c, "d": d}, {}, required, case, _LEADING


def _double_neimark_sacker(m: CenterManifold) -> Reading:
    first, second = m.critical.multipliers[[0, 2]]
    numbers: dict[str, complex] = {
        "a": m.coefficient(0, 2, 1) / first,
        "b": m.coefficient(0, 1, 0, 1, 1) / first,
        "c": m.coefficient(2, 1, 1, 1) / second,
        "d": m.coefficient(2, 0, 0, 2, 1) / second,
    }
    required: Named = {f"Re {name}": (numbers[name].real, 3) for name in "ad"}
    case = f"{_sign('Re a', numbers['a'].real)}, {_sign('Re d', numbers['d'].real)}"
    return numbers, {}, required, case, _LEADING


_LEADING = "leading terms only: which tori and which cycles exist is not derived from them here"
_READERS: dict[str, Callable[[CenterManifold], Reading]] = {
    "cusp": _cusp,
    "generalised-flip": _generalised_flip,
    "chenciner": _chenciner,
    "1:1": _one_to_one,
    "1:2": _one_to_two,
    "1:3": _one_to_three,
    "1:4": _one_to_four,
    "fold-flip": _fold_flip,
    "fold-neimark-sacker": _fold_neimark_sacker,
    "flip-neimark-sacker": _flip_neimark_sacker,
    "double-neimark-sacker": _double_neimark_sacker,
}
_ORDERS = {kind: 3 for kind in KINDS} | {
    "generalised-flip": 5,
    "chenciner": 5,
    "1:1": 2,
    "fold-neimark-sacker": 2,
}


def _sign(name: str, value: float) -> str:
    return f"{name} {'>' if value > 0 else '<'} 0"


def _shown(value: complex) -> str:
    return f"{value.real:.10g}" if np.isreal(value) else f"{value:.10g}"
