r"""All cycles of a one-dimensional map, from its laps.

The points that visit the laps w_0, w_1, ..., w_{k−1} one after the other form an interval, the
pull-back J_w = L_{w_0} ∩ F⁻¹(J_{w_1...w_{k−1}}), on which F^k is monotone (Milnor, Thurston, *On
iterated maps of the interval*, Lect. Notes Math. 1342, 1988). Every cycle of period n lies in such
intervals with k = n. On one where F^n falls there is at most one solution of F^n(x) = x. Where it
rises there may be several: subintervals are dropped where F^n(x) − x keeps its sign, and settled
where it is monotone. Both are decided by values at the ends alone: of F^n because it is monotone,
of its slope ∏F'(x_i) because the range of each factor is known from its extrema.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from dynsharp.compiled.elimination import OPTIONS

FAMILY, OVERFLOW = 3, 4  # of what `solve` finds; 1: a root, 2: one whose sign change is rounding
STACK = 4000  # subintervals of one itinerary
NARROW = 1e-9  # width at which the sign of F^n(x) − x is rounding, if its slope is not known either
ROUGH = 1e-12  # size of F^n(x) − x that is rounding where F^n does not expand


@njit(**OPTIONS, inline="always")
def _step(ev: Any, x: Any, par: Any, out: Any) -> None:
    ev(x.ctypes, par.ctypes, out.ctypes)


@njit(**OPTIONS)
def _inverse(ev: Any, low: float, high: float, rising: bool, t: float, par: Any, w: Any) -> float:
    """Solve F(x) = t on a lap: Newton's method within a bracket that shrinks."""
    x, out = w
    a, b = low, high
    x[0] = 0.5 * (a + b)
    for _ in range(200):
        _step(ev, x, par, out)
        if (out[0] < t) == rising:
            a = x[0]
        else:
            b = x[0]
        new = x[0] - (out[0] - t) / out[1]
        if not a < new < b:
            new = 0.5 * (a + b)
        if new == x[0] or not a < new < b:
            break
        close = abs(new - x[0]) <= 2e-16 * abs(new)
        x[0] = new
        if close:
            break
    return x[0]


@njit(**OPTIONS)
def pull_back(
    ev: Any, low: Any, high: Any, left: Any, right: Any, par: Any, least: Any, most: Any
) -> Any:
    """J_w for all words that are one letter longer than those of the intervals ``least, most``.

    ``left, right`` are the values of F at the ends ``low, high`` of the laps. Returns the new
    intervals, their first letters, and which word follows.
    """
    w = (np.empty(1), np.empty(3))
    size = low.size * least.size
    a, b = np.empty(size), np.empty(size)
    letter, suffix = np.empty(size, np.int32), np.empty(size, np.int64)
    count = 0
    for lap in range(low.size):
        rising = left[lap] < right[lap]
        bottom, top = min(left[lap], right[lap]), max(left[lap], right[lap])
        for j in range(least.size):
            if least[j] > top or most[j] < bottom:
                continue
            ends = (low[lap], high[lap]) if rising else (high[lap], low[lap])
            p, q = ends
            if least[j] > bottom:
                p = _inverse(ev, low[lap], high[lap], rising, least[j], par, w)
            if most[j] < top:
                q = _inverse(ev, low[lap], high[lap], rising, most[j], par, w)
            a[count], b[count] = min(p, q), max(p, q)
            letter[count], suffix[count] = lap, j
            count += 1
    return a[:count].copy(), b[:count].copy(), letter[:count].copy(), suffix[:count].copy()


@njit(**OPTIONS)
def _iterate(
    ev: Any, start: float, word: Any, low: Any, high: Any, par: Any, w: Any, row: Any
) -> float:
    """F^n(start) along a word, the orbit in ``row``; rounding does not carry it out of a lap."""
    x, out = w
    x[0] = start
    n = word.size
    for k in range(n):
        x[0] = min(max(x[0], low[word[k]]), high[word[k]])
        row[k] = x[0]
        _step(ev, x, par, out)
        x[0] = out[0]
    return x[0]


@njit(**OPTIONS)
def _slopes(ev: Any, A: Any, B: Any, turns: Any, bends: Any, par: Any, w: Any) -> Any:
    """Bounds of |(F^n)'| between two orbits A and B; ``bends`` holds |F'| at its extrema."""
    x, out = w
    least, most = 1.0, 1.0
    for k in range(A.size):
        x[0] = A[k]
        _step(ev, x, par, out)
        s = abs(out[1])
        x[0] = B[k]
        _step(ev, x, par, out)
        t = abs(out[1])
        bottom, top = min(s, t), max(s, t)
        p, q = min(A[k], B[k]), max(A[k], B[k])
        for i in range(turns.size):
            if p < turns[i] < q:
                bottom, top = min(bottom, bends[i]), max(top, bends[i])
        least *= bottom
        most *= top
    return least, most


