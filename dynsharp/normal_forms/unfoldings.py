"""The bifurcation curves that emanate from a point of codimension two, and where they begin.

``emanating(kind, curve, y, second) -> Unfolding`` with ``starts``: for each curve its kind and
period, a point y = (x_0, ..., x_{kP−1}, a, b) on or near it and its direction there; a is the
curve's own parameter and b = ``second``. Curves of the cycle itself go through the point; those of
a cycle of two or four times the period are born there, with an amplitude ε along the critical
direction. Their leading terms in ε follow from the normal form with its derivatives by the
parameters; Newton's method on the normal form then adds what its further terms give.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., chapter 9; Kuznetsov, Meijer,
*Numerical Bifurcation Analysis of Maps*, CUP 2019, chapter 3; Govaerts, Khoshsiar Ghaziani,
Kuznetsov, Meijer, SIAM J. Sci. Comput. 29 (2007) 2644.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dynsharp.errors import InputError
from dynsharp.normal_forms.center_manifold import CenterManifold, center_manifold
from dynsharp.normal_forms.codim2 import critical_directions, own_hopf, read
from dynsharp.normal_forms.reduced_map import Reduced, derivative, newton
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["Start", "Unfolding", "emanating"]

HALVINGS = 7  # amplitudes that are tried
SINGULAR = 1e-9  # reciprocal condition below which two rates by the parameters are parallel


@dataclass(frozen=True, eq=False)
class Start:
    """Where a curve begins.

    Attributes
    ----------
    kind, period
        Of the curve: "fold", "flip" or "neimark-sacker", and the points of its cycle.
    y
        The cycle, then both parameters: the codimension-2 point itself if ``through``, else a
        prediction at a small amplitude.
    tangent
        Direction of the curve there, not normalised; away from the codimension-2 point.
    kappa
        2 cos θ of the critical pair; None for a fold or flip.
    through
        Whether the curve goes on behind the point. A Neimark–Sacker curve goes on as one of
        neutral saddles at a 1:1 or 1:2 resonance; the tangent points to its proper side.
    """

    kind: str
    period: int
    y: Array
    tangent: Array
    kappa: float | None = None
    through: bool = False


@dataclass(frozen=True, eq=False)
class Unfolding:
    """The curves that emanate from a codimension-2 point.

    ``status`` is "complete", or says which curves are missing and why; ``beyond`` names what is
    born there besides and is no curve of folds, flips or Neimark–Sacker points of cycles.
    """

    kind: str
    starts: tuple[Start, ...] = ()
    status: str = "complete"
    beyond: str = ""


@dataclass(frozen=True)
class _Born:
    """A curve of a longer cycle: (r, α) at an amplitude from unknowns of order one."""

    kind: str
    steps: int
    place: Callable[[Array, float], tuple[Array, Array]]
    guess: Array


def emanating(
    kind: str, curve: Curve, y: Array, second: str, *, distance: float = 0.05
) -> Unfolding:
    """Return the curves that emanate from a codimension-2 point.

    Parameters
    ----------
    kind, curve, y
        As for `codim2_form`.
    second
        Name of the second parameter, whose critical value is in ``curve.values``.
    distance
        Amplitude of the predicted cycles, as a fraction of that at which the nonlinear terms are
        as large as the linear ones; halved where the normal form has no such cycle that far.

    Raises
    ------
    InputError
        As `codim2_form`; if the map has no such parameter, or it is the curve's own.
    """
    b = curve.map.parameter(second, "second").name
    if b == curve.parameter.name or b not in curve.values:
        known = ", ".join(curve.values)
        raise InputError("second", repr(b), f"a parameter with a value in the curve: {known}")
    directions = critical_directions(kind, curve, y)
    if isinstance(directions, str):
        return Unfolding(kind, status=f"no curve is predicted: {directions}")
    manifold = center_manifold(
        curve, y, directions, _ORDERS.get(kind, 3), (curve.parameter.name, b)
    )
    if manifold.clash:
        return Unfolding(kind, status=f"no curve is predicted: {manifold.clash}")
    point = np.append(y, curve.values[b])
    reduced, failures = Reduced(manifold), []
    starts = list(_through(kind, reduced, point))
    if len(starts) < len(_THROUGH[kind]):
        failures.append(_PARALLEL)
    if kind in _RATES and (form := read(kind, manifold)).status != "nondegenerate":
        failures.append(f"curves of longer cycles are not predicted: {form.status}")
    elif kind in _RATES:
        matrix, build = _RATES[kind](manifold)
        size = np.linalg.norm(matrix, axis=1, keepdims=True)
        if not size.all() or np.linalg.cond(matrix / size) > 1 / SINGULAR:
            failures.append(_PARALLEL)
        else:
            for born in build():
                largest = distance * manifold.length
                amplitudes = largest / 2.0 ** np.arange(HALVINGS)
                tries = (_started(reduced, born, point, epsilon) for epsilon in amplitudes)
                start = next((s for s in tries if s is not None), None)
                if start is None:
                    failures.append(
                        f"the {born.kind} curve of the cycle of {born.steps} times the period was "
                        f"not found at amplitudes from {largest:.3g} to {amplitudes[-1]:.3g}: "
                        "try a larger distance"
                    )
                else:
                    starts.append(start)
    status = "; ".join(dict.fromkeys(failures)) or "complete"
    return Unfolding(kind, tuple(starts), status, _BEYOND.get(kind, ""))


_PARALLEL = (
    "the two parameters do not unfold the point: what should change at different rates along "
    "them changes in proportion; choose other parameters"
)

# ---- curves of the cycle itself ----------------------------------------------------------------

_THROUGH = {  # kind and, for a pair, its coordinate
    "cusp": [("fold", 0)],
    "generalised-flip": [("flip", 0)],
    "chenciner": [("neimark-sacker", 0)],
    "1:1": [("fold", 0), ("neimark-sacker", 0)],
    "1:2": [("flip", 0), ("neimark-sacker", 0)],
    "1:3": [("neimark-sacker", 0)],
    "1:4": [("neimark-sacker", 0)],
    "fold-flip": [("fold", 0), ("flip", 0)],
    "fold-neimark-sacker": [("fold", 0), ("neimark-sacker", 1)],
    "flip-neimark-sacker": [("flip", 0), ("neimark-sacker", 1)],
    "double-neimark-sacker": [("neimark-sacker", 0), ("neimark-sacker", 2)],
}


def _through(kind: str, reduced: Reduced, point: Array) -> Iterator[Start]:
    """Yield them; tangents are null vectors of the derivative of the defining system."""
    m, length = reduced.dimension, reduced.manifold.length or 1.0
    period = reduced.manifold.H.shape[0]
    units = np.append(np.full(m, length), _parameter_units(reduced.manifold, length))
    for name, pair in _THROUGH[kind]:

        def defect(u: Array, name: str = name, pair: int = pair) -> Array:
            r, alpha = np.split(u * units, [m])
            return reduced.defect(name, r, alpha, 1, pair)

        _, values, right = np.linalg.svd(derivative(defect, np.zeros(m + 2), 1.0))
        if values[-1] <= SINGULAR * values[0]:
            continue
        r, alpha = np.split(right[-1] * units, [m])
        kappa = None
        if name == "neimark-sacker":
            kappa = float(2 * reduced.manifold.critical.multipliers[pair].real)
            if kind in ("1:1", "1:2"):
                small = 1e-3 / np.linalg.norm(right[-1])
                trace = np.trace(reduced.jacobian(small * r, small * alpha))
                r, alpha = (r, alpha) if abs(trace) < 2 else (-r, -alpha)
        tangent = np.append(reduced.lifted_direction(r, alpha).ravel(), alpha)
        yield Start(name, period, point, tangent, kappa, through=True)


def _parameter_units(manifold: CenterManifold, length: float) -> Array:
    """Change of each parameter that changes the map as much as such an amplitude does."""
    m = manifold.G.shape[0]
    every = [_rates(manifold, i) / length for i in range(m)]
    every += [_rates(manifold, i, *row) for i in range(m) for row in np.eye(m, dtype=int)]
    largest = np.max(np.abs(every), axis=0)
    return np.where(largest > 0, 1 / np.where(largest > 0, largest, 1.0), 1.0)


# ---- curves of longer cycles -------------------------------------------------------------------


def _started(reduced: Reduced, born: _Born, point: Array, amplitude: float) -> Start | None:
    """Return the cycle at an amplitude by Newton's method, and the direction from a smaller one."""

    def solved(epsilon: float) -> tuple[Array, Array] | None:
        def defect(u: Array) -> Array:
            r, alpha = born.place(u, epsilon)
            rest = reduced.defect(born.kind, r, alpha, born.steps, pair=1)
            return np.append(rest[:-1] / epsilon, rest[-1])

        u = newton(defect, born.guess)
        return None if u is None else born.place(u, epsilon)

    def lifted(at: tuple[Array, Array]) -> tuple[Array, Array]:
        points, M = reduced.orbit(*at, born.steps)
        cycle = reduced.lifted(points[:-1], at[1])
        return np.append(cycle.ravel(), point[-2:] + at[1]), M

    near, nearer = solved(amplitude), solved(0.9 * amplitude)
    if near is None or nearer is None:
        return None
    y, M = lifted(near)
    kappa = None
    if born.kind == "neimark-sacker":
        mu = np.linalg.eigvals(M)
        pair = mu[np.abs(mu.imag) > 0]
        if not pair.size:
            return None
        kappa = float(2 * pair[np.argmin(np.abs(np.abs(pair) - 1))].real)
    period = born.steps * reduced.manifold.H.shape[0]
    return Start(born.kind, period, y, (y - lifted(nearer)[0]) / (0.1 * amplitude), kappa)


