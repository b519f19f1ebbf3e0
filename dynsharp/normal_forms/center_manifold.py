"""The centre manifold of a cycle and the normal form on it, order by order in a power series.

The parametrisation method: x = H(w, α) with w the coordinates along the critical directions and α
the distance of the parameters from their critical values solves the homological equation

    F^P(H(w, α); α) = H(G(w, α), α),

with the resonant terms in G, which is then the normal form. At each degree the equation is linear.
Its part across the manifold is a Sylvester equation; its part along the manifold divides the terms
into those that H removes and those that stay in G.
(Kuznetsov, Meijer, *Numerical Bifurcation Analysis of Maps*, CUP 2019, chapter 3; Haro et al., *The
Parameterization Method for Invariant Manifolds*, Springer 2016, chapter 2.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from scipy.linalg import null_space, solve_sylvester

from dynsharp.compiled import identifiers, real_form
from dynsharp.normal_forms.power_series import Ring, evaluate, ring
from dynsharp.shooting.critical import critical_pair
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

RESONANT = 1e-6  # |λ^ν − μ| below which a term cannot be divided by it


@dataclass(frozen=True)
class Critical:
    """The critical directions of the Jacobian A of F^P: A Q = Q L, P A = L P, P Q = I.

    ``Q`` is n × m, ``P`` m × n; ``L`` is diagonal or one Jordan block. A complex pair is (z, z̄).
    """

    A: Array
    Q: Array
    P: Array
    L: Array

    @property
    def multipliers(self) -> Array:
        """The diagonal of L."""
        return np.diag(self.L)

    @property
    def is_chain(self) -> bool:
        """Whether L is a Jordan block."""
        return self.L.shape[0] == 2 and self.L[0, 1] == 1.0


def eigenvectors(A: Array, multipliers: Sequence[complex]) -> Critical:
    """Directions of simple critical multipliers, each with |q| = 1; a pair is given as (λ, λ̄)."""
    with np.errstate(divide="ignore", invalid="ignore"):  # p q = 0 where one is not simple
        pairs = [critical_pair(A, complex(m)) for m in multipliers]
    for i, m in enumerate(multipliers):
        if i and np.iscomplex(m) and m == np.conj(multipliers[i - 1]):
            pairs[i] = tuple(v.conj() for v in pairs[i - 1])  # type: ignore[assignment]
    Q, P = (np.array(v) for v in zip(*pairs, strict=True))
    return Critical(A, Q.T, P, np.diag(np.asarray(multipliers)))


def chain(A: Array, multiplier: float) -> Critical:
    """Directions of a double multiplier with one eigenvector: A q₀ = λq₀, A q₁ = λq₁ + q₀.

    |q₀| = 1, q₁ ⊥ q₀. The null vectors of A − λI are its least singular ones: these are exact to
    the product of the errors of both multipliers, while each alone has the square root of it.
    """
    n = A.shape[0]
    B = A - multiplier * np.eye(n)
    left, _, right = np.linalg.svd(B)
    q, p = right[-1], left[:, -1]
    q = q * np.sign(q[np.argmax(np.abs(q))])
    bordered = np.block([[B, p[:, None]], [q[None, :], np.zeros((1, 1))]])
    q1 = np.linalg.solve(bordered, np.append(q, 0.0))[:n]
    p1 = np.linalg.solve(bordered.T, np.append(p, 0.0))[:n]
    Q, Y = np.array([q, q1]).T, np.array([p1, p])
    L = np.array([[multiplier, 1.0], [0.0, multiplier]])
    return Critical(A, Q, np.linalg.solve(Y @ Q, Y), L)


@dataclass(frozen=True)
class CenterManifold:
    """The manifold and the map on it, as power series in (w, α).

    Attributes
    ----------
    ring
        Of the series.
    critical
        Directions, with the linear map.
    G
        Normal form: for each coordinate w its next value, P steps later (m × N).
    H
        The manifold at each point of the cycle (P × n × N); its constant is the cycle.
    length
        The amplitude along the critical directions at which the terms of some degree of F^P are as
        large as the linear ones: the natural unit of w, in which coefficients can be called small.
    clash
        Empty, or the sentence on a multiplier for which there is no such manifold.
    """

    ring: Ring
    critical: Critical
    G: Array
    H: Array
    length: float
    clash: str = ""

    def coefficient(self, coordinate: int, *exponents: int) -> complex:
        """Coefficient in G of a monomial in (w, α); exponents that are left out are zero."""
        padded = (*exponents, *(0,) * (self.ring.variables - len(exponents)))
        return complex(self.G[coordinate, self.ring.index[padded]])

    def rates(self, coordinate: int, *exponents: int) -> Array:
        """Return the derivatives by both parameters of the coefficient of a monomial in w."""
        padded = (*exponents, *(0,) * (len(self.G) - len(exponents)))
        return np.array([self.coefficient(coordinate, *padded, *one) for one in ((1, 0), (0, 1))])

    def small(self, coefficient: complex, degree: int, fraction: float) -> bool:
        """Whether a coefficient of that degree is below a fraction, in units of `length`."""
        return bool(abs(coefficient) * self.length ** (degree - 1) <= fraction)


def center_manifold(
    curve: Curve, y: Array, critical: Critical, order: int, active: Sequence[str] = ()
) -> CenterManifold:
    """Return the normal form up to an order, with the coordinates H that bring it about.

    Parameters
    ----------
    curve, y
        The cycle y = (x_0, ..., x_{P−1}, p) of the curve's period and the value of its parameter.
    critical
        Directions along the manifold.
    order
        Greatest total degree in w and α.
    active
        Names of the parameters that α are distances of; none gives the critical map alone.
    """
    m, n = critical.L.shape[0], curve.dimension
    R = ring(m + len(active), order)
    kind = np.result_type(critical.Q.dtype, critical.L.dtype)
    H, G = np.zeros((n, R.size), kind), np.zeros((m, R.size), kind)
    H[:, 0] = curve.states(y)[0]
    H[:, 1 : m + 1], G[:, 1 : m + 1] = critical.Q, critical.L
    S = null_space(critical.P)
    across = S.conj().T @ critical.A @ S
    if clash := _clash(R, critical, across):
        return CenterManifold(R, critical, G, H[None], 0.0, clash)
    step = _Step(curve, y, R, tuple(active))
    length = _length(step(H)[-1], R, m, critical)
    for degree in range(1 if active else 2, order + 1):
        at = np.flatnonzero(R.degrees == degree)
        if degree == 1:
            at = at[m:]
        C = R.substitution(_with_parameters(G, R))
        images = step(H)[-1][:, at]
        if not np.all(np.isfinite(images)):
            where = (
                f"the derivatives of order {degree} do not exist at the point (a kink or a pole)"
            )
            return CenterManifold(R, critical, G, H[None], length, where)
        rest = images - (H @ C)[:, at]
        along = critical.P @ rest
        block = C[np.ix_(at, at)]
        u, g = _along(R, critical, at, block, along)
        H[:, at] = critical.Q @ u
        if S.shape[1]:
            H[:, at] += S @ solve_sylvester(
                across, -block, -S.conj().T @ (rest - critical.Q @ along)
            )
        G[:, at] = g
    cycle = step(H)[:-1]
    return CenterManifold(R, critical, G, np.array([H, *cycle]), length)


def linearised(curve: Curve, y: Array) -> tuple[Array, float]:
    """DF^P at a cycle, and by how much a step misses the next point, in units of the curve.

    From the same arithmetic as the rest: nothing is compiled for a single point.
    """
    n = curve.dimension
    H = np.hstack([curve.states(y)[0][:, None], np.eye(n)])
    step = _Step(curve, y, ring(n, 1), ())
    A = step(H)[-1][:, 1:]
    return A, float(np.max(np.abs(step.defects) / curve.scale))


class _Step:
    """The images of a series along a cycle, one after each step."""

    def __init__(self, curve: Curve, y: Array, R: Ring, active: tuple[str, ...]) -> None:
        map, self.R = curve.map, R
        self.points = np.roll(curve.states(y), -1, axis=0)
        self.defects = np.zeros_like(self.points)
        numbers = {**curve.values, curve.parameter.name: float(y[-1])}
        self.forms, symbols = _real(map.expressions, (*map.state, *map.parameters))
        self.state = [symbols[s] for s in map.state]
        self.known = {}
        for s in map.parameters:
            series = R.constant(float(numbers.get(s.name, 0.0)))
            if s.name in active:
                series[1 + R.variables - len(active) + active.index(s.name)] = 1.0
            self.known[symbols[s]] = series

    def __call__(self, H: Array) -> list[Array]:
        images = []
        for i, point in enumerate(self.points):
            values = {**self.known, **dict(zip(self.state, H, strict=True))}
            H = np.array(evaluate(self.forms, values, self.R))
            self.defects[i] = H[:, 0].real - point
            H[:, 0] = point  # the exact point, not where the last step landed
            images.append(H)
        return images


@lru_cache(maxsize=32)
def _real(
    expressions: tuple[sp.Expr, ...], symbols: tuple[sp.Symbol, ...]
) -> tuple[list[sp.Expr], dict[sp.Symbol, sp.Symbol]]:
    """Return expressions in real symbols, and which these are."""
    names = identifiers(symbols, "s")
    real = {s: sp.Symbol(name, real=True) for s, name in names.items()}
    return real_form(expressions, names), real


def _with_parameters(G: Array, R: Ring) -> Array:
    """Extend G by α' = α."""
    return np.vstack([G, np.eye(R.size, dtype=G.dtype)[1 + G.shape[0] : 1 + R.variables]])


