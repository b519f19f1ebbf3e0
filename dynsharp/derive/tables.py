"""A derivation as tables of cells, and those as text, LaTeX and HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sympy as sp
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from dynsharp.derive.derivation import Derivation
from dynsharp.derive.notation import latex, mathml, next_value
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.manifolds.invariants import InvariantManifolds

__all__ = ["Cell", "Table", "as_html", "as_latex", "as_text", "tables"]

# A formula, prose, or several of them one under the other.
Cell: TypeAlias = sp.Basic | str | list[Any]
_READABLE = 140  # characters; an expression that is longer helps nobody in a table


@dataclass(frozen=True)
class Table:
    """A titled table; ``notes`` are sentences under it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    notes: list[str] = field(default_factory=list)


def tables(d: Derivation) -> list[Table]:
    """Return the tables of a derivation; those without content are left out or say so."""
    made = [_map(d), _fixed_points(d), _thresholds(d)]
    if d.manifolds is not None:
        made.append(_manifolds(d.manifolds))
        if d.manifolds.subspaces:
            rows = [([_zero(e) for e in s.equations],) for s in d.manifolds.subspaces]
            made.append(Table("Invariant subspaces of symmetries", ("equations",), rows))
        if d.regions:
            made.append(_regions(d))
    for c in d.cycles:
        made.append(
            Table(
                f"Cycles of period {c.period}",
                ("points", "exists", "multipliers", "stable"),
                [
                    (
                        [_state(p) for p in cycle.points] + [_zero(r) for r in cycle.relations],
                        _short(cycle.exists),
                        [_short(m) for m in cycle.multipliers] if not cycle.relations else "",
                        _short(cycle.stable),
                    )
                    for cycle in c
                ],
                [] if c.found or c.unresolved else ["None."],
            )
        )
    if d.unresolved:
        made.append(Table("Unresolved", ("what",), [(text,) for text in d.unresolved]))
    return made


def _map(d: Derivation) -> Table:
    m = d.map
    rows: list[tuple[Cell, ...]] = [(next_value(x, e),) for x, e in m.update.items()]
    notes = [f"Parameters: {', '.join(map(str, m.parameters)) or 'none'}."]
    if m.domain != sp.true:
        rows.append((m.domain,))
        notes.append("The last line is the domain.")
    return Table(f"Map {m.name}", ("update",), rows, notes)


def _fixed_points(d: Derivation) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (str(n), _point(p), _short(p.exists), _multipliers(p), _short(p.stable))
        for n, p in enumerate(d.fixed_points, start=1)
    ]
    notes = [] if rows or d.fixed_points.unresolved else ["None."]
    if any(p.family for p in d.fixed_points):
        notes.append(
            "A family counts as stable where all multipliers but those along it are "
            "inside the unit circle."
        )
    columns = ("", "fixed point", "exists", "multipliers", "stable")
    return Table("Fixed points", columns, rows, notes)


def _point(p: FixedPoint) -> Cell:
    cells: list[Any] = [_state({x: e for x, e in p.state.items() if e != x})]
    cells += [_zero(r) for r in p.relations]
    if p.family:
        cells.append(_every(p.family))
    return cells


def _multipliers(p: FixedPoint) -> Cell:
    cells: list[Any] = []
    for m in p.readable_multipliers(_fits):
        if isinstance(m, sp.Poly):
            cells += ["roots of", _zero(sp.collect(sp.expand(m.as_expr()), m.gen))]
        else:
            cells.append(m)
    return cells or "roots of the characteristic polynomial"


def _thresholds(d: Derivation) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for (n, _), found in d.thresholds.items():
        for t in found:
            rows.append(
                (
                    str(n + 1),
                    _short(sp.Eq(t.parameter, t.value, evaluate=False)),
                    t.kind,
                    t.criticality or "",
                    "" if t.condition == sp.true else _short(t.condition),
                )
            )
    without = [
        str(n + 1)
        for n in dict.fromkeys(n for n, _ in d.thresholds)
        if not any(ts or ts.unresolved for (i, _), ts in d.thresholds.items() if i == n)
    ]
    notes = [f"None for fixed point {', '.join(without)}."] if without else []
    columns = ("fixed point", "threshold", "bifurcation", "criticality", "if")
    return Table("Thresholds of stability", columns, rows, notes)


def _manifolds(found: InvariantManifolds) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for n, m in enumerate(found, start=1):
        condition: list[Any] = [] if m.condition == sp.true else [_short(m.condition)]
        if m.constants:
            condition.append(_every(m.constants))
        label: Cell = [_short(m.equation), "conserved"] if m.is_integral else _zero(m.equation)
        rows.append((str(n), label, _short(m.cofactor), _short(m.transverse_multiplier), condition))
    notes = [] if rows or found.unresolved else ["None."]
    columns = ("", "manifold", "cofactor", "transverse multiplier", "if")
    return Table("Invariant manifolds", columns, rows, notes)


def _regions(d: Derivation) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            list(r.inequalities),
            "bounded" if r.bounded else "unbounded",
            [_state(c) for c in r.corners],
            "" if r.condition == sp.true else _short(r.condition),
        )
        for r in d.regions
    ]
    return Table("Forward-invariant regions", ("region", "", "corners", "if"), rows)


def _zero(e: sp.Expr) -> Cell:
    return _short(sp.Eq(e, 0, evaluate=False))


