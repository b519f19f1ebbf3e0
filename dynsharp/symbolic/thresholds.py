"""Where a fixed point, or a whole family of them, loses stability along a parameter."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.algebra.expressions import tidy
from dynsharp.algebra.signs import factors
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.results import Result
from dynsharp.symbolic.crossings import (
    Crossing,
    critical_solutions,
    crossings,
    for_some_member,
    real_solution,
)
from dynsharp.symbolic.fixed_points import FixedPoint, conjuncts
from dynsharp.symbolic.normal_forms import flip_at, fold_at, neimark_sacker_at
from dynsharp.symbolic.normal_forms.family_flip import family_flip_at

__all__ = ["Threshold", "Thresholds", "thresholds"]


@dataclass(frozen=True, eq=False)
class Threshold(Result):
    """A parameter value at which a fixed point or a family loses or gains stability.

    Attributes
    ----------
    kind
        ``"flip"``, ``"fold"``, ``"transcritical"``, ``"pitchfork"``, ``"neimark-sacker"``, or
        ``"multiplier 1"`` where the normal form does not decide.
    value
        The critical value, exact.
    parameter
        The parameter (or family coordinate) it is a value of.
    criticality
        ``"supercritical"``, ``"subcritical"``, ``"degenerate"``, ``"supercritical if ..."`` where
        it depends on the other symbols, or ``"undetermined"``; None for a fold and a transcritical
        bifurcation, which have none.
    condition
        What the other symbols must satisfy for it to bound the region of stability.
    state
        Where it happens. On a family: the member of the family that loses stability last.
    """

    kind: str
    value: sp.Expr
    parameter: sp.Symbol
    criticality: str | None
    condition: Boolean
    state: dict[sp.Symbol, sp.Expr]

    def __str__(self) -> str:
        criticality = f", {self.criticality}" if self.criticality else ""
        condition = "" if self.condition == sp.true else f"    [{self.condition}]"
        return f"{self.kind} at {self.parameter} = {self.value}{criticality}{condition}"


_OPEN: str | None = "undetermined"
_SEARCH = 0.75  # at most this part of the budget goes to critical values; the rest to normal forms


class Thresholds(list[Threshold]):
    """A list of thresholds, with a sentence in ``unresolved`` for each part that was not solved."""

    def __init__(self, found: Sequence[Threshold] = (), unresolved: Sequence[str] = ()) -> None:
        super().__init__(found)
        self.unresolved = tuple(unresolved)

    def __repr__(self) -> str:
        lines = [str(t) for t in self] + [f"unresolved: {u}" for u in self.unresolved]
        return "\n".join(lines) or "no threshold"


def thresholds(p: FixedPoint, parameter: Name, budget: float = 20.0) -> Thresholds:
    """Return where a fixed point loses stability along a parameter, and by which bifurcation.

    A multiplier reaches 1 (fold, transcritical, pitchfork), −1 (flip) or a pair reaches the unit
    circle (Neimark–Sacker) while all others are inside it or what keeps them inside is stated as
    the threshold's condition. At a minimum of a loss this is the exact learning-rate threshold.

    For a family of fixed points the threshold is that of the *whole* family: the value past which
    no member that exists is stable. It is an extremum, over the family, of the parameter at which
    a member loses stability, in the interior or where members cease to exist. Along one of the
    family's own coordinates, the threshold is the position at which the members lose stability.

    A point that is stable for no parameters has none: of the two branches of a fold only the one
    that is stable next to it lists it. Nor is the border of a smooth piece of a map with kinks one:
    where the point leaves its piece, its ``exists`` says.

    Values at which the map degenerates (a zero step makes every state a fixed point) are no
    bifurcation and are left out.

    Parameters
    ----------
    p
        A fixed point from `fixed_points`.
    parameter
        A parameter of its map, or a coordinate of the family.
    budget
        Seconds of processor time after which the rest is reported as unresolved.

    Raises
    ------
    InputError
        If ``p`` is not a fixed point, or the parameter is neither of the two.

    Examples
    --------
    >>> from dynsharp.symbolic.fixed_points import fixed_points
    >>> x, r = sp.symbols("x r", real=True)
    >>> logistic = DiscreteMap({x: r*x*(1 - x)}, parameters=[r])
    >>> thresholds(fixed_points(logistic)[1], r)
    transcritical at r = 1
    flip at r = 3, supercritical
    """
    if not isinstance(p, FixedPoint):
        raise InputError("p", repr(p), "a FixedPoint, such as fixed_points(map)[0]")
    symbol = p.map.symbol(parameter, "parameter")
    if symbol not in (*p.map.parameters, *p.family):
        wanted = ", ".join(map(str, (*p.map.parameters, *p.family)))
        raise InputError("parameter", symbol, f"a parameter or a family coordinate: {wanted}")
    found: list[_Critical] = []
    unresolved: list[str] = []
    deadline = time.process_time() + budget
    try:
        with limit(_SEARCH * budget):
            for crossing in crossings(p) if p.stable != sp.false else ():
                solutions, missing = critical_solutions(p, symbol, crossing)
                unresolved += [f"{crossing.kind} along {symbol}: {m}" for m in missing]
                for solution in solutions:
                    known = any(_same(solution[symbol], c, crossing) for c in found)
                    critical = None if known else _critical(p, symbol, crossing, solution)
                    found += [critical] if critical else []
    except BudgetExceeded:
        spent = f"not finished within {_SEARCH * budget:g} s"
        unresolved.append(f"thresholds along {symbol}: {spent}; raise the budget or fix parameters")
    named: list[Threshold] = []
    late: list[str] = []
    for n, c in enumerate(found):
        kind, criticality = c.kind, _OPEN
        try:
            with limit(max(deadline - time.process_time(), 0) / (len(found) - n)):
                kind, criticality = _normal_form(p, symbol, c)
        except BudgetExceeded:
            late.append(str(c.value))
        named.append(Threshold(kind, c.value, symbol, criticality, c.condition, c.state))
    if late:
        spent = f"not finished within {budget:g} s in all"
        where = ", ".join(late) if len(str(late)) <= 100 else f"{len(late)} of these values"
        unresolved.append(f"criticality at {symbol} = {where}: {spent}")
    return Thresholds(sorted(named, key=_by_value), list(dict.fromkeys(unresolved)))


def _by_value(threshold: Threshold) -> tuple[int, float, str]:
    value = threshold.value
    return (0, float(value), "") if value.is_number else (1, 0.0, str(value))


@dataclass(frozen=True)
class _Critical:
    """A threshold before its normal form: ``at`` holds the parameter, and what else was solved."""

    kind: str
    value: sp.Expr
    at: dict[sp.Symbol, sp.Expr]
    state: dict[sp.Symbol, sp.Expr]
    condition: Boolean


def _same(value: sp.Expr, known: _Critical, crossing: Crossing) -> bool:
    """Whether the same value was found before: a mirror image, or the other chart of a family."""
    return known.kind == crossing.kind and sp.simplify(value - known.value) == 0


def _critical(
    p: FixedPoint, symbol: sp.Symbol, crossing: Crossing, solution: dict[sp.Symbol, sp.Expr]
) -> _Critical | None:
    """Judge a solution: None if it bounds no region of stability or the map degenerates there."""
    value = solution[symbol]
    at = dict(solution)
    if p.family and symbol not in p.family and _opens_inside(p, crossing, at):
        return None
    real = real_solution(at)
    inside = [_inside(e, crossing, at, conjuncts(real)) for e in crossing.inside]
    if any(e.has(sp.nan, sp.zoo) for e in (value, *inside)):
        return None  # the member does not exist for these parameters
    exists = sp.And(p.exists.subs(at), real)
    beside = _stable_beside(p, symbol, crossing, at)
    condition = conditions.simplify(
        sp.And(exists, beside, *(e > 0 for e in inside)), (), p.map.parameters
    )
    if symbol not in p.family:
        free = [c for c in p.family if at.get(c, c) == c]
        condition = for_some_member(condition, free, p.map.parameters)
    if condition == sp.false or _degenerates(p, symbol, value):
        return None
    facts = conjuncts(condition)
    at = {x: _with_signs(e, facts) for x, e in at.items()}
    state = {x: _with_signs(e.subs(at, simultaneous=True), facts) for x, e in p.state.items()}
    return _Critical(crossing.kind, at[symbol], at, state, condition)


def _inside(
    e: sp.Expr, crossing: Crossing, at: dict[sp.Symbol, sp.Expr], facts: list[Boolean]
) -> sp.Expr:
    """Return what must be positive for e to be positive on the stable side of the value.

    It is e there; where e vanishes too (heavy ball at β = 1: a pair and the multiplier β leave the
    circle at once), its ratio to the crossing's expression.
    """
    here = conditions.without_moduli(tidy(e.subs(at)), facts)
    if here != 0:
        return here
    ratio = sp.cancel(e / crossing.equation).subs(at)
    return here if ratio.has(sp.nan, sp.zoo) else tidy(ratio)


def _stable_beside(
    p: FixedPoint, symbol: sp.Symbol, crossing: Crossing, at: dict[sp.Symbol, sp.Expr]
) -> Boolean:
    """Condition for the crossing's expression to be positive on some side of the value.

    It is on one side if a factor changes its sign there. If each factor that vanishes keeps its
    sign where the point exists (a square, or a root, or the gap between the parameter and the value
    at which the point is born), the other factors must make the product positive: of the two
    branches of a fold this keeps the one that is stable.
    """
    if p.family and symbol not in p.family:
        return sp.true  # the extremum over the family
    facts = _strictly(p.exists)
    rest, vanishing = sp.S.One, 0
    for f, n in factors(crossing.equation):
        here = sp.simplify(f.subs(at))
        vanishing += here == 0
        if here != 0:
            rest *= here**n
        elif n.is_integer and n % 2:
            s = conditions.sign(f, facts) or _cofactor(f, facts, at)
            if s is None:
                return sp.true
            rest *= s
    return conditions.positive(rest) if vanishing else sp.true


def _cofactor(f: sp.Expr, facts: list[Boolean], at: dict[sp.Symbol, sp.Expr]) -> sp.Expr | None:
    """Return an expression of the sign of f near the value: g there, if f·g > 0 is a fact."""
    for a in facts:
        if isinstance(a, sp.Gt | sp.Lt):
            parts = factors(a.gts - a.lts)
            odd = [n.is_integer and n % 2 and g in (f, -f) for g, n in parts]
            if sum(map(bool, odd)) == 1:
                here = sp.simplify((sp.Mul(*(h**n for h, n in parts)) / f).subs(at))
                return None if here == 0 or here.has(sp.nan, sp.zoo) else here
    return None


def _signs(facts: list[Boolean], symbols: Iterable[sp.Symbol]) -> list[dict[sp.Symbol, sp.Expr]]:
    """Write symbols of known sign as ±(a positive symbol); one that is only ≠ 0 both ways."""
    choices: list[dict[sp.Symbol, sp.Expr]] = [{}]
    for x in sorted(symbols, key=lambda s: s.name):
        size = _size(x)
        known = conditions.sign(x, facts)
        if not x.is_positive and known:
            choices = [c | {x: known * size} for c in choices]
        elif known is None and sp.Ne(x, 0) in facts and len(choices) == 1:
            choices = [c | {x: s * size} for c in choices for s in (1, -1)]
    return choices


def _with_signs(e: sp.Expr, facts: list[Boolean]) -> sp.Expr:
    """Shorten an expression by what is known of the signs of its symbols."""
    e = conditions.without_moduli(tidy(sp.powsimp(e)), facts)
    choices = _signs(facts, e.free_symbols)
    if len(choices) != 1 or not choices[0]:
        return e
    back = {_size(x): x / s.as_coeff_Mul()[0] for x, s in choices[0].items()}
    return min((e, tidy(sp.powsimp(e.subs(choices[0]))).subs(back)), key=sp.count_ops)


def _opens_inside(p: FixedPoint, crossing: Crossing, at: dict[sp.Symbol, sp.Expr]) -> bool:
    """Whether, next to the extremum, members stay stable on both sides of the parameter value.

    The members are stable where the crossing's expression is positive; in the interior of the
    family it must have a maximum along it, so that no second derivative is positive.
    """
    curvatures = (sp.diff(crossing.equation, c, 2).subs(at) for c in p.family)
    gradient = [sp.simplify(sp.diff(crossing.equation, c).subs(at)) for c in p.family]
    if any(crossing.equation.subs(c, -c).expand() == -crossing.equation.expand() for c in p.family):
        return True  # an odd function of a coordinate is positive somewhere, whatever its factor
    return not any(gradient) and any(conditions.sign(sp.simplify(c)) == 1 for c in curvatures)


def _degenerates(p: FixedPoint, symbol: sp.Symbol, value: sp.Expr) -> bool:
    """Whether at this value fixed points fill more dimensions than they do for other values.

    A linear map has a line of them wherever a multiplier is 1: only where it is the identity does
    it degenerate.
    """
    if symbol in p.family or p.piece is not p.map:
        return False
    displacement = p.piece.jacobian - sp.eye(p.map.dimension)
    linear = not displacement.has(*p.map.state)
    names = sorted(displacement.free_symbols | value.free_symbols | {symbol}, key=str)
    # The generic rank, at a point without special position: parameters may have to be integers.
    generic = {x: i + 2 if x.is_integer else sqrt(i + 2) / exp(1) for i, x in enumerate(names)}
    here = generic | {symbol: complex(value.subs(generic))}
    ranks = [
        np.linalg.matrix_rank(np.array(displacement.subs(at).evalf(), dtype=complex), rtol=1e-9)
        for at in (here, generic)
    ]
    return bool(ranks[0] == 0 if linear else ranks[0] < ranks[1])


def _normal_form(p: FixedPoint, symbol: sp.Symbol, c: _Critical) -> tuple[str, str | None]:
    """Return the kind in full, and the criticality: the same for each choice of signs, or open."""
    kind, at, state, facts = c.kind, c.at, c.state, _strictly(c.condition)
    verdicts = set()
    free = set().union(at[symbol].free_symbols, *(e.free_symbols for e in state.values()))
    for signs in _signs(facts, free | set(p.map.parameters) - {symbol}):
        signed = p.piece.substitute({x: e for x, e in signs.items() if x in p.map.parameters})
        point = {x: sp.powdenest(e.subs(signs)) for x, e in state.items()}
        values = {symbol: sp.powdenest(at[symbol].subs(signs))} if symbol not in p.family else {}
        size_facts = [f.subs(signs) for f in facts]
        name, verdict = _judged(signed, kind, point, values, symbol, p.family, size_facts)
        if isinstance(verdict, Boolean):
            back = {_size(x): x / s.as_coeff_Mul()[0] for x, s in signs.items()}
            verdict = _in_words(conditions.simplify(verdict.subs(back), facts))
        verdicts.add((name, verdict))
    return verdicts.pop() if len(verdicts) == 1 else (kind, "undetermined")


def _judged(
    map: DiscreteMap,
    kind: str,
    point: dict[sp.Symbol, sp.Expr],
    values: dict[sp.Symbol, sp.Expr],
    symbol: sp.Symbol,
    family: tuple[sp.Symbol, ...],
    facts: list[Boolean],
) -> tuple[str, str | Boolean | None]:
    """Name the kind, and the criticality or the condition for it to be supercritical."""
    try:
        if family and kind == "flip":
            return kind, _criticality(family_flip_at(map, point, values, family).cubic, facts)
        if family:
            return kind, "undetermined"
        if kind == "flip":
            return kind, _criticality(flip_at(map, point, values, symbol).b, facts)
        if kind == "neimark-sacker":
            lyapunov = neimark_sacker_at(map, point, values, symbol).lyapunov
            return kind, _criticality(None if lyapunov is None else -lyapunov, facts)
        form = fold_at(map, point, values, symbol)
    except (InputError, TypeError):
        # sympy could not show that the point is critical; or no graph over the family; or a
        # coefficient is not a number there
        return kind, "undetermined"
    known = form.kind in ("fold", "transcritical", "pitchfork")
    return (form.kind if known else kind), form.criticality


def _criticality(coefficient: sp.Expr | None, facts: list[Boolean]) -> str | Boolean:
    if coefficient is None:
        return "undetermined"
    coefficient = sp.simplify(coefficient)
    sign = conditions.sign(coefficient, facts)
    if sign is not None:
        return {1: "supercritical", -1: "subcritical", 0: "degenerate"}[sign]
    return conditions.simplify(coefficient > 0, facts)


def _in_words(condition: Boolean) -> str:
    word = {sp.true: "supercritical", sp.false: "subcritical"}.get(condition)
    readable = len(str(condition)) <= 60
    return word or (f"supercritical if {condition}" if readable else "undetermined")


def _strictly(condition: Boolean) -> list[Boolean]:
    """Return the conjuncts, for the inside of the region that they bound."""
    return [a.gts > a.lts if isinstance(a, sp.Ge | sp.Le) else a for a in conjuncts(condition)]


def _size(x: sp.Symbol) -> sp.Symbol:
    return sp.Symbol(f"{x.name}_size", positive=True)
