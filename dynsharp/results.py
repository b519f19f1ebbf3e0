"""What every result can do: be told as JSON, shown as a table, compared.

A result is a frozen dataclass that inherits `Result`::

    @dataclass(frozen=True, repr=False, eq=False)
    class Threshold(Result):
        told = ("parameter", "kind", "value", "condition")  # if it is not all fields

A field that only serves to go on from the result (a track, a problem) is declared with
``field(compare=False)``: it is neither told nor compared. A result that holds a list of others
inherits ``Sequence`` too, or says in `Result.rows` which ones its table consists of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from numbers import Complex, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sympy as sp

from dynsharp.types import Array
from dynsharp.version import __version__

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """The protocol of all results: `as_dict`, `to_dataframe`, equality.

    Attributes
    ----------
    told
        Names of the attributes, fields or properties, that are told; all compared fields but
        ``map`` if empty.
    """

    told: ClassVar[tuple[str, ...]] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the result in types that JSON has, with the map and the version of the package.

        Sympy expressions are text. One that is a number has its float next to it: ``value`` in
        ``float``, ``a`` in ``a_float``, so do lists and states of which all are numbers. Complex
        numbers are [real, imaginary], arrays lists, what is not finite is null.
        """
        head: dict[str, Any] = {"dynsharp": __version__}
        if "map" in _names(self):
            head["map"] = plain(getattr(self, "map"))  # noqa: B009
        return head | self.entries()

    def entries(self) -> dict[str, Any]:
        """Return what `as_dict` says of the result itself: that of a result in a result."""
        return _entries(self._told())

    def rows(self) -> Iterable[Any]:
        """Return the results that are the rows of `to_dataframe`: those inside, or this one."""
        return self if isinstance(self, Sequence) else [self]

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table, one row a result, with the values as they are.

        The entries of a state have columns of their own, named as its variables.
        """
        import pandas as pd

        return pd.DataFrame([_spread(r) for r in self.rows()])

    def _told(self) -> dict[str, Any]:
        """Return what is told, as it is."""
        names = self.told or [n for n in _names(self) if n != "map"]
        return {name: getattr(self, name) for name in names}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(same(getattr(self, n), getattr(other, n)) for n in _names(self))

    __hash__ = None  # type: ignore[assignment]


def plain(value: Any) -> Any:
    """Return a value in types that JSON has: see `Result.as_dict`.

    Raises
    ------
    TypeError
        If it is of a type that no result should hold.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Result):
        return value.entries()
    if hasattr(value, "as_dict") and not isinstance(value, sp.Basic):
        return value.as_dict()
    if isinstance(value, sp.Symbol):
        return value.name
    if isinstance(value, sp.Poly):
        return str(value.as_expr())
    if isinstance(value, sp.Basic):
        return str(value)
    if isinstance(value, (np.ndarray, np.generic, sp.MatrixBase)):
        return plain(value.tolist())
    if isinstance(value, Real):
        return float(value) if np.isfinite(float(value)) else None
    if isinstance(value, Complex):
        return [plain(value.real), plain(value.imag)]
    if hasattr(value, "data_vars"):  # a Dataset, in the form that xarray reads back
        return plain(value.to_dict())
    if isinstance(value, Mapping):
        return {_key(k): plain(v) for k, v in value.items()}
    if isinstance(value, Set):
        return sorted((plain(v) for v in value), key=str)
    if isinstance(value, Iterable):
        return [plain(v) for v in value]
    if is_dataclass(value):
        return _entries({n: getattr(value, n) for n in _names(value)})
    raise TypeError(f"{type(value).__name__} has no JSON")


def number(expression: sp.Expr) -> float | list[float] | None:
    """Return an expression that is a number as a float, [real, imaginary]; None if it is none."""
    if not expression.is_number or expression is sp.zoo:
        return None
    if expression.is_extended_real:
        return plain(float(expression))
    exact = complex(expression)
    return plain(exact if exact.imag else exact.real)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal: arrays in every entry, NaN to NaN, expressions evaluated."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        one, other = np.asarray(one), np.asarray(other)
        inexact = all(np.issubdtype(a.dtype, np.inexact) for a in (one, other))
        return np.array_equal(one, other, equal_nan=inexact)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, sp.Basic) and isinstance(other, sp.Basic):
        return bool(one == other or _evaluated(one) == _evaluated(other))
    return bool(one == other or (one != one and other != other))


