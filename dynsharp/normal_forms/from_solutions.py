"""Normal forms a second way: from solutions of the map next to the special point.

No derivative beyond the Jacobian enters. Multipliers are followed along the branch; at a flip the
doubled cycle is solved for at small amplitudes, at a fold and a pitchfork the branch that is a
parabola, at a transcritical point the slope of the other branch, at a Neimark–Sacker point the
circle that a step carries into a circle. Each quantity is an even series in the distance and is
extrapolated to zero (Richardson 1911; Neville's table).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from dynsharp.compiled.elimination import product
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

FIRST = 0.1  # first distance, in units of the curve, or of the state if it is larger
CHANGE = 0.3  # of the critical multiplier over the first distance, at most
HALVINGS, FAILURES = 14, 12
ENOUGH, FAIR = 1e-8, 1e-3  # relative errors at which to stop, and if no more is gained
HARMONICS, SAMPLES, ROUNDS = 3, 16, 60
SETTLED = 1e-8  # change of λ that may be rounding once it no longer shrinks


@dataclass(frozen=True)
class Fit:
    """Coefficients, each with the error of its extrapolation; NaN where there is no such number."""

    a: float
    b: float
    errors: tuple[float, float]


# the critical right and left eigenvector, |q| = 1 and p q = 1
Pair: TypeAlias = tuple[Array, Array]
# a distance to quantities that are even in it; None where nothing was found at that distance
Sample: TypeAlias = Callable[[float], Array | None]


def extrapolated(sample: Sample, first: float) -> tuple[Array, Array] | None:
    """Return the limit at distance zero, and its error; None if there are no three samples.

    From far to near: rounding grows as the distance shrinks, and the entry of Neville's table that
    differs least from its neighbours is the result.
    """
    tables: list[list[Array]] = []
    best = error = np.array(np.nan)
    h, failures, idle = first, 0, 0
    while len(tables) <= HALVINGS and failures <= FAILURES:
        value = sample(h)
        h /= 2
        if value is None or not np.isfinite(value).all():
            if len(tables) > 2:
                break
            failures, tables = failures + 1, []
            continue
        row = [np.asarray(value, dtype=float)]
        for j, coarse in enumerate(tables[-1] if tables else []):
            row.append(row[j] + (row[j] - coarse) / (4 ** (j + 1) - 1))
        if not tables:
            best, error = row[0], np.full(row[0].shape, np.inf)
        before = error
        for j in range(1, len(row)):
            apart = np.maximum(np.abs(row[j] - row[j - 1]), np.abs(row[j] - tables[-1][j - 1]))
            better = apart < error
            best, error = np.where(better, row[j], best), np.where(better, apart, error)
        tables.append(row)
        idle = idle + 1 if (error == before).all() else 0
        settled = (error <= ENOUGH * np.abs(best)).all()
        if len(tables) > 2 and (settled or (idle > 1 and (error <= FAIR * np.abs(best)).all())):
            break
    return (best, error) if len(tables) > 2 else None


def flip_fit(curve: Curve, y: Array, tangent: Array, pair: Pair, a: float, b: float) -> Fit | None:
    """Amplitude of the doubled cycle: Δα = −(b/a) ξ², and a from the multiplier."""
    q, _ = pair
    twice = replace(curve, period=2 * curve.period, events=())
    wave = curve.carried(y, np.append(q, 0.0), rounds=2)
    unit = 1 / twice.length(wave)
    wave, base = wave * unit, np.append(np.tile(y[:-1], 2), y[-1])

    def parabola(h: float) -> Array | None:
        cycle = twice.corrected(base + h * wave, wave)
        if cycle is None or twice.length(cycle - base) > 2 * h:
            return None
        return np.array([(cycle[-1] - y[-1]) / (h * unit) ** 2])

    rate = _rate(curve, y, tangent, pair, a)
    return _product(rate, extrapolated(parabola, _cubic_first(curve, y, unit, b)))


def fold_fit(curve: Curve, y: Array, tangent: Array, pair: Pair, b: float) -> Fit | None:
    """Parabola of the branch Δα = −(b/a) ξ², and b from the multiplier 1 + 2bξ on it."""
    along = float(tangent[: curve.dimension] @ pair[0]) / curve.length(tangent)

    def sample(h: float) -> Array | None:
        ends = _ends(curve, y, tangent, h)
        if ends is None:
            return None
        mu = [_followed(curve, end, pair).real for end in ends]
        bend = (ends[0][-1] + ends[1][-1]) / 2 - y[-1]
        return np.array([(mu[1] - mu[0]) / (4 * h * along), -bend / (h * along) ** 2])

    found = extrapolated(sample, _first(curve, y, 2 * b * along))
    if found is None:
        return None
    (fitted, ratio), (error, other) = found
    a = fitted / ratio if ratio else np.nan
    relative = error / abs(fitted) + other / abs(ratio) if fitted and ratio else np.inf
    return Fit(float(a), float(fitted), (float(abs(a) * relative), float(error)))


def pitchfork_fit(
    curve: Curve, y: Array, trunk: Array, other: Array, pair: Pair, a: float, b: float
) -> Fit | None:
    """Parabola of the other branch: Δα = −(b/a) ξ², and a from the multiplier on the trunk."""
    along = float(other[: curve.dimension] @ pair[0]) / curve.length(other)

    def parabola(h: float) -> Array | None:
        ends = _ends(curve, y, other, h)
        if ends is None:
            return None
        return np.array([((ends[0][-1] + ends[1][-1]) / 2 - y[-1]) / (h * along) ** 2])

    rate = _rate(curve, y, trunk, pair, a)
    return _product(rate, extrapolated(parabola, _cubic_first(curve, y, along, b)))


def transcritical_fit(
    curve: Curve, y: Array, trunk: Array, other: Array, pair: Pair, a: float, b: float
) -> Fit | None:
    """Slope of the other branch against the first, ξ = −(a/b) Δα, and a from the multiplier."""
    n = curve.dimension

    def slope(h: float) -> Array | None:
        slopes = []
        for tangent in (trunk, other):
            ends = _ends(curve, y, tangent, h)
            if ends is None:
                return None
            chord = ends[1] - ends[0]
            slopes.append(chord[:n] / chord[-1])
        apart = float((slopes[1] - slopes[0]) @ pair[0])
        return np.array([1 / apart]) if apart else None

    along = float(other[:n] @ pair[0]) / curve.length(other)
    rate = _rate(curve, y, trunk, pair, a)
    return _product(rate, extrapolated(slope, _first(curve, y, 2 * b * along)))


def neimark_sacker_fit(
    curve: Curve, y: Array, tangent: Array, A: Array, mu: complex, pair: Pair, a: float, b: float
) -> Fit | None:
    """Growth of the circle x(φ) that the map carries into |λ| x(φ + ω): |λ| = 1 + b ε².

    Its harmonics follow from (e^{ikω} − A) c_k = R_k, with R_k those of what the map does beyond
    its linear part, iterated from c_1 = ε q. The condition p c_1 = ε determines λ.
    """
    rate, (q, p) = _rate(curve, y, tangent, pair, a), pair
    if not np.isfinite(b):
        return None if rate is None else Fit(float(rate[0][0]), np.nan, (float(rate[1][0]), np.inf))
    n, x0 = curve.dimension, y[: curve.dimension]
    identity = np.eye(n)
    angles = 2 * np.pi * np.arange(SAMPLES) / SAMPLES
    waves = np.exp(1j * np.outer(angles, np.arange(HARMONICS + 1)))
    bordered = np.block([[mu * identity - A, q[:, None]], [p[None, :], np.zeros((1, 1))]])

    def growth(epsilon: float) -> Array | None:
        c = np.zeros((HARMONICS + 1, n), complex)
        c[1], turn, change = epsilon * q, mu, np.inf
        for rounds in range(ROUNDS):
            X = 2 * (waves[:, 1:] @ c[1:]).real + c[0].real
            image = curve.returns(x0 + X, float(y[-1])) - x0
            R = (waves.conj().T @ (image - X @ A.T)) / SAMPLES
            before, turn = turn, mu + (p @ R[1]) / epsilon
            if not abs(turn - mu) < 0.2:  # too wide: no longer that circle
                return None
            for k in (0, 2, 3):
                c[k] = np.linalg.solve((turn / abs(turn)) ** k * identity - A, R[k])
            rest = R[1] - (turn - mu) * c[1]
            c[1] = epsilon * q + np.linalg.solve(bordered, np.append(rest, 0.0))[:n]
            last, change = change, abs(turn - before)
            if rounds < 3:  # the harmonics reach each other in turn
                continue
            if change <= 1e-15 or (change < SETTLED and change >= 0.5 * last):
                near = np.linalg.norm(c[[0, 2, 3]]) < epsilon * np.linalg.norm(q)
                return np.array([(abs(turn) - abs(mu)) / epsilon**2]) if near else None
        return None

    unit = float(np.linalg.norm(q / curve.scale))
    first = min(_first(curve, y) / unit, 0.3 / np.sqrt(abs(b) or 1e-300))
    with np.errstate(all="ignore"):
        found = extrapolated(growth, first)
    if rate is None or found is None:
        return None
    return Fit(float(rate[0][0]), float(found[0][0]), (float(rate[1][0]), float(found[1][0])))


# ---- along a branch ----------------------------------------------------------------------------


def _first(curve: Curve, y: Array, slope: float = 0.0) -> float:
    """Return the first distance: a fraction of the state there, or of its size at the start.

    Less where the critical multiplier, of that slope, would not remain near the unit circle:
    farther away there may be other cycles, which agree with each other and not with these.
    """
    size = FIRST * max(1.0, float(np.max(np.abs(curve.states(y)) / curve.scale)))
    return min(size, CHANGE / abs(slope)) if slope else size


def _cubic_first(curve: Curve, y: Array, along: float, b: float) -> float:
    """Return it for a multiplier that changes by about b ξ², ξ the distance times ``along``."""
    return min(_first(curve, y), 0.5 / (abs(along) * np.sqrt(abs(b) or 1e-300)))


def _ends(curve: Curve, y: Array, tangent: Array, h: float) -> tuple[Array, Array] | None:
    """Points of the branch at a distance before and after."""
    unit = tangent / curve.length(tangent)
    found = [curve.corrected(y + side * h * unit, unit) for side in (-1, 1)]
    before, after = found
    if before is None or after is None:
        return None
    near = all(curve.length(end - y) < 2 * h for end in (before, after))
    return (before, after) if near else None


def _followed(curve: Curve, y: Array, pair: Pair) -> complex:
    """Return the critical multiplier at a point nearby: the one nearest to p A q."""
    A = product(curve.jacobians(y))
    mu = np.linalg.eigvals(A)
    q, p = pair
    return complex(mu[np.argmin(np.abs(mu - p @ A @ q))])


def _rate(
    curve: Curve, y: Array, tangent: Array, pair: Pair, a: float
) -> tuple[Array, Array] | None:
    """Return the derivative of a multiplier's real part, of its modulus if it is complex."""

    def sample(h: float) -> Array | None:
        ends = _ends(curve, y, tangent, h)
        if ends is None or ends[0][-1] == ends[1][-1]:
            return None
        mu = [_followed(curve, end, pair) for end in ends]
        size = [abs(m) if np.iscomplexobj(pair[0]) else m.real for m in mu]
        return np.array([(size[1] - size[0]) / (ends[1][-1] - ends[0][-1])])

    return extrapolated(sample, _first(curve, y, a * tangent[-1] / curve.length(tangent)))


def _product(rate: tuple[Array, Array] | None, ratio: tuple[Array, Array] | None) -> Fit | None:
    """Return the fit with a = rate, b = −rate·ratio."""
    if rate is None or ratio is None:
        return None
    (a,), (a_error,) = rate
    (c,), (c_error,) = ratio
    return Fit(
        float(a), float(-a * c), (float(a_error), float(a_error * abs(c) + c_error * abs(a)))
    )
