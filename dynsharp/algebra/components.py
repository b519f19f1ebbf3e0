"""Components of the real solutions of a system of equations: isolated points and families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.expressions import names


@dataclass(frozen=True)
class Component:
    """One component of the solution set.

    ``solution`` gives every unknown in parameters, ``free`` unknowns and unknowns that have no
    closed form, for which ``relations`` vanish; ``nonzero`` lists what must not vanish, ``where``
    what must hold besides (of a root that an equation was squared for).
    """

    solution: dict[sp.Symbol, sp.Expr]
    free: tuple[sp.Symbol, ...]
    relations: tuple[sp.Expr, ...] = ()
    nonzero: tuple[sp.Expr, ...] = ()
    where: tuple[Boolean, ...] = ()


def named(equations: Sequence[sp.Expr], longest: int = 160) -> str:
    """Write a system of equations; one that is too long by its number of equations and symbols."""
    equations = list(dict.fromkeys(equations))
    text = ", ".join(f"{e} = 0" for e in equations)
    if len(text) <= longest:
        return text
    symbols = names(set().union(*(e.free_symbols for e in equations)))
    return f"{len(equations)} equation{'s' * (len(equations) > 1)} in {symbols}"


def without_contained(found: list[Component], unknowns: Sequence[sp.Symbol]) -> list[Component]:
    """Drop components that another one contains, and copies."""
    ordered = sorted(found, key=lambda c: -len(c.free))
    kept: list[Component] = []
    for c in ordered:
        if not any(_contains(other, c, unknowns) for other in kept):
            kept.append(c)
    return kept


def _contains(big: Component, small: Component, unknowns: Sequence[sp.Symbol]) -> bool:
    conditions = [x - big.solution[x] for x in unknowns if big.solution[x] != x]
    conditions += big.relations
    if small.relations and not set(big.relations) <= set(small.relations):
        return False

    def vanishes(e: sp.Expr) -> bool:
        numerator = sp.fraction(sp.together(e))[0]
        return bool(sp.simplify(numerator.subs(small.solution, simultaneous=True)) == 0)

    return all(map(vanishes, conditions)) and not any(map(vanishes, big.nonzero))
