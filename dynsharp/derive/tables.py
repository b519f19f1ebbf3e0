"""What each exact result says, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from dynsharp.derive.formats import Cell, Line, Table
from dynsharp.derive.notation import next_value
from dynsharp.map import DiscreteMap
from dynsharp.symbolic.cycles import Cycles
from dynsharp.symbolic.fixed_points import FixedPoint, FixedPoints
from dynsharp.symbolic.manifolds.invariants import InvariantManifolds
from dynsharp.symbolic.manifolds.regions import ForwardInvariantRegion
from dynsharp.symbolic.thresholds import Thresholds

_READABLE = 140  # characters; an expression that is longer helps nobody in a table


def map_table(m: DiscreteMap) -> Table:
    """Return the update and the domain of a map."""
    rows: list[tuple[Cell, ...]] = [(next_value(x, e),) for x, e in m.update.items()]
    notes = [f"Parameters: {', '.join(map(str, m.parameters)) or 'none'}."]
    if m.domain != sp.true:
        rows.append((m.domain,))
        notes.append("The last line is the domain.")
    return Table(f"Map {m.name}", ("update",), rows, notes)


def fixed_points_table(points: FixedPoints) -> Table:
    """Return the fixed points and families, numbered."""
    rows: list[tuple[Cell, ...]] = [
        (str(n), _point(p), _short(p.exists), _multipliers(p), _short(p.stable))
        for n, p in enumerate(points, start=1)
    ]
    notes = [] if rows or points.unresolved else ["None."]
    if any(p.family for p in points):
        notes.append(
            "A family counts as stable where all multipliers but those along it are "
            "inside the unit circle."
        )
    columns = ("", "fixed point", "exists", "multipliers", "stable")
    return Table("Fixed points", columns, rows, notes)


def _point(p: FixedPoint) -> Cell:
    cells: list[Any] = [_state({x: e for x, e in p.state.items() if e != x})]
    cells += [_zero(r) for r in p.relations]
    return cells + [_every(p.family)] * bool(p.family)


def _multipliers(p: FixedPoint) -> Cell:
    cells: list[Any] = []
    for m in p.readable_multipliers(_fits):
        if isinstance(m, sp.Poly):
            cells += ["roots of", _zero(sp.collect(sp.expand(m.as_expr()), m.gen))]
        else:
            cells.append(m)
    return cells or "roots of the characteristic polynomial"


def thresholds_table(found: Mapping[tuple[int, sp.Symbol], Thresholds]) -> Table:
    """Return the thresholds, by the place of their fixed point in the list and the parameter."""
    rows: list[tuple[Cell, ...]] = [
        (
            str(n + 1),
            _short(equation(t.parameter, t.value)),
            t.kind,
            t.criticality or "",
            _unless_always(t.condition),
        )
        for (n, _), some in found.items()
        for t in some
    ]
    answered = {n for (n, _), some in found.items() if some or some.unresolved}
    without = [str(n + 1) for n in dict.fromkeys(n for n, _ in found) if n not in answered]
    notes = [f"None for fixed point {', '.join(without)}."] if without else []
    columns = ("fixed point", "threshold", "bifurcation", "criticality", "if")
    return Table("Thresholds of stability", columns, rows, notes)


def manifolds_table(found: InvariantManifolds) -> Table:
    """Return the invariant manifolds, numbered, and what is conserved."""
    rows: list[tuple[Cell, ...]] = []
    for n, m in enumerate(found, start=1):
        condition: list[Any] = [] if m.condition == sp.true else [_short(m.condition)]
        condition += [_every(m.constants)] * bool(m.constants)
        label: Cell = [_short(m.equation), "conserved"] if m.is_integral else _zero(m.equation)
        rows.append((str(n), label, _short(m.cofactor), _short(m.transverse_multiplier), condition))
    notes = [] if rows or found.unresolved else ["None."]
    columns = ("", "manifold", "cofactor", "transverse multiplier", "if")
    return Table("Invariant manifolds", columns, rows, notes)


def subspaces_table(found: InvariantManifolds) -> Table:
    """Return the invariant subspaces that symmetries of the map have."""
    rows = [([_zero(e) for e in s.equations],) for s in found.subspaces]
    return Table("Invariant subspaces of symmetries", ("equations",), rows)


def regions_table(regions: Sequence[ForwardInvariantRegion]) -> Table:
    """Return the forward-invariant regions."""
    rows: list[tuple[Cell, ...]] = [
        (
            list(r.inequalities),
            "bounded" if r.bounded else "unbounded",
            [_state(c) for c in r.corners],
            _unless_always(r.condition),
        )
        for r in regions
    ]
    return Table("Forward-invariant regions", ("region", "", "corners", "if"), rows)


def cycles_table(found: Cycles) -> Table:
    """Return the cycles of one period."""
    rows: list[tuple[Cell, ...]] = [
        (
            [_state(p) for p in c.points] + [_zero(r) for r in c.relations],
            _short(c.exists),
            [_short(m) for m in c.multipliers] if not c.relations else "",
            _short(c.stable),
        )
        for c in found
    ]
    notes = [] if found.found or found.unresolved else ["None."]
    columns = ("points", "exists", "multipliers", "stable")
    return Table(f"Cycles of period {found.period}", columns, rows, notes)


def equation(left: sp.Expr, right: sp.Expr) -> sp.Eq:
    """Return left = right as it stands: sympy would work it out."""
    return sp.Eq(left, right, evaluate=False)


def _zero(e: sp.Expr) -> Cell:
    return _short(equation(e, sp.S.Zero))


def _state(state: Mapping[sp.Symbol, sp.Expr]) -> Cell:
    return Line(_short(equation(x, e)) for x, e in state.items())


def _every(symbols: Sequence[sp.Symbol]) -> Cell:
    return Line(["for every", *symbols], " ")


def _unless_always(condition: sp.Basic) -> Cell:
    return "" if condition == sp.true else _short(condition)


def _fits(e: sp.Basic) -> bool:
    return len(str(e)) <= _READABLE


def _short(e: sp.Basic) -> Cell:
    """Return the expression, or what stands for it where it is too long to be read."""
    if _fits(e):
        return e
    left = f"{e.lhs} = " if isinstance(e, sp.Eq) and e.lhs.is_Symbol else ""
    return f"{left}(an expression of {len(str(e))} characters: JSON has it in full)"
