"""The smooth pieces of a map with kinks or jumps: Abs, sign, Heaviside, Max, Min, Piecewise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra import conditions
from dynsharp.map import DiscreteMap

_SIGNED = sp.Abs | sp.sign | sp.Heaviside
_MOST = 64  # pieces, past which a map is not split: six independent kinks


@dataclass(frozen=True)
class Piece:
    """A map that equals the given one where the conditions hold, and is smooth there."""

    map: DiscreteMap
    where: tuple[Boolean, ...]


def pieces(map: DiscreteMap) -> list[Piece]:
    """Split a map at its switches, which become conditions on the state; one piece if it has none.

    The borders between the pieces, where a switch is undecided, belong to none unless a `Piecewise`
    says to which.
    """
    found: list[Piece] = []
    todo = [Piece(map, ())]
    while todo:
        piece = todo.pop()
        switch = _innermost_switch(piece.map)
        if switch is None:
            found += [piece] if conditions.simplify(sp.And(*piece.where)) != sp.false else []
            continue
        todo += reversed([_restricted(piece, rule, where) for rule, where in _cases(switch)])
        if len(todo) + len(found) > _MOST:
            return [Piece(map, ())]
    return found


def _innermost_switch(map: DiscreteMap) -> sp.Basic | None:
    kinds = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise)
    switches = {s for e in map.expressions for s in e.atoms(*kinds) if s.has(*map.state)}
    return min(switches, key=lambda s: (sp.count_ops(s), str(s)), default=None)


def _cases(switch: sp.Basic) -> Iterator[tuple[dict[sp.Basic, sp.Basic], Boolean]]:
    """Yield for each case of a switch what it is there, and where that is."""
    if isinstance(switch, _SIGNED):
        g = switch.args[0]
        yield {sp.Abs(g): g, sp.sign(g): sp.S.One, sp.Heaviside(g): sp.S.One}, g > 0
        yield {sp.Abs(g): -g, sp.sign(g): sp.S.NegativeOne, sp.Heaviside(g): sp.S.Zero}, g < 0
    elif isinstance(switch, sp.Piecewise):
        earlier: Boolean = sp.false
        for value, where in switch.args:
            yield {switch: value}, sp.And(where, sp.Not(earlier))
            earlier = sp.Or(earlier, where)
    else:
        largest = isinstance(switch, sp.Max)
        for a in switch.args:
            others = [b for b in switch.args if b is not a]
            yield {switch: a}, sp.And(*(a > b if largest else a < b for b in others))


def _restricted(piece: Piece, rule: dict[sp.Basic, sp.Basic], where: Boolean) -> Piece:
    map = piece.map
    rewritten = [reduce(lambda e, r: e.subs(*r), rule.items(), e) for e in map.expressions]
    smooth = DiscreteMap(
        dict(zip(map.state, rewritten, strict=True)),
        map.parameters,
        name=map.name,
        domain=map.domain,
    )
    return Piece(smooth, (*piece.where, where))
