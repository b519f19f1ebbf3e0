"""Batch kernels against what one would write by hand: ``python -m analysis.benchmarks.batch``.

Three jobs: A, orbits and exponents of the one-dimensional edge-of-stability map; B, the same of the
two-dimensional UV map (20,000 values of rho, 5,000 steps, 256 of them kept); C, the periods up to
64 over a plane of 1,000 × 1,000 values of rho and start after 2,000 steps. One thread each, the
contenders interleaved; the median of several rounds and its ratio to dynsharp's is printed.
``--quick`` makes every job ten times smaller.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

import dynsharp as ds
from dynsharp.sweeps import lyapunov, orbit_diagram, phase_diagram

OPTIONS = {"cache": True, "error_model": "numpy"}


# ---- the natural scalar loops ------------------------------------------------------------------


@njit(**OPTIONS)
def eos(state: Any, rho: float) -> Any:
    """One step of the edge-of-stability map."""
    (F,) = state
    return (F * (1 + rho - F) ** 2,)


@njit(**OPTIONS)
def eos_tangent(state: Any, tangent: Any, rho: float) -> Any:
    """Push a tangent vector forward by a step."""
    (F,), (v,) = state, tangent
    return ((1 + rho - F) * (1 + rho - 3 * F) * v,)


@njit(**OPTIONS)
def uv(state: Any, rho: float) -> Any:
    """One step of the UV map."""
    z, k = state
    return z * (1 - k + z * (z + rho)), k + z * (z * k - 4 * (z + rho))


@njit(**OPTIONS)
def uv_tangent(state: Any, tangent: Any, rho: float) -> Any:
    """Push a tangent vector forward by a step."""
    (z, k), (a, b) = state, tangent
    along = (1 - k + 2 * z * rho + 3 * z**2) * a - z * b
    return along, (2 * z * k - 8 * z - 4 * rho) * a + (1 + z**2) * b


@njit(**OPTIONS)
def scalar_orbits(step: Any, start: Any, rho: Any, transient: int, out: Any) -> None:
    """Follow one orbit after the other."""
    for i in range(len(rho)):
        state = start
        for _ in range(transient):
            state = step(state, rho[i])
        for t in range(out.shape[1]):
            out[i, t] = state[0]
            state = step(state, rho[i])


@njit(**OPTIONS)
def scalar_exponents(step: Any, push: Any, start: Any, rho: Any, steps: int, out: Any) -> None:
    """Sum the logarithms of the growth of a tangent vector that is normalised every step."""
    for i in range(len(rho)):
        state, tangent, total = start, start, 0.0
        for _ in range(steps):
            tangent = push(state, tangent, rho[i])
            state = step(state, rho[i])
            size = 0.0
            for v in tangent:
                size += v * v
            size = np.sqrt(size)
            total += np.log(size)
            tangent = scaled(tangent, 1 / size)
        out[i] = total / steps


@njit(**OPTIONS)
def scaled(tangent: Any, factor: float) -> Any:
    """Scale a vector of one or two components."""
    if len(tangent) == 1:
        return (tangent[0] * factor,)
    return tangent[0] * factor, tangent[1] * factor


@njit(**OPTIONS)
def scalar_periods(starts: Any, rho: Any, transient: int, limit: int, out: Any) -> None:
    """Find the period point by point."""
    for i in range(len(rho)):
        for j in range(len(starts)):
            state = (starts[j],)
            for _ in range(transient):
                state = eos(state, rho[i])
            out[i, j] = 0
            origin = state[0]
            for p in range(1, limit + 1):
                state = eos(state, rho[i])
                if abs(state[0] - origin) < 1e-8:
                    out[i, j] = p
                    break


# ---- NumPy over rho ----------------------------------------------------------------------------


def numpy_orbits(step: Any, start: Any, rho: Any, transient: int, out: Any) -> None:
    """Step all orbits at once."""
    state = tuple(np.full_like(rho, x) for x in start)
    for _ in range(transient):
        state = step(state, rho)
    for t in range(out.shape[1]):
        out[:, t] = state[0]
        state = step(state, rho)


def numpy_exponents(step: Any, push: Any, start: Any, rho: Any, steps: int, out: Any) -> None:
    """Carry all tangent vectors at once."""
    state = tuple(np.full_like(rho, x) for x in start)
    tangent, total = state, np.zeros_like(rho)
    for _ in range(steps):
        tangent, state = push(state, tangent, rho), step(state, rho)
        size = np.sqrt(sum(v * v for v in tangent))
        total += np.log(size)
        tangent = tuple(v / size for v in tangent)
    out[:] = total / steps


def numpy_periods(starts: Any, rho: Any, transient: int, limit: int, out: Any) -> None:
    """Find all periods at once."""
    state, values = (np.tile(starts, (len(rho), 1)),), rho[:, None]
    for _ in range(transient):
        state = eos.py_func(state, values)
    origin = state[0]
    out[:] = 0
    for p in range(1, limit + 1):
        state = eos.py_func(state, values)
        out[(np.abs(state[0] - origin) < 1e-8) & (out == 0)] = p


# ---- jobs --------------------------------------------------------------------------------------


def jobs(shrink: int) -> dict[str, dict[str, Callable[[], Any]]]:
    """For every job the contenders, dynsharp first."""
    n, side, transient, keep = 20_000 // shrink, 1000 // shrink, 5000, 256
    rho = np.linspace(0.9, 1.55, n)
    kept, rate = np.empty((n, keep)), np.empty(n)
    one = {"threads": 1, "progress": False}
    table: dict[str, dict[str, Callable[[], Any]]] = {}
    for label, map, start, step, push in (
        ("A", ds.systems.uv_eos(), (1.2,), eos, eos_tangent),
        ("B", ds.systems.uv(), (0.1, 3.5), uv, uv_tangent),
    ):
        named = {s.name: x for s, x in zip(map.state, start, strict=True)}
        first = map.state[0].name
        begin = named if label == "A" else {"z": 0.1, "k": 2 * (0.1 + rho) + 0.1}

        def lanes(m: Any = map, b: Any = begin, f: str = first) -> Any:
            return orbit_diagram(m, "rho", rho, b, transient=transient, keep=keep, record=f, **one)

        def growth(m: Any = map, b: Any = begin) -> Any:
            return lyapunov(m, "rho", rho, b, iterations=5024, transient=0, **one)

        def scalar(a: Any = (step, start)) -> None:
            scalar_orbits(*a, rho, transient, kept)

        def scalar_growth(a: Any = (step, push, start)) -> None:
            scalar_exponents(*a, rho, 5024, rate)

        def vector(a: Any = (step.py_func, start)) -> None:
            numpy_orbits(*a, rho, transient, kept)

        def vector_growth(a: Any = (step.py_func, push.py_func, start)) -> None:
            numpy_exponents(*a, rho, 5024, rate)

        table[f"{label} orbits"] = {"dynsharp": lanes, "numba": scalar, "NumPy": vector}
        table[f"{label} exponent"] = {
            "dynsharp": growth,
            "numba": scalar_growth,
            "NumPy": vector_growth,
        }
    system = ds.systems.uv_eos()
    plane, starts = np.linspace(0.9, 1.55, side), np.linspace(0.05, 2.4, side)
    found = np.empty((side, side), np.int32)
    axes = {"rho": plane, "F": starts}
    table["C plane"] = {
        "dynsharp": lambda: phase_diagram(system, axes, max_period=64, transient=2000, **one),
        "numba": lambda: scalar_periods(starts, plane, 2000, 64, found),
        "NumPy": lambda: numpy_periods(starts, plane, 2000, 64, found),
    }
    return table


def main() -> None:
    """Time every job and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ten times smaller jobs")
    parser.add_argument("--rounds", type=int, default=5, help="rounds to take the median of")
    arguments = parser.parse_args()
    print(f"{'':12}{'dynsharp':>12}{'numba loop':>14}{'NumPy':>12}   (time, then ratio to it)")
    for job, contenders in jobs(10 if arguments.quick else 1).items():
        with np.errstate(all="ignore"):
            for work in contenders.values():
                work()  # compile
            times: dict[str, list[float]] = {name: [] for name in contenders}
            for _ in range(arguments.rounds):
                for name, work in contenders.items():
                    begun = time.perf_counter()
                    work()
                    times[name].append(time.perf_counter() - begun)
        ours, *others = (statistics.median(t) for t in times.values())
        ratios = "".join(
            f"{other / ours:{width}.1f}" for other, width in zip(others, (14, 12), strict=True)
        )
        print(f"{job:12}{ours * 1e3:9.1f} ms{ratios}", flush=True)


if __name__ == "__main__":
    main()
