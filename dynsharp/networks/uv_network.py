"""The UV model in weight space: a real two-layer linear network, to hold its map against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dynsharp.arguments import checked_array, checked_count, checked_positive
from dynsharp.errors import InputError
from dynsharp.networks.training import train
from dynsharp.results import Result, shown
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False, repr=False)
class UVNetwork(Result):
    r"""The network f = vᵀUx/√n_eff at its initial weights, with loss ½(f − y)² on one example.

    Made by `uv_network`. Training it by gradient descent gives, for every width, the orbit of
    `uv_physical` with the parameters η, ``y`` and ``g`` from ``start``, to rounding.

    Attributes
    ----------
    U, v
        Initial weights, of shapes (n, d) and (n,).
    x, y
        The example: input of shape (d,), target.
    n_eff
        n^(1−s).
    """

    told: ClassVar = ("width", "n_eff", "y", "g", "start", "x", "U", "v")

    U: Array
    v: Array
    x: Array
    y: float
    n_eff: float

    @property
    def width(self) -> int:
        """Number n of hidden neurons."""
        return len(self.v)

    @property
    def g(self) -> float:
        """Scale of the function, ‖x‖/√n_eff."""
        return float(np.linalg.norm(self.x) / np.sqrt(self.n_eff))

    @property
    def start(self) -> dict[str, float]:
        """Start of the map `uv_physical` that these weights correspond to."""
        now = self.measure(self.U, self.v)
        return {"df": now["df"], "lam": now["lam"]}

    def __repr__(self) -> str:
        numbers = {"y": self.y, "g": self.g, **self.start}
        return f"uv network of width {self.width}: {shown(numbers)}"

    def output(self, U: Array, v: Array) -> float:
        """Return f = vᵀUx/√n_eff."""
        return float(v @ (U @ self.x)) / float(np.sqrt(self.n_eff))

    def step(self, U: Array, v: Array, eta: float) -> tuple[Array, Array]:
        """Return the weights after one step of gradient descent."""
        kick = eta * (self.output(U, v) - self.y) / np.sqrt(self.n_eff)
        return U - kick * np.outer(v, self.x), v - kick * (U @ self.x)

    def measure(self, U: Array, v: Array) -> dict[str, float]:
        r"""Error ``df``, NTK trace ``lam``, ``loss`` and ``sharpness`` at any weights.

        The sharpness is the top eigenvalue of the Hessian in all weights, exactly. Only a = Ux/‖x‖
        enters f = g vᵀa, and the Hessian in (a, v) is that of a rank-one form plus gΔf times the
        exchange of a and v: its eigenvalues are ½(λ ± √(λ² + 4g²Δf(Δf + 2f))), on the span of
        (a, v) and (v, a), and ±gΔf, each n − 1 times. (For width 1 these last do not exist.)
        """
        hidden, f = U @ self.x, self.output(U, v)
        df = f - self.y
        lam = float(hidden @ hidden + (self.x @ self.x) * (v @ v)) / self.n_eff
        # λ² + 4g²Δf(Δf + 2f) as a sum of two terms that are never negative, whence no cancellation.
        conserved = max(lam**2 - (2 * self.g * f) ** 2, 0.0)  # negative by rounding only
        sharpness = (lam + np.hypot(2 * self.g * (df + f), np.sqrt(conserved))) / 2
        if self.width > 1:
            sharpness = max(sharpness, self.g * abs(df))
        return {"df": df, "lam": lam, "loss": df**2 / 2, "sharpness": float(sharpness)}

    def train(self, eta: float, steps: int, *, every: int = 1) -> xr.Dataset:
        """Train by full-batch gradient descent from the initial weights.

        Parameters
        ----------
        eta
            Step size η.
        steps
            Number of steps.
        every
            Record every so many iterates.

        Returns
        -------
        xarray.Dataset
            ``df``, ``lam``, ``loss``, ``sharpness`` along the dimension ``iterate``, the initial
            weights included. The attribute ``status`` is ``"completed"``, or says at which iterate
            training diverged; the record ends there.

        Raises
        ------
        InputError
            If the step size is not positive or a count is not a positive integer.
        """
        eta = checked_positive("eta", eta)
        return train(
            lambda U, v: self.step(U, v, eta),
            lambda U, v: (self.output(U, v) - self.y) ** 2 / 2,
            self.measure,
            (self.U, self.v),
            steps,
            every,
            attrs={
                "system": f"uv network of width {self.width}",
                "eta": eta,
                "y": self.y,
                "g": self.g,
            },
        )


def uv_network(width: int, s: float, sigma_w: float, x: Any, y: float, seed: int) -> UVNetwork:
    r"""Return a two-layer linear network f = vᵀUx/√n_eff with random weights, on one example.

    The entries of U (width × len(x)) and v (width) are drawn from N(0, σ_w²/n^s), and
    n_eff = n^(1−s): s = 0 is the neural-tangent parameterisation, s = 1 the maximal update one.

    Parameters
    ----------
    width
        Number n of hidden neurons.
    s
        Parameterisation, between 0 and 1.
    sigma_w
        σ_w, scale of the initial weights.
    x, y
        The example: input vector, not zero, and target.
    seed
        Of the random weights.

    Raises
    ------
    InputError
        If an argument is not of that kind.

    References
    ----------
    Kalra, He, Barkeshli, ICLR 2025, arXiv:2311.02076, section 3.

    Examples
    --------
    >>> net = uv_network(width=16, s=1, sigma_w=0.5, x=[1.0, 0.0], y=1.0, seed=0)
    >>> net.g
    1.0
    """
    n = checked_count("width", width, 1)
    x = checked_array("x", x, ndim=1)
    if not np.any(x):
        raise InputError("x", "the zero vector", "an input that is not zero")
    y = float(checked_array("y", y, ndim=0))
    s = float(checked_array("s", s, ndim=0))
    if not 0 <= s <= 1:
        raise InputError("s", s, "a number between 0 (NTP) and 1 (maximal update)")
    rng = np.random.default_rng(checked_count("seed", seed, 0))
    scale = checked_positive("sigma_w", sigma_w) / n ** (s / 2)
    U, v = scale * rng.normal(size=(n, len(x))), scale * rng.normal(size=n)
    for weights in (U, v):
        weights.flags.writeable = False
    return UVNetwork(U, v, x, y, n ** (1 - s))
