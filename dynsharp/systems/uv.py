"""The UV model: a two-layer linear network on one example, as an exact map of two variables.

Kalra, He, Barkeshli, *Universal Sharpness Dynamics in Neural Network Training: Fixed Point
Analysis, Edge of Stability, and Route to Chaos*, ICLR 2025, arXiv:2311.02076.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from dynsharp.map import DiscreteMap


def uv_physical() -> DiscreteMap:
    r"""Return the UV model in function space: state (Δf, λ), parameters η, y, g.

    The network f = vᵀUx/√n_eff on one example (x, y) with loss ½(f − y)² is trained by full-batch
    gradient descent with step η. With g = ‖x‖/√n_eff, the error Δf = f − y and the trace of the
    neural tangent kernel λ = ‖∇f‖² = (‖Ux‖² + ‖x‖²‖v‖²)/n_eff follow, for every width,

        Δf' = Δf (1 − ηλ + η²g² Δf (Δf + y))
        λ'  = λ + ηg² Δf (ηλΔf − 4(Δf + y))

    on the domain λ ≥ 2g|f|, which is ‖Ux‖² + ‖x‖²‖v‖² ≥ 2‖x‖ |vᵀUx| written in these variables.

    Observables: ``loss``, and ``sharpness``, the top Hessian eigenvalue for width at least 2:
    max{½(λ + √(λ² + 4g²Δf(Δf + 2f))), g|Δf|}.
    """
    df, lam, y = sp.symbols("df lam y", real=True)
    eta, g = sp.symbols("eta g", positive=True)
    f = df + y
    in_plane = (lam + sp.sqrt(lam**2 + 4 * g**2 * df * (df + 2 * f))) / 2
    return DiscreteMap(
        {
            df: df * (1 - eta * lam + eta**2 * g**2 * df * f),
            lam: lam + eta * g**2 * df * (eta * lam * df - 4 * f),
        },
        parameters=[eta, y, g],
        name="uv-physical",
        domain=lam >= 2 * g * sp.Abs(f),
        observables={"loss": df**2 / 2, "sharpness": sp.Max(in_plane, g * sp.Abs(df))},
    )


@cache
def uv() -> DiscreteMap:
    r"""Return the scaled UV model: state (z, k) = (ηgΔf, ηλ), one parameter ρ = ηgy > 0.

        z' = z (1 − k + z(z + ρ)),    k' = k + z (zk − 4(z + ρ)),    k ≥ 2|z + ρ|

    Derived from `uv_physical` by that change of coordinates. Observables: ``loss`` is η²g² times
    the loss, z²/2; ``sharpness`` is η times the sharpness, so that its stability threshold is 2.
    """
    physical = uv_physical()
    df, lam = physical.state
    eta, y, g = physical.parameters
    z, k = sp.symbols("z k", real=True)
    rho = sp.Symbol("rho", positive=True)
    scaled = physical.conjugate(
        {z: eta * g * df, k: eta * lam}, {df: z / (eta * g), lam: k / eta}
    ).substitute({y: rho / (eta * g)})
    # The update no longer depends on eta and g. Domain and observables do, through their units
    # 1/eta and 1/(eta g)^2: measuring in these units is setting eta = g = 1.
    assert not set().union(*(e.free_symbols for e in scaled.expressions)) & {eta, g}
    unit = scaled.substitute({eta: 1, g: 1})
    return DiscreteMap(
        {x: sp.collect(sp.expand(e), z, sp.factor) for x, e in unit.update.items()},
        parameters=[rho],
        name="uv",
        domain=unit.domain,
        observables=unit.observables,
    )


@cache
def uv_eos() -> DiscreteMap:
    r"""Return the UV model on its edge-of-stability manifold k = 2(z + ρ): state F = z + ρ.

        F' = F (1 + ρ − F)²

    Derived by restricting `uv`. With F = w² it is gradient descent on ¼(w² − ρ)².
    """
    full = uv()
    (z, k), (rho,) = full.state, full.parameters
    F = sp.Symbol("F", real=True)
    return full.restrict(k - 2 * (z + rho), eliminate=k).conjugate({F: z + rho}, name="uv-eos")