def _rates(m: CenterManifold, coordinate: int, *exponents: int) -> Array:
    """Return the derivatives by the parameters of the coefficient of a monomial in w."""
    ones = [(1, 0), (0, 1)]
    size = m.G.shape[0]
    padded = (*exponents, *(0,) * (size - len(exponents)))
    return np.array([m.coefficient(coordinate, *padded, *one) for one in ones])


Rates = tuple[Array, Callable[[], Iterator[_Born]]]


def _generalised_flip(m: CenterManifold) -> Rates:
    """−w + (μα + Qαα) w + κα w³ + d w⁵: a double 2-cycle at κα = −2d ε², μα = d ε⁴ − Qαα."""
    rates = np.array([_rates(m, 0, 1).real, _rates(m, 0, 3).real])
    d = m.coefficient(0, 5).real

    def place(u: Array, epsilon: float) -> tuple[Array, Array]:
        return np.array([epsilon]), np.linalg.solve(rates, u * [epsilon**4, epsilon**2])

    def build() -> Iterator[_Born]:
        one, two = np.linalg.solve(rates, [0.0, -2 * d])
        Q = [m.coefficient(0, 1, *e).real for e in ((2, 0), (1, 1), (0, 2))]
        yield _Born(
            "fold", 2, place, np.array([d - np.dot(Q, [one**2, one * two, two**2]), -2 * d])
        )

    return rates, build


