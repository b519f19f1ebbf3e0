"""What theory says of the UV model, derived by dynsharp when it is first asked for.

The claims compare simulations with these values; none of them is typed in.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import sympy as sp

import dynsharp as ds
from dynsharp.symbolic.cycles import Cycle
from dynsharp.symbolic.fixed_points import FixedPoint, FixedPoints
from dynsharp.symbolic.manifolds.invariants import InvariantManifold, InvariantManifolds

__all__ = [
    "convergence_boundary",
    "critical_step",
    "critical_step_expression",
    "edge_manifold",
    "fixed_points",
    "in_words",
    "manifolds",
    "numeral",
    "physical",
    "reduced",
    "reduced_fixed_points",
    "region_boundary",
    "scaled",
    "two_cycle",
]


_SHOWN = {"lambda0": "λ₀", "f0": "f₀", "lam": "λ", "df": "Δf", "rho": "ρ", "eta": "η", "pi": "π"}


def in_words(expression: object) -> str:
    """Return an expression as it stands in a sentence: ``-1 + sqrt(5)`` as −1 + √5."""
    text = re.sub(r"sqrt\((\w+)\)", r"√\1", sp.sstr(expression))
    for name, shown in _SHOWN.items():
        text = re.sub(rf"\b{name}\b", shown, text)
    for name, shown in (("sqrt", "√"), ("**2", "²"), ("**3", "³"), ("*", " "), ("-", "−")):
        text = text.replace(name, shown)
    return text


@cache
def physical() -> ds.DiscreteMap:
    """Return the map of (Δf, λ) with parameters η, y, g."""
    return ds.systems.uv_physical()


@cache
def scaled() -> ds.DiscreteMap:
    """Return the map of (z, k) with parameter ρ."""
    return ds.systems.uv()


@cache
def reduced() -> ds.DiscreteMap:
    """Return the map of F on the edge-of-stability manifold, with parameter ρ."""
    return ds.systems.uv_eos()


@cache
def reduced_fixed_points() -> FixedPoints:
    """Return the fixed points of the reduced map."""
    return ds.fixed_points(reduced())


@cache
def fixed_points() -> FixedPoints:
    """Return the fixed points of the scaled map: the line I and the points II, III, IV."""
    return ds.fixed_points(scaled())


def numeral(point: FixedPoint) -> str:
    """Return the numeral that the paper gives to a fixed point of the scaled map."""
    z, k = scaled().state
    if point.family:
        return "I"
    if point.state[k] == 0:
        return "II"
    return "III" if point.state[z] > 0 else "IV"


@cache
def manifolds() -> InvariantManifolds:
    """Return the invariant manifolds of the scaled map, and the region that they bound."""
    return ds.invariant_manifolds(scaled())


@cache
def critical_step_expression() -> sp.Expr:
    """Return η_c for y > 0 in g and y: past it no point of the line of minima is stable."""
    eta, y, _ = physical().parameters
    line = next(p for p in ds.fixed_points(physical()) if p.family)
    found = [t.value for t in ds.thresholds(line, eta) if t.condition.subs(y, 1) == sp.true]
    (value,) = found
    return value


def critical_step(y: float, g: float) -> float:
    """Return η_c. The map is odd in (f, y): only |y| counts."""
    _, y_, g_ = physical().parameters
    return float(critical_step_expression().subs({y_: abs(y), g_: g}))


def region_boundary(df: float, lam: float, y: float, g: float) -> float:
    """Return the step at which this start leaves the bounded forward-invariant region.

    The side that a start can cross is the one that depends on the step size, in the coordinates of
    the start: z = ηgΔf, k = ηλ, ρ = ηg|y|. Below η_c the region contains all that stays bounded.
    """
    eta = sp.Dummy("eta", positive=True)
    (z, k), (rho,) = scaled().state, scaled().parameters
    sign = 1 if y > 0 else -1
    start = {z: eta * g * df * sign, k: eta * lam, rho: eta * g * abs(y)}
    (region,) = (r for r in manifolds().regions if r.bounded)
    roots: list[float] = []
    for side in region.inequalities:
        polynomial = sp.Poly(sp.expand((side.lhs - side.rhs).subs(start)), eta)
        if polynomial.degree() > 1:  # the others are η times a constant: they have no root
            roots += [float(r) for r in polynomial.nroots() if r.is_real and r > 0]
    return min(roots)


def convergence_boundary(df: float, lam: float, y: float, g: float) -> float:
    """Return the largest step at which gradient descent from this start converges.

    It is the smaller of η_c and of the step at which the start leaves the region (the formula of
    Liang and Montúfar for this loss).
    """
    return min(critical_step(y, g), region_boundary(df, lam, y, g))


@cache
def edge_manifold() -> InvariantManifold:
    """Return the edge-of-stability manifold: the one through the flattest minimum, k = 2ρ."""
    (z, k), (rho,) = scaled().state, scaled().parameters
    line = next(p for p in fixed_points() if p.family)
    flattest = sp.solve(line.exists.lts - line.exists.gts, k)[0]
    at = {z: 0, k: flattest}
    graphs = [m for m in manifolds() if m.eliminated == k and m.equation.has(rho)]
    return next(m for m in graphs if sp.simplify(m.equation.subs(at)) == 0)


@cache
def two_cycle() -> tuple[Cycle, tuple[dict[sp.Symbol, sp.Expr], ...]]:
    """Return the 2-cycle that is born in the flip, and its points as states (z, k)."""
    (F,), (rho,) = reduced().state, reduced().parameters
    born = next(
        t for p in reduced_fixed_points() for t in ds.thresholds(p, rho) if t.kind == "flip"
    )
    cycle = next(
        c
        for c in ds.cycles(reduced(), period=2)
        if all(np.isclose(complex(p[F].subs(rho, born.value)), 1) for p in c.points)
    )
    z, k = scaled().state
    on = edge_manifold().parametrisation[k]
    points = []
    for p in cycle.points:
        at = sp.expand(p[F] - rho)
        points.append({z: at, k: sp.expand(on.subs(z, at))})
    return cycle, tuple(points)
