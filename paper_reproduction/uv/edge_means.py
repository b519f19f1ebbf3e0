"""Trace and sharpness at the edge of stability, exactly: on the 2-cycle, and where chaos ends.

On the manifold k = 2F the in-plane eigenvalue ½(k + √(k² + 4z(z + 2F))) becomes F + |2F − ρ|,
which is at least |F − ρ|, the other one; all in units of 1/η.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import sympy as sp

from paper_reproduction.uv.theory import (
    edge_manifold,
    manifolds,
    reduced,
    reduced_fixed_points,
    scaled,
    two_cycle,
)

__all__ = [
    "Means",
    "cycle_means",
    "end_means",
    "merging_point",
    "sharpness_minus_trace",
    "sharpness_on_edge",
]


class Means(NamedTuple):
    """Means of ηλ and of η times the sharpness, and the largest ρ at which they are these."""

    trace: sp.Expr
    sharpness: sp.Expr
    up_to: sp.Expr


@cache
def sharpness_minus_trace() -> sp.Expr:
    """Return what decides which of the two is larger: the sharpness is iff this is positive.

    The sharpness is ½(k + √(k² + q)): larger than k iff q > 0.
    """
    _, k = scaled().state
    return sp.factor(_radicand() - k**2)


def _radicand() -> sp.Expr:
    _, k = scaled().state
    in_plane = next(e for e in scaled().observables["sharpness"].args if e.has(k))
    (root,) = (p for p in in_plane.atoms(sp.Pow) if p.exp == sp.Rational(1, 2))
    assert sp.expand(2 * in_plane - k - root) == 0
    return root.base


@cache
def sharpness_on_edge() -> tuple[sp.Symbol, sp.Expr]:
    """Return F and η times the sharpness on the manifold, a function of F ≥ 0 and ρ."""
    (z, k), (rho,) = scaled().state, scaled().parameters
    F = sp.Symbol("F", nonnegative=True)
    trace = _trace_on_edge(F)
    squared = sp.factor(_radicand().subs({z: F - rho, k: trace}, simultaneous=True))
    return F, (trace + sp.sqrt(squared)) / 2


@cache
def cycle_means() -> Means:
    """Return the means over the 2-cycle that is born at η_c."""
    z, (rho,) = scaled().state[0], scaled().parameters
    cycle, states = two_cycle()
    points = [p[z] + rho for p in states]
    F, sharpness = sharpness_on_edge()
    end = cycle.stable.as_set().sup
    (bars,) = sharpness.atoms(sp.Abs)
    values = []
    for p in points:  # |2F − ρ| without its bars: the sign of 2F − ρ is the same on all of (1, end)
        inside = bars.args[0].subs(F, p)
        assert not any(1 < r < end for r in sp.solve(inside, rho))
        values.append(sharpness.subs(bars, sp.sign(inside.subs(rho, (1 + end) / 2)) * bars.args[0]))
    pairs = list(zip(points, values, strict=True))
    return Means(
        sp.simplify(sp.Add(*(_trace_on_edge(p) for p in points)) / len(points)),
        sp.simplify(sp.Add(*(v.subs(F, p) for p, v in pairs)) / len(points)),
        end,
    )


@cache
def end_means() -> Means:
    """Return the means where the region opens and the reduced map is a Chebyshev polynomial.

    There F = A cos²θ, A the largest fixed point, turns it into θ' = 3θ (which is verified), whose
    invariant density is uniform in θ.
    """
    (state,), (rho,) = reduced().state, reduced().parameters
    update = reduced().update[state]
    t, theta = sp.Dummy(real=True), sp.Symbol("theta", real=True)
    (region,) = (r for r in manifolds().regions if r.bounded)
    end = region.condition.subs(rho, t).as_set().sup
    A = max((p.state[state].subs(rho, end) for p in reduced_fixed_points()), key=float)
    n = sp.degree(sp.expand(update), state)
    image = update.subs({rho: end, state: A * sp.cos(theta) ** 2})
    assert sp.expand(sp.expand_trig(image - A * sp.cos(n * theta) ** 2)) == 0
    F, sharpness = sharpness_on_edge()
    by_angle = {F: A * sp.cos(theta) ** 2, rho: end}
    trace, sharpness = (
        sp.simplify(sp.integrate(e.subs(by_angle), (theta, 0, sp.pi / 2)) * 2 / sp.pi)
        for e in (_trace_on_edge(F), sharpness)
    )
    return Means(trace, sharpness, end)


@cache
def merging_point() -> sp.Expr:
    """Return the ρ at which the largest F that is visited is mapped to F = 0, the saddle II.

    F' = F(1 + ρ − F)² has its maximum at one critical point, and F = 0 is the image of the other.
    """
    (F,), (rho,) = reduced().state, reduced().parameters
    update = reduced().update[F]
    top, zero = sorted(sp.solve(sp.diff(update, F), F), key=lambda p: float(p.subs(rho, 1)))
    assert sp.simplify(update.subs(F, zero)) == 0
    (value,) = (r for r in sp.solve(sp.factor(update.subs(F, top) - zero), rho) if r > 0)
    return sp.simplify(value)


def _trace_on_edge(F: sp.Expr) -> sp.Expr:
    (z, k), (rho,) = scaled().state, scaled().parameters
    return sp.expand(edge_manifold().parametrisation[k].subs(z, F - rho))
