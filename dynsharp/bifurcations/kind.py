"""What a kind of special point says of itself: one object against this protocol, in one file.

A kind is seen between two points of a branch in one of two ways:

- `Counted`: a whole number that a point has (multipliers beyond the circle, an orientation) differs
  at the two;
- `Tested`: a function of a point (of its state, parameters, multipliers) changes its sign, or, if
  it cannot be negative, comes down to zero.

Everything else about it (where it is located, its normal form, what leaves from it, how it is
followed in two parameters, its marker) is said by the same object. Files of this room that have an
object ``KIND`` are found by themselves; others are added by `register`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dynsharp.normal_forms.along_curves import OnCurve
from dynsharp.shooting.problem import Curve, Point
from dynsharp.types import Array

EPS = float(np.finfo(float).eps)
ROUNDINGS = 16  # roundings of the last bit that enter the estimate of an error
LOCATED = "located"


@dataclass(frozen=True)
class Marker:
    """How a kind is drawn: matplotlib's symbol, a colour of the palette, its name in a legend."""

    symbol: str
    colour: str
    label: str


@dataclass(frozen=True)
class Leaving:
    """What leaves from a special point.

    Attributes
    ----------
    times
        Cycles of so many times the period can be followed from it; 0 if none can.
    text
        What leaves, in words; empty for nothing.
    """

    times: int = 0
    text: str = ""


@dataclass(frozen=True)
class Place:
    """Where a special point is.

    Attributes
    ----------
    point
        The cycle, the parameter, the multipliers in the order of the branch.
    uncertainty
        Bound on the error of the parameter.
    status
        "located", or the sentence that says what failed.
    tangents
        At a branch point those (x_0, p) of the branch that was followed and of the other one.
    kind
        The kind it turned out to be, if that is another one.
    """

    point: Point
    uncertainty: float
    status: str = LOCATED
    tangents: tuple[Array, ...] = ()
    kind: Kind | None = None


class Kind(ABC):
    """A kind of special point.

    Attributes
    ----------
    name
        What `SpecialPoint.kind` is.
    condition
        When it happens, as a formula: for lists of the kinds.
    marker
        How it is drawn.
    leaves
        What leaves from it.
    critical
        Whether a multiplier is on the unit circle: the point counts as unstable.
    borders
        Number of borders that make the defining matrix K regular where it is critical: that of the
        multipliers which are critical together. 0 if the kind is not followed in two parameters.
    alone
        What such a point is and why it is not followed, if it is not.
    order
        Its place among the kinds in lists and legends.
    """

    name: str
    condition: str = ""
    marker: Marker
    leaves: Leaving = Leaving()
    critical: bool = True
    borders: int = 0
    alone: str = ""
    order: int = 10

    def form(self, curve: Curve, place: Place) -> Any:
        """Return the normal form there; None if the kind has none."""
        return None

    # ---- in two parameters ------------------------------------------------------------------

    def polynomial(self, kappa: float) -> tuple[float, ...]:
        """Coefficients c_k of the defining matrix K = Σ c_k Aᵏ, of A⁰ first.

        K is singular at the special point. With two borders the coefficients are affine functions
        of an unknown κ, such as 2 cos θ of a pair e^{±iθ}.
        """
        raise NotImplementedError(f"points of kind {self.name!r} are not followed")

    def kappa(self, multipliers: Array) -> float:
        """Return the unknown κ at a point with these multipliers."""
        return 0.0

    def limits(self, kappa: float) -> tuple[float, float]:
        """Return the range of κ around this one, at the ends of which a curve ends."""
        return -np.inf, np.inf

    def along(self, point: OnCurve) -> float:
        """Return the coefficient of the normal form at a point of a curve; NaN if it has none."""
        return float("nan")

    def matrix(self, A: Array, kappa: float = 0.0) -> Array:
        """Return the defining matrix K(A, κ)."""
        *lower, nearest, leading = self.polynomial(kappa)
        K = leading * A
        K.flat[:: len(A) + 1] += nearest
        for c in reversed(lower):  # Horner's scheme
            K = K @ A
            K.flat[:: len(A) + 1] += c
        return np.asarray(K)

    def roots(self, kappa: float) -> Array:
        """Return the critical multipliers: the roots of K's polynomial."""
        return np.roots(self.polynomial(kappa)[::-1]).astype(complex)


class Counted(Kind):
    """A kind that is seen where a whole number changes along a branch.

    Attributes
    ----------
    size
        How many multipliers each one of the number is; 0 if it counts none.
    explains
        Kinds of which one more or less belongs to this one, if both change together.
    together
        The kind that several of these at one place are, if it is another one.
    unseen
        How many multipliers that become critical at one place, in opposite directions, do not
        change the number; 0 if that cannot be.
    """

    size: ClassVar[int] = 1
    explains: ClassVar[tuple[str, ...]] = ()
    together: ClassVar[str | None] = None
    unseen: ClassVar[int] = 2

    @abstractmethod
    def count(self, MU: Array, SIGN: Array) -> Array:
        """Return the number at points with these multipliers (N × n) and orientations (N)."""

    @abstractmethod
    def locate(self, curve: Curve, a: Point, b: Point) -> Place | None:
        """Return where it is on the piece from a to b, on which it happens once.

        None if it could not be located at all.
        """

    @abstractmethod
    def beyond(self, MU: Array) -> Array:
        """Return how far each multiplier is beyond its critical value: N × n, zero on it.

        Mean and product over multipliers that become critical together are smooth and real; a
        multiplier that cannot become critical is infinitely far away.
        """

    def share(self, a: Point, b: Point) -> float:
        """Return the share of the chord at which the secant of a multiplier is critical."""
        before, after = np.real(self.beyond(a.mu)), np.real(self.beyond(b.mu))
        crosses = np.flatnonzero((before < 0) != (after < 0))
        if crosses.size != 1:
            return 0.5
        f, g = before[crosses[0]], after[crosses[0]]
        return float(f / (f - g)) if np.isfinite(f - g) and f != g else 0.5

    def at_end(self, curve: Curve, end: Point, beside: Point) -> Place | None:
        """Return where it is so close to an end of a row that the number there is rounding.

        ``beside`` is the point next to the end. The place may lie beyond the end; None if there is
        none close by.
        """
        return None

    def holds(self, curve: Curve, y: Array) -> bool:
        """Whether multipliers that are critical at y, in opposite directions, make such a point."""
        return True


class Tested(Kind):
    """A kind that is seen where a function of the point vanishes.

    Attributes
    ----------
    signed
        Whether the function changes its sign there; otherwise it is nowhere negative, comes down
        to zero linearly (such as a singular value) and rises again.
    """

    signed: ClassVar[bool] = True

    @abstractmethod
    def values(self, curve: Curve, Y: Array, MU: Array) -> Array:
        """Return the function's values, N × any number: each column is a function of its own.

        ``Y`` are the unknowns (x_0, ..., x_{P-1}, p), ``MU`` the multipliers (N × n).
        """

    def rounding(self, curve: Curve, y: Array, mu: Array, column: int) -> float:
        """Estimate the rounding error at y: that of the unknowns, carried through the function."""
        h = 1e-7
        Y = np.vstack([y, y + np.diag(h * y)])
        here, *moved = self.values(curve, Y, np.tile(mu, (len(Y), 1)))[:, column]
        carried = float(np.sum(np.abs(np.array(moved) - here))) / h
        return ROUNDINGS * EPS * (abs(float(here)) + carried)

    def belongs(self, curve: Curve, place: Place) -> bool:
        """Whether a zero of the function is a point of this kind."""
        return True
