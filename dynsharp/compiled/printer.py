"""sympy expressions -> straight-line Python source that numba compiles to fast machine code."""

# ruff: noqa: N802 (sympy's printers find their methods by the names of its classes)

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter

from dynsharp.compiled.expressions import real_form
from dynsharp.errors import InputError

MAX_DEGREE, MAX_TERMS = 8, 200  # beyond these a polynomial is left as it is, not brought to Horner
MAX_OPERATIONS = 2000  # of an expression list for which several arrangements are compared


@dataclass(frozen=True)
class Program:
    """Straight-line code of a list of expressions.

    Attributes
    ----------
    setup
        Assignments (name, code) that involve constants alone: to be run once.
    body
        Assignments (name, code) of intermediate values.
    results
        Code of every expression, in terms of the above.
    """

    setup: tuple[tuple[str, str], ...]
    body: tuple[tuple[str, str], ...]
    results: tuple[str, ...]

    def lines(self, targets: Sequence[str], *, setup: bool = True) -> list[str]:
        """Source lines that assign the results to the targets.

        The targets are written together, after all was read: they may be the variables themselves.
        """
        steps = (self.setup if setup else ()) + self.body
        assignment = f"{', '.join(targets)} = {', '.join(self.results)}"
        return [f"{name} = {value}" for name, value in steps] + ([assignment] if targets else [])

    def used(self, names: Iterable[str]) -> list[str]:
        """Those of the names (and of the set-up's) that body and results read."""
        text = " ".join([*(value for _, value in self.body), *self.results])
        words = set(re.findall(r"\w+", text))
        return [n for n in [*names, *(name for name, _ in self.setup)] if n in words]


def straight_line(
    expressions: Sequence[sp.Expr],
    variables: Mapping[sp.Symbol, str],
    constants: Mapping[sp.Symbol, str] | None = None,
    *,
    extend: Callable[[list[sp.Expr], list[sp.Symbol]], list[sp.Expr]] | None = None,
) -> Program:
    """Arrange expressions for fast evaluation.

    Polynomials are tried in Horner form in the variables; what depends on constants alone is moved
    to the set-up; common subexpressions are computed once. The cheapest arrangement is kept.

    Parameters
    ----------
    expressions
        What to compute.
    variables, constants
        Code of every symbol: an identifier (see `identifiers`) or an element such as ``"x[0]"``.
        Names ``c0, c1, ...`` and ``t0, t1, ...`` are taken by the generated code.
    extend
        Called with an arrangement of the expressions and with the variables, both in real symbols
        of the given names; returns the list to compute instead, for instance with derivatives
        added. So that these share the subexpressions of that arrangement.

    Raises
    ------
    InputError
        If an expression has a symbol that is neither variable nor constant, or a function that
        cannot be compiled.

    Examples
    --------
    >>> F, rho = sp.symbols("F rho")
    >>> straight_line([F*(1 + rho - F)**2], {F: "x"}, {rho: "p"}).lines(["x"])
    ['c0 = -2.0*p - 2.0', 'c1 = (p*p) + (p + p) + 1.0', 'x = x*(c1 + x*(c0 + x))']
    """
    names = {**variables, **(constants or {})}
    for e in expressions:
        if unknown := sp.sympify(e).free_symbols - set(names):
            raise InputError("expression", e, f"only the symbols {[*names]}, not {unknown}")
    state, fixed = (
        [sp.Symbol(name, real=True) for name in group.values()]
        for group in (variables, constants or {})
    )
    arrangements: list[Arrangement] = []
    for setup, form in _forms(real_form(expressions, names), state):
        wanted = extend(form, state) if extend else form
        arrangements += _arrangements(setup, wanted, set(fixed))
    setup, shared, results = min(
        arrangements, key=lambda a: sum(map(_cost, [*(e for _, e in a[1]), *a[2]]))
    )
    return Program(
        tuple((s.name, code(e)) for s, e in setup),
        tuple((s.name, code(e)) for s, e in shared),
        tuple(code(e) for e in results),
    )


# ---- arranging ---------------------------------------------------------------------------------

