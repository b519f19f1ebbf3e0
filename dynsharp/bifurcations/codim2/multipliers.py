"""Tests for a further critical multiplier along a curve, smooth through all that the others do.

∏ stands for a product over the multipliers that are not critical, each factor divided by a positive
number so that it stays moderate: ∏(μ − λ) for another multiplier λ, ∏(μᵢμⱼ − 1) for another pair.
(Kuznetsov, Meijer, *Numerical Bifurcation Analysis of Maps*, CUP 2019, chapter 5.)
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from dynsharp.bifurcations.codim2.kind import CurveTest
from dynsharp.normal_forms.along_curves import OnCurve, Value
from dynsharp.types import Array

PAIR = 1e-5  # | |μ| − 1 | below which a pair at a zero of ∏(μᵢμⱼ − 1) is on the circle


def another(curve: str, multiplier: float) -> CurveTest:
    """Return the test for another multiplier of that value."""

    def value(point: OnCurve) -> Value:
        return _product((point.rest - multiplier) / (1 + np.abs(point.rest)))

    return CurveTest(curve, value, others=1, multiplier=multiplier)


def another_pair(curve: str) -> CurveTest:
    """Return the test for another pair on the unit circle."""
    return CurveTest(curve, _pairs, others=2, genuine=_pair_on_circle)


def _pairs(point: OnCurve) -> Value:
    both = np.array([a * b for a, b in combinations(point.rest, 2)])
    return _product((both - 1) / (1 + np.abs(both)))


def _product(factors: Array) -> Value:
    return float(np.prod(factors).real), 1.0


def _pair_on_circle(point: OnCurve) -> bool:
    """Whether ∏(μᵢμⱼ − 1) vanishes by a pair: at a neutral saddle two real ones have μᵢμⱼ = 1."""
    pairs = point.rest[point.rest.imag != 0]
    return bool((np.abs(np.abs(pairs) - 1) < PAIR).any())


def at_kappa(curve: str, kappa: float) -> CurveTest:
    """Return the test for a value of κ = 2 cos θ along a curve of pairs e^{±iθ}."""
    return CurveTest(curve, lambda point: (point.kappa - kappa, 1.0))


def without_pole(value: Callable[[OnCurve], Value]) -> Callable[[OnCurve], Value]:
    """Multiply by ∏(μ − 1): the inverse of A − I has a pole where another multiplier is 1."""

    def product(point: OnCurve) -> Value:
        (number, size), (factor, _) = value(point), _poles(point)
        return number * factor, size * abs(factor)

    return product


_poles = another("", 1.0).value
