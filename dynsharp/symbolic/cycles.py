"""Exact cycles of small polynomial and rational maps, with their multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import sympy as sp

from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.expressions import tidy
from dynsharp.arguments import checked_count, checked_positive
from dynsharp.map import DiscreteMap
from dynsharp.results import Result
from dynsharp.symbolic._orbit import Orbit
from dynsharp.symbolic._orbit_algebra import Extension, coefficient_field, iterate_until_closed
from dynsharp.symbolic._periodic_points import periodic_points
from dynsharp.symbolic.cycle import Cycle, simplified
from dynsharp.symbolic.rational_maps import with_constants_as_parameters, with_exact_numbers


@dataclass(frozen=True, repr=False, eq=False)
class Cycles(Result, Sequence[Cycle]):
    """What `cycles` found: a sequence of `Cycle`; ``unresolved`` says what it could not finish."""

    map: DiscreteMap
    period: int
    found: tuple[Cycle, ...]
    unresolved: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Cycle: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Cycle, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        lines = [f"{self.map.name}: {len(self)} cycles of period {self.period}"]
        lines += [repr(c) for c in self.found]
        return "\n".join([*lines, *(f"unresolved: {text}" for text in self.unresolved)])


def cycles(map: DiscreteMap, period: int, budget: float = 20.0) -> Cycles:
    """Find the cycles of a map, exactly.

    The periodic points of minimal period n are the roots of a polynomial (the dynatomic one in one
    variable, a resultant of the components of Fⁿ(x) − x in several). It is factored over the field
    of the parameters, and each factor's cycles are separated by a sum over the cycle, which is of
    n times lower degree: where it is of degree 1 or 2 the cycle is in closed form, or known by a
    polynomial of degree n for its points (see ``Cycle.relations``). With no parameters left, points
    are exact algebraic numbers.

    Parameters
    ----------
    map
        A map whose update is rational in the state.
    period
        The minimal period n.
    budget
        Seconds of processor time, roughly; what did not finish is named in ``unresolved``.

    Returns
    -------
    Cycles
        Each cycle once (not once for each of its points), for generic parameters.

    Raises
    ------
    InputError
        If ``period`` is not a positive integer or ``budget`` is not positive.

    References
    ----------
    Morton, Patel, *The Galois theory of periodic points of polynomial maps*, Proc. London Math.
    Soc. 68 (1994) 225.

    Examples
    --------
    >>> x, r = sp.symbols("x r", real=True)
    >>> (c,) = cycles(DiscreteMap({x: r*x*(1 - x)}, [r]), period=2)
    >>> c.multipliers
    (-r**2 + 2*r + 4,)
    """
    period, budget = checked_count("period", period), checked_positive("budget", budget)
    if not all(e.is_rational_function(*map.state) for e in map.expressions):
        text = f"{map.name} is not rational in its state: no algebra finds its cycles"
        return Cycles(map, period, (), (text,))
    map = with_exact_numbers(map)
    generic, constants = with_constants_as_parameters(map)
    found: list[Cycle] = []
    unresolved: list[str] = []
    try:
        with limit(budget):
            _collect(generic, period, found, unresolved)
    except BudgetExceeded as over:
        unresolved.append(f"cycles of period {period}: {over}; {len(found)} found until then")
    if constants:
        found = [_put_back(c, map, constants) for c in found]
        found = [c for c in found if c.exists != sp.false]
    return Cycles(map, period, tuple(found), tuple(unresolved))


def _put_back(c: Cycle, map: DiscreteMap, constants: dict[sp.Symbol, sp.Expr]) -> Cycle:
    """Write the irrational constants of the map for the parameters that stood for them."""
    return Cycle(
        map,
        tuple({x: tidy(v.subs(constants)) for x, v in p.items()} for p in c.points),
        tuple(e.subs(constants) for e in c.relations),
        simplified(c.exists.subs(constants)),
        tuple(tidy(sp.expand(e.subs(constants))) for e in c.coefficients),
    )


def _collect(map: DiscreteMap, n: int, found: list[Cycle], unresolved: list[str]) -> None:
    """Append the cycles through the roots of each irreducible factor."""
    K = coefficient_field(map)
    seen: list[tuple[sp.Symbol, sp.Poly]] = []
    for theta, p, coordinates in periodic_points(map, n, unresolved):
        L = Extension(p, theta, K)
        if (theta, L.p) in seen:
            continue
        try:
            start = [L.element(e) for e in coordinates]
        except ZeroDivisionError:
            continue
        points = iterate_until_closed(map, L, start, n)
        if points is None:
            continue
        j = map.state.index(theta)
        orbit = Orbit(map, L, points, j)
        seen += [(theta, q) for q in orbit.conjugate_polynomials()]
        found.extend(c for c in orbit.cycles() if c.exists != sp.false)
