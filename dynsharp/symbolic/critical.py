"""Where along a parameter a multiplier of a fixed point becomes critical."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.conditions import positive, sign
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.normal_forms.expansion import Expansion, adjugate, short, vanishes

__all__ = [
    "COEFFICIENTS",
    "TOO_LONG",
    "Critical",
    "Unresolved",
    "expand_at",
    "explicit_point",
    "find_critical",
    "roots_in",
    "sign_of",
    "verdict",
]

BUDGET = 20.0  # seconds for one system of equations
COEFFICIENTS = 60.0  # seconds for the coefficients of one normal form
TOO_LONG = (
    f"unresolved: the coefficients were not finished within {COEFFICIENTS:g} s; give some of the "
    "symbols numbers, or use the form that takes a critical state"
)


class Unresolved(Exception):  # noqa: N818 - caught by the normal forms, whose status it becomes
    """No closed form was found; the message says of what, and what to try."""


class Critical(NamedTuple):
    """A parameter value, the point there (state variables and the parameter), what holds there."""

    value: sp.Expr
    point: dict[sp.Symbol, sp.Expr]
    facts: list[Any]


def find_critical(
    map: DiscreteMap,
    p: Any,
    parameter: sp.Symbol,
    condition: Callable[[sp.Matrix], sp.Expr],
    what: str,
    value: Any = None,
) -> Critical:
    """Return the parameter value at which ``condition(Jacobian)`` vanishes at the fixed point.

    Values that the assumptions on the parameter, the domain of the map or the existence of the
    point rule out are left out. A coordinate without a closed form is solved for along with the
    parameter if its relation contains the parameter, and stays symbolic otherwise.

    Raises
    ------
    InputError
        If there is no such value, several and no ``value``, or ``value`` is not one of them.
    Unresolved
        If no closed form was found.
    """
    state = {x: sp.sympify(p.state.get(x, x)) for x in map.state}
    equation = _numerator(condition(_jacobian(map, state)))
    relations = [sp.sympify(r) for r in p.relations]
    coupled = any(parameter in r.free_symbols for r in relations)
    try:
        with limit(BUDGET):
            if coupled:
                implicit = [x for x in map.state if state[x] == x and x not in p.family]
                found = _solve_coupled(equation, relations, parameter, implicit)
            else:
                found = [{parameter: v} for v in roots_in(equation, parameter)]
    except (NotImplementedError, BudgetExceeded) as error:
        found = []
        if value is None or coupled:
            raise Unresolved(
                f"unresolved: no closed form for the {what} along {parameter} ({error}); "
                "give the other parameters numbers, or use a numerical state"
            ) from error
    if value is not None and not coupled:
        wanted = sp.sympify(value)
        if vanishes(equation.subs(parameter, wanted)):
            found = [{parameter: wanted}]
    critical: list[Critical] = []
    for solution in found:
        if parameter in solution:
            point = {x: short(e.subs(solution, simultaneous=True)) for x, e in state.items()}
            point |= {parameter: short(solution[parameter])}
            for branch, facts in _branches(point, lambda at: condition(_jacobian(map, at))):
                known = branch in [c.point for c in critical]
                if _admissible(map, p, branch) and not known:
                    facts += _facts(map, branch, getattr(p, "exists", True))
                    critical.append(Critical(branch[parameter], branch, facts))
    return _chosen(critical, parameter, what, value)


def _solve_coupled(
    equation: sp.Expr, relations: list[sp.Expr], parameter: sp.Symbol, implicit: list[sp.Symbol]
) -> list[dict[sp.Symbol, sp.Expr]]:
    """Solve for the parameter and the coordinates at once; if that fails, coordinates first."""
    try:
        return list(sp.solve([equation, *relations], [parameter, *implicit], dict=True))
    except NotImplementedError:
        found = []
        for branch in sp.solve(relations, implicit, dict=True):
            for v in roots_in(_numerator(equation.subs(branch)), parameter):
                at = {x: short(e.subs(parameter, v)) for x, e in branch.items()}
                found.append({parameter: v, **at})
        return found


def _chosen(critical: list[Critical], parameter: sp.Symbol, what: str, value: Any) -> Critical:
    listed = ", ".join(str(c.value) for c in critical) or "none"
    if value is not None:
        critical = [c for c in critical if vanishes(c.value - sp.sympify(value))]
        if not critical:
            raise InputError("value", value, f"a value of the {what} along {parameter}: {listed}")
    if not critical:
        raise InputError(
            "parameter", parameter, f"one along which this fixed point has a {what}; it has none"
        )
    if len({c.value for c in critical}) > 1:
        raise InputError(
            "value", value, f"which {what} along {parameter} is meant: one of {listed}"
        )
    return critical[0]


def roots_in(equation: sp.Expr, x: sp.Symbol) -> list[sp.Expr]:
    """Solve ``equation == 0`` for x, factor by factor; admissible roots only, none twice."""
    try:
        factors = [f for f, _ in sp.factor_list(equation)[1]]
    except sp.PolynomialError:
        factors = [equation]
    roots: list[sp.Expr] = []
    for f in factors:
        if x in f.free_symbols:
            roots += [short(r) for r in sp.solve(f, x) if short(r) not in roots]
    return [r for r in roots if _allowed(x, r)]


def explicit_point(
    map: DiscreteMap, state: Mapping[Any, Any], values: Mapping[Any, Any]
) -> dict[sp.Symbol, sp.Expr]:
    """Return the point of a critical state and parameter values given by name or symbol.

    Raises
    ------
    InputError
        If a name is unknown, a state variable is missing or the state is not a fixed point (where
        it is given in terms of state variables without a closed form, that is not checked).
    """
    values = {map.parameter(k, "values"): sp.sympify(v) for k, v in values.items()}
    point = {map.symbol(k, "state"): sp.sympify(v) for k, v in state.items()}
    missing = [str(x) for x in map.state if x not in point]
    if missing or set(point) - set(map.state):
        raise InputError("state", dict(state), f"a value for each of {list(map.state)}, no others")
    point = {x: e.subs(values) for x, e in point.items()} | values
    for x, e in map.update.items():
        step = short(e.xreplace(point) - point[x])
        close = step.is_number and step.has(sp.Float) and abs(step) < 1e-5 * (1 + abs(point[x]))
        implicit = bool(step.free_symbols & set(map.state))  # cannot be checked: taken as given
        if not close and not implicit and not vanishes(step):
            raise InputError("state", dict(state), f"a fixed point; a step moves {x} by {step}")
    return point


def expand_at(
    map: DiscreteMap, state: Mapping[Any, Any], values: Mapping[Any, Any] | None, multiplier: int
) -> Expansion:
    """Return the expansion at a critical state that is given.

    Raises
    ------
    InputError
        As `explicit_point`, and if the multiplier (±1) is not there, to 1e-4 for numbers.
    """
    x = Expansion(map, explicit_point(map, state, values or {}))
    defect = adjugate(x.A - multiplier * sp.eye(map.dimension))[1]
    near = defect.is_number and bool(defect.has(sp.Float)) and abs(defect) < 1e-4
    implicit = bool(defect.free_symbols & set(map.state))
    if not near and not implicit and not vanishes(defect):
        raise InputError(
            "state", dict(state), f"a multiplier {multiplier}; det(A - ({multiplier})I) is {defect}"
        )
    return x


def verdict(coefficient: sp.Expr, facts: Iterable[Any] = ()) -> tuple[bool | Boolean, str]:
    """Return whether a coefficient that is positive if supercritical is so, and the word for it.

    The first is True, False or the condition for it; the word is "supercritical", "subcritical",
    "degenerate" where the coefficient is zero, or "undetermined".
    """
    if vanishes(coefficient):
        return False, "degenerate"
    s = sign_of(coefficient, facts)
    if s is None:
        return positive(coefficient, facts), "undetermined"
    return s > 0, "supercritical" if s > 0 else "subcritical"


def sign_of(e: sp.Expr, facts: Iterable[Any] = ()) -> int | None:
    """Return the sign of an expression that is not zero: of numbers by evaluation."""
    return int(sp.sign(sp.N(e, 30))) if e.is_number else sign(e, facts)


def _jacobian(map: DiscreteMap, point: Mapping[sp.Symbol, sp.Expr]) -> sp.Matrix:
    return map.jacobian.xreplace(dict(point)).applyfunc(short)


def _branches(
    point: dict[sp.Symbol, sp.Expr], condition: Callable[[dict[sp.Symbol, sp.Expr]], sp.Expr]
) -> list[tuple[dict[sp.Symbol, sp.Expr], list[Any]]]:
    """Resolve |e| at the point, as from √(e²), to the sign of e with which it is critical."""
    moduli = sorted(set().union(*(e.atoms(sp.Abs) for e in point.values())), key=str)
    if not moduli:
        return [(point, [])]
    found = []
    for signs in itertools.product((1, -1), repeat=len(moduli)):
        rule = {m: s * m.args[0] for m, s in zip(moduli, signs, strict=True)}
        branch = {x: short(e.xreplace(rule)) for x, e in point.items()}
        if vanishes(condition(branch)):
            found.append((branch, [e > 0 for e in rule.values()]))
    return found or [(point, [])]


def _facts(map: DiscreteMap, point: dict[sp.Symbol, sp.Expr], exists: Any) -> list[Any]:
    """Return what the domain and the point's existence say about the symbols left at the point."""
    facts: list[Any] = []
    for condition in (map.domain, sp.sympify(exists)):
        at_point = condition.xreplace(point)
        parts = at_point.args if isinstance(at_point, sp.And) else [at_point]
        facts += [c for c in parts if c not in (sp.true, sp.false)]
    return facts


def _numerator(expression: sp.Expr) -> sp.Expr:
    return sp.fraction(sp.together(short(expression)))[0]


def _admissible(map: DiscreteMap, p: Any, point: dict[sp.Symbol, sp.Expr]) -> bool:
    for x, e in point.items():
        if e.has(sp.nan, sp.zoo, sp.oo) or not _allowed(x, e):
            return False
    exists = sp.sympify(getattr(p, "exists", True))
    return all(c.xreplace(point) != sp.false for c in (map.domain, exists))


def _allowed(x: sp.Symbol, value: sp.Expr) -> bool:
    """Whether the assumptions on x, real unless it says otherwise, allow the value."""
    if value.is_real is False or (value.is_number and abs(sp.im(sp.N(value))) > 1e-9):
        return False
    kinds = ("positive", "negative", "nonnegative", "nonpositive", "integer")
    return not any(
        getattr(x, f"is_{kind}") and getattr(value, f"is_{kind}") is False for kind in kinds
    )
