"""Data X and y in singular coordinates: what of them a linear network can learn, and how fast."""

from __future__ import annotations

from typing import Any

import numpy as np

from dynsharp.arguments import checked_array
from dynsharp.errors import InputError
from dynsharp.types import Array


def singular_coordinates(X: Any, y: Any) -> tuple[Array, Array, Array, float]:
    """Decompose X = Σ σ_i e_i w_iᵀ, over the r singular values above the numerical rank.

    Singular values below max(N, features) · ε · σ₁, with ε the spacing of doubles at 1, count as
    zero: the usual numerical rank, that of ``numpy.linalg.matrix_rank``.

    Returns
    -------
    sigma, targets, directions, unreachable
        σ, largest first; d_i = e_iᵀy; w_i as the columns of a (features, r) matrix; and the squared
        length of the part of y outside the range of X. The arrays are read-only.

    Raises
    ------
    InputError
        If X or y is not finite or of the wrong shape, X is zero, or y is zero or orthogonal to the
        range of X, in which case there is nothing to learn.
    """
    X, y = checked_array("X", X, ndim=2), checked_array("y", y, ndim=1)
    if len(y) != len(X):
        raise InputError("y", f"{len(y)} targets", f"{len(X)}, one for each row of X")
    left, sigma, right = np.linalg.svd(X, full_matrices=False)
    tolerance = max(X.shape) * np.finfo(float).eps
    r = int(np.sum(sigma > tolerance * sigma[0]))
    if r == 0:
        raise InputError("X", "only zeros", "inputs that are not all zero")
    if not np.any(y):
        raise InputError("y", "only zeros", "targets that are not all zero")
    targets = left[:, :r].T @ y
    if np.linalg.norm(targets) <= tolerance * np.linalg.norm(y):
        raise InputError("y", "a vector orthogonal to the range of X", "targets that X can reach")
    unreachable = float(np.sum((y - left[:, :r] @ targets) ** 2))
    sigma, directions = sigma[:r].copy(), right[:r].T.copy()
    for array in (sigma, targets, directions):
        array.flags.writeable = False
    return sigma, targets, directions, unreachable
