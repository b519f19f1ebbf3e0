"""The real solutions of a system of equations as components: isolated points and families alike.

Equations are split at their factors; on each branch unknowns are solved for where an equation is
linear in them; what is left of a polynomial system goes through a Gröbner basis over the field of
rational functions in the parameters, whose elements are split again. The parameters are generic:
solutions that exist only for special parameter values are not found.

A factorising Gröbner basis in this sense is due to Czapor (1989) and Hietarinta (1992).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.components import Component, named, without_contained
from dynsharp.algebra.inversion import inverted
from dynsharp.algebra.roots import admissible, in_lowest_terms, roots, vanishes_nowhere


@dataclass
class _Branch:
    """A system that is partly solved: ``solved`` holds unknowns in terms of the ones still open."""

    equations: list[sp.Expr]
    solved: dict[sp.Symbol, sp.Expr] = field(default_factory=dict)
    nonzero: list[sp.Expr] = field(default_factory=list)  # denominators
    excluded: list[sp.Expr] = field(default_factory=list)  # vanish on a sibling branch only
    where: list[Boolean] = field(default_factory=list)  # hold besides
    notes: list[str] = field(default_factory=list)  # what is known to be left out
    basis: str = ""  # the monomial order in which the equations are a Gröbner basis already

    def with_equations(self, equations: list[sp.Expr], **changes: Any) -> _Branch:
        return replace(self, **({"equations": equations, "basis": ""} | changes))


def decompose(
    equations: Iterable[sp.Expr], unknowns: Sequence[sp.Symbol], budget: float = 10.0
) -> tuple[list[Component], list[str]]:
    """Solve ``equations == 0`` for the unknowns, over the reals, with generic parameters.

    Returns
    -------
    components
        Those that no other component contains, isolated points after families.
    unresolved
        One sentence for each branch that was not solved (budget over, no method).
    """
    unknowns = tuple(unknowns)
    found: list[Component] = []
    unresolved: list[str] = []
    open_branches: dict[str, list[_Branch]] = {}
    todo = [_Branch(_with_simple_combinations(list(equations)))]
    try:
        with limit(budget):
            while todo:
                branch = todo.pop()
                try:
                    outcome = _advance(branch, unknowns)
                except NotImplementedError:
                    open_branches.setdefault("no method", []).append(branch)
                    continue
                if isinstance(outcome, Component):
                    found.append(outcome)
                    unresolved += [n for n in dict.fromkeys(branch.notes) if n not in unresolved]
                else:
                    todo.extend(reversed(list(outcome)))
    except BudgetExceeded as over:
        open_branches[str(over)] = [branch, *todo]
    unresolved += [_sentence(branches, why) for why, branches in open_branches.items()]
    with contextlib.suppress(BudgetExceeded), limit(budget):
        found = without_contained(found, unknowns)
    return found, unresolved


def _sentence(branches: list[_Branch], reason: str) -> str:
    """Say in one sentence which systems are open: the shortest of them, and how many more."""
    systems = sorted((named(b.equations) for b in branches), key=len)
    more = f" and {len(systems) - 1} more systems" if len(systems) > 1 else ""
    return f"solutions of {systems[0]}{more} not resolved ({reason})"


def _with_simple_combinations(equations: list[sp.Expr]) -> list[sp.Expr]:
    """Put first the sums and differences of two equations that are shorter than both (if few)."""
    equations = [sp.sympify(e) for e in equations]
    extra = []
    for i, a in enumerate(equations if len(equations) <= 8 else []):
        for b in equations[:i]:
            for c in (sp.expand(a - b), sp.expand(a + b)):
                if c != 0 and c.count_ops() < min(a.count_ops(), b.count_ops()):
                    extra.append(c)
    return extra + equations


def _advance(branch: _Branch, unknowns: Sequence[sp.Symbol]) -> Component | Iterable[_Branch]:
    """Take one step: finish the branch, or return the branches that replace it."""
    open_ = [x for x in unknowns if x not in branch.solved]
    if sp.false in branch.where or any(
        _numerator(e) == 0 for e in (*branch.nonzero, *branch.excluded)
    ):
        return ()
    by_inversion = _inverted(branch, branch.equations, open_)
    if by_inversion is not None:
        return by_inversion
    equations = [part for e in branch.equations for part in _squares(_numerator(e))]
    live = [_live_factors(e, open_, branch) for e in equations]
    systems = list(dict.fromkeys(tuple(factors) for factors in live if factors is not None))
    if () in systems:
        return ()  # a constant that is not zero: no solution here
    if not systems:
        return _component(branch, open_, ())
    splitting = [s for s in systems if len(s) > 1]
    if splitting:
        factors = min(splitting, key=lambda s: sum(sp.count_ops(f) for f in s))
        rest = [sp.Mul(*s) for s in systems if s is not factors]
        return (
            branch.with_equations([f, *rest], excluded=[*branch.excluded, *factors[:i]])
            for i, f in enumerate(factors)
        )
    return _eliminate(branch, [s[0] for s in systems], open_)


def _live_factors(
    equation: sp.Expr, unknowns: Sequence[sp.Symbol], branch: _Branch
) -> list[sp.Expr] | None:
    """Irreducible factors that can vanish; [] if none can, None if the equation is 0 = 0."""
    numerator = _numerator(equation)
    if numerator == 0:
        return None
    taboo = [_numerator(e) for e in (*branch.nonzero, *branch.excluded)]
    factors = []
    for f in sp.Mul.make_args(numerator):
        base, exponent = f.as_base_exp()
        if not base.has(*unknowns) if unknowns else True:
            continue  # a parameter-only factor: not zero for generic parameters
        if base.is_nonzero or base.is_positive or base.is_negative:
            continue
        if isinstance(base, sp.exp | sp.cosh) or exponent.is_negative or vanishes_nowhere(base):
            continue
        if base not in taboo and -base not in taboo:
            factors.append(base)
    return list(dict.fromkeys(factors))


def _squares(numerator: sp.Expr) -> list[sp.Expr]:
    """Return the parts that vanish together: a sum of real squares vanishes where each one does."""
    for sum_ in (f for f in sp.Mul.make_args(numerator) if f.is_Add):
        terms = [t.as_coeff_Mul() for t in sum_.args]
        if len({c > 0 for c, _ in terms}) == 1 and all(_is_even(t) for _, t in terms):
            rest = numerator / sum_
            return [rest * _half(t) for _, t in terms]
    return [numerator]


def _half(square: sp.Expr) -> sp.Expr:
    return sp.Mul(*(f ** (n / 2) for f, n in (t.as_base_exp() for t in sp.Mul.make_args(square))))


def _is_even(term: sp.Expr) -> bool:
    """Whether the term is the square of a real expression."""
    powers = [f.as_base_exp() for f in sp.Mul.make_args(term)]
    return all(f.is_real and n.is_integer and n.is_even for f, n in powers)


@lru_cache(maxsize=4096)
def _numerator(equation: sp.Expr) -> sp.Expr:
    """Numerator of the equation, factored."""
    equation = sp.together(sp.expand_power_exp(equation))
    try:
        return sp.powsimp(sp.factor(sp.fraction(sp.cancel(equation))[0]))
    except (sp.PolynomialError, NotImplementedError):
        return sp.factor_terms(sp.fraction(equation)[0])


def _eliminate(
    branch: _Branch, equations: list[sp.Expr], open_: Sequence[sp.Symbol]
) -> Component | Iterable[_Branch]:
    """Invert a function on one of the irreducible equations, solve one that is linear, or go on."""
    by_inversion = _inverted(branch, equations, open_)  # of the factors
    if by_inversion is not None:
        return by_inversion
    linear = []
    for e in equations:
        for x in open_:
            if not e.has(x):
                continue
            slope = _slope(e, x)
            if slope is not None:
                rank = 0 if slope.is_number else 1 if not slope.has(*open_) else 2
                linear.append((rank, slope.count_ops() + e.count_ops(), e, x, slope))
    linear.sort(key=lambda row: (row[0], row[1], str(row[2]), str(row[3])))
    polynomial = len(equations) > 1 and all(e.is_polynomial(*open_) for e in equations)
    if linear and (linear[0][0] < 2 or not polynomial or branch.basis == "lex"):
        return _solve_linear(branch, equations, *linear[0][2:], open_)
    if polynomial and branch.basis != "lex":
        return [_with_basis(branch, equations, open_)]
    return _solve_univariate(branch, equations, open_)


def _inverted(
    branch: _Branch, equations: list[sp.Expr], open_: Sequence[sp.Symbol]
) -> list[_Branch] | None:
    """Invert a function on one of the equations."""
    for e in equations:
        solutions = inverted(e, open_)
        if solutions is not None:
            rest = [f for f in equations if f is not e]
            notes = [*branch.notes, *solutions.notes]
            return [
                branch.with_equations([case, *rest], where=[*branch.where, where], notes=notes)
                for case, where in solutions.cases
            ]
    return None


def _with_basis(branch: _Branch, equations: list[sp.Expr], open_: Sequence[sp.Symbol]) -> _Branch:
    """Replace the equations by a Gröbner basis: by degree first (quick), then triangular."""
    involved = [x for x in open_ if any(e.has(x) for e in equations)]
    domain = _field(equations, involved)
    order = "lex" if branch.basis else "grevlex"
    basis = sp.groebner(equations, *involved, order="grevlex", domain=domain)
    if order == "lex":
        basis = (
            basis.fglm("lex")
            if basis.is_zero_dimensional
            else sp.groebner(equations, *involved, order="lex", domain=domain)
        )
    return branch.with_equations(list(basis.exprs), basis=order)


def _slope(equation: sp.Expr, x: sp.Symbol) -> sp.Expr | None:
    slope = sp.diff(equation, x)
    return None if slope.has(x) or slope == 0 else sp.factor_terms(slope)


def _field(equations: Sequence[sp.Expr], unknowns: Sequence[sp.Symbol]) -> sp.Domain:
    """Return the field that the coefficients generate."""
    coefficients = [c for e in equations for c in sp.Poly(e, *unknowns).coeffs()]
    domain, _ = sp.polys.constructor.construct_domain(coefficients, field=True)
    return domain


def _solve_linear(
    branch: _Branch,
    equations: list[sp.Expr],
    equation: sp.Expr,
    x: sp.Symbol,
    slope: sp.Expr,
    open_: Sequence[sp.Symbol],
) -> Iterable[_Branch]:
    rest = [e for e in equations if e is not equation]
    value = sp.cancel(-equation.subs(x, 0) / slope)
    nonzero = list(branch.nonzero)
    if slope.has(*open_):
        yield branch.with_equations([slope, equation.subs(x, 0), *rest])
        nonzero += _live_factors(slope, open_, branch) or []
    yield _assigned(branch, rest, x, value, nonzero)


def _assigned(
    branch: _Branch,
    rest: list[sp.Expr],
    x: sp.Symbol,
    value: sp.Expr,
    nonzero: list[sp.Expr] | None = None,
) -> _Branch:
    """Put x = value everywhere."""
    return branch.with_equations(
        [e.subs(x, value) for e in rest],
        solved={s: in_lowest_terms(e.subs(x, value)) for s, e in branch.solved.items()}
        | {x: value},
        nonzero=[e.subs(x, value) for e in (branch.nonzero if nonzero is None else nonzero)],
        excluded=[e.subs(x, value) for e in branch.excluded],
        where=[c.subs(x, value) for c in branch.where],
    )


def _solve_univariate(
    branch: _Branch, equations: list[sp.Expr], open_: Sequence[sp.Symbol]
) -> Component | Iterable[_Branch]:
    """Solve an equation for an unknown by radicals, or keep it as a relation."""
    for e in sorted(equations, key=lambda e: (len(e.free_symbols & set(open_)), sp.count_ops(e))):
        for x in sorted(e.free_symbols & set(open_), key=lambda s: (_degree(e, s), str(s))):
            values = roots(e, x)
            if values is not None:
                rest = [f for f in equations if f is not e]
                leads = _leads(branch, e, x, open_)
                cases = [branch.with_equations([c, e, *rest]) for c in leads]
                return cases + [
                    _assigned(branch, rest, x, value, [*branch.nonzero, *leads]) for value in values
                ]
    return _at_zero(branch, equations, open_) or _component(branch, open_, tuple(equations))


def _leads(branch: _Branch, e: sp.Expr, x: sp.Symbol, open_: Sequence[sp.Symbol]) -> list[sp.Expr]:
    """Return the factors of the leading coefficient, of a polynomial in x, that may vanish."""
    lead = sp.LC(e, x) if e.is_polynomial(x) else sp.S.One
    return (_live_factors(lead, open_, branch) or []) if lead.has(*open_) else []


def _at_zero(
    branch: _Branch, equations: list[sp.Expr], open_: Sequence[sp.Symbol]
) -> list[_Branch] | None:
    """Split off the root 0 of an equation in one unknown that has no closed form."""
    for e in equations:
        unknowns = e.free_symbols & set(open_)
        if len(unknowns) == 1 and not e.is_polynomial(*unknowns):
            (x,) = unknowns
            if e.subs(x, 0) == 0 and x not in branch.excluded and admissible(sp.S.Zero, x):
                rest = [f for f in equations if f is not e]
                other = branch.with_equations(
                    equations, excluded=[*branch.excluded, x], nonzero=[*branch.nonzero, x]
                )
                return [_assigned(branch, rest, x, sp.S.Zero), other]
    return None


def _degree(e: sp.Expr, x: sp.Symbol) -> int:
    return sp.degree(e, x) if e.is_polynomial(x) else 1000


def _component(
    branch: _Branch, open_: Sequence[sp.Symbol], relations: tuple[sp.Expr, ...]
) -> Component | Iterable[_Branch]:
    if not all(admissible(value, x) for x, value in branch.solved.items()):
        return ()
    bound = _bound_by(relations, open_)
    free = tuple(x for x in open_ if x not in bound)
    solution = {x: branch.solved.get(x, x) for x in (*open_, *branch.solved)}
    nonzero, where = (tuple(dict.fromkeys(c)) for c in (branch.nonzero, branch.where))
    return Component(solution, free, relations, nonzero, where)


def _bound_by(relations: tuple[sp.Expr, ...], open_: Sequence[sp.Symbol]) -> set[sp.Symbol]:
    """One unknown for each relation: those that the others, and the free ones, determine."""
    bound: set[sp.Symbol] = set()
    for r in relations:
        candidates = [x for x in open_ if r.has(x) and x not in bound]
        if candidates:
            bound.add(min(candidates, key=lambda x: (_degree(r, x), str(x))))
    return bound
