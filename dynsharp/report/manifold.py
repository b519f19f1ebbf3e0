"""The manifold figure of the command line: an orbit, an invariant manifold, the map on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.report.starting_points import default_start
from dynsharp.sweeps import orbit
from dynsharp.symbolic.fixed_points import fixed_points
from dynsharp.symbolic.manifolds.invariants import InvariantManifold, invariant_manifolds

__all__ = ["manifold", "view"]


def manifold(
    map: DiscreteMap,
    fixed: Mapping[str, sp.Expr],
    output: Path,
    *,
    start: Mapping[str, float] | None = None,
    number: int | None = None,
    iterations: int = 200,
    tell: Callable[..., None] = lambda *stage: None,
) -> dict[str, Any]:
    """Draw an orbit beside an invariant manifold of a map into a file; return the numbers.

    Parameters
    ----------
    map
        The map, all parameters symbolic: manifolds are found for generic parameters.
    fixed
        A value for every parameter.
    output
        The file.
    start
        Where the orbit starts; next to a fixed point if left out.
    number
        Which manifold, counted from 1 as `derive` lists them; the first graph if left out.
    iterations
        Number of steps.
    tell
        Called with the name of each stage.

    Raises
    ------
    InputError
        If the map has no such manifold, a parameter no value, or the orbit leaves at once.
    """
    from dynsharp import plotting

    missing = [s.name for s in map.parameters if s.name not in fixed]
    if missing:
        wants = " ".join(f"--set {name}=VALUE" for name in missing)
        raise InputError("--set", f"no value for {', '.join(missing)} of {map.name}", wants)
    at_values = map.substitute(fixed)
    tell("invariant manifolds")
    chosen = _chosen(map, number)
    tell("fixed points")
    points = fixed_points(at_values)
    numbers = {name: float(v) for name, v in fixed.items()}
    if start is None:
        start = _default(at_values, points)
    tell("orbit")
    data = orbit(map, start, iterations, fixed=numbers, progress=False)
    escaped = int(data.attrs["escaped_at"])
    kept = data.isel(iterate=slice(0, escaped if escaped >= 0 else None))
    if kept.sizes["iterate"] < 2:
        raise InputError("--start", dict(start), "a start from which the orbit takes a step")
    tell("figure")
    drawn = plotting.manifold(
        map,
        chosen,
        view(map, kept, chosen.equation),
        numbers,
        start=start,
        iterations=kept.sizes["iterate"] - 1,
        fixed_points=fixed_points(map) if map.dimension == 2 else (),
    )
    distance = sp.lambdify([*map.state, *map.parameters], chosen.equation, "numpy")
    states = [kept[s.name].to_numpy() for s in map.state]
    away = np.abs(distance(*states, *(numbers[s.name] for s in map.parameters)))
    return {
        "system": map.name,
        "set": numbers,
        "manifold": f"{chosen.equation} = 0",
        "cofactor": str(chosen.cofactor),
        "transverse_multiplier": str(chosen.transverse_multiplier),
        "start": {name: float(v) for name, v in start.items()},
        "distance_at_start": float(away[0]),
        "distance_at_end": float(away[-1]),
        "escaped_at": escaped if escaped >= 0 else None,
        "file": str(plotting.save(drawn, output)),
    }


def _chosen(map: DiscreteMap, number: int | None) -> InvariantManifold:
    found = invariant_manifolds(map)
    if not found:
        raise InputError("system", map.name, "a map with an invariant manifold: none was found")
    if number is None:
        graphs = [m for m in found if m.eliminated is not None and not m.constants]
        if not graphs:
            wants = "a manifold that is a graph over the other variables"
            raise InputError(
                "system", f"{map.name}, with {[str(m.equation) for m in found]}", wants
            )
        return graphs[0]
    if not 1 <= number <= len(found):
        listed = "; ".join(f"{n}: {m.equation} = 0" for n, m in enumerate(found, start=1))
        raise InputError("--manifold", number, f"one of {listed}")
    return found[number - 1]


def _default(map: DiscreteMap, points: Any) -> dict[str, float]:
    """Return a start next to a fixed point of a map without parameters."""
    unused = sp.Dummy("unused")
    swept = DiscreteMap(map.update, [unused], name=map.name, domain=map.domain)
    start, _ = default_start(swept, points, unused.name, [0.0])
    return {name: float(v[0]) for name, v in start.items()}


def view(map: DiscreteMap, data: Any, equation: sp.Expr) -> dict[str, tuple[float, float]]:
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
