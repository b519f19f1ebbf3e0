"""Batch kernels: many orbits of one map side by side, in source that LLVM vectorises.

A block of `LANES` orbits lives in small arrays. The inner loop runs over the lanes, with a few
steps of the map written out in its body: LLVM turns it into vector instructions, and a long loop
over independent orbits hides the latency of each operation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any

import sympy as sp

from dynsharp.compiled._writer import HEAD, LANES, PASSES, RESCALED_EVERY, UNROLL, Writer, shifted
from dynsharp.compiled.cache import load
from dynsharp.compiled.expressions import differentiate
from dynsharp.compiled.printer import straight_line


@lru_cache(maxsize=256)
def kernels(
    kind: str,
    state: tuple[sp.Symbol, ...],
    parameters: tuple[sp.Symbol, ...],
    update: tuple[sp.Expr, ...],
    extra: tuple[sp.Expr, ...] = (),
    lanes: int = LANES,
) -> Kernels:
    """Write the kernels of one kind for a map, to be compiled when they are used.

    All take ``x`` (states × orbits) and ``alive`` (orbits), which they advance in place,
    ``p`` (parameters × orbits), the range ``first, last`` of orbits to work on, and ``escape``:
    an orbit that has had a state variable beyond it, or not a number, gets ``alive = 0`` and keeps
    that, whatever it does later. ``lanes=1`` is for a single orbit.

    advance(x, p, alive, first, last, escape, steps)
        In every kind: some steps.
    record(..., out)
        Kind "record": for each entry of ``out`` (steps × extras × orbits) the values of the extra
        expressions, then a step.
    grow(..., steps, v, growth)
        Kind "grow": a multiple of `RESCALED_EVERY` steps, which carry the tangent vectors ``v``
        (states × orbits) along. ``growth[0]`` (orbits) receives the logarithm of the factor by
        which they grew, in the maximum norm; they are left with a size between 1 and 2.
        ``growth[1:]``: the sums of ln|c| of the extra expressions c over the states stepped from.
    period(..., tolerance, limit, out)
        Kind "period": the least number of steps, up to ``limit``, after which every state variable
        is back within ``tolerance`` times the greater of 1 and its size; 0 if there is none.

    Raises
    ------
    InputError
        If an expression cannot be compiled.
    """
    polynomial = all(e.is_polynomial(*state) for e in update)
    read = set().union(*(e.free_symbols for e in update))
    w = Writer(state, parameters, lanes, by_maximum=polynomial and set(state) <= read)
    write = {"record": _record, "grow": _grow, "period": _period}[kind]
    # two modules, so that kernels of another kind for this map share the first
    return Kernels({"advance": _advance(w, update), kind: write(w, update, extra)})


class Kernels:
    """The kernels as attributes, each compiled (or loaded) when it is first asked for."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = dict(sources)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._sources:
            raise AttributeError(name)
        kernel = getattr(load(f"{HEAD}\n\n\n{self._sources[name]}\n"), name)
        setattr(self, name, kernel)
        return kernel


def _advance(w: Writer, update: Sequence[sp.Expr], extra: Sequence[sp.Expr] = ()) -> str:
    w.step = straight_line(update, w.states, w.parameters)
    passes = [
        f"for t in range(steps // {UNROLL}):",
        *shifted(w.loop(w.steps(w.x, UNROLL), w.x)),
        f"for t in range(steps % {UNROLL}):",
        *shifted(w.loop(w.steps(w.x), w.x)),
    ]
    return w.kernel("advance", {"steps": "i8"}, passes)


def _record(w: Writer, update: Sequence[sp.Expr], observed: Sequence[sp.Expr]) -> str:
    rows = [f"row{n}" for n in range(len(observed))]
    w.step = straight_line([*update, *observed], w.states, w.parameters)
    lines = w.steps([*w.x, *(f"{row}[j]" for row in rows)])
    passes = [
        "for t in range(out.shape[0]):",
        # a row is sliced before the loop: an index b + j would cost a wrap-around test each
        *(f"    {row} = out[t, {n}, b : b + m]" for n, row in enumerate(rows)),
        *shifted(w.loop(lines, w.x, stop="m")),
    ]
    return w.kernel("record", {"out": "f8[:, :, ::1]"}, passes)