Assignments: TypeAlias = list[tuple[sp.Symbol, sp.Expr]]
Arrangement: TypeAlias = tuple[Assignments, Assignments, list[sp.Expr]]


def _forms(
    expressions: list[sp.Expr], state: list[sp.Symbol]
) -> Iterator[tuple[Assignments, list[sp.Expr]]]:
    """Yield the expressions as given, and with the small polynomials in Horner form."""
    yield [], expressions
    setup: Assignments = []
    yield (
        setup,
        [_horner(e, state, setup) if _is_small_polynomial(e, state) else e for e in expressions],
    )


def _horner(e: sp.Expr, state: list[sp.Symbol], setup: Assignments) -> sp.Expr:
    terms = [
        _named(c, setup) * sp.prod(x**n for x, n in zip(state, powers, strict=True))
        for powers, c in sp.Poly(e, *state).terms()
    ]
    return sp.horner(sp.Add(*terms), *state)


def _is_small_polynomial(e: sp.Expr, state: list[sp.Symbol]) -> bool:
    if not e.is_polynomial(*state):
        return False
    degree = _degree_bound(e, set(state))
    return degree <= MAX_DEGREE and math.comb(degree + len(state), degree) <= MAX_TERMS


def _degree_bound(e: sp.Expr, state: set[sp.Symbol]) -> int:
    """Total degree without cancellation, found without expanding."""
    if not e.free_symbols & state:
        return 0
    if isinstance(e, sp.Pow):
        return int(e.exp) * _degree_bound(e.base, state)
    degrees = [_degree_bound(a, state) for a in e.args]
    return sum(degrees) if isinstance(e, sp.Mul) else max(degrees, default=1)


def _arrangements(
    setup: Assignments, expressions: list[sp.Expr], constants: set[sp.Symbol]
) -> Iterator[Arrangement]:
    """Yield (set-up, shared subexpressions, results), also with common factors taken out."""
    yield _arranged(setup, expressions, constants)
    if sum(e.count_ops() for e in expressions) <= MAX_OPERATIONS:
        yield _arranged(setup, [sp.factor_terms(e) for e in expressions], constants)


def _arranged(
    setup: Assignments, expressions: list[sp.Expr], constants: set[sp.Symbol]
) -> Arrangement:
    setup = list(setup)
    constants = constants | {s for s, _ in setup}
    moved = [_hoist(e, constants, setup) for e in expressions]
    return setup, *sp.cse(moved, symbols=sp.numbered_symbols("t"), optimizations=None)


def _hoist(e: sp.Expr, constants: set[sp.Symbol], setup: Assignments) -> sp.Expr:
    """Name the largest parts of an expression that involve constants alone."""
    constants = constants | {s for s, _ in setup}
    if e.free_symbols <= constants and isinstance(e, sp.Expr):
        return _named(e, setup)
    if isinstance(e, (sp.Add, sp.Mul)):
        fixed = [a for a in e.args if a.free_symbols <= constants]
        rest = [_hoist(a, constants, setup) for a in e.args if a not in fixed]
        return e.func(_named(e.func(*fixed), setup), *rest)
    return e.func(*(_hoist(a, constants, setup) for a in e.args)) if e.args else e


def _named(e: sp.Expr, setup: Assignments) -> sp.Expr:
    """Return the symbol that the set-up has for a constant expression, added if it has none."""
    if e.is_Symbol or not e.free_symbols:
        return e
    for s, value in setup:
        if value == e:
            return s
    s = sp.Symbol(f"c{len(setup)}", real=True)
    setup.append((s, e))
    return s


def _cost(e: sp.Basic) -> int:
    """Rough number of multiply-add times that an expression takes."""
    below = sum(map(_cost, e.args))
    if isinstance(e, (sp.Add, sp.Mul)):
        return below + len(e.args) - 1
    if isinstance(e, sp.Pow):
        n = abs(e.exp)
        steps = int(n).bit_length() if n.is_Integer else 8 if n == sp.S.Half else 40
        return below + steps + (8 if e.exp.is_negative else 0)
    return below + (20 if isinstance(e, sp.Function) else 0)


