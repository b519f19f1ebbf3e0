"""What the normal forms share: their frame, the critical point, the verdict, the budget.

A normal form is asked for at a fixed point along a parameter: the critical value is looked for by
`critical.critical_values`, as for a threshold, and the coefficients are computed there, with the
condition that comes with the value as what is known of the other symbols. Or it is asked for at a
critical state that is given, exactly or in numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.linear_algebra import adjugate
from dynsharp.algebra.shortening import short, vanishes
from dynsharp.algebra.sizes import by_sign, put_back
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.results import Result
from dynsharp.symbolic.critical import Critical, critical_values
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.normal_forms.expansion import Expansion

_SEARCH = 20.0  # seconds for the critical value
COEFFICIENTS = 60.0  # seconds for the coefficients of one normal form
_TOO_LONG = (
    f"unresolved: the coefficients were not finished within {COEFFICIENTS:g} s; give some of the "
    "symbols numbers, or use the form that takes a critical state"
)
_NAMES = {"neimark-sacker": "pair of multipliers of product 1"}


@dataclass(frozen=True, repr=False, eq=False)
class NormalForm(Result):
    """What every normal form says; see the classes of the kinds."""

    map: DiscreteMap
    parameter: sp.Symbol | None
    value: sp.Expr | None
    state: Mapping[sp.Symbol, sp.Expr]
    condition: Boolean = sp.true
    supercritical: bool | Boolean | None = None
    criticality: str | None = "undetermined"
    status: str = "nondegenerate"

    def remarks(self) -> list[str]:
        """Return the lines that end its `repr`: the condition, and what fails."""
        where = [f"    condition: {self.condition}"] if self.condition != sp.true else []
        return where + [f"    {self.status}"] * (self.status != "nondegenerate")


Form = TypeVar("Form", bound=NormalForm)


class Unresolved(Exception):  # noqa: N818 - caught by the normal forms, whose status it becomes
    """No closed form was found; the message says of what, and what to try."""


# ---- at a fixed point --------------------------------------------------------------------------


def at_critical(
    form: type[Form],
    map: DiscreteMap,
    p: Any,
    parameter: sp.Symbol,
    kind: str,
    value: Any,
    at: Callable[[FixedPoint, Critical], Form],
) -> Form:
    """Find the critical value and return the normal form ``at(fixed point, critical)`` there."""
    try:
        point, critical = find_critical(map, p, parameter, kind, value)
    except Unresolved as failure:
        return form(map, parameter, None, p.state, status=str(failure))
    try:
        with limit(COEFFICIENTS):
            return at(point, critical)
    except BudgetExceeded:
        head = (map, parameter, critical.value, critical.state, critical.condition)
        return form(*head, status=_TOO_LONG)


def find_critical(
    map: DiscreteMap, p: Any, parameter: sp.Symbol, kind: str, value: Any = None
) -> tuple[FixedPoint, Critical]:
    """Return the fixed point, and the one critical value that is there or is meant.

    Raises
    ------
    InputError
        If there is no such value, several and no ``value``, or ``value`` is not one of them.
    Unresolved
        If no closed form was found.
    """
    point = _fixed_point(map, p)
    wanted = None if value is None else sp.sympify(value)
    coupled = any(parameter in r.free_symbols for r in point.relations)
    check = None if coupled else wanted
    found: list[Critical] = []
    open_: list[str] = []
    try:
        with limit(_SEARCH):
            for c in critical_values(point, parameter, open_, [kind], members=True, value=check):
                found.append(c)
    except BudgetExceeded as over:
        open_.append(str(over))
    what = _NAMES.get(kind, kind)
    listed = ", ".join(dict.fromkeys(str(c.value) for c in found)) or "none"
    if wanted is not None:
        found = [c for c in found if vanishes(c.value - wanted)]
    if not found and open_:
        raise Unresolved(
            f"unresolved: no closed form for the {what} along {parameter} ({'; '.join(open_)}); "
            "give the other parameters numbers, or use a numerical state"
        )
    if not found and wanted is not None:
        raise InputError("value", value, f"a value of the {what} along {parameter}: {listed}")
    if not found:
        wants = f"one along which this fixed point has a {what}; it has none"
        raise InputError("parameter", parameter, wants)
    if len({c.value for c in found}) > 1:
        wants = f"which {what} along {parameter} is meant: one of {listed}"
        raise InputError("value", value, wants)
    return point, max(found, key=lambda c: c.loses_stability)


def _fixed_point(map: DiscreteMap, p: Any) -> FixedPoint:
    """Return a fixed point of the map: p, or what has its attributes."""
    if isinstance(p, FixedPoint) and p.map == map:
        return p
    state = {x: sp.sympify(p.state.get(x, x)) for x in map.state}
    exists = sp.And(sp.sympify(getattr(p, "exists", True)), map.domain.xreplace(state))
    return FixedPoint(
        map, state, tuple(p.family), tuple(sp.sympify(r) for r in p.relations), exists
    )


def build(p: FixedPoint, c: Critical, at: Callable[[Expansion, list[Boolean]], Form]) -> Form:
    """Return the normal form ``at(expansion, facts)`` at a critical value.

    Symbols of known sign are ± positive ones on the way, so that roots of squares come out.
    """
    facts = conditions.conjuncts(c.condition)
    values = {} if c.parameter in p.family else {c.parameter: c.value}
    free = set().union(*(e.free_symbols for e in (c.value, *c.state.values())))
    choices = by_sign(conditions.strict(c.condition), free | set(p.map.parameters) - {c.parameter})
    signs = choices[0] if len(choices) == 1 else {}
    map = p.piece
    if signs:
        map = map.substitute({x: e for x, e in signs.items() if x in map.parameters})
        facts = [f.subs(signs) for f in facts]
    point = {
        x: short(sp.powdenest(sp.sympify(e).subs(signs))) for x, e in {**c.state, **values}.items()
    }
    form = at(Expansion(map, point), facts)
    if signs:
        back = put_back(signs)
        form = replace(
            form,
            **{
                f.name: _written(getattr(form, f.name), back)
                for f in fields(form)
                if f.name != "map"
            },
        )
    return replace(form, map=p.map, parameter=c.parameter, value=c.value, condition=c.condition)


def _written(value: Any, back: Mapping[sp.Symbol, sp.Expr]) -> Any:
    """Write the symbols for the positive ones that stood for them."""
    if isinstance(value, sp.Basic | sp.MatrixBase):
        return value.subs(back)
    if isinstance(value, tuple):
        return tuple(_written(v, back) for v in value)
    return {k: _written(v, back) for k, v in value.items()} if isinstance(value, dict) else value


# ---- at a state that is given ------------------------------------------------------------------


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


# ---- the verdict -------------------------------------------------------------------------------


def verdict(coefficient: sp.Expr, facts: Iterable[Boolean] = ()) -> tuple[bool | Boolean, str]:
    """Return whether a coefficient that is positive if supercritical is so, and the word for it.

    The first is True, False or the condition for it; the word is "supercritical", "subcritical",
    "degenerate" where the coefficient is zero, or "undetermined".
    """
    if vanishes(coefficient):
        return False, "degenerate"
    facts = conditions.strict(sp.And(*facts))
    s = sign_of(coefficient, facts)
    if s is None:  # the same for each choice of signs, or open
        choices = by_sign(facts, coefficient.free_symbols)
        signs = {
            sign_of(sp.simplify(coefficient.subs(c)), [f.subs(c) for f in facts]) for c in choices
        }
        s = signs.pop() if len(signs) == 1 else None
    if s is None:
        condition = conditions.simplify(conditions.positive(coefficient, facts), facts)
        condition = sp.And(*(c for c in conditions.conjuncts(condition) if c not in facts))
        if condition not in (sp.true, sp.false):
            return condition, "undetermined"
        s = 1 if condition == sp.true else -1
    return s > 0, "supercritical" if s > 0 else "subcritical"


def sign_of(e: sp.Expr, facts: Iterable[Boolean] = ()) -> int | None:
    """Return the sign of an expression that is not zero: of numbers by evaluation."""
    return int(sp.sign(sp.N(e, 30))) if e.is_number else conditions.sign(e, facts)
