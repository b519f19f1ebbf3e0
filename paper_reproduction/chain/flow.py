"""Gradient flow of the chain on data, by an adaptive stiff solver, its invariants checked.

Gradient flow conserves every C_i = ‖u‖² − v_i² (hence every v_i² − v_j²). The solver is not told
so: how far they drift is the measure of its error that comes with the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from dynsharp.systems import ChainOnData

__all__ = ["DRIFT", "gradient_flow", "integrate"]

DRIFT = 1e-8  # largest drift of a conserved quantity, relative to ‖u‖² at the end
_TOLERANCE = 1e-11  # of the solver, a step
_HORIZON = 1e4  # longest integration, in units of the slowest time of the minimum


def integrate(chain: ChainOnData, u0: np.ndarray, v0: np.ndarray, reach: float = 1e-9) -> Any:
    """Return scipy's solution, at the solver's own steps, with the states (u, v) as columns."""
    r = chain.rank
    scale = np.linalg.norm(chain.targets)

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        u, v = state[:r], state[r:]
        return np.concatenate(chain.step(u, v, 1.0)) - state

    def residual(_: float, state: np.ndarray) -> float:
        miss = chain.sigma * state[:r] * state[r:].prod() - chain.targets
        return float(np.log(np.linalg.norm(miss) / scale + 1e-300) - np.log(reach))

    residual.terminal = True  # type: ignore[attr-defined]
    limit, *_ = chain.gradient_flow_limit(u0, v0)
    V2 = chain.Q / (limit @ limit)
    slowest = chain.samples / (V2 * chain.sigma[-1] ** 2)
    return solve_ivp(
        velocity,
        (0.0, _HORIZON * slowest),
        np.concatenate([u0, v0]),
        "LSODA",
        jac=lambda _, state: -chain.hessian(state[:r], state[r:]),
        events=residual,
        rtol=_TOLERANCE,
        atol=_TOLERANCE * float(np.linalg.norm(limit)) / np.sqrt(r),
    )


def gradient_flow(
    chain: ChainOnData, u0: np.ndarray, v0: np.ndarray, *, reach: float = 1e-9, points: int = 200
) -> xr.Dataset:
    r"""Integrate u̇ = −∂L/∂u, v̇ = −∂L/∂v until the residual is ``reach`` of the targets.

    LSODA, with the exact Jacobian: minus the Hessian of the loss. Time is in units in which one
    step of gradient descent takes the time η.

    Parameters
    ----------
    chain
        The chain on data, in singular coordinates.
    u0, v0
        Start, of shapes (r,) and (D − 1,).
    reach
        Where it ends: ‖σ u V − d‖ ≤ reach · ‖d‖.
    points
        The most points to return, among the solver's own steps.

    Returns
    -------
    xarray.Dataset
        ``loss`` (without the part that no weights reach), ``sharpness`` and ``imbalance`` (time,
        layer), and ``u`` (mode) and ``v`` (layer) at the end. Attributes: ``drift``, the largest
        change of an imbalance over ‖u‖² at the end; ``status``, ``"converged"`` or what happened.
    """
    r = chain.rank
    solution = integrate(chain, u0, v0, reach)
    chosen = np.unique(np.linspace(0, len(solution.t) - 1, points).astype(int))
    u, v = solution.y[:r, chosen].T, solution.y[r:, chosen].T
    C = chain.imbalance(u, v)
    drift = float(np.abs(C - C[0]).max() / (u[-1] @ u[-1]))
    status = "converged"
    if solution.status != 1:
        status = f"not converged at time {solution.t[-1]:.3g} ({solution.message}); try reach > "
        status += f"{reach:.0e} or fewer singular directions"
    elif not drift <= DRIFT:
        status = f"inaccurate: an imbalance drifted by {drift:.1e}; use a smaller tolerance"
    floor = chain.unreachable / (2 * chain.samples)
    return xr.Dataset(
        {
            "loss": ("time", chain.loss(u, v) - floor),
            "sharpness": ("time", chain.sharpness(u, v)),
            "imbalance": (("time", "layer"), C),
            "u": ("mode", u[-1]),
            "v": ("layer", v[-1]),
        },
        {"time": solution.t[chosen]},
        {"drift": drift, "status": status, "depth": chain.depth, "samples": chain.samples},
    )