def _grow(w: Writer, update: Sequence[sp.Expr], factors: Sequence[sp.Expr]) -> str:
    d = len(update)
    v = [f"v{n}" for n in range(d)]
    products = [f"w{n}" for n in range(len(factors))]
    tangent, running = ([sp.Symbol(name, real=True) for name in group] for group in (v, products))

    def carried(form: list[sp.Expr], state: list[sp.Symbol]) -> list[sp.Expr]:
        jacobian = differentiate(form[:d], state)
        multiplied = [w * c for w, c in zip(running, form[d:], strict=True)]
        return [*form[:d], *(jacobian * sp.Matrix(tangent)), *multiplied]

    w.step = straight_line([*update, *factors], w.states, w.parameters, extend=carried)
    moving = [*w.x, *v, *products]
    growing = [v, *([name] for name in products)]  # each group has its own power of two e0, e1, ...
    sizes = [reduce("max({}, {})".format, [f"abs({name})" for name in group]) for group in growing]
    rescale, finish = [], []
    for n, (group, size) in enumerate(zip(growing, sizes, strict=True)):
        rescale += [
            f"e = (as_bits({size}) >> 52) - 1023",  # size = 2^e times a number from 1 to 2
            "scale = as_double((1023 - e) << 52)",
            *(f"{name} = {name} * scale" for name in group),
            f"e{n}_[j] += e",
        ]
        finish += [
            *(f"{name} = {name}_[j]" for name in group),
            f"grown = math.log({size}) - size{n}_[j] + e{n}_[j] * math.log(2.0)",
            f"row{n}[j] = grown if {size} != 0.0 else -math.inf",
        ]
    passes = [
        f"for t in range(steps // {RESCALED_EVERY}):",
        f"    for u in range({PASSES}):",
        *shifted(w.loop(w.steps(moving, UNROLL), moving), 2),
        *shifted(w.plain_loop(rescale, [*v, *products])),
        *(f"row{n} = growth[{n}, b : b + m]" for n in range(len(growing))),
        "for j in range(m):",
        *shifted(finish),
    ]
    arrays = [f"{name}_ = aligned({w.lanes})" for name in [*v, *products]]
    arrays += [f"size{n}_ = aligned({w.lanes})" for n in range(len(growing))]
    arrays += [f"e{n}_ = np.zeros({w.lanes}, np.int64)" for n in range(len(growing))]
    initial = [f"{name}_[j] = v[{n}, i]" for n, name in enumerate(v)]
    initial += [f"{name}_[j] = 1.0" for name in products]
    for n, (group, size) in enumerate(zip(growing, sizes, strict=True)):
        initial += [f"{name} = {name}_[j]" for name in group]
        initial += [f"size{n}_[j] = math.log({size})"]
    final = [f"v[{n}, b + j] = {name}_[j]" for n, name in enumerate(v)]
    signature = {"steps": "i8", "v": "f8[:, ::1]", "growth": "f8[:, ::1]"}
    return w.kernel("grow", signature, passes, arrays, initial, final)


def _period(w: Writer, update: Sequence[sp.Expr], extra: Sequence[sp.Expr] = ()) -> str:
    w.step = straight_line(update, w.states, w.parameters)
    back = " & ".join(f"(abs({x} - {x}_origin[j]) <= {x}_near[j])" for x in w.x)
    compare = [f"period_[j] = t if ({back}) & (period_[j] == 0) else period_[j]"]
    passes = [
        "for t in range(1, limit + 1):",
        *shifted(w.loop(w.steps(w.x) + compare, w.x)),
        "for j in range(m):",
        "    out[b + j] = period_[j]",
    ]
    arrays = [f"{x}_{kind} = aligned({w.lanes})" for x in w.x for kind in ("origin", "near")]
    arrays += [f"period_ = np.zeros({w.lanes}, np.int64)"]
    initial = [f"{x}_origin[j] = {x}_[j]" for x in w.x]
    initial += [f"{x}_near[j] = tolerance * max(1.0, abs({x}_[j]))" for x in w.x]
    signature = {"tolerance": "f8", "limit": "i8", "out": "i4[::1]"}
    return w.kernel("period", signature, passes, arrays, initial)
