"""Readable conditions: signs of expressions, and conjunctions of inequalities, by exact algebra.

Nothing here is approximate: a sign is known if sympy's assumptions, a sum of even powers, a
discriminant or a factorisation proves it, and otherwise it stays a condition.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.signs import (
    even_sign,
    factor_sign,
    factors,
    known,
    sign,
    split_root,
    weak_sign,
)

__all__ = [
    "BOUNDS",
    "not_negative",
    "positive",
    "real_condition",
    "sign",
    "simplify",
    "without_moduli",
]


_SOLVING = 3.0  # seconds for the solution of one inequality


def positive(
    expression: sp.Expr, facts: Iterable[Boolean] = (), order: Sequence[sp.Symbol] = ()
) -> Boolean:
    """Return a readable condition that is equivalent to ``expression > 0``.

    Factors of known sign are dropped, even powers become ≠ 0, one remaining factor is solved for a
    symbol in which it is linear with a coefficient of known sign, one remaining symbol is solved
    for; a product of several factors stays a product. Where several symbols could be solved for,
    the first in ``order`` is.
    """
    facts = list(facts)
    overall, odd, nonzero = 1, [], []
    for f, n in factors(sp.sympify(expression)):
        s = factor_sign(f, facts)
        if s == 0:
            return sp.false
        if s is not None:
            overall *= s if n % 2 else 1
        elif n.is_integer and n % 2 == 0:
            if even_sign(f, facts) is None:
                nonzero.append(sp.Ne(f, 0))
        elif n.is_Rational and n.q % 2 == 0:  # a root is positive where it is not zero
            nonzero.append(positive(f, facts, order))
        elif (s := weak_sign(f, facts)) and any(isinstance(a, sp.Ge | sp.Le) for a in facts):
            overall *= s
            nonzero.append(_isolated(s * f, facts, order))
        else:
            odd.append(f)
    product = sp.Mul(*odd)
    if not odd:
        condition = sp.true if overall > 0 else sp.false
    elif len(product.free_symbols) == 1:
        condition = _solved(product, overall)
    elif len(odd) == 1:
        condition = _isolated(overall * odd[0], facts, order)
    else:
        condition = _difference_of_squares(overall * product, facts, order)
    if len(odd) == 1 and isinstance(odd[0], sp.Abs):
        condition = sp.Ne(odd[0].args[0], 0) if overall > 0 else sp.false
    return sp.And(condition, *nonzero)


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
            conditions.append(_nonzero(e.base))
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


def not_negative(expression: sp.Expr) -> Boolean:
    """Return a readable condition that is equivalent to ``expression >= 0``."""
    if sign(expression) == 0 or expression.is_nonnegative:
        return sp.true
    below = positive(-expression)
    return sp.Not(below) if not isinstance(below, sp.And) else sp.sympify(expression) >= 0


def without_moduli(expression: sp.Expr, facts: Iterable[Boolean]) -> sp.Expr:
    """Replace |a| by a or −a where the facts, strict or not, tell which."""
    facts = list(facts)
    strict = [
        a.gts > a.lts if isinstance(a, sp.Ge | sp.Le) else a for a in facts
    ]  # at equality |a| is 0 either way
    signs = {a: sign(a.args[0], strict) for a in expression.atoms(sp.Abs)}
    return expression.subs({a: s * a.args[0] for a, s in signs.items() if s is not None})


# ---- rewriting --------------------------------------------------------------------------------


def _nonzero(expression: sp.Expr) -> Boolean:
    open_ = [f for f, _ in factors(expression) if sign(f) in (None, 0)]
    inner = [f.args[0] if isinstance(f, sp.Abs | sp.sign) else f for f in open_]
    return sp.And(*(_nonzero_factor(f) for f in inner))


def _nonzero_factor(f: sp.Expr) -> Boolean:
    """Write f ≠ 0; A + B√R with A > 0 > B vanishes where A² = B²R does."""
    A, B, R = split_root(f) or (sp.S.Zero, sp.S.Zero, sp.S.Zero)
    if (sign(A) or 0) * (sign(B) or 0) != -1:
        x = next(iter(f.free_symbols), None)
        linear = x is not None and f.free_symbols == {x} and f.is_polynomial(x)
        if linear and sp.degree(f, x) == 1:
            slope, rest = sp.Poly(f, x).all_coeffs()
            return sp.Ne(x, -rest / slope)
        return sp.Ne(f, 0)
    return _nonzero(sp.expand(A**2 - B**2 * R))


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
        return _nonzero(atom.lhs - atom.rhs) if s is None else sp.true if s else sp.false
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


def _solved(f: sp.Expr, overall: int) -> Boolean:
    """Solve overall·f > 0 for its only symbol."""
    (x,) = f.free_symbols
    relation = f > 0 if overall > 0 else f < 0
    if not f.is_polynomial(x):
        return _isolated(overall * f, [], ())
    plain = sp.Symbol(x.name, real=True)
    try:
        with limit(_SOLVING):
            within = relation.subs(x, plain)
            solved = sp.solve_univariate_inequality(within, plain, relational=False)
        if x.is_nonnegative:
            solved = solved & (
                sp.Interval.open(0, sp.oo) if x.is_positive else sp.Interval(0, sp.oo)
            )
    except (NotImplementedError, BudgetExceeded):
        return relation
    if (
        not isinstance(solved, sp.Interval | sp.Union | sp.FiniteSet)
        and solved is not sp.S.EmptySet
    ):
        return relation if solved != sp.S.Reals else sp.true
    return _as_relation(solved, x)


def _as_relation(solution: sp.Set, x: sp.Symbol) -> Boolean:
    if isinstance(solution, sp.Union):
        return sp.Or(*(_as_relation(part, x) for part in solution.args))
    if solution is sp.S.EmptySet:
        return sp.false
    if isinstance(solution, sp.FiniteSet):
        return sp.Or(*(sp.Eq(x, value) for value in solution))
    a, b = solution.start, solution.end
    parts = []
    if a.is_finite and not (a == 0 and x.is_positive):
        parts.append(x > a if solution.left_open else x >= a)
    if b.is_finite:
        parts.append(x < b if solution.right_open else x <= b)
    return sp.And(*parts)


def _isolated(f: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean:
    """Write f > 0 as a bound on one symbol or, if none can be isolated, with positive terms."""
    for rewrite in (_peeled, _unrooted):
        rewritten = rewrite(f, facts, order)
        if rewritten is not None:
            return rewritten
    bounds = []
    for x in sorted(f.free_symbols, key=lambda s: s.name):
        linear = f.is_polynomial(x) and sp.degree(f, x) == 1
        if not linear:
            continue
        slope, rest = sp.Poly(f, x).all_coeffs()
        s = sign(slope, facts)
        if s:
            bound = min((sp.factor(-rest / slope), sp.powsimp(-rest / slope)), key=sp.count_ops)
            bounds.append(x > bound if s > 0 else x < bound)
    if bounds:
        rank = {x: i for i, x in enumerate(order)}
        return min(bounds, key=lambda b: (rank.get(b.lhs, len(rank)), b.count_ops(), str(b)))
    return _with_positive_terms(f)


def _with_positive_terms(f: sp.Expr) -> Boolean:
    terms = sp.Add.make_args(sp.expand(f))
    minus = [t for t in terms if t.could_extract_minus_sign()]
    left = sp.factor_terms(sp.Add(*(t for t in terms if t not in minus)))
    right = sp.factor_terms(-sp.Add(*minus))
    if not minus:
        return f > 0
    return right < left if left.is_number else left > right


_INVERSES = {sp.exp: sp.log, sp.sinh: sp.asinh, sp.asinh: sp.sinh}


def _peeled(f: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean | None:
    """Write a bound on an increasing function as a bound on its argument: exp(r) < 1 as r < 0."""
    kernels = [g for g in f.atoms(*_INVERSES) if g.args[0].free_symbols]
    if len(kernels) != 1:
        return None
    (g,) = kernels
    t = sp.Dummy("t", real=True)
    outer = f.subs(g, t)
    if outer.free_symbols & g.free_symbols or not outer.is_polynomial(t) or sp.degree(outer, t) > 1:
        return None
    slope, rest = sp.Poly(outer, t).all_coeffs()
    bound, s = sp.cancel(-rest / slope), sign(slope, facts)
    if s is None or (g.func is sp.exp and sign(bound, facts) != 1):
        return None
    return positive(s * (g.args[0] - _INVERSES[g.func](bound)), facts, order)


def _unrooted(f: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]) -> Boolean | None:
    """Write A + B√R > 0 without the root where the sign of B is known, if that is not long."""
    A, B, R = split_root(f) or (sp.S.Zero, sp.S.Zero, sp.S.Zero)
    if R != 0 and A != 0 and sp.fraction(sp.cancel(A / R))[1].is_number:
        rest = sp.cancel(A / R) * sp.sqrt(R) + B
        return sp.And(positive(R, facts, order), positive(rest, facts, order))
    a, b = sign(A, facts), sign(B, facts)
    if not b or (b == 1 and a not in (-1, 0)):
        return None
    gap = positive(-b * sp.expand(A**2 - B**2 * R), facts, order)
    squared = sp.And(positive(A, facts, order), gap) if b == -1 else gap
    return squared if sp.count_ops(squared) <= 2 * sp.count_ops(f) else None


def _difference_of_squares(
    product: sp.Expr, facts: list[Boolean], order: Sequence[sp.Symbol]
) -> Boolean:
    """Write a product > 0; where it is X² − Y², as |X| > |Y| with one symbol isolated."""
    plain = product > 0 if not product.could_extract_minus_sign() else -product < 0
    terms = sp.Add.make_args(sp.expand(product))
    if len(terms) != 2 or _leading(terms[0]) * _leading(terms[1]) > 0:
        return plain
    plus, minus = terms if _leading(terms[0]) > 0 else reversed(terms)
    large, small = _root_of_square(plus), _root_of_square(-minus)
    if large is None or small is None:
        return plain
    rank = {x: i for i, x in enumerate(order)}
    for x in sorted(product.free_symbols, key=lambda s: (rank.get(s, len(rank)), s.name)):
        one, other = (large, small) if large.has(x) else (small, large)
        if one.diff(x).has(x) or other.has(x):
            continue
        slope = one.diff(x)
        if not sign(slope, facts):
            continue
        bound = _modulus(other / slope, facts)
        modulus = _modulus(x, facts)
        return modulus > bound if one is large else modulus < bound
    return _modulus(large, facts) > _modulus(small, facts)


def _leading(term: sp.Expr) -> sp.Expr:
    return term.as_coeff_Mul()[0]


def _root_of_square(term: sp.Expr) -> sp.Expr | None:
    """Return a root of a term that is a square, up to its sign."""
    number, rest = term.as_coeff_Mul()
    powers = [f.as_base_exp() for f in sp.Mul.make_args(rest)]
    if any(not (n.is_integer and n.is_even) and not f.is_positive for f, n in powers):
        return None
    return sp.sqrt(number) * sp.Mul(*(f ** (n / 2) for f, n in powers))


def _modulus(e: sp.Expr, facts: list[Boolean]) -> sp.Expr:
    """Return |e| with factors of known sign outside."""
    return without_moduli(sp.Abs(sp.powsimp(sp.cancel(e))), facts)


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
            atoms = (atoms - mine) | {_as_relation(solved, x)}
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
