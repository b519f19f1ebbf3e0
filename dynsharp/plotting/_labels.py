"""Names and expressions as mathtext, the part of LaTeX that matplotlib renders by itself."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from matplotlib.mathtext import MathTextParser
from sympy.printing.conventions import split_super_sub

# Names that Python or habit keeps from being the symbol's own LaTeX name.
_ALIASES = {"lam": r"\lambda", "df": r"\Delta f"}
_PARSER: MathTextParser[Any] = MathTextParser("path")


def label(name: Any) -> str:
    """Return the mathtext of a variable, ``$...$``: ``rho``, ``lam``, ``df``, ``w1``, ``m_u``."""
    return f"${_symbol(str(name))}$"


def mathtext(expression: Any) -> str:
    """Return the mathtext of an expression without dollars; plain text if it has none.

    The symbols are written as `label` writes them.
    """
    expression = sp.sympify(expression)
    symbols = expression.free_symbols
    text = sp.latex(expression, symbol_names={s: _symbol(s.name) for s in symbols})
    return text if _renders(text) else rf"\mathrm{{{_escape(str(expression))}}}"


def number(value: Any, digits: int = 5) -> str:
    r"""Return ``= 1 + \sqrt{5}`` for a short exact number, ``\approx 3.449`` for any other."""
    exact = sp.sympify(value)
    # A float that is short as it stands (0.25) was meant so; floating-point noise was not.
    if exact.is_Float:
        shown = f"{float(exact):.{digits}g}"
        relation = "=" if float(shown) == float(exact) else r"\approx"
        return f"{relation} {_scientific(shown)}"
    text = sp.latex(exact, order="rev-lex")
    if exact.count_ops() <= 4 and len(str(exact)) <= 14 and _renders(text):
        return f"= {text}"
    shown = f"{float(exact):.{digits}g}"
    return rf"\approx {_scientific(shown)}"


def equation(expression: Any, solve_for: sp.Symbol | None = None) -> str:
    """Return the mathtext of ``expression = 0``, solved for a symbol where that is unique."""
    if solve_for is not None and expression.has(solve_for):
        solutions = sp.solve(expression, solve_for)
        if len(solutions) == 1:
            return f"${_symbol(solve_for.name)} = {mathtext(sp.factor_terms(solutions[0]))}$"
    return f"${mathtext(expression)} = 0$"


def _scientific(text: str) -> str:
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"


def _symbol(name: str) -> str:
    base, above, below = split_super_sub(name)
    text = _word(base)
    if above:
        text += f"^{{{' '.join(map(_word, above))}}}"
    if below:
        text += f"_{{{' '.join(_word(part) for part in below)}}}"
    return text if _renders(text) else rf"\mathrm{{{_escape(name)}}}"


def _word(name: str) -> str:
    if name in _ALIASES:
        return _ALIASES[name]
    if split_super_sub(name)[0] != name:  # a subscript that has one itself, as in m_w1
        return _symbol(name)
    text = sp.latex(sp.Symbol(name))
    # A word such as "loss" is upright, not a product of italic letters.
    return rf"\mathrm{{{_escape(name)}}}" if text == name and len(name) > 1 else text


def _escape(text: str) -> str:
    plain = text.replace("\\", "/").replace("^", "**")
    return re.sub(r"([#%&{}_$ ])", r"\\\1", plain)


def _renders(text: str) -> bool:
    try:
        _PARSER.parse(f"${text}$")
    except ValueError:
        return False
    return True
