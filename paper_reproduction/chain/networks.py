"""Fully connected networks of any width, linear or tanh, by hand-written backpropagation.

Small enough to have their whole Hessian: gradient flow is integrated by a stiff solver with the
exact Jacobian, and the sharpness is an eigenvalue, not an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

__all__ = ["End", "Network", "flow_end"]

_TINY = 1e-30  # a complex step: no difference is taken, so that it can be as small as this


@dataclass(frozen=True)
class Network:
    """f(x) = W_Dᵀ φ(... φ(W_1ᵀ x)), without biases, one output; loss (1/2N) Σ (f(x) − y)².

    Attributes
    ----------
    widths
        Sizes of the layers, from the inputs to the last hidden layer.
    smooth
        φ = tanh if true, else the identity: a deep linear network.
    """

    widths: tuple[int, ...]
    smooth: bool

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Shapes of the weight matrices."""
        return list(pairwise((*self.widths, 1)))

    def start(self, gain: float, random: np.random.Generator) -> np.ndarray:
        """Return normal weights of variance gain²/fan-in, all in one vector."""
        parts = [gain / np.sqrt(m) * random.normal(size=m * n) for m, n in self.shapes]
        return np.concatenate(parts)

    def layers(self, w: np.ndarray) -> list[np.ndarray]:
        """Split weights (..., P) into matrices (..., m, n)."""
        ends = np.cumsum([m * n for m, n in self.shapes])[:-1]
        parts = np.split(w, ends, axis=-1)
        return [p.reshape(*w.shape[:-1], *s) for p, s in zip(parts, self.shapes, strict=True)]

    def residual_and_gradient(
        self, w: np.ndarray, X: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return f − y, of shape (..., N), and the gradient of the loss, of shape (..., P)."""
        layers = self.layers(w)
        inputs = [np.broadcast_to(X, (*w.shape[:-1], *X.shape))]
        for W in layers[:-1]:
            z = inputs[-1] @ W
            inputs.append(np.tanh(z) if self.smooth else z)
        residual = (inputs[-1] @ layers[-1])[..., 0] - y
        back, gradients = residual[..., None] / len(y), []
        for i in range(len(layers) - 1, -1, -1):
            gradients.append((np.swapaxes(inputs[i], -1, -2) @ back).reshape(*w.shape[:-1], -1))
            if i:
                back = back @ np.swapaxes(layers[i], -1, -2)
                if self.smooth:
                    back = back * (1 - inputs[i] ** 2)
        return residual, np.concatenate(gradients[::-1], axis=-1)

    def hessian(self, w: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Hessian of the loss, exactly: the imaginary part of the gradient at w + i·tiny·e_j."""
        _, gradients = self.residual_and_gradient(w + 1j * _TINY * np.eye(len(w)), X, y)
        return np.asarray(gradients.imag / _TINY)


@dataclass(frozen=True)
class End:
    """Where gradient flow of a network ended: its sharpness and what is left of the residual."""

    sharpness: float
    residual: float
    status: str


def flow_end(
    network: Network, w0: np.ndarray, X: np.ndarray, y: np.ndarray, reach: float, horizon: float
) -> End:
    """Integrate gradient flow until the residual is ``reach`` of the targets, or to the horizon.

    Of a linear network on targets that it cannot reach, y is to be their reachable part.
    """
    scale = np.linalg.norm(y)

    def velocity(_: float, w: np.ndarray) -> np.ndarray:
        return -network.residual_and_gradient(w, X, y)[1]

    def arrived(_: float, w: np.ndarray) -> float:
        residual, _g = network.residual_and_gradient(w, X, y)
        return float(np.log(np.linalg.norm(residual) / scale) - np.log(reach))

    arrived.terminal = True  # type: ignore[attr-defined]
    solution = solve_ivp(
        velocity,
        (0.0, horizon),
        w0,
        "LSODA",
        jac=lambda _, w: -network.hessian(w, X, y),
        events=arrived,
        rtol=1e-4,
        atol=1e-6,
    )
    w = solution.y[:, -1]
    residual, _g = network.residual_and_gradient(w, X, y)
    left = float(np.linalg.norm(residual) / scale)
    status = "converged"
    if solution.status != 1:
        status = f"the residual is still {left:.1e} of the targets at time {horizon:.1e}"
    return End(float(np.linalg.eigvalsh(network.hessian(w, X, y))[-1]), left, status)
