"""``dynsharp manifold``: an orbit, an invariant manifold, and the map on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import sympy as sp
import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import say, stages
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap

if TYPE_CHECKING:
    from dynsharp.symbolic.manifolds.invariants import InvariantManifold

EXAMPLE = "dynsharp manifold uv --set rho=1.4 -o manifold.png"


def run(
    system: args.System,
    output: args.FigureFile,
    fixed: args.Set = None,
    start: args.Start = None,
    number: Annotated[
        int | None, typer.Option("--manifold", help="Which one, as `derive` numbers them.")
    ] = None,
    iterations: Annotated[int, typer.Option(help="Number of steps of the orbit.")] = 200,
    as_json: args.Json = False,
) -> None:
    """Draw an orbit and an invariant manifold."""
    from dynsharp import plotting
    from dynsharp.symbolic.fixed_points import fixed_points

    m, at_values = args.load(system, None), args.load(system, fixed, swept=[])
    numbers = {name: float(v) for name, v in args.assignments("--set", fixed or ()).items()}
    begin = args.start_of(m, start)
    with stages() as tell:
        tell("invariant manifolds")
        chosen = _chosen(m, number)
        if begin is None:
            tell("a start")
            begin = _next_to_a_fixed_point(at_values)
        tell("orbit")
        kept, escaped = _orbit(m, begin, iterations, numbers)
        tell("figure")
        axes = plotting.manifold(
            m,
            chosen,
            _view(m, kept, chosen.equation),
            numbers,
            start=begin,
            iterations=kept.sizes["iterate"] - 1,
            fixed_points=fixed_points(m) if m.dimension == 2 else (),
        )
        file = plotting.save(axes, output)
    distance = sp.lambdify([*m.state, *m.parameters], chosen.equation, "numpy")
    states = [kept[s.name].to_numpy() for s in m.state]
    away = np.abs(distance(*states, *(numbers[s.name] for s in m.parameters)))
    told = {
        "system": m.name,
        "set": numbers,
        "manifold": f"{chosen.equation} = 0",
        "cofactor": str(chosen.cofactor),
        "transverse_multiplier": str(chosen.transverse_multiplier),
        "start": begin,
        "distance_at_start": float(away[0]),
        "distance_at_end": float(away[-1]),
        "escaped_at": escaped,
        "file": str(file),
    }
    say(told, as_json)


def _chosen(map: DiscreteMap, number: int | None) -> InvariantManifold:
    """Return a manifold by number; the first that is a graph over other variables if left out."""
    from dynsharp.symbolic.manifolds.invariants import invariant_manifolds

    found = invariant_manifolds(map)
    if not found:
        raise InputError("system", map.name, "a map with an invariant manifold: none was found")
    listed = "; ".join(f"{n}: {m.equation} = 0" for n, m in enumerate(found, start=1))
    if number is None:
        graphs = [m for m in found if m.eliminated is not None and not m.constants]
        if graphs:
            return graphs[0]
        wants = "a manifold that is a graph over the other variables"
        raise InputError("system", f"{map.name}, with {listed}", wants)
    if not 1 <= number <= len(found):
        raise InputError("--manifold", number, f"one of {listed}")
    return found[number - 1]


def _next_to_a_fixed_point(map: DiscreteMap) -> dict[str, float]:
    """Return a start next to a fixed point of a map without parameters."""
    from dynsharp.cli.starts import start_next_to
    from dynsharp.symbolic.fixed_points import fixed_points

    unused = sp.Dummy("unused")
    swept = DiscreteMap(map.update, [unused], name=map.name, domain=map.domain)
    start, _ = start_next_to(swept, fixed_points(map), unused.name, [0.0])
    return {name: float(v[0]) for name, v in start.items()}


def _orbit(
    map: DiscreteMap, start: dict[str, float], iterations: int, numbers: dict[str, float]
) -> tuple[Any, int | None]:
    """Return the orbit up to where it escapes, and the step at which it does."""
    from dynsharp.sweeps import orbit

    data = orbit(map, start, iterations, fixed=numbers, progress=False)
    escaped = int(data.attrs["escaped_at"])
    kept = data.isel(iterate=slice(0, escaped if escaped >= 0 else None))
    if kept.sizes["iterate"] < 2:
        raise InputError("--start", start, "a start from which the orbit takes a step")
    return kept, escaped if escaped >= 0 else None


def _view(map: DiscreteMap, data: Any, equation: sp.Expr) -> dict[str, tuple[float, float]]:
    """Return the ranges that an orbit visits, a fifth wider, of two variables.

    Those that the manifold is about come first.
    """
    about = [s for s in map.state if equation.has(s)]
    chosen = (about + [s for s in map.state if s not in about])[:2]
    spans = {}
    for s in sorted(chosen, key=map.state.index):
        x = data[s.name].to_numpy()
        low, high = float(x.min()), float(x.max())
        pad = 0.2 * (high - low) or 0.2 * max(abs(high), 1.0)
        spans[s.name] = (low - pad, high + pad)
    return spans