@njit(**OPTIONS)
def _bisect(
    ev: Any, a: float, b: float, rising: bool, word: Any, low: Any, high: Any, par: Any, w: Any,
    row: Any
) -> None:  # fmt: skip
    """Orbit, in ``row``, of the zero of h(x) = F^n(x) − x, which is monotone between a and b."""
    for _ in range(1100):
        middle = 0.5 * (a + b)
        if not a < middle < b:
            break
        if (_iterate(ev, middle, word, low, high, par, w, row) < middle) == rising:
            a = middle
        else:
            b = middle
    _iterate(ev, 0.5 * (a + b), word, low, high, par, w, row)


@njit(**OPTIONS)
def solve(
    ev: Any, low: Any, high: Any, left: Any, right: Any, turns: Any, bends: Any, par: Any,
    words: Any, least: Any, most: Any, unit: float, found: Any, kind: Any, which: Any
) -> int:  # fmt: skip
    """All solutions of F^n(x) = x for the words (count × n) with intervals ``least, most``.

    Their orbits go to ``found`` (room × n), how they are to ``kind``, the number of the word to
    ``which``. Returns how many there are: more than there is room for if the rest is left out.
    """
    n = words.shape[1]
    room = kind.size
    w = (np.empty(1), np.empty(3))
    A, B, C = np.empty(n), np.empty(n), np.empty(n)
    stack = np.empty((STACK, 2))
    count = 0
    for i in range(words.shape[0]):
        word = words[i]
        rising = True
        for k in range(n):
            rising ^= left[word[k]] > right[word[k]]
        stack[0, 0], stack[0, 1] = least[i], most[i]
        top, visited = 1, 0
        while top > 0:
            top -= 1
            visited += 1
            a, b = stack[top, 0], stack[top, 1]
            ga = _iterate(ev, a, word, low, high, par, w, A)
            gb = _iterate(ev, b, word, low, high, par, w, B)
            smallest, greatest = _slopes(ev, A, B, turns, bends, par, w)
            size = unit + abs(a)
            tolerance = ROUGH * size * min(max(1.0, greatest), 1e6)
            ha, hb = ga - a, gb - b
            code = 0
            if not rising or smallest > 1.0 or greatest < 1.0:
                grows = rising and smallest > 1.0
                if (
                    (ha <= tolerance and hb >= -tolerance)
                    if grows
                    else (ha >= -tolerance and hb <= tolerance)
                ):
                    _bisect(ev, a, b, grows, word, low, high, par, w, C)
                    code = 1
            elif ga - b > tolerance or gb - a < -tolerance:
                continue
            elif 0.5 * abs(ha + hb) > tolerance + (b - a) * max(greatest - 1.0, 1.0 - smallest):
                continue  # mean value form, from both ends
            elif (
                b - a <= NARROW * size
                or (visited > 1 and (b - a) * max(greatest - 1.0, 1.0 - smallest) <= tolerance)
                or not math.isfinite(ga + gb)
            ):
                # F^n(x) − x is rounding, or nowhere decided: one degenerate solution
                _iterate(ev, 0.5 * (a + b), word, low, high, par, w, C)
                code = 2
            else:
                # F^n is analytic here: it is the identity on the whole interval or nowhere
                flat = visited == 1 and b - a > 1e-6 * size
                for part in (0.07, 0.21, 0.5, 0.83, 0.96):
                    if flat:
                        x = a + part * (b - a)
                        flat = abs(_iterate(ev, x, word, low, high, par, w, C) - x) <= tolerance
                if flat:
                    for part in (0.0, 1.0, 0.37):
                        _iterate(ev, a + part * (b - a), word, low, high, par, w, C)
                        if count < room:
                            found[count], kind[count], which[count] = C, 3, i
                        count += 1
                elif top + 2 > STACK or visited > 50 * STACK:
                    _iterate(ev, 0.5 * (a + b), word, low, high, par, w, C)
                    code = 4
                    top = 0
                else:
                    middle = 0.5 * (a + b)
                    stack[top, 0], stack[top, 1] = a, middle
                    stack[top + 1, 0], stack[top + 1, 1] = middle, b
                    top += 2
            if code > 0:
                if count < room:
                    found[count], kind[count], which[count] = C, code, i
                count += 1
    return count