def _state(state: Mapping[sp.Symbol, sp.Expr]) -> Cell:
    return _Tuple(_short(sp.Eq(x, e, evaluate=False)) for x, e in state.items())


def _every(symbols: Sequence[sp.Symbol]) -> Cell:
    return _Tuple(["for every", *symbols], " ")


class _Tuple(list[Any]):
    """Cells that belong on one line."""

    def __init__(self, cells: Iterable[Any], separator: str = ", ") -> None:
        super().__init__(cells)
        self.separator = separator


def _fits(e: sp.Basic) -> bool:
    return len(str(e)) <= _READABLE


def _short(e: sp.Basic) -> Cell:
    """Return the expression, or what stands for it where it is too long to be read."""
    if _fits(e):
        return e
    left = f"{e.lhs} = " if isinstance(e, sp.Eq) and e.lhs.is_Symbol else ""
    return f"{left}(an expression of {len(str(e))} characters: see --json)"


# ---- renderers -----------------------------------------------------------------------------


def as_text(made: Sequence[Table], console: Console) -> None:
    """Print tables for people."""
    with console.capture() as captured:
        _print(made, console)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    console.file.write("\n".join(lines).rstrip("\n") + "\n")


def _print(made: Sequence[Table], console: Console) -> None:
    for table in made:
        console.print(escape(table.title), style="bold", highlight=False)
        shown = RichTable(box=None)
        shown.pad_edge = False
        used = [
            i for i, _ in enumerate(table.columns) if any(r[i] not in ("", []) for r in table.rows)
        ]
        for i in used:
            shown.add_column(table.columns[i], overflow="fold", header_style="dim")
        for row in table.rows:
            shown.add_row(*(_text(row[i]) for i in used))
        if table.rows:
            console.print(shown)
        for note in table.notes:
            console.print(escape(note), style="italic", highlight=False)
        console.print()


def _text(cell: Cell) -> str:
    if isinstance(cell, _Tuple):
        return cell.separator.join(map(_text, cell)) or "()"
    if isinstance(cell, list):
        return "\n".join(map(_text, cell))
    if cell in (sp.true, sp.false):
        return "always" if cell == sp.true else "never"
    if isinstance(cell, sp.Eq | sp.Ne):
        sign = "=" if isinstance(cell, sp.Eq) else "!="
        return f"{_text(cell.lhs)} {sign} {_text(cell.rhs)}"
    if isinstance(cell, sp.And):
        return " and ".join(_bracketed(a) for a in sorted(cell.args, key=_order))
    if isinstance(cell, sp.Or):
        return " or ".join(_bracketed(a) for a in sorted(cell.args, key=_order))
    return escape(str(cell))


def _bracketed(condition: sp.Basic) -> str:
    compound = isinstance(condition, sp.And | sp.Or)
    return f"({_text(condition)})" if compound else _text(condition)


def _order(condition: sp.Basic) -> tuple[bool, str]:
    """Lower bounds come first."""
    return not isinstance(condition, sp.Gt | sp.Ge), str(condition)


def as_latex(made: Sequence[Table]) -> str:
    """Return a fragment for a document that loads amsmath."""
    parts = []
    for table in made:
        columns = "".join("l" for _ in table.columns)
        lines = [rf"\paragraph{{{_escape(table.title)}}}"]
        if table.rows:
            lines += [
                r"\begin{center}",
                rf"\begin{{tabular}}{{{columns}}}",
                " & ".join(_escape(c) for c in table.columns) + r" \\ \hline",
            ]
            lines += [" & ".join(_latex(c) for c in row) + r" \\" for row in table.rows]
            lines += [r"\end{tabular}", r"\end{center}"]
        lines += [_escape(note) for note in table.notes]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _latex(cell: Cell) -> str:
    if isinstance(cell, _Tuple):
        return cell.separator.join(map(_latex, cell))
    if isinstance(cell, list):
        if len(cell) <= 1:
            return "".join(map(_latex, cell))
        return r"\begin{tabular}[t]{@{}l@{}}" + r" \\ ".join(map(_latex, cell)) + r"\end{tabular}"
    return _escape(cell) if isinstance(cell, str) else f"${latex(cell)}$"


def _escape(text: str) -> str:
    for sign in "&%$#_{}":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("^", r"\textasciicircum{}").replace("~", r"\textasciitilde{}")


def as_html(made: Sequence[Table], level: int = 3) -> str:
    """Return the tables as HTML with MathML."""
    parts = []
    for table in made:
        if table.title:
            parts.append(f"<h{level}>{html.escape(table.title)}</h{level}>")
        if table.rows:
            used = [
                i
                for i, _ in enumerate(table.columns)
                if any(r[i] not in ("", []) for r in table.rows)
            ]
            head = "".join(f"<th>{html.escape(table.columns[i])}</th>" for i in used)
            body = "".join(
                "<tr>" + "".join(f"<td>{_html(row[i])}</td>" for i in used) + "</tr>"
                for row in table.rows
            )
            parts.append(
                '<div class="wide"><table class="exact">'
                f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
            )
        parts += [f'<p class="note">{html.escape(note)}</p>' for note in table.notes]
    return "\n".join(parts)


def _html(cell: Cell) -> str:
    if isinstance(cell, _Tuple):
        return cell.separator.join(map(_html, cell))
    if isinstance(cell, list):
        return "<br/>".join(map(_html, cell))
    return html.escape(cell) if isinstance(cell, str) else mathml(cell)
