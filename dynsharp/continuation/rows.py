"""Rows of points along a branch: joined, cut, reversed, lengthened."""

from __future__ import annotations

import numpy as np

from dynsharp.shooting.problem import Curve, Point, Points


def joined(pieces: list[Points]) -> Points:
    """Pieces of which each begins where the one before ends."""
    if len(pieces) == 1:
        return pieces[0]
    Y, T, MU, SIGN, S = (
        np.concatenate([getattr(p, name)[i > 0 :] for i, p in enumerate(pieces)])
        for name in ("Y", "T", "MU", "SIGN", "S")
    )
    return Points(Y, T, MU, SIGN, S, pieces[-1].code)


def first(points: Points, count: int) -> Points:
    """Return the first points of a row."""
    Y, T, MU, SIGN, S = (getattr(points, a)[:count] for a in ("Y", "T", "MU", "SIGN", "S"))
    return Points(Y, T, MU, SIGN, S)


def reversed_points(points: Points) -> Points:
    """Return a row the other way round."""
    return Points(
        points.Y[::-1], -points.T[::-1], points.MU[::-1], -points.SIGN[::-1], -points.S[::-1]
    )


def appended(curve: Curve, points: Points, last: Point) -> Points:
    """Return a row with one more point."""
    return Points(
        np.vstack([points.Y, last.y]),
        np.vstack([points.T, last.tangent]),
        np.vstack([points.MU, last.mu]),
        np.append(points.SIGN, last.sign),
        np.append(points.S, points.S[-1] + curve.length(last.y - points.Y[-1])),
        points.code,
    )
