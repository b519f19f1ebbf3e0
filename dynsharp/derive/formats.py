"""A titled table of formulas and prose, and how it is written as text, LaTeX and HTML."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sympy as sp
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from dynsharp.derive.notation import latex, mathml

# A formula, prose, or several of them one under the other.
Cell: TypeAlias = sp.Basic | str | list[Any]


class Line(list[Any]):
    """Cells that belong on one line."""

    def __init__(self, cells: Iterable[Any], separator: str = ", ") -> None:
        super().__init__(cells)
        self.separator = separator


@dataclass(frozen=True)
class Table:
    """A table with a title; ``notes`` are sentences under it. Columns without content go."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    notes: list[str] = field(default_factory=list)

    def written(self, write: Callable[[Cell], str]) -> tuple[list[str], list[list[str]]]:
        """Return the titles of the columns with content, and the rows as ``write`` has them."""
        used = [
            i for i, _ in enumerate(self.columns) if any(r[i] not in ("", []) for r in self.rows)
        ]
        return [self.columns[i] for i in used], [[write(r[i]) for i in used] for r in self.rows]


# ---- text ------------------------------------------------------------------------------------


def as_text(tables: Sequence[Table], console: Console) -> str:
    """Return tables for people, as wide as a console is and with its styles."""
    with console.capture() as captured:
        for table in tables:
            console.print(escape(table.title), style="bold", highlight=False)
            columns, rows = table.written(_text)
            shown = RichTable(*columns, box=None, pad_edge=False, header_style="dim")
            for column in shown.columns:
                column.overflow = "fold"
            for row in rows:
                shown.add_row(*row)
            if rows:
                console.print(shown)
            for note in table.notes:
                console.print(escape(note), style="italic", highlight=False)
            console.print()
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).rstrip("\n")


def _text(cell: Cell) -> str:
    if isinstance(cell, Line):
        return cell.separator.join(map(_text, cell)) or "()"
    if isinstance(cell, list):
        return "\n".join(map(_text, cell))
    if cell in (sp.true, sp.false):
        return "always" if cell == sp.true else "never"
    if isinstance(cell, sp.Eq | sp.Ne):
        sign = "=" if isinstance(cell, sp.Eq) else "!="
        return f"{_text(cell.lhs)} {sign} {_text(cell.rhs)}"
    if isinstance(cell, sp.And | sp.Or):
        word = " and " if isinstance(cell, sp.And) else " or "
        return word.join(_bracketed(a) for a in sorted(cell.args, key=_order))
    return escape(str(cell))


def _bracketed(condition: sp.Basic) -> str:
    compound = isinstance(condition, sp.And | sp.Or)
    return f"({_text(condition)})" if compound else _text(condition)


def _order(condition: sp.Basic) -> tuple[bool, str]:
    """Lower bounds come first."""
    return not isinstance(condition, sp.Gt | sp.Ge), str(condition)


# ---- LaTeX -----------------------------------------------------------------------------------


def as_latex(tables: Sequence[Table]) -> str:
    """Return a fragment for a document that loads amsmath."""
    parts = []
    for table in tables:
        lines = [rf"\paragraph{{{_escape(table.title)}}}"]
        columns, rows = table.written(_latex)
        if rows:
            lines += [
                r"\begin{center}",
                rf"\begin{{tabular}}{{{'l' * len(columns)}}}",
                " & ".join(map(_escape, columns)) + r" \\ \hline",
                *(" & ".join(row) + r" \\" for row in rows),
                r"\end{tabular}",
                r"\end{center}",
            ]
        parts.append("\n".join(lines + [_escape(note) for note in table.notes]))
    return "\n\n".join(parts) + "\n"


def _latex(cell: Cell) -> str:
    if isinstance(cell, Line):
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


# ---- HTML ------------------------------------------------------------------------------------


def as_html(tables: Sequence[Table], level: int = 3) -> str:
    """Return tables as HTML with MathML, their titles as headings of that level."""
    parts = []
    for table in tables:
        if table.title:
            parts.append(f"<h{level}>{html.escape(table.title)}</h{level}>")
        columns, rows = table.written(_html)
        if rows:
            head = "".join(f"<th>{html.escape(c)}</th>" for c in columns)
            cells = ("".join(f"<td>{c}</td>" for c in row) for row in rows)
            parts.append(
                f'<div class="wide"><table class="exact"><thead><tr>{head}</tr></thead>'
                f"<tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table></div>"
            )
        parts += [f'<p class="note">{html.escape(note)}</p>' for note in table.notes]
    return "\n".join(parts)


def _html(cell: Cell) -> str:
    if isinstance(cell, Line):
        return cell.separator.join(map(_html, cell))
    if isinstance(cell, list):
        return "<br/>".join(map(_html, cell))
    return html.escape(cell) if isinstance(cell, str) else mathml(cell)
