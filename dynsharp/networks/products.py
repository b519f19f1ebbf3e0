"""Products over the layers of a chain: those with layers left out, and their inverse problem."""

from __future__ import annotations

import numpy as np

from dynsharp.types import Array


def last_layers_squared(C: Array, Q: float) -> Array:
    """Return v_i² = t − C_i for the root t > max(0, C_i) of t Π (t − C_i) = Q."""
    from scipy.optimize import brentq

    # With t = max(0, C_i) + s every factor is s + gap ≥ s, and one gap is zero: s is the smallest
    # factor, solved for by its logarithm, so that it keeps its precision when it is tiny.
    floor = max(0.0, float(C.max()))
    gaps = np.sort(np.append(floor - C, floor))

    def excess(log_s: float) -> float:
        return float(np.sum(np.log(np.exp(log_s) + gaps)) - np.log(Q))

    # Every factor is at least s, whence s ≤ Q^{1/D}; and at most Q^{1/D} + gap, whence a lower end.
    highest = Q ** (1 / len(gaps))
    lowest = np.log(Q) - np.sum(np.log(highest + gaps[1:]))
    log_s = brentq(excess, lowest - 1, np.log(highest) + 1, xtol=1e-15, rtol=1e-15)
    return np.asarray(np.exp(log_s) + (floor - C))


def products_without(v: Array) -> Array:
    """Π_{k ≠ i, j} v_k for all i, j (on the diagonal without one), zeros among v allowed."""
    index = np.arange(v.shape[-1])
    left_out = (index == index[:, None, None]) | (index == index[None, :, None])
    return np.asarray(np.where(left_out, 1.0, v[..., None, None, :]).prod(-1))
