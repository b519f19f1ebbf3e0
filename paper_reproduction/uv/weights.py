"""One UV network as a loss of all its weights: gradient, Hessian, gradient flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from dynsharp.systems import UVNetwork
from dynsharp.types import Array

__all__ = ["Flow", "flow", "gradient", "hessian", "packed", "unpacked"]


def packed(U: Array, v: Array) -> Array:
    """Return all n(d + 1) weights as one vector, U row by row, then v."""
    return np.concatenate([U.ravel(), v])


def unpacked(net: UVNetwork, weights: Array) -> tuple[Array, Array]:
    """Return (U, v) of a vector of weights."""
    n, d = net.U.shape
    return weights[: n * d].reshape(n, d), weights[n * d :]


def _gradient_of_output(net: UVNetwork, weights: Array) -> Array:
    U, v = unpacked(net, weights)
    return packed(np.outer(v, net.x), U @ net.x) / np.sqrt(net.n_eff)


def gradient(net: UVNetwork, weights: Array) -> Array:
    """Gradient of the loss ½(f − y)² in all weights."""
    error = net.output(*unpacked(net, weights)) - net.y
    return np.asarray(error * _gradient_of_output(net, weights))


def hessian(net: UVNetwork, weights: Array) -> Array:
    """Hessian of the loss in all weights: ∇f∇fᵀ + Δf ∇²f, where ∂²f/∂U_ij∂v_i = x_j/√n_eff."""
    n, d = net.U.shape
    error = net.output(*unpacked(net, weights)) - net.y
    mixed = np.kron(np.eye(n), net.x[:, None]) * error / np.sqrt(net.n_eff)
    first = _gradient_of_output(net, weights)
    result = np.outer(first, first)
    result[: n * d, n * d :] += mixed
    result[n * d :, : n * d] += mixed.T
    return result


@dataclass(frozen=True)
class Flow:
    """Gradient flow of the weights.

    Attributes
    ----------
    time, df, lam, imbalance
        At the times that the solver chose: time, Δf, λ and ‖Ux‖²/‖x‖² − ‖v‖².
    drift
        Largest change of λ² − 4g²f² and of the imbalance, which gradient flow conserves, in units
        of the largest λ² and λ/g² = ‖Ux‖²/‖x‖² + ‖v‖² on the way: of what is subtracted in them.
    status
        ``"completed"``, or what the solver says.
    """

    time: Array
    df: Array
    lam: Array
    imbalance: Array
    drift: float
    status: str


def flow(net: UVNetwork, tolerance: float = 1e-10, left: float = 1e-11) -> Flow:
    """Integrate ẇ = −∇L from the initial weights by an implicit Runge–Kutta method (Radau).

    Parameters
    ----------
    net
        The network.
    tolerance
        Relative tolerance of the solver, with the exact Jacobian −∇²L.
    left
        Where it ends: |Δf| at most this share of |y| + |f₀|. A flow that has not come there when
        the slowest possible one (λ ≥ 2g|f|, from a hundredth of y on) has is reported as such.
    """
    size = abs(net.y) + abs(net.start["df"] + net.y)

    def arrived(_: float, weights: Array) -> float:
        error = net.output(*unpacked(net, weights)) - net.y
        return float(abs(error) - left * size)

    arrived.terminal = True  # type: ignore[attr-defined]
    slowest = 2 * net.g * abs(net.y) / 100
    solution = solve_ivp(
        lambda _, w: -gradient(net, w),
        (0, np.log(1 / left) / slowest),
        packed(net.U, net.v),
        method="Radau",
        jac=lambda _, w: -hessian(net, w),
        rtol=tolerance,
        atol=tolerance * 1e-2,
        events=arrived,
    )
    status = "completed"
    if solution.status != 1:
        status = f"|Δf| did not fall to {left:g} of its scale by time {solution.t[-1]:.3g}: "
        status += solution.message
    df, lam, imbalance = np.array([_observed(net, w) for w in solution.y.T]).T
    f = df + net.y
    kept = lam**2 - (2 * net.g * f) ** 2
    largest = max(float(lam.max()), float(np.finfo(float).tiny) ** 0.5)  # none is if all is zero
    drift = max(np.ptp(kept) / largest**2, np.ptp(imbalance) * net.g**2 / largest)
    return Flow(solution.t, df, lam, imbalance, float(drift), status)


def _observed(net: UVNetwork, weights: Array) -> tuple[float, float, float]:
    U, v = unpacked(net, weights)
    now, hidden = net.measure(U, v), U @ net.x / np.linalg.norm(net.x)
    return now["df"], now["lam"], float(hidden @ hidden - v @ v)