# ---- printing ----------------------------------------------------------------------------------


def code(expression: sp.Expr) -> str:
    """Return Python source of an expression in real symbols whose names are code already.

    Numbers are printed as floats, integer powers up to four as products, ``2*x`` as ``x + x``.
    The source refers to nothing but builtins and the modules ``math`` and ``np``.

    Raises
    ------
    InputError
        If a function has no counterpart in compiled code.
    """
    if expression.has(sp.I, sp.zoo, sp.nan, ExprWithLimits):
        raise InputError("expression", expression, "finite real numbers and elementary functions")
    try:
        return str(_Printer().doprint(expression))
    except PrintMethodNotImplementedError as error:
        unknown = {f.func.__name__ for f in expression.atoms(sp.Function, sp.Derivative)}
        raise InputError(
            "expression",
            f"{expression} with {', '.join(sorted(unknown))}",
            "functions that compile: elementary ones, erf, gamma, Abs, Min, Max, Piecewise, ...",
        ) from error


class _Printer(PythonCodePrinter):
    def __init__(self) -> None:
        super().__init__(
            {"fully_qualified_modules": True, "allow_unknown_functions": False, "strict": True}
        )
        self.reserved_words: set[str] = set()  # the names are code already

    def _print_Integer(self, e: sp.Integer) -> str:
        return self._number(e)

    def _print_Rational(self, e: sp.Rational) -> str:
        return self._number(e)

    def _print_Float(self, e: sp.Float) -> str:
        return self._number(e)

    def _number(self, e: sp.Expr) -> str:
        if not math.isfinite(number := float(e)):
            raise InputError("expression", e, "numbers in the range of doubles")
        return repr(number)

    def _atom(self, e: sp.Expr) -> str:
        return str(self.parenthesize(e, PRECEDENCE["Atom"], strict=True))

    def _print_Pow(self, e: sp.Pow, **options: Any) -> str:
        base, n = self._atom(e.base), e.exp
        if n.is_negative and n.is_number:
            return f"1.0/{self._atom(e.base**-n)}"
        if n == sp.S.Half:
            return f"math.sqrt({self._print(e.base)})"
        if n.is_Rational and n.q == 2:
            return f"math.sqrt({self._print(e.base)})**{n.p}"
        if n.is_Integer and e.base.is_Symbol and n <= 4:
            square = f"{base}*{base}"
            products = {2: square, 3: f"{square}*{base}", 4: f"({square})*({square})"}
            return f"({products[int(n)]})"
        if n.is_Integer:
            return f"{base}**{n}"  # numba unrolls a literal exponent by repeated squaring
        return f"{base}**{self._atom(n)}"

    def _print_Mul(self, e: sp.Mul) -> str:
        c, x = e.as_coeff_Mul()
        if c == 2 and x.is_Symbol:
            return f"({self._print(x)} + {self._print(x)})"
        return str(super()._print_Mul(e))

    def _print_Piecewise(self, e: sp.Piecewise) -> str:
        otherwise = "math.nan"
        for value, condition in reversed(e.args):
            if condition == sp.true:
                otherwise = self._print(value)
            else:
                otherwise = f"({self._print(value)} if {self._print(condition)} else {otherwise})"
        return otherwise

    def _print_And(self, e: sp.And) -> str:  # "and" is a branch, which does not vectorise
        return "(" + " & ".join(f"({self._print(a)})" for a in e.args) + ")"

    def _print_Or(self, e: sp.Or) -> str:
        return "(" + " | ".join(f"({self._print(a)})" for a in e.args) + ")"

    def _print_sign(self, e: sp.sign) -> str:
        x = self._print(e.args[0])
        return f"(1.0 if ({x}) > 0.0 else (-1.0 if ({x}) < 0.0 else 0.0))"

    def _print_floor(self, e: sp.floor) -> str:  # math.floor is an integer, which may overflow
        return f"np.floor({self._print(e.args[0])})"

    def _print_ceiling(self, e: sp.ceiling) -> str:
        return f"np.ceil({self._print(e.args[0])})"
