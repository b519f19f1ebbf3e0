"""Large maps as a tape of operations that one interpreter, compiled once, runs with derivatives.

Straight-line code of a dense map in many variables takes minutes to compile, for its Jacobian alone
has as many expressions as entries. On a tape every line is an operation on two numbers. Each number
carries its derivatives by all variables (forward mode; the inner loop over them is fast), or its
Taylor coefficients. (Griewank, Walther, *Evaluating Derivatives*, 2nd ed., chapters 3 and 13.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from numba import njit

from dynsharp.compiled.elimination import OPTIONS

LARGE = 1500  # operations of the derivatives, roughly, beyond which a map is put on a tape
ADD, MULTIPLY, POWER, EXP, LOG, SIN, COS, TANH = range(8)
FUNCTIONS = {sp.exp: EXP, sp.log: LOG, sp.sin: SIN, sp.cos: COS, sp.tanh: TANH}


@dataclass
class Tape:
    """Operations (code, first, second, result) on numbered cells; the first cells are the inputs.

    Attributes
    ----------
    inputs
        Symbols in the order of their cells.
    numbers
        Constants; their cells follow those of the inputs.
    lines
        The operations. The second operand of a power is its constant exponent's cell.
    results
        Cells of the expressions.
    """

    inputs: Sequence[sp.Symbol]
    numbers: list[float] = field(default_factory=list)
    lines: list[tuple[int, int, int, int]] = field(default_factory=list)
    results: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.inputs) + len(self.numbers) + len(self.lines)


def work_of(expressions: Sequence[sp.Expr]) -> int:
    """Estimate the operations of the expressions with all their derivatives."""
    return sum(int(e.count_ops()) * (1 + len(e.free_symbols)) for e in expressions)


def taped(expressions: Sequence[sp.Expr], inputs: Sequence[sp.Symbol]) -> Tape | None:
    """Put expressions on a tape; None where they have functions that it does not know."""
    constants = sorted({float(a) for e in expressions for a in _numbers(e)} | {-1.0, 1.0, 0.0})
    tape = Tape(inputs, constants)
    cells: dict[Any, int] = {s: i for i, s in enumerate(inputs)}
    cells |= {("number", v): len(inputs) + i for i, v in enumerate(constants)}
    try:
        tape.results = [_cell(e, tape, cells) for e in expressions]
    except KeyError:
        return None
    return tape


def _numbers(e: sp.Expr) -> set[sp.Expr]:
    return {a for a in sp.preorder_traversal(e) if a.is_number and a.is_finite and a.is_real}


def _cell(e: sp.Expr, tape: Tape, cells: dict[Any, int]) -> int:
    """Return the cell of an expression, put on the tape if it is not there."""
    if e in cells:
        return cells[e]
    if e.is_number:
        return cells["number", float(e)]
    if isinstance(e, (sp.Add, sp.Mul)):
        code = ADD if isinstance(e, sp.Add) else MULTIPLY
        first, *others = sorted(_cell(a, tape, cells) for a in e.args)
        for other in others:  # in one order, so that beginnings are shared
            first = _line(code, first, other, tape, cells)
        cells[e] = first
    elif isinstance(e, sp.Pow) and e.exp.is_number:
        base, exponent = _cell(e.base, tape, cells), cells["number", float(e.exp)]
        cells[e] = _line(POWER, base, exponent, tape, cells)
    else:
        (argument,) = e.args if len(e.args) == 1 else (None,)
        cells[e] = _line(FUNCTIONS[e.func], _cell(argument, tape, cells), 0, tape, cells)
    return cells[e]


def _line(code: int, a: int, b: int, tape: Tape, cells: dict[Any, int]) -> int:
    if (code, a, b) not in cells:
        result = tape.size
        tape.lines.append((code, a, b, result))
        cells[code, a, b] = result
    return cells[code, a, b]


@njit(**OPTIONS)
def _series(code: int, v: float, power: float, f: Any) -> None:
    """Taylor coefficients of orders 0 to 3 of a function at v."""
    if code == POWER:
        c = 1.0
        for k in range(4):
            f[k] = 0.0
            if c != 0.0:
                exponent = power - k
                whole = exponent == math.floor(exponent) and abs(exponent) < 1e9
                f[k] = c * (v ** int(exponent) if whole else v**exponent)
            c *= (power - k) / (k + 1)
    elif code == EXP:
        f[0] = math.exp(v)
        f[1], f[2], f[3] = f[0], f[0] / 2, f[0] / 6
    elif code == LOG:
        f[0], f[1] = (math.log(v) if v > 0.0 else math.nan), 1 / v
        f[2], f[3] = -0.5 / v**2, 1 / (3 * v**3)
    elif code == TANH:
        t = math.tanh(v)
        s = 1 - t * t
        f[0], f[1], f[2], f[3] = t, s, -t * s, s * (3 * t * t - 1) / 3
    else:
        s, c = math.sin(v), math.cos(v)
        if code == SIN:
            f[0], f[1], f[2], f[3] = s, c, -s / 2, -c / 6
        else:
            f[0], f[1], f[2], f[3] = c, -s, -c / 2, s / 6


@njit(**OPTIONS)
def tangents(lines: Any, w: Any) -> None:
    """Run a tape on cells (value, derivatives by each direction)."""
    f = np.empty(4)
    width = w.shape[1]
    for i in range(lines.shape[0]):
        code, a, b, c = lines[i, 0], lines[i, 1], lines[i, 2], lines[i, 3]
        if code == ADD:
            for j in range(width):
                w[c, j] = w[a, j] + w[b, j]
        elif code == MULTIPLY:
            u, v = w[a, 0], w[b, 0]
            for j in range(1, width):
                w[c, j] = u * w[b, j] + v * w[a, j]
            w[c, 0] = u * v
        else:
            _series(code, w[a, 0], w[b, 0], f)
            w[c, 0] = f[0]
            for j in range(1, width):
                w[c, j] = f[1] * w[a, j]


@njit(**OPTIONS)
def jets(lines: Any, w: Any) -> None:
    """Run a tape on cells of Taylor coefficients of orders 0 to 3."""
    f = np.empty(4)
    for i in range(lines.shape[0]):
        code, a, b, c = lines[i, 0], lines[i, 1], lines[i, 2], lines[i, 3]
        if code == ADD:
            for j in range(4):
                w[c, j] = w[a, j] + w[b, j]
        elif code == MULTIPLY:
            for j in range(4):
                s = 0.0
                for k in range(j + 1):
                    s += w[a, k] * w[b, j - k]
                w[c, j] = s
        else:
            _series(code, w[a, 0], w[b, 0], f)
            h1, h2, h3 = w[a, 1], w[a, 2], w[a, 3]
            w[c, 0], w[c, 1], w[c, 2] = f[0], f[1] * h1, f[1] * h2 + f[2] * h1 * h1
            w[c, 3] = f[1] * h3 + 2 * f[2] * h1 * h2 + f[3] * h1 * h1 * h1
