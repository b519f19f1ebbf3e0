"""Where a bifurcation diagram begins: from what is given, or from the map's own fixed points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.arguments import checked_within
from dynsharp.continuation import Branch
from dynsharp.continuation.track import Track
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.fixed_points import FixedPoint, fixed_points

BUDGET = 5.0  # seconds of algebra
VALUES = 9  # values of the parameter at which closed forms are evaluated
NEUTRAL = 1e-9  # how far from 1 the multipliers along a family are by rounding
LONGEST = 60  # letters of a closed form that is named
GOLDEN = 0.6180339887498949  # off the places where branches cross
COORDINATES = (0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.5, -2.5, 4.0, -4.0, 0.1, -0.1, 10.0, -10.0)


@dataclass(frozen=True)
class Start:
    """A guess of a state at a value, or a branch that is there already; what it is called."""

    state: Mapping[str, Any]
    value: float
    name: str
    track: Track | None = None


def starts(
    map: DiscreteMap,
    parameter: sp.Symbol,
    span: tuple[float, float],
    given: Any,
    at: Any,
    fixed: Mapping[str, float],
) -> tuple[list[Start], list[str]]:
    """Return starts from what the user gave, and sentences on what gives none.

    Raises
    ------
    InputError
        If something is neither a state, a fixed point nor a branch of this map and parameter.
    """
    value = None if at is None else checked_within("at", at, span, parameter)
    many = isinstance(given, Iterable) and not isinstance(given, (Mapping, Branch, str))
    found: list[Start] = []
    failed: list[str] = []
    for item in given if many else [given]:
        if isinstance(item, Branch):
            found.append(_checked(map, parameter, item, fixed))
        elif isinstance(item, FixedPoint):
            new = _evaluated(map, parameter, span, item, value, fixed)
            found += new
            if not new:
                failed.append(f"{_named(item)} has no real values in the span, or no closed form")
        elif isinstance(item, Mapping):
            if value is None:
                raise InputError("at", None, f"the value of {parameter} at the start")
            found.append(Start({str(k): v for k, v in item.items()}, value, "the start"))
        else:
            wants = "a dictionary {state variable: number}, a FixedPoint, a Branch, or a list"
            raise InputError("start", repr(item), wants)
    return found, failed


def own_starts(
    map: DiscreteMap,
    parameter: sp.Symbol,
    span: tuple[float, float],
    at: Any,
    fixed: Mapping[str, float],
) -> tuple[list[Start], list[str]]:
    """Return the map's fixed points in closed form, evaluated; and sentences on the others."""
    own = fixed_points(_numbered(map, fixed), budget=BUDGET)
    found, _ = starts(map, parameter, span, own, at, fixed)
    return found, [f"algebra: {u}" for u in own.unresolved]


def _numbered(map: DiscreteMap, fixed: Mapping[str, float]) -> DiscreteMap:
    return map.substitute({name: sp.Rational(str(v)) for name, v in fixed.items()})


def _checked(
    map: DiscreteMap, parameter: sp.Symbol, branch: Branch, fixed: Mapping[str, float]
) -> Start:
    wants = f"a branch of {map.name} along {parameter}, with the same fixed parameters and points"
    mine = (map, dict(fixed), parameter.name)
    theirs = (branch.map, dict(branch.fixed), branch.parameter)
    if branch.family:
        theirs = (branch.map, {k: v for k, v in branch.fixed.items() if k in fixed}, mine[2])
    if mine != theirs or not len(branch):
        raise InputError("start", f"a branch of {branch.map.name} along {branch.parameter}", wants)
    return Start({}, float(branch.values[0]), "the branch given", branch.track)


def _evaluated(
    map: DiscreteMap,
    parameter: sp.Symbol,
    span: tuple[float, float],
    point: FixedPoint,
    at: float | None,
    fixed: Mapping[str, float],
) -> list[Start]:
    """Return a fixed point at several values where it exists, a family at one, stable if it can."""
    low, high = span
    values = [low + (high - low) * (k + GOLDEN) / VALUES for k in range(VALUES)]
    numbers = {p: sp.Rational(str(fixed[p.name])) for p in map.parameters if p.name in fixed}
    found: list[Start] = []
    for value in values if at is None else [at]:
        known = {**numbers, parameter: sp.Float(value, 30)}
        for coordinates in _coordinates(point):
            rule = {**known, **coordinates}
            if _holds(point.exists, rule):
                found += [Start(x, value, _named(point)) for x in _states(map, point, rule)]
    if not point.family:
        return found
    symbols = (*map.parameters, *map.state)
    jacobian = sp.lambdify(symbols, map.jacobian)

    def is_stable(start: Start) -> bool:
        values = {**fixed, parameter.name: start.value, **start.state}
        with np.errstate(all="ignore"):
            matrix = np.array(jacobian(*(values[s.name] for s in symbols)), dtype=float)
        # the multipliers along the family are 1
        size = np.abs(np.linalg.eigvals(matrix)).max() if np.isfinite(matrix).all() else np.inf
        return bool(size < 1 + NEUTRAL)

    return [next(filter(is_stable, found), found[len(found) // 2])] if found else []


def _coordinates(point: FixedPoint) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    for shift, c in enumerate(COORDINATES if point.family else [0]):
        yield {
            s: sp.Rational(str(c + (0.25 + 0.1 * shift) * i)) for i, s in enumerate(point.family)
        }


def _holds(condition: Any, rule: Mapping[sp.Symbol, Any]) -> bool:
    # what a state variable without closed form decides is left to the numbers
    try:
        return bool(sp.sympify(condition).subs(rule) != sp.false)
    except TypeError:  # a comparison of numbers that are not real
        return False


def _states(
    map: DiscreteMap, point: FixedPoint, rule: Mapping[sp.Symbol, Any]
) -> Iterator[dict[str, float]]:
    unknown = [s for s, e in point.state.items() if e == s and s not in point.family]
    if not unknown:
        solutions: Sequence[Mapping[sp.Symbol, Any]] = [{}]
    elif len(unknown) == len(point.relations) == 1:
        solutions = [{unknown[0]: x} for x in _roots(point.relations[0].subs(rule), unknown[0])]
    else:
        solutions = []
    for solution in solutions:
        state = {}
        for s, e in point.state.items():
            x = complex(sp.N(sp.sympify(e).subs({**rule, **solution})))
            if not np.isfinite(x) or abs(x.imag) > 1e-9 * (1 + abs(x)):
                break
            state[s.name] = x.real
        else:
            yield {s.name: state[s.name] for s in map.state}


def _roots(relation: sp.Expr, unknown: sp.Symbol) -> list[sp.Expr]:
    numerator = sp.numer(sp.together(relation))
    if not numerator.is_polynomial(unknown):
        return []
    roots = sp.Poly(numerator, unknown).nroots(n=20, maxsteps=200)
    return [r for r in roots if abs(sp.im(r)) < 1e-12]


def _named(point: FixedPoint) -> str:
    parts = [f"{s} = {e}" if e != s else str(s) for s, e in point.state.items()]
    kind = "the family" if point.family else "the fixed point"
    text = f"{kind} ({', '.join(parts)})"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]}...)"
