"""Readable conditions: signs of expressions, and conjunctions of inequalities, by exact algebra.

Nothing here is approximate: a sign is known if sympy's assumptions, a sum of even powers, a
discriminant or a factorisation proves it, and otherwise it stays a condition.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.positivity import (
    as_relation,
    nonzero,
    not_negative,
    positive,
)
from dynsharp.algebra.signs import factors, known, sign, weak_sign


def simplify(
    condition: Boolean, facts: Iterable[Boolean] = (), order: Sequence[sp.Symbol] = ()
) -> Boolean:
    """Simplify a conjunction of inequalities: proved ones go, contradictions make it false.

    What one conjunct proves is used for the others; bounds on the same symbol are compared; a
    condition in one symbol is solved for it. Disjunctions are simplified term by term.
    """
    condition = sp.sympify(condition)
    if condition in (sp.true, sp.false):
        return condition
    if isinstance(condition, sp.Or):
        return sp.Or(*(simplify(c, facts, order) for c in condition.args))
    todo = list(condition.args if isinstance(condition, sp.And) else [condition])
    facts = list(facts)
    for _ in range(8):
        todo.sort(key=lambda a: (-sp.count_ops(a), str(a)))  # the longest is judged by the others
        before = list(todo)
        for atom in before:
            # One at a time: two conjuncts that prove each other must not both go.
            todo.remove(atom)
            rewritten = _rewritten(atom, facts + todo, order)
            new = rewritten.args if isinstance(rewritten, sp.And) else [rewritten]
            todo += [a for a in new if a not in todo and a != sp.true]
        if sp.false in todo:
            return sp.false
        todo = _strict(todo)
        if set(todo) == set(before):
            break
    atoms = set(todo)
    atoms = _tightest(atoms, facts)
    if sp.false in atoms:
        return sp.false
    split = _by_cases(atoms, facts, order)
    return _by_symbol(atoms) if split is None else split


def real_condition(expression: sp.Expr) -> Boolean:
    """Return the condition under which an expression is real and finite.

    Roots need non-negative radicands, logarithms positive arguments, denominators must not
    vanish; inverse tanh, sine and cosine need their argument in range.
    """
    conditions = []
    for e in sp.preorder_traversal(expression):
        if isinstance(e, sp.Pow) and e.exp.is_Rational and not e.exp.is_integer:
            conditions.append(positive(e.base) if e.exp < 0 else not_negative(e.base))
        elif isinstance(e, sp.Pow) and e.exp.is_negative:
            conditions.append(nonzero(e.base))
        elif isinstance(e, sp.Pow) and not e.exp.is_number and not e.base.is_nonnegative:
            conditions.append(positive(e.base))
        elif isinstance(e, sp.log):
            conditions.append(positive(e.args[0]))
        elif isinstance(e, sp.atanh):
            conditions.append(positive(1 - e.args[0] ** 2))
        elif isinstance(e, sp.asin | sp.acos):
            conditions.append(not_negative(1 - e.args[0] ** 2))
        elif isinstance(e, sp.acosh):
            conditions.append(not_negative(e.args[0] - 1))
    return simplify(sp.And(*conditions))


def _rewritten(atom: Boolean, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean:
    if isinstance(atom, sp.Gt | sp.Lt):
        return positive(atom.gts - atom.lts, facts, order)
    if isinstance(atom, sp.Ge | sp.Le):
        s = sign(atom.gts - atom.lts, facts)
        if s is None and weak_sign(atom.gts - atom.lts, facts) == 1:
            return sp.true
        return _weak(atom, facts, order) if s is None else sp.sympify(s >= 0)
    if isinstance(atom, sp.Ne):
        if known(atom, facts):
            return sp.true
        s = sign(atom.lhs - atom.rhs, facts)
        return nonzero(atom.lhs - atom.rhs) if s is None else sp.true if s else sp.false
    return atom


def _weak(atom: Boolean, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean:
    """Rewrite f ≥ 0 as the complement of a single bound f < 0, if that is what it comes to."""
    below = positive(atom.lts - atom.gts, facts, order)
    single = isinstance(below, sp.Gt | sp.Lt) or below in (sp.true, sp.false)
    solved = len(below.free_symbols) == 1 and _is_bound(below, *below.free_symbols)
    return sp.to_nnf(sp.Not(below)) if single or solved else atom


def _strict(atoms: list[Boolean]) -> list[Boolean]:
    """Join f ≥ 0 and f ≠ 0 to f > 0."""
    result = list(atoms)
    for weak in (a for a in atoms if isinstance(a, sp.Ge | sp.Le)):
        gap = weak.gts - weak.lts
        for unequal in (a for a in atoms if isinstance(a, sp.Ne)):
            if sp.cancel((unequal.lhs - unequal.rhs) / gap).is_number:
                strict = weak.lhs > weak.rhs if isinstance(weak, sp.Ge) else weak.lhs < weak.rhs
                result = [a for a in result if a not in (weak, unequal)] + [strict]
    return result


def _tightest(atoms: set[Boolean], facts: list[Boolean]) -> set[Boolean]:
    """Among bounds of one symbol from one side, drop those that another one implies."""
    kept = set(atoms)
    bounds = sorted((a for a in atoms if isinstance(a, BOUNDS)), key=str)
    for a, b in itertools.permutations(bounds, 2):
        if not {a, b} <= kept or a.lhs != b.lhs:
            continue
        usable = facts + _eliminated([c for c in kept if c != a])
        gap = sign(a.rhs - b.rhs if isinstance(a, sp.Lt | sp.Le) else b.rhs - a.rhs, usable)
        if _is_upper(a) == _is_upper(b):  # x < a.rhs follows from x < b.rhs <= a.rhs
            if gap == 1 or (gap == 0 and isinstance(b, sp.Gt | sp.Lt)):
                kept.discard(a)
            continue
        attained = isinstance(a, sp.Le) and isinstance(b, sp.Ge)
        if _is_upper(a) and (gap == -1 or (gap == 0 and not attained)):  # b.rhs < x < a.rhs
            return {sp.false}
    return kept


BOUNDS = sp.Gt | sp.Lt | sp.Ge | sp.Le


def conjuncts(condition: Boolean) -> list[Boolean]:
    """Return the terms of a conjunction."""
    return list(condition.args) if isinstance(condition, sp.And) else [condition]


def strict(condition: Boolean) -> list[Boolean]:
    """Return the conjuncts, for the inside of the region that they bound."""
    return [a.gts > a.lts if isinstance(a, sp.Ge | sp.Le) else a for a in conjuncts(condition)]


def _is_upper(bound: Boolean) -> bool:
    return isinstance(bound, sp.Lt | sp.Le)


def _eliminated(atoms: list[Boolean]) -> list[Boolean]:
    """Add to the atoms what follows by eliminating a symbol: l < u where l < x < u."""
    lower = [a for a in atoms if isinstance(a, sp.Gt | sp.Ge)]
    upper = [a for a in atoms if isinstance(a, sp.Lt | sp.Le)]
    pairs = [(a, b) for a in lower for b in upper if a.lhs == b.lhs and a.lhs.is_Symbol]
    strict = [(a, b) for a, b in pairs if isinstance(a, sp.Gt) or isinstance(b, sp.Lt)]
    return atoms + [b.rhs - a.rhs > 0 for a, b in strict]


def _by_symbol(atoms: set[Boolean]) -> Boolean:
    """Join the atoms; those in one symbol alone are solved together."""
    alone = {next(iter(a.free_symbols)) for a in atoms if len(a.free_symbols) == 1}
    for x in sorted(alone, key=str):
        mine = {a for a in atoms if a.free_symbols == {x} and _is_bound(a, x)}
        if len(mine) > 1:
            try:
                solved = sp.And(*mine).as_set()
            except NotImplementedError:
                continue
            atoms = (atoms - mine) | {as_relation(solved, x)}
    return sp.And(*atoms)


def _by_cases(
    atoms: set[Boolean], facts: list[Boolean], order: Sequence[sp.Symbol]
) -> Boolean | None:
    """Split by the sign of a factor that several products share, if that is no longer to read."""
    products = [a for a in atoms if isinstance(a, sp.Gt | sp.Lt) and a.rhs == 0]
    shared: dict[sp.Expr, int] = {}
    for a in products:
        odd = [f for f, n in factors(a.lhs) if f.free_symbols and n % 2]
        for f in odd if len(odd) > 1 else []:
            f = -f if f.could_extract_minus_sign() else f
            shared[f] = shared.get(f, 0) + 1
    often = [f for f, n in shared.items() if n > 1]
    if not often:
        return None
    f = min(often, key=lambda f: (-shared[f], sp.count_ops(f), str(f)))
    rest = atoms - {sp.Ne(f, 0), sp.Ne(-f, 0)}
    cases = [simplify(sp.And(sign_, *rest), facts, order) for sign_ in (f > 0, f < 0)]
    split = sp.Or(*cases)
    return split if sp.count_ops(split) <= sp.count_ops(sp.And(*atoms)) + 2 else None


def _is_bound(atom: Boolean, x: sp.Symbol) -> bool:
    if isinstance(atom, sp.Or | sp.And):
        return all(_is_bound(a, x) for a in atom.args)
    return isinstance(atom, sp.Rel) and x in (atom.lhs, atom.rhs) and len(atom.free_symbols) == 1
