"""New symbols for old: values of parameters, the inverse of a change, a manifold as a graph."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from dynsharp.algebra.expressions import checked_expression
from dynsharp.errors import InputError

Rule = dict[sp.Symbol, sp.Expr]


def checked_values(values: Mapping[sp.Symbol, Any], state: Iterable[sp.Symbol]) -> Rule:
    """Return what parameters are replaced by: expressions without the state, of the right sign.

    Raises
    ------
    InputError
        If a value is none, or contradicts what its parameter is assumed to be.
    """
    rule = {p: checked_expression(f"values[{p}]", v) for p, v in values.items()}
    for p, v in rule.items():
        if v.free_symbols & set(state):
            raise InputError(f"values[{p}]", v, "an expression without the state")
        for assumption in ("positive", "nonnegative", "nonzero", "integer"):
            if getattr(p, f"is_{assumption}") and getattr(v, f"is_{assumption}") is False:
                raise InputError(f"values[{p}]", v, f"a {assumption} number")
    return rule


def inverse_of(h: Rule, state: tuple[sp.Symbol, ...], given: Rule | None) -> Rule:
    """Return h⁻¹: the old state in the new symbols; solved for, or the given one if it is that.

    Raises
    ------
    InputError
        If it is not unique and not given, or the given one is not the inverse.
    """
    if len(h) != len(state):
        raise InputError("coordinates", f"{len(h)} of them", f"{len(state)}")
    if given is None:
        solutions = []
        with contextlib.suppress(NotImplementedError):
            solutions = sp.solve([e - y for y, e in h.items()], state, dict=True)
        if len(solutions) != 1 or set(solutions[0]) != set(state):
            raise InputError(
                "coordinates",
                f"{h}, for which {len(solutions)} inverses were found",
                "exactly one; pass inverse= to choose",
            )
    back = solutions[0] if given is None else given
    for y, e in h.items():
        if sp.simplify(e.subs(back, simultaneous=True) - y) != 0:
            argument = "coordinates" if given is None else "inverse"
            raise InputError(argument, back, f"h⁻¹ of h = {h}, but {y} does not come back")
    return back


def graph(m: sp.Expr, update: Rule, order: Iterable[sp.Symbol]) -> tuple[sp.Symbol, sp.Expr]:
    """Return the first variable in that order for which m = 0 has one solution, and this.

    Raises
    ------
    InputError
        If there is none, no other variable is left, or m = 0 is not invariant.
    """
    solved = [(x, sp.solve(m, x)) for x in order if m.has(x)]
    unique = [(x, solutions[0]) for x, solutions in solved if len(solutions) == 1]
    if not unique or len(update) == 1:
        raise InputError(
            "equation", m, "an equation with one solution for a variable, and one left over"
        )
    x, solution = unique[0]
    defect = sp.simplify(m.subs(update, simultaneous=True).subs(x, solution))
    if defect != 0:
        raise InputError("equation", m, f"an invariant manifold; a step leaves it by {defect}")
    return x, solution
