"""Every check of an argument: each returns the value as what is wanted, or raises InputError."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from dynsharp.errors import InputError
from dynsharp.types import Array

T = TypeVar("T")


def checked_instance(argument: str, value: Any, kind: type[T]) -> T:
    """Return an object of that class, such as a DiscreteMap."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise InputError(argument, repr(value), f"{article} {kind.__name__}")
    return value


def checked_word(argument: str, value: Any, words: Collection[str]) -> str:
    """Return one of several words; a symbol counts as its name."""
    if (word := str(value)) not in words:
        raise InputError(argument, repr(word), f"one of {', '.join(words)}")
    return word


def checked_mapping(
    argument: str, value: Any, wants: str = "a dictionary {name: value}"
) -> Mapping[Any, Any]:
    """Return a dictionary."""
    if not isinstance(value, Mapping):
        raise InputError(argument, repr(value), wants)
    return value


# ---- one number ------------------------------------------------------------------------------


def checked_number(argument: str, value: Any) -> float:
    """Return a finite real number."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(argument, repr(value), "a real number") from error
    if not np.isfinite(number):
        raise InputError(argument, repr(value), "a finite number")
    return number


def checked_positive(argument: str, value: Any, most: float = np.inf) -> float:
    """Return a finite positive number, of at most ``most``."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not (0 < number <= most and number < np.inf):
        wants = "a positive number" + f", at most {most:g}" * (most < np.inf)
        raise InputError(argument, repr(value), wants)
    return number


def checked_between(argument: str, value: Any, low: float, high: float) -> float:
    """Return a number between two others, neither of them."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not low < number < high:
        raise InputError(argument, value, f"a number between {low:g} and {high:g}")
    return number


def checked_count(argument: str, value: Any, least: int = 1) -> int:
    """Return an integer of at least ``least``; a truth value is none."""
    try:
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if count < least or isinstance(value, bool):
        raise InputError(argument, repr(value), f"an integer of at least {least}")
    return count


# ---- several numbers -------------------------------------------------------------------------


def checked_pair(argument: str, value: Any, wants: str) -> tuple[Any, Any]:
    """Return two things."""
    try:
        one, two = value
    except (TypeError, ValueError) as error:
        raise InputError(argument, repr(value), wants) from error
    return one, two


def checked_span(argument: str, value: Any) -> tuple[float, float]:
    """Return two finite numbers, the lesser first."""
    pair = checked_pair(argument, value, "two numbers (least, greatest)")
    low, high = (checked_number(argument, v) for v in pair)
    if not low < high:
        raise InputError(argument, (low, high), "two numbers, the lesser first")
    return low, high


def checked_within(
    argument: str, value: Any, span: tuple[float, float], of: object = "the parameter"
) -> float:
    """Return a finite number in a span, its ends included."""
    number = checked_number(argument, value)
    if not span[0] <= number <= span[1]:
        raise InputError(argument, number, f"a value of {of} in the span {span[0]} to {span[1]}")
    return number


def checked_array(
    argument: str, value: Any, ndim: int, shape: tuple[int, ...] | None = None
) -> Array:
    """Return a read-only copy of a finite real array of that dimension."""
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


# ---- numbers by name -------------------------------------------------------------------------


class _Parametrised(Protocol):
    """A map, as far as it is known here."""

    @property
    def parameters(self) -> tuple[Any, ...]: ...

    def parameter(self, name: Any, argument: str = ...) -> Any: ...


def checked_fixed(
    map: _Parametrised, fixed: Mapping[Any, Any] | None, moving: Iterable[Any] = ()
) -> dict[str, float]:
    """Return a number for every parameter of a map but those that move, by name."""
    given = checked_mapping(
        "fixed", {} if fixed is None else fixed, "a dictionary {parameter: number}"
    )
    names, values = {str(s) for s in moving}, {}
    for key, value in given.items():
        name = map.parameter(key, "fixed").name
        if name in names:
            raise InputError("fixed", name, "parameters other than those that vary")
        values[name] = checked_number(f"fixed[{name!r}]", value)
    if missing := [p.name for p in map.parameters if p.name not in names | set(values)]:
        raise InputError("fixed", f"no value for {', '.join(missing)}", "a number for each")
    return values
