"""Maps rewritten so that all their coefficients are rational functions of parameters."""

from __future__ import annotations

import sympy as sp

from dynsharp.map import DiscreteMap


def with_exact_numbers(map: DiscreteMap) -> DiscreteMap:
    """Return the map with floating-point constants read as the decimals that they print as."""
    if not any(e.has(sp.Float) for e in map.expressions):
        return map
    exact = [sp.nsimplify(e, rational=True) for e in map.expressions]
    return DiscreteMap(
        dict(zip(map.state, exact, strict=True)),
        map.parameters,
        name=map.name,
        domain=map.domain,
        observables=map.observables,
    )


def with_constants_as_parameters(
    map: DiscreteMap,
) -> tuple[DiscreteMap, dict[sp.Symbol, sp.Expr]]:
    """Write one parameter for each irrational constant or function of parameters, as cos(θ)."""
    values: dict[sp.Expr, sp.Symbol] = {}

    def is_constant(e: sp.Expr) -> bool:
        root = isinstance(e, sp.Pow) and not e.exp.is_Integer
        named = isinstance(e, sp.NumberSymbol | sp.Function | sp.CRootOf)
        return (root or named) and not e.has(*map.state)

    def named(e: sp.Expr) -> sp.Symbol:
        name = f"constant{len(values)}"
        return values.setdefault(e, sp.Symbol(name, real=True, positive=e.is_positive))

    update = {x: e.replace(is_constant, named) for x, e in map.update.items()}
    if not values:
        return map, {}
    parameters = (*map.parameters, *values.values())
    return DiscreteMap(update, parameters, name=map.name), {s: e for e, s in values.items()}