def _one_to_two(m: CenterManifold) -> Rates:
    """(−x + y, −y + pα x + qα y + c x³ + d x²y): y = 0, pα = −c ε², (p + q)α = −(d + 3c) ε²."""
    p, q = (_rates(m, 1, *e).real for e in ((1, 0), (0, 1)))
    rates = np.array([p, p + q])
    c, d = m.coefficient(1, 3).real, m.coefficient(1, 2, 1).real

    def place(u: Array, epsilon: float) -> tuple[Array, Array]:
        r = np.array([epsilon, u[2] * epsilon**3])
        return r, np.linalg.solve(rates, u[:2] * epsilon**2)

    def build() -> Iterator[_Born]:
        if c < 0:
            yield _Born("neimark-sacker", 2, place, np.array([-c, -d - 3 * c, 0.0]))

    return rates, build


def _fold_flip(m: CenterManifold) -> Rates:
    """(x + gα + hα x + ½a x² + ½b y², −y + nα y + e xy): e x = −nα, gα = −½b ε².

    The trace adds (h − an/e)α = O(ε²), with a constant from the cubic terms that Newton finds.
    """
    g, h, n = (_rates(m, i, *e).real for i, *e in ((0, 0, 0), (0, 1, 0), (1, 0, 1)))
    a, b = 2 * m.coefficient(0, 2).real, 2 * m.coefficient(0, 0, 2).real
    e = m.coefficient(1, 1, 1).real
    rates = np.array([g, h - a * n / e])

    def place(u: Array, epsilon: float) -> tuple[Array, Array]:
        alpha = np.linalg.solve(rates, u[:2] * epsilon**2)
        return np.array([-(n @ alpha) / e + u[2] * epsilon**2, epsilon]), alpha

    def build() -> Iterator[_Born]:
        if b * e > 0:
            yield _Born("neimark-sacker", 2, place, np.array([-b / 2, 0.0, 0.0]))

    return rates, build


