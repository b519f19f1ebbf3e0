"""UV networks trained in weight space, many at once: what the claims hold theory against.

Networks of one width and input dimension are stacked; every lane has its own weights, example,
parameterisation and step size. The update is gradient descent on ½(f − y)², f = vᵀUx/√n_eff,

    U' = U − ηΔf v xᵀ/√n_eff,    v' = v − ηΔf Ux/√n_eff,

in all n(d + 1) weights: nothing is reduced to (Δf, λ). The network of the paper is
`dynsharp.systems.uv_network`; `train` for one of them and here agree to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dynsharp import InputError
from dynsharp.systems import UVNetwork, uv_network
from dynsharp.types import Array

__all__ = ["EXAMPLE", "Lanes", "example_network"]

# One example with three inputs, ‖x‖ ≠ 1 and y ≠ 1, so that no factor of either goes unnoticed.
EXAMPLE: tuple[tuple[float, ...], float] = ((0.6, -0.8, 1.1), 1.5)


def example_network(width: int, s: float, sigma_w: float, seed: int) -> UVNetwork:
    """Return the network of these claims: random weights, the one example `EXAMPLE`."""
    x, y = EXAMPLE
    return uv_network(width, s, sigma_w, x, y, seed)


@dataclass
class Lanes:
    """Networks in training, one a lane; `advance` changes the weights in place.

    Attributes
    ----------
    U, v
        Weights, of shapes (lanes, d, n) (transposed, so that the sum over d is contiguous) and
        (lanes, n).
    x, y, n_eff, eta
        Inputs (lanes, d); targets, scales and step sizes (lanes,).
    """

    U: Array
    v: Array
    x: Array
    y: Array
    n_eff: Array
    eta: Array

    @classmethod
    def of(cls, networks: Sequence[UVNetwork], eta: Array) -> Lanes:
        """Stack networks of the same width and input dimension, at their initial weights.

        Raises
        ------
        InputError
            If their shapes differ, or there is not one step size a network.
        """
        shapes = {net.U.shape for net in networks}
        if len(shapes) != 1:
            raise InputError("networks", f"weights U of shapes {shapes}", "one shape for all")
        eta = np.array(eta, float)
        if eta.shape != (len(networks),):
            raise InputError("eta", f"shape {eta.shape}", f"one value for each of {len(networks)}")
        return cls(
            np.array([net.U.T for net in networks]),
            np.array([net.v for net in networks]),
            np.array([net.x for net in networks]),
            np.array([net.y for net in networks]),
            np.array([net.n_eff for net in networks]),
            eta,
        )

    @property
    def g(self) -> Array:
        """Scales of the functions, ‖x‖/√n_eff."""
        return np.linalg.norm(self.x, axis=1) / np.sqrt(self.n_eff)

    def advance(self, steps: int) -> None:
        """Train so many steps; a lane that diverges ends in inf or NaN, and stays there."""
        self._train(steps, 0)

    def record(self, steps: int) -> tuple[Array, Array]:
        """Train so many steps; return Δf and λ before each of them, (steps, lanes)."""
        return self._train(steps, steps)

    def _train(self, steps: int, keep: int) -> tuple[Array, Array]:
        df, lam = np.empty((2, keep, len(self.y)))
        root, size = np.sqrt(self.n_eff), np.einsum("bd,bd->b", self.x, self.x)
        with np.errstate(over="ignore", invalid="ignore"):
            for n in range(steps):
                hidden = np.einsum("bdn,bd->bn", self.U, self.x)
                error = np.einsum("bn,bn->b", self.v, hidden) / root - self.y
                if keep:
                    df[n] = error
                    squares = np.einsum("bn,bn->b", hidden, hidden)
                    squares += size * np.einsum("bn,bn->b", self.v, self.v)
                    lam[n] = squares / self.n_eff
                kick = (self.eta * error / root)[:, None]
                self.U -= self.x[:, :, None] * (kick * self.v)[:, None, :]
                self.v -= kick * hidden
        return df, lam
