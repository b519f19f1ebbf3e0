"""Special points at which multipliers cross in opposite directions, so that no number changes.

Symmetries make them: of two uncoupled maps one loses a multiplier −1 where the other gains one.
The distance of the second nearest multiplier from its critical value comes down to zero there; at a
branch point that of the nearest is enough, if [A − I, G_p] loses rank. Where the distances at the
points of a branch may reach zero it is looked at closer and closer; the product of those that
vanish tells where.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dynsharp.bifurcations.kind import EPS, ROUNDINGS, Counted
from dynsharp.bifurcations.located import Located
from dynsharp.bifurcations.registry import kinds
from dynsharp.bifurcations.together import interpolated
from dynsharp.bifurcations.touches import BESIDE, beside, chord_of, on_row, sides, touching
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.types import Array

VANISHES = 1e-9  # a distance, next to where it is least, that is zero
BADLY = 1e-6  # the same next to a branch point, where Newton's method gives half the digits
FALLS = 0.75  # mean at the inner nodes, over that at the outer ones, of a distance that vanishes
WHOLE = 0.2  # deviation of the order of a zero from a whole number


def opposite_crossings(curve: Curve, points: Points) -> Iterator[Located]:
    """Yield the points where multipliers cross in opposite directions, or touch at a branch point.

    The piece of the branch up to `BESIDE` from each holds nothing else of the same kind.
    """
    if len(points) < 3:
        return
    counted = [kind for kind in kinds() if isinstance(kind, Counted)]
    for kind in counted:
        if not 0 < kind.unseen <= curve.dimension:
            continue
        found: list[Located] = []
        for level in sorted({kind.unseen, min(2, curve.dimension)}):
            near = touching(_distances(kind, level, points.MU), points.S)
            if level == 1:  # of one multiplier the numbers tell if it crosses
                told = [k for k in counted if k is kind or k.name in kind.explains]
                table = np.column_stack([k.count(points.MU, points.SIGN) for k in told])
                changed = np.pad((table[1:] != table[:-1]).any(axis=1), 1)
                near &= ~changed[1:-1] | changed[:-2] | changed[2:]
            for i in np.flatnonzero(near):
                event = _near(curve, points, int(i), kind, level)
                if event and all(curve.length(event.y - e.y) > BESIDE for e in found):
                    found.append(event)
                    yield event


def _distances(kind: Counted, level: int, MU: Array) -> Array:
    """Return how far the nearest, or second nearest, multiplier is from its critical value."""
    away = np.abs(kind.beyond(MU))
    least = away.min(axis=-1) if level == 1 else np.partition(away, level - 1)[..., level - 1]
    return np.asarray(least)


def _near(curve: Curve, points: Points, i: int, kind: Counted, level: int) -> Located | None:
    """Return the event on the chord after a point, if there is one."""

    def distance(point: Point) -> float:
        return float(_distances(kind, level, point.mu))

    bracket = sides(curve, points, i, distance, VANISHES if kind.size else BADLY)
    if bracket is None:
        return None
    a, b = bracket
    order: list[tuple[int, int, int]] = []

    def product(some: list[Point], nodes: Array) -> tuple[Array, float] | None:
        beyond = kind.beyond(np.array([p.mu for p in some]))
        beyond = np.take_along_axis(beyond, np.argsort(np.abs(beyond), axis=1), axis=1)
        far, close = (np.abs(beyond[rows]).mean(axis=0) for rows in ([0, -1], [2, 3]))
        group = int((close < FALLS * far).sum())
        values = np.real(beyond[:, :group].prod(axis=1))
        sides = (np.sign(np.real(beyond[[0, -1], :group])) > 0).sum(axis=1)
        inner, outer = np.abs(values[[2, 3]]).mean(), np.abs(values[[0, -1]]).mean()
        if not group or not 0 < inner < outer:
            return None
        power = float(np.log(outer / inner) / np.log(nodes[0] / nodes[2]))
        multiplicity = round(power)
        if abs(power - multiplicity) > WHOLE or not multiplicity:
            return None
        order.append((group, multiplicity, abs(int(sides[1]) - int(sides[0]))))
        roots = np.abs(values) ** (1 / multiplicity)
        # of multipliers β ~ tᵠ, q = m/k, with the rounding error ε the root has ε t¹⁻ᵠ k/m
        noise = ROUNDINGS * EPS * group / multiplicity
        noise *= float(np.min(roots)) ** (1 - multiplicity / group)
        return np.sign(nodes) * roots, noise

    place = interpolated(curve, a, b, product)
    if place is None:
        return None
    group, multiplicity, net = order[-1]
    bracket = beside(curve, place.point, place.point.tangent)
    if bracket is None:
        return None
    turned = bracket[0].sign * bracket[1].sign < 0
    if group == net or (group == 1 and (multiplicity % 2 or turned)):
        return None  # they go through in one direction
    if not (kind.holds(curve, place.point.y) and on_row(curve, points, i, place)):
        return None
    what = f"{group} multipliers cross the unit circle here in opposite directions"
    if group == 1:
        what = "a multiplier touches the unit circle here, where more than two branches meet"
    index, status = chord_of(curve, points, i, place.point.y), f"{what}: no normal form"
    return Located.at(kind, place, bracket, index, count=group, status=status)


def with_brackets(
    curve: Curve, points: Points, found: list[Located]
) -> tuple[Points, Array, list[tuple[Located, Array]]]:
    """Put the ends of the brackets among the points.

    Returns the row; for each of its points the number of the last of the points up to it; and with
    each event the numbers of the chords of the row that its bracket covers.
    """
    number, columns = np.arange(len(points)), [points.Y, points.T, points.MU, points.SIGN, points.S]
    ends = []
    for event in found:
        k, (a, b) = event.index, event.bracket
        middle = points.S[k] + curve.inner(event.y - points.Y[k], points.T[k])
        low, high = middle - BESIDE, middle + BESIDE
        S = columns[-1]
        kept = (low >= S) | (high <= S)
        i = int((low >= S).sum())
        new = [(p.y, p.tangent, p.mu, p.sign, s) for p, s in ((a, low), (b, high))]
        rows = [np.array(values) for values in zip(*new, strict=True)]
        number = np.insert(number[kept], i, (number[max(i - 1, 0)], k), axis=0)
        columns = [np.insert(x[kept], i, r, axis=0) for x, r in zip(columns, rows, strict=True)]
        ends.append((event, low, high))
    S = columns[-1]
    cut = [(e, np.flatnonzero((S[:-1] < high) & (S[1:] > low))) for e, low, high in ends]
    Y, T, MU, SIGN, S = columns
    return Points(Y, T, MU, SIGN, S, points.code), number, cut
