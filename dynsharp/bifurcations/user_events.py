"""Events of the user's own: where a scalar function of the branch changes its sign.

The function is sampled at the points of the branch; between two of them its zero is found by
Brent's method on points of the branch itself, solved for at every trial (Brent 1973). Where three
samples come close to zero and turn round, the extremum between them is looked at too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from scipy.optimize import brentq, minimize_scalar

from dynsharp.algebra.expressions import checked_expression, names
from dynsharp.compiled import real_form
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.shooting.problem import Curve
from dynsharp.types import Array

__all__ = ["KINDS", "UserEvent", "Zero", "user_events", "zeros"]

KINDS = ("flip", "fold", "branch", "neimark-sacker")
EPS = float(np.finfo(float).eps)
ROUNDINGS = 16
FINE: Any = {"xatol": 1e-9}

# rows like (x_0, ..., x_{P-1}, p) to a value for each
Function: TypeAlias = Callable[[Array], Array]
# a point of the branch above the chord after the point of that number, at a fraction of it
Between: TypeAlias = Callable[[int, float], Array | None]


@dataclass(frozen=True)
class UserEvent:
    """A function whose zeros are looked for: an expression, or a callable of (state, parameters).

    Attributes
    ----------
    name
        The kind of its special points.
    function
        Expression in the map's symbols, or callable.
    state, parameters
        Symbols of the map, in the order of the numbers that it is given.
    """

    name: str
    function: Any
    state: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]

    def values(self, X: Array, P: Array) -> Array:
        """Return the function's values, N × (1 or period).

        ``X`` are the cycles, N × period × dimension, and ``P`` the parameters, N × all of them.
        """
        if isinstance(self.function, sp.Expr):
            code = _compiled(self.function, self.state, self.parameters)
            depends = self.function.free_symbols & set(self.state)
            shape = X.shape[:2] if depends else (len(X), 1)
            columns = [X[:, : shape[1], i] for i in range(len(self.state))]
            with np.errstate(all="ignore"):
                result = code(*columns, *(P[:, i, None] for i in range(P.shape[1])))
            return np.array(np.broadcast_to(np.asarray(result, dtype=float), shape))
        rows = [self._called(x, p) for x, p in zip(X, P, strict=True)]
        return np.array(rows).reshape(len(X), -1)

    def along(self, curve: Curve, Y: Array) -> Array:
        """Return the function's values at unknowns (x_0, ..., x_{P-1}, p), N × (1 or period)."""
        known = [curve.values.get(p.name, 0.0) for p in curve.map.parameters]
        parameters = np.tile(np.array(known, dtype=float), (len(Y), 1))
        parameters[:, curve.map.parameters.index(curve.parameter)] = Y[:, -1]
        return self.values(Y[:, :-1].reshape(len(Y), curve.period, curve.dimension), parameters)

    def _called(self, x: Array, p: Array) -> Array:
        state = {
            s.name: float(x[0, i]) if len(x) == 1 else x[:, i].copy()
            for i, s in enumerate(self.state)
        }
        known = {s.name: float(v) for s, v in zip(self.parameters, p, strict=True)}
        got = self.function(state, known)
        try:
            value = np.asarray(got, dtype=float)
        except (TypeError, ValueError):
            value = np.empty((0, 0))
        if value.size not in (1, len(x)):
            raise InputError(
                f"events[{self.name!r}]",
                f"the value {got!r}",
                "a function (state, parameters) of one real number, or one for each point of a "
                "cycle",
            )
        return value.ravel()


@lru_cache(maxsize=128)
def _compiled(
    expression: sp.Expr, state: tuple[sp.Symbol, ...], parameters: tuple[sp.Symbol, ...]
) -> Any:
    plain = {s: f"v{i}" for i, s in enumerate((*state, *parameters))}
    arguments = [sp.Symbol(name, real=True) for name in plain.values()]
    return sp.lambdify(arguments, real_form([expression], plain)[0], ["scipy", "numpy"], cse=True)


def user_events(map: DiscreteMap, events: Mapping[str, Any] | None) -> tuple[UserEvent, ...]:
    """Check what the user gave.

    Raises
    ------
    InputError
        If a name is taken, or a function is neither callable nor an expression in the map's
        symbols.
    """
    if events is None:
        return ()
    if not isinstance(events, Mapping):
        raise InputError("events", repr(events), "a dictionary {name: expression or function}")
    symbols = {s.name: s for s in (*map.state, *map.parameters)}
    found = []
    for name, function in events.items():
        argument = f"events[{name!r}]"
        if not isinstance(name, str) or not name or name in KINDS:
            raise InputError("events", repr(name), f"names other than {', '.join(KINDS)}")
        if isinstance(function, sp.Eq):
            function = function.lhs - function.rhs
        if isinstance(function, sp.Basic) or not callable(function):
            function = checked_expression(argument, function)
            unknown = [s for s in function.free_symbols if s.name not in symbols]
            if unknown:
                wants = f"the symbols of {map.name}: {names(symbols.values())}"
                raise InputError(argument, f"unknown symbols {names(unknown)}", wants)
            function = function.xreplace({s: symbols[s.name] for s in function.free_symbols})
        found.append(UserEvent(name, function, map.state, map.parameters))
    return tuple(found)


