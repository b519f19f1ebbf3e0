r"""Test functions of codimension-2 points along a bifurcation curve, and the curve's coefficient.

Each is smooth along the curve and changes sign at its point. v and w are unit critical vectors, μ
the multipliers that are not critical; ∏ stands for a product over these, each factor divided by a
positive number so that it stays moderate.

- fold: cusp w·B(v, v); 1:1 resonance ∏(μ − 1); fold-flip ∏(μ + 1); fold–Neimark–Sacker
  ∏(μᵢμⱼ − 1)
- flip: generalised flip w·[C(v, v, v) − 3B(v, (A − I)⁻¹B(v, v))] ∏(μ − 1), where the last factor
  removes the pole at a fold-flip; 1:2 resonance ∏(μ + 1); fold-flip ∏(μ − 1);
  flip–Neimark–Sacker ∏(μᵢμⱼ − 1)
- Neimark–Sacker: Chenciner, the first Lyapunov coefficient times ∏(μ − 1); 1:3 resonance κ + 1;
  1:4 resonance κ, with κ = 2 cos θ; a fold, a flip, or a second pair: as above. The 1:1 and 1:2
  resonances, κ = ±2, are its ends.

Kuznetsov, Meijer, *Numerical Bifurcation Analysis of Maps*, CUP 2019, chapter 5.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import TypeAlias

import numpy as np

from dynsharp.bifurcation_curves.defining import angle
from dynsharp.bifurcation_curves.point import CurvePoint
from dynsharp.normal_forms.codim1 import critical_pair
from dynsharp.shooting.forms import Forms
from dynsharp.types import Array

__all__ = ["Test", "coefficient", "distance_from_circle", "is_neutral_saddle", "tests_along"]

Value: TypeAlias = tuple[float, float]  # with the size of the terms that it is a sum of
Test: TypeAlias = Callable[[CurvePoint], Value]

RESONANT = 1e-6  # |e^{ikθ} − 1| below which a point is at that strong resonance
PAIR = 1e-5  # | |μ| − 1 | below which a pair at a zero of ∏(μᵢμⱼ − 1) is on the circle


def tests_along(kind: str, dimension: int, family: bool) -> dict[str, Test]:
    """Return the tests along a curve of that kind, by the kind of point that they find."""
    others = dimension - (2 if kind == "neimark-sacker" else 1) - family
    tests: dict[str, tuple[Test, int]]  # with the number of other multipliers that it takes
    if kind == "fold":
        tests = {
            "cusp": (_quadratic, 0),
            "1:1": (_another_one, 1),
            "fold-flip": (_another_flip, 1),
            "fold-neimark-sacker": (_another_pair, 2),
        }
    elif kind == "flip":
        tests = {
            "generalised-flip": (_without_pole(_cubic), 0),
            "1:2": (_another_flip, 1),
            "fold-flip": (_another_one, 1),
            "flip-neimark-sacker": (_another_pair, 2),
        }
    else:
        tests = {
            "chenciner": (_without_pole(_lyapunov), 0),
            "1:3": (lambda p: (p.kappa + 1, 1.0), 0),
            "1:4": (lambda p: (p.kappa, 1.0), 0),
            "fold-neimark-sacker": (_another_one, 1),
            "flip-neimark-sacker": (_another_flip, 1),
            "double-neimark-sacker": (_another_pair, 2),
        }
    if family:  # A − I is singular all along: no textbook coefficient, no branch of its own
        tests.pop("generalised-flip", None)
    return {name: test for name, (test, least) in tests.items() if others >= least}


def coefficient(point: CurvePoint) -> float:
    """Return the normal-form coefficient b of the bifurcation; NaN where it has none."""
    if point.kind == "neimark-sacker":
        return _lyapunov(point)[0]
    pairing = float(point.W[:, 0] @ point.V[:, 0])
    value, factor = (_quadratic(point)[0], 2) if point.kind == "fold" else (_cubic(point)[0], 6)
    return value / (factor * pairing) if pairing != 0 else float("nan")


def is_neutral_saddle(point: CurvePoint) -> bool:
    """Whether ∏(μᵢμⱼ − 1) vanishes without a pair on the unit circle: for real μᵢμⱼ = 1."""
    rest = point.rest
    pairs = rest[rest.imag != 0]
    return not bool((np.abs(np.abs(pairs) - 1) < PAIR).any())


def distance_from_circle(kind: str, point: CurvePoint) -> float:
    """Return how far the multiplier that makes a point of that kind is from its critical value."""
    target = {
        ("1:1", "fold"): 1,
        ("1:2", "flip"): -1,
        ("fold-flip", "fold"): -1,
        ("fold-flip", "flip"): 1,
        ("fold-neimark-sacker", "neimark-sacker"): 1,
        ("flip-neimark-sacker", "neimark-sacker"): -1,
    }.get((kind, point.kind))
    return 0.0 if target is None else float(np.min(np.abs(point.rest - target)))


def _another_one(point: CurvePoint) -> Value:
    return _product((point.rest - 1) / (1 + np.abs(point.rest)))


def _another_flip(point: CurvePoint) -> Value:
    return _product((point.rest + 1) / (1 + np.abs(point.rest)))


def _another_pair(point: CurvePoint) -> Value:
    both = np.array([a * b for a, b in combinations(point.rest, 2)])
    return _product((both - 1) / (1 + np.abs(both)))


def _product(factors: Array) -> Value:
    return float(np.prod(factors).real), 1.0


def _without_pole(test: Test) -> Test:
    """Multiply by ∏(μ − 1): the inverse of A − I has a pole where another multiplier is 1."""

    def product(point: CurvePoint) -> Value:
        (value, size), (factor, _) = test(point), _another_one(point)
        return value * factor, size * abs(factor)

    return product


def _once(test: Test) -> Test:
    """Keep the value of a test with its point."""

    def value(point: CurvePoint) -> Value:
        known: dict[Test, Value] = point.__dict__.setdefault("tests", {})
        if test not in known:
            known[test] = test(point)
        return known[test]

    return value


@_once
def _quadratic(point: CurvePoint) -> Value:
    """w·B(v, v)."""
    v, w = point.V[:, 0], point.W[:, 0]
    B = _second(point, [v], [v])[0, 0]
    return float(w @ B), float(np.linalg.norm(B))


@_once
def _cubic(point: CurvePoint) -> Value:
    """w·[C(v, v, v) − 3B(v, h)], (A − I) h = B(v, v); NaN if A − I is singular."""
    v, w, A = point.V[:, 0], point.W[:, 0], point.plane.A
    try:
        h = np.linalg.solve(A - np.eye(len(A)), _second(point, [v], [v])[0, 0])
    except np.linalg.LinAlgError:
        return float("nan"), 1.0
    C, D = _third(point, v), 3 * _second(point, [v], [h])[0, 0]
    return float(w @ (C - D)), float(np.linalg.norm(C) + np.linalg.norm(D))


@_once
def _lyapunov(point: CurvePoint) -> Value:
    r"""Return ½ Re e^{−iθ} p[C(q, q, q̄) + 2B(q, h) + B(q̄, k)]; NaN at 1:1, 1:2 and 1:3.

    (I − A) h = B(q, q̄), (e^{2iθ}I − A) k = B(q, q) (Kuznetsov, *Elements*, section 5.4). With
    q = x + iy all is multiplied out into real forms.
    """
    A, identity = point.plane.A, np.eye(len(point.plane.A))
    mu = complex(np.exp(1j * angle(point.kappa)))
    if min(abs(mu**k - 1) for k in (1, 2, 3)) < RESONANT:
        return float("nan"), 1.0
    with np.errstate(all="ignore"):
        q, p = critical_pair(A, mu)
    if not np.isfinite(p).all():
        return float("nan"), 1.0
    x, y = np.ascontiguousarray(q.real), np.ascontiguousarray(q.imag)
    (xx, xy), (_, yy) = _second(point, [x, y], [x, y])
    try:
        h = np.linalg.solve(identity - A, xx + yy)
        k = np.linalg.solve(mu**2 * identity - A, xx - yy + 2j * xy)
    except np.linalg.LinAlgError:
        return float("nan"), 1.0
    (xh, xr, xi), (yh, yr, yi) = _second(point, [x, y], [h, k.real, k.imag])
    xxx, yyy, plus, minus = (_third(point, u) for u in (x, y, x + y, x - y))
    xyy, xxy = (plus + minus - 2 * xxx) / 6, (plus - minus - 2 * yyy) / 6
    parts = (xxx + xyy + 1j * (xxy + yyy), 2 * (xh + 1j * yh), xr + yi + 1j * (xi - yr))
    terms = np.array([p @ part for part in parts]) / 2
    return float((np.conj(mu) * terms.sum()).real), float(np.abs(terms).sum())


def _second(point: CurvePoint, one: list[Array], two: list[Array]) -> Array:
    """B(u, v) for each u of one list and v of the other, at fixed parameters."""
    fixed = np.zeros((len(one), len(point.surface.parameters)))
    heads = np.column_stack([np.array(one), fixed])
    return point.surface.derivatives(point.y, heads, np.array(two))


def _third(point: CurvePoint, u: Array) -> Array:
    """C(u, u, u), at fixed parameters."""
    curve, y = point.surface.at(point.y)[0]
    return 6 * Forms(curve, y).along(np.append(u, 0.0), 3)