def _flip_neimark_sacker(m: CenterManifold) -> Rates:
    """(−x + μα x + a x³, λz(1 + να + c x²)): μα = −a ε², Re να = −Re c ε²."""
    value = m.critical.multipliers[1]
    rates = np.array([_rates(m, 0, 1).real, (_rates(m, 1, 0, 1) / value).real])
    a, c = m.coefficient(0, 3).real, (m.coefficient(1, 2, 1) / value).real

    def place(u: Array, epsilon: float) -> tuple[Array, Array]:
        return np.append(epsilon, u[2:] * epsilon**3), np.linalg.solve(rates, u[:2] * epsilon**2)

    def build() -> Iterator[_Born]:
        yield _Born("neimark-sacker", 2, place, np.array([-a, -c, 0.0, 0.0]))

    return rates, build


def _one_to_four(m: CenterManifold) -> Rates:
    """Four steps are about the flow of βz + C|z|²z + D z̄³, C = −4ic, D = −4id, β = −4i να.

    A 4-cycle r e^{iφ} has β = −r²(C + |D|e^{iψ}), ψ = arg D − 4φ. With A = C/|D| it is a fold at
    Re(A e^{−iψ}) = −1 and a Neimark–Sacker point at cos ψ = Re A, if Re(A e^{−iψ}) < −1.
    """
    nu = -4j * _rates(m, 0, 1)
    rates = np.array([nu.real, nu.imag])
    C, D = -4j * m.coefficient(0, 2, 1), -4j * m.coefficient(0, 0, 3)
    A = C / abs(D)

    def place(u: Array, epsilon: float) -> tuple[Array, Array]:
        r = epsilon * np.array([np.cos(u[2]), np.sin(u[2])])
        return r, np.linalg.solve(rates, u[:2] * epsilon**2)

    def at(kind: str, psi: float) -> _Born:
        beta = -(C + abs(D) * np.exp(1j * psi))
        return _Born(kind, 4, place, np.array([beta.real, beta.imag, (np.angle(D) - psi) / 4]))

    def build() -> Iterator[_Born]:
        if abs(A) > 1:
            for sign in (1, -1):
                yield at("fold", float(np.angle(A) + sign * np.arccos(-1 / abs(A))))
        if own_hopf(A):
            yield at("neimark-sacker", float(-np.sign(A.imag) * np.arccos(A.real)))

    return rates, build


_RATES: dict[str, Callable[[CenterManifold], Rates]] = {
    "generalised-flip": _generalised_flip,
    "1:2": _one_to_two,
    "1:4": _one_to_four,
    "fold-flip": _fold_flip,
    "flip-neimark-sacker": _flip_neimark_sacker,
}
_ORDERS = {"generalised-flip": 5}
_BEYOND = {
    "chenciner": "a curve where two closed invariant curves meet and vanish",
    "1:1": "a narrow region of homoclinic tangles of the saddle",
    "1:2": "a narrow region of homoclinic or heteroclinic tangles",
    "1:3": "a narrow region of homoclinic tangles of the saddle cycle of three times the period, "
    "and a curve where that cycle is a neutral saddle",
    "1:4": "narrow regions of heteroclinic tangles of the cycle of four times the period",
    "fold-flip": "for a closed invariant curve of the doubled cycle a region of tangles",
    "fold-neimark-sacker": "a curve where a closed invariant curve becomes a torus, in some cases",
    "flip-neimark-sacker": "a curve where a closed invariant curve doubles",
    "double-neimark-sacker": "curves where closed invariant curves become tori",
}
