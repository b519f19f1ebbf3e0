"""Eigenvectors of the Jacobian along a cycle that belong to one multiplier."""

from __future__ import annotations

import numpy as np

from dynsharp.types import Array


def critical_pair(A: Array, multiplier: complex) -> tuple[Array, Array]:
    """Right and left eigenvector of the eigenvalue nearest to a number: |q| = 1, p q = 1."""
    real = np.isreal(multiplier)
    q, p = (
        vectors[:, np.argmin(np.abs(values - multiplier))]
        for values, vectors in map(np.linalg.eig, (A, A.T))
    )
    if real:
        q, p = (v.real if np.linalg.norm(v.real) > 0.5 else v.imag for v in (q, p))
        q = q * np.sign(q[np.argmax(np.abs(q))])
    q = q / np.linalg.norm(q)
    return q, p / (p @ q)
