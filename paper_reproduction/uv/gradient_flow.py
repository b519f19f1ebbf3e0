"""Where gradient flow ends: the closed form, derived, and the weights' own flow beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np
import sympy as sp
import xarray as xr

from paper_reproduction.uv.theory import fixed_points, manifolds, physical, scaled
from paper_reproduction.uv.training import example_network
from paper_reproduction.uv.weights import flow

__all__ = ["conserved", "flow_limit", "flows"]


@cache
def conserved() -> tuple[sp.Expr, sp.Expr]:
    """Return what gradient flow conserves, in (z, k, ρ), and the factor of one step of descent.

    It is a product of two invariant manifolds whose cofactors cancel to first order in the step
    size, to which z, k and ρ are proportional: then dQ/dt = lim (factor − 1)/η · Q = 0.
    """
    small = sp.Dummy("small")
    shrunk = {s: small * s for s in (*scaled().state, *scaled().parameters)}
    for a, b in combinations(manifolds(), 2):
        factor = sp.expand(a.cofactor * b.cofactor)
        if sp.limit((factor.subs(shrunk, simultaneous=True) - 1) / small, small, 0) == 0:
            return sp.expand(a.equation * b.equation), sp.factor(factor)
    raise ArithmeticError("no conserved product of invariant manifolds was found")


@cache
def flow_limit() -> sp.Expr:
    """Return λ(∞) in (Δf₀, λ₀, y, g): the conserved quantity carried to the minimum, Δf = 0."""
    (z, k), (rho,) = scaled().state, scaled().parameters
    (df, lam), (eta, y, g) = physical().state, physical().parameters
    line = next(p for p in fixed_points() if p.family)
    Q, _ = conserved()
    end = sp.Dummy("end", positive=True)
    start = {z: eta * g * df, k: eta * lam, rho: eta * g * y}
    there = Q.subs(line.state).subs({k: eta * end, rho: eta * g * y})
    (square,) = sp.solve(sp.expand((there - Q.subs(start)) / eta**2).subs(end, sp.sqrt(end)), end)
    return sp.sqrt(sp.expand(square))


def flows(settings: Sequence[tuple[int, float, float, int]]) -> xr.Dataset:
    """Integrate gradient flow in the weights of networks (width, s, σ_w, seed).

    Start, end and drift of each, the λ(∞) that is expected, and its path (thinned).
    """
    m = physical()
    expected = sp.lambdify([*m.state, *m.parameters[1:]], flow_limit())
    rows, paths = [], []
    for width, s, sigma_w, seed in settings:
        net = example_network(width, s, sigma_w, seed)
        found = flow(net)
        f0, lam0 = found.df[0] + net.y, found.lam[0]
        limit = expected(found.df[0], lam0, net.y, net.g)
        done = found.status == "completed"
        rows.append((width, s, sigma_w, f0, lam0, found.lam[-1], limit, found.drift, net.g, done))
        thin = np.linspace(0, len(found.time) - 1, 60).round().astype(int)
        paths.append([found.df[thin] + net.y, found.lam[thin] / net.g])
    names = ("width", "s", "sigma_w", "f0", "lam0", "lam_end", "limit", "drift", "g", "completed")
    columns = zip(names, np.array(rows, float).T, strict=True)
    f, lam = np.array(paths).transpose(1, 0, 2)
    return xr.Dataset(
        {name: ("network", column) for name, column in columns}
        | {"path_f": (("network", "point"), f), "path_lam_over_g": (("network", "point"), lam)}
    )
