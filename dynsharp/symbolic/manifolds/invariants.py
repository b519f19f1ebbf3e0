"""Invariant manifolds of a map, found as discrete Darboux polynomials and by symmetry."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.expressions import tidy
from dynsharp.arguments import checked_count, checked_positive
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.results import Result
from dynsharp.symbolic.manifolds.darboux import Candidate, affine
from dynsharp.symbolic.manifolds.higher_degree import determinant_factors, of_degree
from dynsharp.symbolic.manifolds.regions import ForwardInvariantRegion, forward_invariant_regions
from dynsharp.symbolic.manifolds.symmetries import InvariantSubspace, fixed_subspaces
from dynsharp.symbolic.rational_maps import with_constants_as_parameters, with_exact_numbers


@dataclass(frozen=True, repr=False, eq=False)
class InvariantManifold(Result):
    """The hypersurface m = 0 with m∘F = c·m.

    Attributes
    ----------
    map
        The map F.
    equation
        The polynomial m in state and parameters.
    cofactor
        c. Where it is positive, orbits stay on their side of the manifold; |c| < 1 is approach.
        For maps that are not rational it is the quotient (m∘F)/m as it stands.
    condition
        What has to hold for the parameters (and for implicit constants in ``equation``).
    constants
        Symbols in ``equation`` that are free: there is one manifold for each of their values.
    """

    told = ("equation", "cofactor", "transverse_multiplier", "condition", "constants")

    map: DiscreteMap
    equation: sp.Expr
    cofactor: sp.Expr
    condition: Boolean = sp.true
    constants: tuple[sp.Symbol, ...] = ()

    @property
    def is_integral(self) -> bool:
        """Whether m is a first integral: conserved, so that m = constant is invariant as well."""
        return self.cofactor == 1

    @property
    def eliminated(self) -> sp.Symbol | None:
        """The state variable that the manifold is solved for; None if none has one solution."""
        return self._graph[0] if self._graph else None

    @property
    def parametrisation(self) -> dict[sp.Symbol, sp.Expr]:
        """Each state variable in the coordinates of `restrict`, which are state variables too.

        Raises
        ------
        InputError
            If the manifold is not a graph over all other variables.
        """
        if self._graph is None:
            raise InputError(
                "equation", self.equation, "an equation with one solution for a state variable"
            )
        solved, graph = self._graph
        return {x: graph if x == solved else x for x in self.map.state}

    @cached_property
    def transverse_multiplier(self) -> sp.Expr:
        """Factor by which a step scales a small distance m from the manifold, on the manifold.

        It is the cofactor there, in the coordinates of `restrict`; left in all state variables for
        a manifold that is not a graph.
        """
        if self._graph is None:
            return self.cofactor
        solved, _ = self._graph
        onto = self.parametrisation
        c = self.cofactor
        if not c.is_rational_function(*self.map.state):  # a quotient 0/0: its limit, by l'Hôpital
            image = self.equation.subs(self.map.update, simultaneous=True)
            c = sp.diff(image, solved) / sp.diff(self.equation, solved)
        return tidy(c.subs(onto, simultaneous=True))

    def restrict(self, eliminate: sp.Symbol | str | None = None) -> DiscreteMap:
        """Return the map on the manifold, in the other state variables.

        Parameters
        ----------
        eliminate
            The state variable to solve for; the last one with a unique solution if left out.

        Raises
        ------
        InputError
            If the manifold is not a graph over the other variables.
        """
        return self.map.restrict(self.equation, eliminate or self.eliminated)

    @cached_property
    def _graph(self) -> tuple[sp.Symbol, sp.Expr] | None:
        if self.map.dimension == 1:
            return None
        for x in reversed(self.map.state):
            if self.equation.has(x) and sp.degree(self.equation, x) == 1:
                slope, rest = sp.Poly(self.equation, x).all_coeffs()
                if not slope.has(*self.map.state):
                    return x, sp.expand(sp.cancel(-rest / slope))
        return None

    def __repr__(self) -> str:
        text = f"{self.equation} = 0: cofactor {self.cofactor}"
        if self.is_integral:
            text = f"{self.equation} is conserved"
        if self.condition != sp.true:
            text += f", if {self.condition}"
        if self.constants:
            text += f", for every {', '.join(map(str, self.constants))}"
        return text

    def _repr_latex_(self) -> str:
        return f"${sp.latex(self.equation)} = 0$, cofactor ${sp.latex(self.cofactor)}$"


@dataclass(frozen=True, repr=False, eq=False)
class InvariantManifolds(Result, Sequence[InvariantManifold]):
    """What `invariant_manifolds` found: a sequence of `InvariantManifold`.

    Attributes
    ----------
    map
        The map.
    manifolds
        The hypersurfaces, by degree; simple ones first.
    subspaces
        Invariant subspaces of higher codimension, fixed by symmetries, that are not intersections
        of the hypersurfaces (exchanging two weights exchanges their velocities too, for example).
    unresolved
        One sentence for every part of the search that did not come to an end, or could not start.
    """

    told = ("manifolds", "subspaces", "regions", "unresolved")

    map: DiscreteMap
    manifolds: tuple[InvariantManifold, ...]
    subspaces: tuple[InvariantSubspace, ...] = ()
    unresolved: tuple[str, ...] = ()

    @cached_property
    def regions(self) -> tuple[ForwardInvariantRegion, ...]:
        """Regions bounded by the manifolds that no orbit leaves, as far as signs are provable."""
        return forward_invariant_regions(self.map, self.manifolds)

    @overload
    def __getitem__(self, index: int) -> InvariantManifold: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[InvariantManifold, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.manifolds[index]

    def __len__(self) -> int:
        return len(self.manifolds)

    def __iter__(self) -> Iterator[InvariantManifold]:
        return iter(self.manifolds)

    def __repr__(self) -> str:
        rows = [("manifold", "cofactor", "transverse multiplier", "condition")]
        for m in self.manifolds:
            label = f"{m.equation} conserved" if m.is_integral else f"{m.equation} = 0"
            condition = "" if m.condition == sp.true else str(m.condition)
            condition += f" every {', '.join(map(str, m.constants))}" if m.constants else ""
            rows.append((label, str(m.cofactor), str(m.transverse_multiplier), condition.strip()))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [f"{self.map.name}: {len(self)} invariant manifolds"]
        lines += [
            "    " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
            for row in (rows if len(rows) > 1 else [])
        ]
        lines += [f"    invariant subspace: {s}" for s in self.subspaces]
        lines += [f"    unresolved: {text}" for text in self.unresolved]
        return "\n".join(lines)


def invariant_manifolds(
    map: DiscreteMap, degree: int = 2, budget: float = 20.0
) -> InvariantManifolds:
    """Find the invariant hypersurfaces m = 0 of a map, m a polynomial of low degree.

    m∘F = c·m makes m = 0 invariant, and the cofactor c tells what happens beside it. For rational
    maps all affine m are found, by reducing m∘F modulo m; those of higher degree are found if c is
    a constant times powers of factors of det DF and one factor of a cofactor found before. For
    other maps the fixed subspaces of permutation and sign symmetries are found. The parameters are
    generic: a manifold that exists only for special parameter values is not reported.

    Parameters
    ----------
    map
        Any map; one-variable maps have only points (see ``fixed_points``) and give nothing.
    degree
        Highest degree of m in the state. Reducible m are not reported, their factors are.
    budget
        Seconds of processor time, roughly; what did not finish is named in ``unresolved``.

    Returns
    -------
    InvariantManifolds

    Raises
    ------
    InputError
        If ``degree`` is not a positive integer or ``budget`` is not positive.

    References
    ----------
    Gasull, Mañosa, *A Darboux-type theory of integrability for discrete dynamical systems*,
    J. Difference Equ. Appl. 8 (2002) 1171.

    Examples
    --------
    >>> a, b, x, y = sp.symbols("a b x y", real=True)
    >>> shear = DiscreteMap({x: a*x, y: b*y + x*y}, parameters=[a, b])
    >>> [(m.equation, m.cofactor) for m in invariant_manifolds(shear)]
    [(y, b + x), (x, a)]
    """
    degree, budget = checked_count("degree", degree), checked_positive("budget", budget)
    if map.dimension == 1:
        return InvariantManifolds(map, ())
    map = with_exact_numbers(map)
    deadline = time.process_time() + budget
    found: list[InvariantManifold] = []
    subspaces: list[InvariantSubspace] = []
    unresolved: list[str] = []

    rational = all(e.is_rational_function(*map.state) for e in map.expressions)
    try:
        with limit(0.3 * budget):
            subspaces = fixed_subspaces(map)
    except BudgetExceeded as over:
        unresolved.append(f"fixed subspaces of symmetries: {over}")
    if rational:
        candidates: list[Candidate] = []
        generic, constants = with_constants_as_parameters(map)
        try:
            with limit(0.6 * budget):
                affine(generic, 0.5 * budget, candidates, unresolved)
        except BudgetExceeded as over:
            unresolved.append(f"affine manifolds: {over}")
        candidates += _higher(generic, degree, candidates, deadline, unresolved)
        candidates = [_put_back(c, constants) for c in candidates]
        found = [m for c in candidates if (m := _manifold(map, c)) is not None]
        if constants:
            unresolved.append(
                "manifolds that exist only because of the values of the constants "
                + ", ".join(str(e) for e in constants.values())
            )
    else:
        found = [_by_symmetry(s) for s in subspaces if len(s.equations) == 1]
        unresolved.append(
            f"{map.name} is not rational in its state: only the fixed subspaces of permutation "
            "and sign symmetries were searched"
        )
    found.sort(key=_order)
    extra = tuple(s for s in subspaces if len(s.equations) > 1 and not _is_intersection(s, found))
    return InvariantManifolds(map, tuple(found), extra, tuple(unresolved))


def _put_back(c: Candidate, constants: dict[sp.Symbol, sp.Expr]) -> Candidate:
    if not constants:
        return c
    return Candidate(
        sp.expand(c.polynomial.subs(constants)),
        sp.factor_terms(sp.simplify(c.cofactor.subs(constants))),
        c.constants,
        tuple(r.subs(constants) for r in c.relations),
    )


def _higher(
    map: DiscreteMap,
    degree: int,
    known: list[Candidate],
    deadline: float,
    unresolved: list[str],
) -> list[Candidate]:
    """Return the manifolds of degree 2 and more; add what is left open to ``unresolved``."""
    found: list[Candidate] = []
    top = max(
        sp.Poly(e, *map.state).total_degree()
        for x in map.expressions
        for e in sp.fraction(sp.together(x))
    )
    for d in range(2, degree + 1):
        try:
            with limit(max(deadline - time.process_time(), 0.01)):
                factors = determinant_factors(map, d * (top - 1))
                for candidate in of_degree(map, d, factors, [*known, *found]):
                    found.append(candidate)
        except BudgetExceeded:
            unresolved.append(f"manifolds of degree {d}: not all cofactors tried in the budget")
    affine = [k for k in known if not k.constants and not k.relations]
    return [c for c in found if not any(_contains(c, k, map) for k in affine)]


def _contains(big: Candidate, small: Candidate, map: DiscreteMap) -> bool:
    """Whether the affine polynomial divides the other: it then is reducible, over some root."""
    pivot = next(x for x in reversed(map.state) if small.polynomial.has(x))
    graph = sp.solve(small.polynomial, pivot)[0]
    return sp.simplify(big.polynomial.subs(pivot, graph)) == 0


def _manifold(map: DiscreteMap, c: Candidate) -> InvariantManifold | None:
    real = conditions.real_condition(c.polynomial)
    condition = sp.And(real, *(sp.Eq(r, 0) for r in c.relations))
    if condition == sp.false:
        return None
    return InvariantManifold(map, _signed(c.polynomial, map), c.cofactor, condition, c.constants)


def _by_symmetry(subspace: InvariantSubspace) -> InvariantManifold:
    (m,) = subspace.equations
    image = m.subs(subspace.map.update, simultaneous=True)
    return InvariantManifold(subspace.map, m, sp.simplify(image / m))


def _signed(m: sp.Expr, map: DiscreteMap) -> sp.Expr:
    """Write x − y for y − x; the last variable keeps its plus otherwise."""
    terms = sp.Add.make_args(m)
    difference = len(terms) == 2 and all(
        abs(t) in map.state or -t in map.state or t in map.state for t in terms
    )
    first = next(x for x in map.state if m.has(x))
    return -m if difference and m.coeff(first) == -1 else m


def _order(m: InvariantManifold) -> tuple[Any, ...]:
    """Low degree first, few parameters first, the last state variables first, differences first."""
    state = m.map.state
    try:
        symbols = sorted(m.equation.free_symbols, key=lambda s: s.name)
        total = sp.Poly(m.equation, *symbols).total_degree()
    except sp.PolynomialError:
        total = 1000
    present = [i for i, x in enumerate(state) if m.equation.has(x)]
    plus = sum(not t.could_extract_minus_sign() for t in sp.Add.make_args(m.equation))
    return (
        sp.Poly(m.equation, *state).total_degree(),
        total,
        -present[-1],
        present[0],
        plus,
        str(m.equation),
    )


def _is_intersection(subspace: InvariantSubspace, found: list[InvariantManifold]) -> bool:
    """Whether linear manifolds that were found cut the subspace out."""
    state = subspace.map.state
    onto = subspace.parametrisation
    through = [m for m in found if not m.constants and m.condition == sp.true]
    rows = [
        [sp.diff(m.equation, x) for x in state]
        for m in through
        if sp.Poly(m.equation, *state).total_degree() == 1
        and sp.expand(m.equation.subs(onto, simultaneous=True)) == 0
    ]
    return bool(rows) and sp.Matrix(rows).rank() >= len(subspace.equations)
