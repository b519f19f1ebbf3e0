"""Inequalities with nested square roots in one real parameter, solved."""

from __future__ import annotations

import itertools

import sympy as sp
from sympy.logic.boolalg import Boolean

_DIGITS = 50
_ZERO = sp.Float(10, _DIGITS) ** -20


def solve(condition: Boolean, x: sp.Symbol) -> Boolean | None:
    """Solve a condition in x alone for x; None if its relations are not of algebraic functions.

    A sign can only change where the function, a radicand or a denominator vanishes. These places
    are roots of polynomials, found exactly by taking norms; between them one sample decides.
    """
    relations = condition.atoms(sp.Rel)
    if any(isinstance(r, sp.Eq) for r in relations):
        return None
    atoms = {r: _without_abs(r) for r in relations}
    parts = [e for r in atoms.values() for e, _ in r]
    parts += [s.base for e in list(parts) for s in e.atoms(sp.Pow) if not s.exp.is_Integer]
    roots: set[sp.Expr] = set()
    for e in parts:
        for polynomial in (_norm(part, x) for part in sp.fraction(sp.together(e))):
            if polynomial is None:
                return None
            if polynomial.has(x):
                roots.update(sp.Poly(polynomial, x).real_roots())

    def holds(c: Boolean, value: sp.Expr) -> bool:
        if isinstance(c, sp.And | sp.Or):
            return (all if isinstance(c, sp.And) else any)(holds(part, value) for part in c.args)
        return bool(c) if c in (sp.true, sp.false) else _holds(atoms[c], x, value)

    lowest = sp.S.Zero if x.is_positive or x.is_nonnegative else -sp.oo
    inner = sorted((r for r in roots if (r > lowest) == sp.true), key=lambda r: sp.N(r, _DIGITS))
    places = [lowest, *inner, sp.oo]
    pieces: list[tuple[sp.Expr, sp.Expr, bool]] = []  # lower end, upper end, is it a single point
    for a, b in itertools.pairwise(places):
        if a in inner:
            pieces.append((a, a, holds(condition, sp.N(a, _DIGITS))))
        pieces.append((a, b, holds(condition, _between(a, b))))
    return _joined(pieces, x, lowest)


def _without_abs(atom: Boolean) -> list[tuple[sp.Expr, bool]]:
    """Return (e, strict) for e > 0 or e ≥ 0; −|b| gives one for each sign of b."""
    if isinstance(atom, sp.Ne):
        return [((atom.lhs - atom.rhs) ** 2, True)]
    e, strict = atom.gts - atom.lts, isinstance(atom, sp.Gt | sp.Lt)
    expressions = [e]
    for a in sorted(e.atoms(sp.Abs), key=str):
        if e.coeff(a).is_negative:
            expressions = [f.subs(a, s * a.args[0]) for f in expressions for s in (1, -1)]
    return [(sp.expand(f), strict) for f in expressions]


def _norm(e: sp.Expr, x: sp.Symbol) -> sp.Expr | None:
    """Return a polynomial in x that vanishes where e does."""
    e = sp.expand(e)
    while True:
        roots = [p for p in e.atoms(sp.Pow) if not p.exp.is_Integer]
        if not roots:
            break
        outer = max(roots, key=lambda p: (p.count_ops(), str(p)))
        s = sp.Dummy()
        if abs(outer.exp) != sp.Rational(1, 2):
            return None
        hidden = sp.numer(sp.together(e.subs(outer, s)))
        e = sp.expand(sp.resultant(hidden, s**2 - outer.base ** (2 * outer.exp), s))
        e = sp.numer(sp.together(e))
    return e if e.is_polynomial(x) else None


def _between(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    low, high = sp.N(a, _DIGITS), sp.N(b, _DIGITS)
    if a == -sp.oo and b == sp.oo:
        return sp.Float(sp.Rational(1, 3), _DIGITS)
    if a == -sp.oo:
        return high - 1
    return low + 1 if b == sp.oo else (low + high) / 2


def _holds(atoms: list[tuple[sp.Expr, bool]], x: sp.Symbol, value: sp.Expr) -> bool:
    for e, strict in atoms:
        v = sp.N(e.subs(x, value), _DIGITS)
        if not v.is_finite or abs(sp.im(v)) > _ZERO:
            return False
        if sp.re(v) < (_ZERO if strict else -_ZERO):
            return False
    return True


def _joined(pieces: list[tuple[sp.Expr, sp.Expr, bool]], x: sp.Symbol, lowest: sp.Expr) -> Boolean:
    """Join neighbouring pieces that hold to intervals."""
    intervals: list[list[tuple[sp.Expr, sp.Expr, bool]]] = [[]]
    for piece in pieces:
        if piece[2]:
            intervals[-1].append(piece)
        elif intervals[-1]:
            intervals.append([])
    relations = []
    for run in filter(None, intervals):
        (a, a_end, _), (b_start, b, _) = run[0], run[-1]
        if a == b:
            relations.append(sp.Eq(x, a))
            continue
        parts = []
        if a != lowest:
            parts.append(x >= a if a == a_end else x > a)
        if b != sp.oo:
            parts.append(x <= b if b == b_start else x < b)
        relations.append(sp.And(*parts))
    return sp.Or(*relations)