def _along(
    R: Ring, critical: Critical, at: Array, block: Array, rest: Array
) -> tuple[Array, Array]:
    """Solve L u − u C − g = −rest with g in the resonant terms and u least.

    Resonant for the coordinate i is a monomial ν in w with λ^ν = λ_i. In a Jordan block they remain
    in the last coordinate alone, and there at most linear in it: (x + y, y + f(x) + y g(x)).
    """
    m, count = rest.shape
    powers = _products(critical.multipliers, R.exponents[at, :m])
    stays = np.abs(powers[None, :] - critical.multipliers[:, None]) < RESONANT
    if critical.is_chain:
        stays[0] = False
        stays[1] &= R.exponents[at, 1] <= 1
    operator = np.kron(critical.L, np.eye(count)) - np.kron(np.eye(m), block.T)
    if not critical.is_chain:  # where a term stays in G, H has none
        operator[:, stays.ravel()] = 0.0
    matrix = np.hstack([operator, -np.eye(m * count)[:, stays.ravel()]])
    solution = np.linalg.lstsq(matrix, -rest.ravel(), rcond=None)[0]
    g = np.zeros(m * count, dtype=rest.dtype)
    g[stays.ravel()] = solution[m * count :]
    return solution[: m * count].reshape(m, count), g.reshape(m, count)


