"""Expressions and conditions as LaTeX and as MathML, with the field's letters."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

import sympy as sp
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

# Python's names for what the papers write otherwise: (LaTeX, the letter itself).
_LETTERS = {"lam": (r"\lambda", "λ"), "df": (r"\Delta f", "Δf")}
_MATHML = "http://www.w3.org/1998/Math/MathML"
_PRIME = "'"
_KEPT = re.compile(r"&(?:lt|gt|amp|quot|apos);")


def next_value(x: sp.Symbol, expression: sp.Expr) -> sp.Eq:
    """Return the equation x' = expression, printed with a prime by the functions below."""
    return sp.Eq(sp.Symbol(f"{x.name}{_PRIME}"), expression, evaluate=False)


def letter(name: str) -> str:
    """Return a name as it is written in running text: ρ for rho."""
    return _LETTERS[name][1] if name in _LETTERS else sp.pretty(sp.Symbol(name), use_unicode=True)


def latex(expression: Any) -> str:
    """Return the LaTeX of an expression or a condition, without dollars."""
    if isinstance(expression, BooleanTrue | BooleanFalse):
        return r"\text{always}" if expression else r"\text{never}"
    names = {}
    for s in expression.free_symbols:
        name, primed, _ = s.name.partition(_PRIME)
        if name in _LETTERS or primed:
            letter = _LETTERS[name][0] if name in _LETTERS else sp.latex(sp.Symbol(name))
            names[s] = letter + "'" * bool(primed)
    return sp.latex(expression, symbol_names=names)


def mathml(expression: Any, *, block: bool = False) -> str:
    """Return a ``<math>`` element that browsers render without help, well-formed and escaped.

    sympy's own presentation markup writes ``<`` bare and uses entities that XML does not have: both
    are put right here.
    """
    if isinstance(expression, BooleanTrue | BooleanFalse):
        return "always" if expression else "never"
    letters = {}
    for s in expression.free_symbols:
        name, primed, _ = s.name.partition(_PRIME)
        if name in _LETTERS or primed:
            letter = _LETTERS[name][1] if name in _LETTERS else name
            letters[s] = sp.Symbol(letter + "__′" * bool(primed))
    text = sp.mathml(expression.xreplace(letters), printer="presentation")
    for sign in "<>&":  # the text of an element may be one of these, unescaped
        text = text.replace(f"<mo>{sign}</mo>", f"<mo>{html.escape(sign)}</mo>")
    text = re.sub(r"&#?\w+;", lambda m: m[0] if _KEPT.match(m[0]) else html.unescape(m[0]), text)
    root = ElementTree.fromstring(f"<math>{text.replace('ⅇ', 'e')}</math>")
    root.set("xmlns", _MATHML)
    root.set(*(("display", "block") if block else ("displaystyle", "true")))
    for element in root.iter():
        if element.tag in ("mo", "mn") and element.text:
            element.text = element.text.replace("-", "−")
    return ElementTree.tostring(root, encoding="unicode")
