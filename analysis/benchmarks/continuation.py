"""Continuation, timed and checked: ``python -m analysis.benchmarks.continuation``.

The compiled loop alone and the whole call on branches of about 2,000 points, what a new map costs,
the errors of the flips of the edge-of-stability cascade against thirty digits, the cascade itself,
and the cost of a point against period and dimension. Medians of several rounds, one thread.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

import dynsharp as ds
from dynsharp.compiled.pointwise import evaluator
from dynsharp.continuation import cascade, continue_fixed_point
from dynsharp.continuation.loop import pieces

BRANCHES: dict[str, tuple[Any, ...]] = {
    "EoS": (ds.systems.uv_eos(), "rho", {"F": 0.5}, 0.5, (0.2, 2.0), None),
    "Hénon": (ds.systems.henon(), "a", {"x": 0.8, "y": 0.2}, 0.3, (0.01, 1.4), {"b": 0.3}),
}

FIGURE = Path(__file__).parents[2] / "figures" / "continuation_cost.png"


def median(work: Callable[[], Any], rounds: int) -> float:
    """Time some work, in seconds, the first call left out."""
    work()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def per_point(branch: Any, rounds: int, step: float) -> tuple[float, int]:
    """Time the compiled loop alone from one end of a branch: seconds a point, and the points."""
    curve = branch.track.curve
    along = np.append(
        np.zeros(curve.weights.size - 1), np.sign(branch.values[-1] - branch.values[0])
    )
    first = np.append(branch.states[0].ravel(), branch.values[0])
    start = curve.point(first, along)

    def loop() -> list[Any]:
        return list(pieces(curve, start, step, 1e-13, step, 1e4, 20_000))

    points = sum(map(len, loop()))
    return median(loop, rounds) / points, points


def branches(rounds: int) -> None:
    """Time branches of about 2,000 points."""
    print("branch        points   loop, us/point   whole call, ms   special points")
    for name, (map, parameter, start, at, span, fixed) in BRANCHES.items():

        def call(
            step: float, case: tuple[Any, ...] = (map, parameter, start, at, span, fixed)
        ) -> Any:
            m, p, s, a, r, f = case
            return continue_fixed_point(m, p, s, a, r, fixed=f, step=step)

        step = 0.01 * len(call(0.001)) / 2000 / 10
        branch = call(step)
        whole = median(lambda s=step: call(s), rounds)  # type: ignore[misc]
        loop, points = per_point(branch, rounds, step)
        found = ", ".join(f"{p.kind} {p.value:.12g}" for p in branch.special_points)
        print(f"{name:12}{points:8}{loop * 1e6:14.2f}{whole * 1e3:17.1f}      {found}")


def new_maps() -> None:
    """Time the compilation of maps that are in no cache, numba warm."""
    x, y, r = sp.symbols("x y r", real=True)
    print("\na new map      evaluation, s   Taylor coefficients, s")
    with tempfile.TemporaryDirectory() as directory:
        before, os.environ["DYNSHARP_CACHE"] = os.environ.get("DYNSHARP_CACHE"), directory
        maps = {
            "(first)": {x: r * x - x**2},
            "cubic": {x: r * x - x**3},
            "tanh": {x: r * sp.tanh(x) + y / 5, y: x / 3},
            "Ikeda-like": {x: 1 + r * (x * sp.cos(x * y) - y / 2), y: r * x * sp.sin(y)},
        }
        for name, update in maps.items():
            code = evaluator(ds.DiscreteMap(update, [r]), r)
            begun = time.perf_counter()
            _ = code.value
            middle = time.perf_counter()
            _ = code.jet
            print(f"{name:12}{middle - begun:12.2f}{time.perf_counter() - middle:18.2f}")
        del os.environ["DYNSHARP_CACHE"]
        if before is not None:
            os.environ["DYNSHARP_CACHE"] = before


def flips(levels: int) -> None:
    """Compare the flips of the cascade, followed in doubles, with thirty digits."""
    map, parameter, start, at, span, _ = BRANCHES["EoS"]
    begun = time.perf_counter()
    exact = cascade(map, parameter, start, at, levels, 30)
    print(f"\ncascade, {levels} doublings at 30 digits: {time.perf_counter() - begun:.2f} s")
    print(f"    delta {exact.delta}, alpha {exact.alpha}, accumulation {exact.accumulation}")
    print("period   flip               error    stated     whole call, ms")
    branch = continue_fixed_point(map, parameter, start, at, span)
    for value in exact.thresholds[:9]:
        flip = branch.special_points[0]
        begun = time.perf_counter()
        following = branch.switch(flip)
        spent = time.perf_counter() - begun
        error = abs(float(flip.value - value))
        print(
            f"{branch.period:6}   {flip.value:.15f}  {error:.0e}    {flip.uncertainty:.0e}"
            f"{spent * 1e3:14.1f}"
        )
        branch = following


def against_period(rounds: int) -> tuple[Any, Any]:
    """Cost of a point of the doubled cycles of the edge-of-stability map: periods, seconds."""
    map, parameter, start, at, span, _ = BRANCHES["EoS"]
    print("\nperiod    us/point   us/point/period")
    branch, rows = continue_fixed_point(map, parameter, start, at, span), []
    while branch.period <= 1024:
        cost, _ = per_point_of_cycle(branch, rounds)
        rows.append((branch.period, cost))
        print(f"{branch.period:6}{cost * 1e6:12.2f}{cost * 1e6 / branch.period:14.3f}")
        branch = branch.switch(branch.special_points[0])
    periods, costs = np.array(rows).T
    return periods, costs


def against_dimension(rounds: int) -> tuple[Any, Any]:
    """Cost of a point of coupled logistic maps: dimensions, seconds."""
    print("\ndimension    us/point")
    r, rows = sp.Symbol("r", real=True), []
    for n in (1, 2, 3, 5, 10, 20, 30, 40, 50):
        xs = sp.symbols(f"x1:{n + 1}", real=True)
        ring = {
            s: r * s * (1 - s) + sp.Rational(1, 20) * (xs[i - 1] - s) + sp.Rational(i, 10_000)
            for i, s in enumerate(xs)
        }
        coupled = ds.DiscreteMap(ring, [r])
        guess = {s.name: 0.6 for s in xs}
        branch = continue_fixed_point(coupled, "r", guess, 2.6, (2.0, 2.9))
        cost, _ = per_point(branch, rounds, 0.01)
        rows.append((n, cost))
        print(f"{n:6}{cost * 1e6:16.2f}", flush=True)
    dimensions, costs = np.array(rows).T
    return dimensions, costs


def draw(period: tuple[Any, Any], dimension: tuple[Any, Any], path: Path) -> None:
    """Draw both, each with the power law fitted to its upper half."""
    import matplotlib.pyplot as plt

    from dynsharp.plotting import save, style

    with style():
        figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
        for ax, name, (size, cost) in (
            (axes[0], "period", period),
            (axes[1], "dimension", dimension),
        ):
            upper = size >= np.sqrt(size[-1] * size[0])
            slope, offset = np.polyfit(np.log(size[upper]), np.log(cost[upper]), 1)
            ax.loglog(size, cost * 1e6, "o", label="measured")
            line = np.exp(offset) * size[upper] ** slope * 1e6
            ax.loglog(size[upper], line, label=f"{name}$^{{\\,{slope:.2f}}}$")
            ax.set_xlabel(name)
            ax.legend(loc="upper left")
            print(f"cost grows like {name}^{slope:.2f}")
        axes[0].set_ylabel("time per point (µs)")
        save(figure, path)


def per_point_of_cycle(branch: Any, rounds: int) -> tuple[float, int]:
    """Time the compiled loop on a piece of 40 points in the middle of a branch."""
    curve, middle = branch.track.curve, len(branch) // 2
    y = np.append(branch.states[middle].ravel(), branch.values[middle])
    start = curve.point(y, np.append(np.zeros(y.size - 1), 1.0))

    def loop() -> list[Any]:
        return list(pieces(curve, start, 1e-5, 1e-15, 1e-4, 1e4, 40))

    points = sum(map(len, loop()))
    return median(loop, rounds) / points, points


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds to take the median of")
    parser.add_argument("--figure", type=Path, default=FIGURE, help="where the figure goes")
    options = parser.parse_args()
    rounds = options.rounds
    branches(rounds)
    new_maps()
    flips(12)
    draw(against_period(rounds), against_dimension(rounds), options.figure)


if __name__ == "__main__":
    main()