def _evaluated(expression: sp.Basic) -> sp.Basic:
    """Return an expression as sympy makes it of its parts: (x + 1)/2 as a copy of it reads."""
    return expression.func(*map(_evaluated, expression.args)) if expression.args else expression


# ---- what the owners' `repr` and `to_dataset` are made of --------------------------------------


def table(rows: Iterable[Sequence[str]], indent: int = 4) -> list[str]:
    """Return rows of text as lines in columns; the last column is as long as it is."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return [
        " " * indent
        + "  ".join(
            [*(c.ljust(w) for c, w in zip(row[:-1], widths, strict=True)), row[-1]]
        ).rstrip()
        for row in rows
    ]


def shown(value: Any, digits: int = 6, most: int = 4) -> str:
    """Return a number, some numbers or a state in a line: what is long ends in dots.

    A real number that is complex by type is shown as real; a cycle's values of a variable are in
    brackets.
    """
    if isinstance(value, Mapping):
        texts = []
        for name, x in list(value.items())[:most]:
            text = shown(x, digits, 3)
            texts.append(f"{name} = {text}" if np.size(x) == 1 else f"{name} = ({text})")
        return ", ".join(texts + ["..."] * (len(value) > most))
    numbers = np.atleast_1d(value) + 0.0  # no zero with a minus
    texts = [f"{x.real:.{digits}g}" if x.imag == 0 else f"{x:.{digits}g}" for x in numbers[:most]]
    return ", ".join(texts + ["..."] * (len(numbers) > most))


def attributes(map: Any, fixed: Mapping[str, float] | None = None, **more: Any) -> dict[str, Any]:
    """Return the ``attrs`` of a Dataset: the map, the numbers of its parameters, the version."""
    attrs = {
        "map": map.name,
        "update": "; ".join(f"{s}' = {e}" for s, e in map.update.items()),
        "state": ", ".join(s.name for s in map.state),
    }
    if fixed is not None:
        attrs["fixed"] = ", ".join(f"{k} = {v!r}" for k, v in fixed.items())
    return {**attrs, **more, "dynsharp_version": __version__}


def parts(numbers: Array) -> Array:
    """Return complex numbers with a last axis ``part``: real, imaginary (netCDF has no complex)."""
    return np.stack([numbers.real, numbers.imag], axis=-1)


def _names(result: Any) -> list[str]:
    return [f.name for f in fields(result) if f.compare and not f.name.startswith("_")]


def _key(key: Any) -> str:
    return key.name if isinstance(key, sp.Symbol) else str(key)


def _entries(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain values, and the floats of exact ones next to them."""
    made: dict[str, Any] = {}
    for name, value in told.items():
        made[name] = plain(value)
        key = "float" if name == "value" else f"{name}_float"
        if isinstance(value, sp.Expr) and (key == "float" or not isinstance(value, sp.Symbol)):
            made[key] = number(value)
        elif isinstance(value, Mapping) and _are_numbers(value.values()):
            made[key] = {_key(k): number(e) for k, e in value.items()}
        elif isinstance(value, (tuple, list)) and _are_numbers(value):
            made[key] = [number(e) for e in value]
    return made


def _are_numbers(values: Iterable[Any]) -> bool:
    found = [isinstance(v, sp.Expr) and bool(v.is_number) for v in values]
    return bool(found) and all(found)


def _spread(row: Any) -> Mapping[str, Any]:
    """Return a row of a table: entries that are states have columns of their own."""
    told = row if isinstance(row, Mapping) else row._told()
    cells: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, Mapping):
            keys = {_key(k): v for k, v in value.items()}
            cells |= {f"{name}_{k}" if k in told else k: v for k, v in keys.items()}
        else:
            cells[name] = value
    return cells
