"""The critical directions at a cycle with given critical multipliers, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynsharp.errors import InputError
from dynsharp.normal_forms.center_manifold import Critical, chain, eigenvectors, linearised
from dynsharp.normal_forms.codim1 import NOT_SIMPLE
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

NEAR = 1e-3  # distance of a multiplier from its critical value beyond which it is not that point
OFF = 1e-6  # defect of a cycle, in units of the curve, beyond which it is none
SEMISIMPLE = 1e-7  # second singular value of A − λI, in units, that means two eigenvectors


def critical_directions(
    what: str, wanted: Sequence[complex | None], curve: Curve, y: Array
) -> Critical | str:
    """Return the directions of the wanted multipliers at a cycle, or the sentence that says no.

    Parameters
    ----------
    what
        The name of such a point.
    wanted
        Multipliers: a complex one stands for its pair, None for any complex pair on the unit
        circle, and the same real one twice for a Jordan block.
    curve, y
        The problem, and the cycle with the value of the curve's parameter.

    Raises
    ------
    InputError
        If y does not fit the curve.
    """
    size = curve.period * curve.dimension + 1
    if np.shape(y) != (size,):
        raise InputError("y", f"an array of shape {np.shape(y)}", f"({size},): the cycle, then p")
    A, defect = linearised(curve, y)
    if not (np.all(np.isfinite(A)) and np.isfinite(defect)):
        return "the map or its Jacobian does not exist at the point (a kink or a pole)"
    if defect > OFF:
        return f"y is no cycle: a step misses the next point by {defect:.3g} of its unit"
    if (needed := sum(2 if m is None or np.iscomplex(m) else 1 for m in wanted)) > curve.dimension:
        return f"a {what} point needs {needed} critical multipliers, the map has {curve.dimension}"
    found: list[complex] = []
    left = list(np.linalg.eigvals(A).astype(complex))
    for target in wanted:
        mu = _nearest(left, target)
        goal = target if target is not None else mu / abs(mu) if mu else np.nan
        if mu is None or abs(mu - goal) > NEAR:
            whole = "a complex pair on the unit circle" if target is None else f"{target:.4g}"
            listed = ", ".join(f"{m:.6g}" for m in np.linalg.eigvals(A))
            return f"no {what} point: its multipliers {listed} do not contain {whole}"
        left.remove(mu)
        found.append(goal)
        if np.iscomplex(goal):
            left.remove(min(left, key=lambda m, mu=mu: abs(m - np.conj(mu))))  # type: ignore[misc]
            found.append(np.conj(goal))
    if len(found) == 2 and found[0] == found[1]:
        block = (A - found[0].real * np.eye(len(A))) * curve.scale / curve.scale[:, None]
        sizes = np.linalg.svd(block, compute_uv=False)
        if sizes[-2] < SEMISIMPLE * max(1.0, sizes[0]):
            return (
                f"the double multiplier {found[0].real:g} has two eigenvectors (a symmetry or a "
                "family of fixed points): the normal form of its Jordan block does not apply"
            )
        return chain(A, found[0].real)
    real = not any(map(np.iscomplex, found))
    critical = eigenvectors(A, [m.real for m in found] if real else found)
    if not np.linalg.norm(critical.P) < NOT_SIMPLE:
        return "a critical multiplier meets another one: it is not simple"
    return critical


def _nearest(left: list[complex], target: complex | None) -> complex | None:
    """Return the multiplier nearest to a number, or the complex one nearest to the unit circle."""
    if target is not None:
        return min(left, key=lambda m: abs(m - target), default=None)
    upper = [m for m in left if m.imag > NEAR]
    return min(upper, key=lambda m: abs(abs(m) - 1), default=None)
