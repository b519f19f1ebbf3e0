"""Derivative forms of the P-fold map at a cycle, from Taylor coefficients chained along it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dynsharp.shooting.problem import Curve
from dynsharp.types import Array


@dataclass(frozen=True)
class Forms:
    """Multilinear forms of G = F^P at (x_0, p), as functions of u = (u_x, u_p).

    They are polarised from values along single directions, so that their cost does not grow with
    the dimension.
    """

    curve: Curve
    y: Array

    def along(self, u: Array, order: int) -> Array:
        """Taylor coefficient of that order of t ↦ G((x_0, p) + t u): 1/order! times its form."""
        n = self.curve.dimension
        X, q = np.zeros((4, n)), np.zeros(4)
        X[1], q[1] = u[:n], u[n]
        return self.curve.taylor(self.y, X, q)[order]

    def second(self, u: Array, v: Array) -> Array:
        """D²G(u, v), for real or complex vectors."""
        with np.errstate(all="ignore"):
            return _complex(self._second, u, v)

    def third(self, u: Array, v: Array, w: Array) -> Array:
        """D³G(u, v, w), for real or complex vectors."""
        with np.errstate(all="ignore"):
            return _complex(self._third, u, v, w)

    def _second(self, u: Array, v: Array) -> Array:
        if u is v:
            return 2 * self.along(u, 2)
        (u, v), size = self._levelled(u, v)
        return size * (self.along(u + v, 2) - self.along(u, 2) - self.along(v, 2))

    def _third(self, u: Array, v: Array, w: Array) -> Array:
        if u is v and v is w:
            return 6 * self.along(u, 3)
        (u, v, w), size = self._levelled(u, v, w)
        one = self.along(u, 3) + self.along(v, 3) + self.along(w, 3)
        two = self.along(u + v, 3) + self.along(u + w, 3) + self.along(v + w, 3)
        return size * (self.along(u + v + w, 3) - two + one)

    def _levelled(self, *vectors: Array) -> tuple[list[Array], float]:
        """Vectors of equal length in units of the curve, so that their sums lose nothing."""
        lengths = [float(np.linalg.norm(v / self.curve.units)) or 1.0 for v in vectors]
        return [v / s for v, s in zip(vectors, lengths, strict=True)], float(np.prod(lengths))


def _complex(form: Callable[..., Array], *vectors: Array) -> Array:
    """Extend a real multilinear form to complex vectors."""
    if not any(np.iscomplexobj(v) for v in vectors):
        return form(*vectors)
    total: Any = 0.0
    for choice in np.ndindex(*(2 if np.iscomplexobj(v) else 1 for v in vectors)):
        parts = [
            np.ascontiguousarray(v.imag if c else v.real)
            for v, c in zip(vectors, choice, strict=True)
        ]
        total = total + 1j ** sum(choice) * form(*parts)
    return total
