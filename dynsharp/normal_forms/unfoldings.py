"""The bifurcation curves that emanate from a point of codimension two, and where they begin.

The normal form on the centre manifold, with its derivatives by two parameters α, is a map of a few
variables (`Reduced`). Curves of the cycle itself go through the point; those of a cycle of two or
four times the period are born there, with an amplitude ε along the critical direction. Their
leading terms in ε follow from the normal form; Newton's method on it then adds what its further
terms give.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., chapter 9; Kuznetsov, Meijer,
*Numerical Bifurcation Analysis of Maps*, CUP 2019, chapter 3; Govaerts, Khoshsiar Ghaziani,
Kuznetsov, Meijer, SIAM J. Sci. Comput. 29 (2007) 2644.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.reduced_map import Condition, Reduced, derivative, newton
from dynsharp.types import Array

HALVINGS = 7  # amplitudes that are tried
SINGULAR = 1e-9  # reciprocal condition below which two rates by the parameters are parallel
PARALLEL = (
    "the two parameters do not unfold the point: what should change at different rates along "
    "them changes in proportion; choose other parameters"
)


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
        2 cos θ of the critical pair; None where a real multiplier is critical.
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
    born there besides and is no curve of bifurcations of cycles.
    """

    kind: str
    starts: tuple[Start, ...] = ()
    status: str = "complete"
    beyond: str = ""


@dataclass(frozen=True)
class Born:
    """A curve of a cycle of so many times the period.

    ``place`` gives (r, α) at an amplitude ε from unknowns of order one, of which ``guess`` is right
    to leading order.
    """

    condition: Condition
    steps: int
    place: Callable[[Array, float], tuple[Array, Array]]
    guess: Array


@dataclass(frozen=True)
class Longer:
    """Curves of longer cycles, if two rates by the parameters (rows) are independent."""

    rates: Array
    curves: Callable[[], Iterable[Born]]


def through_curves(
    reduced: Reduced, conditions: Sequence[Condition], point: Array
) -> tuple[list[Start], list[str]]:
    """Curves of the cycle itself, and what failed.

    Tangents are null vectors of the derivative of the defining system.
    """
    m, length = reduced.dimension, reduced.manifold.length or 1.0
    multipliers, period = reduced.manifold.critical.multipliers, reduced.manifold.H.shape[0]
    units = np.append(np.full(m, length), _parameter_units(reduced.manifold, length))
    starts = []
    for condition in conditions:

        def defect(u: Array, condition: Condition = condition) -> Array:
            r, alpha = np.split(u * units, [m])
            return reduced.defect(condition, r, alpha)

        _, values, right = np.linalg.svd(derivative(defect, np.zeros(m + 2), 1.0))
        if values[-1] <= SINGULAR * values[0]:
            continue
        r, alpha = np.split(right[-1] * units, [m])
        kappa = None
        if condition.multiplier is None:
            kappa = float(2 * multipliers[condition.pair].real)
            if reduced.manifold.critical.is_chain:  # a pair on one side, two real ones on the other
                small = 1e-3 / np.linalg.norm(right[-1])
                trace = np.trace(reduced.jacobian(small * r, small * alpha))
                r, alpha = (r, alpha) if abs(trace) < 2 else (-r, -alpha)
        tangent = np.append(reduced.lifted_direction(r, alpha).ravel(), alpha)
        starts.append(Start(condition.kind, period, point, tangent, kappa, through=True))
    return starts, [PARALLEL] * (len(starts) < len(conditions))


def _parameter_units(manifold: CenterManifold, length: float) -> Array:
    """Change of each parameter that changes the map as much as such an amplitude does."""
    m = manifold.G.shape[0]
    every = [manifold.rates(i) / length for i in range(m)]
    every += [manifold.rates(i, *row) for i in range(m) for row in np.eye(m, dtype=int)]
    largest = np.max(np.abs(every), axis=0)
    return np.where(largest > 0, 1 / np.where(largest > 0, largest, 1.0), 1.0)


def born_curves(
    reduced: Reduced, longer: Longer, point: Array, distance: float
) -> tuple[list[Start], list[str]]:
    """Curves of longer cycles at a fraction of the manifold's length or less, and what failed."""
    size = np.linalg.norm(longer.rates, axis=1, keepdims=True)
    if not size.all() or np.linalg.cond(longer.rates / size) > 1 / SINGULAR:
        return [], [PARALLEL]
    starts, failures = [], []
    amplitudes = distance * reduced.manifold.length / 2.0 ** np.arange(HALVINGS)
    for born in longer.curves():
        tries: Iterator[Start | None] = (_started(reduced, born, point, e) for e in amplitudes)
        start = next((s for s in tries if s is not None), None)
        if start is not None:
            starts.append(start)
            continue
        failures.append(
            f"the {born.condition.kind} curve of the cycle of {born.steps} times the period was "
            f"not found at amplitudes from {amplitudes[0]:.3g} to {amplitudes[-1]:.3g}: "
            "try a larger distance"
        )
    return starts, failures


def _started(reduced: Reduced, born: Born, point: Array, amplitude: float) -> Start | None:
    """Return the cycle at an amplitude by Newton's method, and the direction from a smaller one."""

    def solved(epsilon: float) -> tuple[Array, Array] | None:
        def defect(u: Array) -> Array:
            r, alpha = born.place(u, epsilon)
            rest = reduced.defect(born.condition, r, alpha, born.steps)
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
    if born.condition.multiplier is None:
        mu = np.linalg.eigvals(M)
        pair = mu[np.abs(mu.imag) > 0]
        if not pair.size:
            return None
        kappa = float(2 * pair[np.argmin(np.abs(np.abs(pair) - 1))].real)
    period = born.steps * reduced.manifold.H.shape[0]
    tangent = (y - lifted(nearer)[0]) / (0.1 * amplitude)
    return Start(born.condition.kind, period, y, tangent, kappa)
