"""A cycle of a map in exact terms: its points, its multipliers, its stability."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions, inequalities
from dynsharp.algebra.expressions import tidy
from dynsharp.algebra.shortening import square_part
from dynsharp.map import DiscreteMap
from dynsharp.results import Result
from dynsharp.symbolic.stability import boundary, stability_conditions


@dataclass(frozen=True, repr=False, eq=False)
class Cycle(Result):
    """A cycle x_0 → x_1 → ... → x_0 of minimal period n.

    Attributes
    ----------
    map
        The map.
    points
        Its points in order, as state dictionaries {symbol: value}. Values are expressions in the
        parameters; without a closed form also in one state variable, a root of ``relations``.
    relations
        Polynomials that vanish at that state variable: empty if the points are in closed form. Each
        real root that satisfies ``exists`` gives a point of such a cycle.
    exists
        Condition under which the points are real, distinct and in the map's domain.
    coefficients
        Of the characteristic polynomial μ^d + a_{d−1} μ^{d−1} + ... + a_0 of the Jacobian of the
        n-fold product along the cycle, from a_{d−1} down to a_0.
    """

    told = ("period", "points", "relations", "exists", "multipliers", "stable")

    map: DiscreteMap
    points: tuple[dict[sp.Symbol, sp.Expr], ...] = field(hash=False)
    relations: tuple[sp.Expr, ...]
    exists: Boolean
    coefficients: tuple[sp.Expr, ...]

    @property
    def period(self) -> int:
        """Its minimal period n."""
        return len(self.points)

    @cached_property
    def multipliers(self) -> tuple[sp.Expr, ...]:
        """Eigenvalues of DF(x_{n−1})···DF(x_0): the same from whatever point one starts."""
        a = self.coefficients
        if len(a) == 1:
            return (
                sp.expand(-a[0])
                if any(not p.exp.is_Integer for p in a[0].atoms(sp.Pow))
                else tidy(-a[0]),
            )
        if len(a) == 2:
            A, B = square_part(sp.expand(a[0] ** 2 / 4 - a[1]))
            root = A * sp.sqrt(B)
            return (tidy(-a[0] / 2 - root), tidy(-a[0] / 2 + root))
        mu = sp.Dummy("mu")
        roots = sp.roots(sp.Poly([1, *a], mu), multiple=True)
        return tuple(roots) if len(roots) == len(a) else tuple(sp.Poly([1, *a], mu).all_roots())

    @cached_property
    def stable(self) -> Boolean:
        """Condition, where it exists, for all multipliers to be strictly inside the unit circle."""
        mu = sp.Dummy("mu")
        if not set().union(*(c.free_symbols for c in self.coefficients)):
            return sp.true if all(abs(sp.N(m, 30)) < 1 for m in self.multipliers) else sp.false
        polynomial = sp.Poly([1, *self.coefficients], mu)
        if self.relations and any(c.has(*self.map.state) for c in self.coefficients):
            return sp.And(*(e > 0 for e in boundary(polynomial).expressions()))
        if any(p.exp.is_Integer is False for c in self.coefficients for p in c.atoms(sp.Pow)):
            inside = [e > 0 for e in boundary(polynomial).expressions()]
            return simplified(sp.And(*inside, self.exists))
        facts = self.exists.args if isinstance(self.exists, sp.And) else (self.exists,)
        return stability_conditions(polynomial, facts=facts)

    def __repr__(self) -> str:
        shown = [
            "(" + ", ".join(f"{x} = {v}" for x, v in point.items()) + ")" for point in self.points
        ]
        lines = [" -> ".join(shown)]
        lines += [f"    where {r} = 0" for r in self.relations]
        if self.exists != sp.true:
            lines.append(f"    exists       {self.exists}")
        lines.append(f"    multipliers  {', '.join(map(str, self.multipliers))}")
        lines.append(f"    stable       {self.stable}")
        return "\n".join(lines)


def simplified(condition: Boolean) -> Boolean:
    """Solve a condition in one symbol for it; simplify one in several."""
    if len(condition.free_symbols) == 1:
        (x,) = condition.free_symbols
        solved = inequalities.solve(condition, x)
        if solved is not None:
            return solved
    if condition.has(sp.Eq):
        return condition
    return conditions.simplify(condition)