def _products(multipliers: Array, exponents: Array) -> Array:
    return np.asarray(np.prod(multipliers.astype(complex) ** exponents, axis=1))


def _clash(R: Ring, critical: Critical, across: Array) -> str:
    """Return the sentence on a multiplier across that equals a product of critical ones."""
    powers = _products(critical.multipliers, R.exponents[1:, : critical.L.shape[0]])
    for mu in np.linalg.eigvals(across) if across.size else []:
        if np.min(np.abs(powers - mu)) < RESONANT:
            return (
                f"another multiplier, {mu:.6g}, resonates with the critical ones: the critical "
                "directions alone span no manifold (a symmetry, a family of fixed points, or a "
                "point of higher codimension)"
            )
    return ""


def _length(image: Array, R: Ring, m: int, critical: Critical) -> float:
    """Amplitude at which the terms of some degree of P F(x + Q w) reach the linear ones.

    Amplitudes are lengths in the state: those of the columns of Q, which differ in a chain.
    """
    sizes = np.linalg.norm(critical.Q, axis=0)
    inside = R.exponents[:, m:].sum(axis=1) == 0
    terms = (
        np.abs(critical.P @ image) * sizes[:, None] / np.prod(sizes ** R.exponents[:, :m], axis=1)
    )
    lengths = []
    for degree in range(2, R.order + 1):
        largest = np.max(terms[:, (R.degrees == degree) & inside], initial=0.0)
        if np.isfinite(largest) and largest > 0:
            lengths.append(float(largest) ** (-1 / (degree - 1)))
    return min(lengths, default=0.0)