@dataclass(frozen=True)
class Zero:
    """A zero after the point ``index``, at a fraction of the chord known up to ``error``."""

    index: int
    t: float
    error: float
    status: str = "located"


def zeros(function: Function, Y: Array, between: Between) -> Iterator[Zero]:
    """Yield the sign changes of a function along a branch, each place once.

    Parameters
    ----------
    function
        Rows like ``Y`` to values, N × any number; each column is a function of its own.
    Y
        Points of the branch.
    between
        Solves for points between them.
    """
    samples = function(Y)
    found: set[float] = set()
    for column in range(samples.shape[1]):
        for zero in _zeros(partial(_column, function, column), samples[:, column], Y, between):
            place = round(zero.index + zero.t, 8)
            if place not in found:
                found.add(place)
                yield zero


def _column(function: Function, column: int, Y: Array) -> Array:
    return np.asarray(function(Y)[:, column])


def _zeros(function: Function, g: Array, Y: Array, between: Between) -> Iterator[Zero]:
    finite, positive = np.isfinite(g), g > 0
    changes = finite[1:] & finite[:-1] & (positive[1:] != positive[:-1])
    for i in np.flatnonzero(changes):
        yield _located(_Piece(function, Y, between, int(i)), 0.0, 1.0)
    if not finite.any():
        yield Zero(0, 0.0, 1.0, "not located: the function is finite nowhere on the branch")
    for i in np.flatnonzero(finite[1:] != finite[:-1]):
        where = "beyond" if finite[i] else "before"
        yield Zero(int(i), 0.0, 1.0, f"no zero: the function is not finite {where} this point")
    size = np.abs(g)
    middle = size[1:-1]
    quiet = ~changes[1:] & ~changes[:-1] & finite[2:] & finite[1:-1] & finite[:-2]
    reaches = middle < np.maximum(size[2:], size[:-2]) - middle
    least = (middle <= size[2:]) & (middle <= size[:-2]) & (middle > 0)
    for i in np.flatnonzero(quiet & reaches & least):
        yield from _approached(_Piece(function, Y, between, int(i)), float(np.sign(g[i + 1])))


@dataclass(frozen=True)
class _Piece:
    """The function along the two chords that begin after a point: 0 ≤ u ≤ 2."""

    function: Function
    Y: Array
    between: Between
    index: int

    def point(self, u: float) -> Array:
        k = min(int(u), 1)
        if u == int(u):
            return np.asarray(self.Y[self.index + int(u)])
        y = self.between(self.index + k, u - k)
        if y is None:
            raise FloatingPointError
        return y

    def __call__(self, u: float) -> float:
        return float(self.function(self.point(u)[None])[0])

    def noise(self, u: float) -> float:
        """Estimate the rounding error: that of the arguments, carried through the function."""
        y = self.point(u)
        h = 1e-7
        moved = self.function(y + np.diag(h * y))
        here = self(u)
        return ROUNDINGS * EPS * (abs(here) + float(np.sum(np.abs(moved - here))) / h)


def _approached(piece: _Piece, side: float) -> Iterator[Zero]:
    """Two zeros about the extremum near a sample that comes close, if the function gets there."""
    try:
        u = float(
            minimize_scalar(
                lambda u: side * piece(u), bounds=(0.0, 2.0), method="bounded", options=FINE
            ).x
        )
        beyond = side * piece(u) < 0
    except FloatingPointError:
        return
    if beyond:
        yield _located(piece, 0.0, u)
        yield _located(piece, u, 2.0)


def _located(piece: _Piece, low: float, high: float) -> Zero:
    try:
        u = float(brentq(piece, low, high, xtol=2 * EPS, rtol=4 * EPS))
        width = 1e-6 * (high - low)
        ends = piece(max(u - width, low)), piece(min(u + width, high))
        slope = abs(ends[1] - ends[0]) / (2 * width)
        here, noise = abs(piece(u)), piece.noise(u)
    except (FloatingPointError, ValueError):
        text = "not located: the branch could not be solved for, or the function is not finite"
        return Zero(piece.index + min(int(low), 1), low - min(int(low), 1), high - low, text)
    k = min(int(u), 1)
    if here > noise and here > 0.1 * max(map(abs, ends)):
        text = "the function changes its sign without a zero: it jumps or has a pole here"
        return Zero(piece.index + k, u - k, 4 * EPS, text)
    error = min(noise / slope if slope > 0 else np.inf, width) + 4 * EPS
    return Zero(piece.index + k, u - k, float(error))
