"""Checks of the numbers that systems are built from."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dynsharp.errors import InputError
from dynsharp.types import Array

__all__ = ["checked_array", "checked_count", "checked_positive"]


def checked_array(
    argument: str, value: Any, ndim: int, shape: tuple[int, ...] | None = None
) -> Array:
    """Return a read-only copy of a finite real array of that dimension, or raise InputError."""
    wants = f"an array of {ndim} dimension{'s' * (ndim != 1)} of finite real numbers"
    if np.iscomplexobj(value):
        raise InputError(argument, "complex numbers", wants)
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(argument, repr(value), wants) from error
    if array.ndim != ndim or array.size == 0:
        raise InputError(argument, f"an array of shape {array.shape}", wants)
    if shape is not None and array.shape != shape:
        raise InputError(argument, f"shape {array.shape}", f"shape {shape}")
    bad = int(array.size - np.isfinite(array).sum())
    if bad:
        raise InputError(argument, f"{bad} values that are not finite", wants)
    array.flags.writeable = False
    return array


def checked_count(argument: str, value: Any, least: int) -> int:
    """Return an integer of at least ``least``, or raise InputError."""
    try:
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if count < least:
        raise InputError(argument, repr(value), f"an integer of at least {least}")
    return count


def checked_positive(argument: str, value: Any) -> float:
    """Return a finite positive number, or raise InputError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 < number < np.inf:
        raise InputError(argument, repr(value), "a positive number")
    return number
