"""Everything exact about a map: `derive` it, and take it as tables, text, LaTeX, HTML or JSON."""

from dynsharp.derive.derivation import Derivation, derive
from dynsharp.derive.formats import Table, as_html, as_latex, as_text
from dynsharp.derive.notation import latex, letter, mathml, next_value
from dynsharp.derive.tables import equation

__all__ = [
    "Derivation",
    "Table",
    "as_html",
    "as_latex",
    "as_text",
    "derive",
    "equation",
    "latex",
    "letter",
    "mathml",
    "next_value",
]
