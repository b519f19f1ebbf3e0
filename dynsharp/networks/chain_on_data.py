"""The chain on data: a deep linear network with one neuron a layer, trained on real X and y.

Yoo, Song, Yun, *Understanding Sharpness Dynamics in NN Training with a Minimalist Example: The
Effects of Dataset Difficulty, Depth, Stochasticity, and More*, ICML 2025, arXiv:2506.06940.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sympy as sp

from dynsharp.arguments import checked_array, checked_count, checked_positive
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.networks.products import last_layers_squared, products_without
from dynsharp.networks.singular_coordinates import singular_coordinates
from dynsharp.networks.training import train
from dynsharp.optimisers import gradient_descent
from dynsharp.results import Result
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr

_RECORDABLE = ("loss", "sharpness", "imbalance", "u", "v")


@dataclass(frozen=True, eq=False, repr=False)
class ChainOnData(Result):
    r"""The network f(x) = (xᵀu) Π_{i<D} v_i with loss (1/2N) ‖X u V − y‖², V = Π v_i.

    Made by `chain_on_data`. With X = Σ σ_i e_i w_iᵀ everything is stated in singular coordinates:
    u_i = w_iᵀu and the targets d_i = e_iᵀy, for the r singular values above the numerical rank.
    The rest of u neither moves nor enters the loss: its Hessian vanishes there, and the top
    eigenvalue is that in singular coordinates. States may carry leading batch dimensions: ``u`` of
    shape (..., r) and ``v`` of shape (..., D − 1).

    Attributes
    ----------
    samples
        N, the number of rows of X.
    depth
        D ≥ 2, the number of layers.
    sigma
        σ, the r singular values, largest first.
    targets
        d, the r components of y along the left singular vectors.
    directions
        w, the right singular vectors as the columns of a (features, r) matrix:
        ``u @ directions.T`` is the first layer's weight vector.
    unreachable
        Squared length of the part of y outside the range of X: the loss is at least
        ``unreachable/(2N)``.
    """

    told: ClassVar = (
        *("samples", "depth", "rank", "Q", "predicted_sharpness", "sharpness_bounds", "eta_c"),
        *("sigma", "targets", "directions", "unreachable"),
    )

    samples: int
    depth: int
    sigma: Array
    targets: Array
    directions: Array
    unreachable: float

    # ---- the data --------------------------------------------------------------------------

    @property
    def rank(self) -> int:
        """Numerical rank r of X."""
        return len(self.sigma)

    @property
    def Q(self) -> float:  # noqa: N802
        """Dataset difficulty ‖X⁺y‖² = Σ d_i²/σ_i²: squared length of the least solution."""
        return float(np.sum((self.targets / self.sigma) ** 2))

    @property
    def predicted_sharpness(self) -> float:
        """Ŝ = (σ₁²/N) Q^((D−1)/D), the leading part of the sharpness of the balanced minimum."""
        return float(self.sigma[0] ** 2 / self.samples * self.Q ** (1 - 1 / self.depth))

    # ---- minima ----------------------------------------------------------------------------

    def minimum(self, imbalance: float | Sequence[float] | Array = 0.0) -> tuple[Array, Array]:
        r"""Return the global minimum (u, v) of given imbalances C_i = ‖u‖² − v_i².

        At a minimum u_i = d_i/(σ_i V), hence ‖u‖² V² = Q: with t = ‖u‖², the only root
        t > max(0, C_i) of t Π (t − C_i) = Q. The representative with all v_i > 0 is returned; the
        others have signs changed in pairs, and the same sharpness.

        Parameters
        ----------
        imbalance
            One value for all layers, or one for each of the D − 1 scalars; 0 is balanced.

        Raises
        ------
        InputError
            If there are not D − 1 finite numbers.
        """
        C = np.broadcast_to(imbalance, self.depth - 1) if np.ndim(imbalance) == 0 else imbalance
        C = checked_array("imbalance", C, ndim=1, shape=(self.depth - 1,))
        v = np.sqrt(last_layers_squared(C, self.Q))
        return self.targets / (self.sigma * v.prod()), v

    def sharpness_at_minimum(self, v: Any) -> Array:
        r"""Top Hessian eigenvalue at the global minimum with these v, exactly.

        (1/N) λ_max(V² σ² + (Σ 1/v_i²) d dᵀ), with σ² a diagonal matrix: an eigenproblem of size r.

        Raises
        ------
        InputError
            If ``v`` has not D − 1 components, none of them zero.
        """
        v = self._state("v", v, self.depth - 1)
        if not np.all(v):
            raise InputError("v", "a component that is zero", "the v of a global minimum")
        V = v.prod(-1)[..., None, None]
        inverse = (1 / v**2).sum(-1)[..., None, None]
        matrix = V**2 * np.diag(self.sigma**2) + inverse * np.outer(self.targets, self.targets)
        return np.asarray(np.linalg.eigvalsh(matrix)[..., -1] / self.samples)

    def bounds_at(self, imbalance: float | Sequence[float] | Array) -> tuple[float, float]:
        r"""Lower and upper bound of the sharpness of the global minimum of given imbalances.

        (1/N)[σ₁²V² + d₁² Σ 1/v_i²] ≤ S ≤ (1/N)[σ₁²V² + ‖d‖² Σ 1/v_i²]: the matrix of
        `sharpness_at_minimum` along the first direction, and Weyl's inequality.

        Raises
        ------
        InputError
            As for `minimum`.
        """
        _, v = self.minimum(imbalance)
        flat = self.sigma[0] ** 2 * v.prod() ** 2
        inverse = np.sum(1 / v**2)
        lower = (flat + inverse * self.targets[0] ** 2) / self.samples
        upper = (flat + inverse * np.sum(self.targets**2)) / self.samples
        return float(lower), float(upper)

    @property
    def sharpness_bounds(self) -> tuple[float, float]:
        """Lower and upper bound of the sharpness of the balanced minimum."""
        return self.bounds_at(0.0)

    @cached_property
    def eta_c(self) -> float:
        """Step size 2/S above which gradient descent leaves the balanced minimum."""
        _, v = self.minimum()
        return float(2 / self.sharpness_at_minimum(v))

    def gradient_flow_limit(self, u0: Any, v0: Any) -> tuple[Array, Array, float]:
        r"""Return the minimum (u, v) that gradient flow reaches from a start, and its sharpness.

        The flow conserves every ‖u‖² − v_i², which fixes the minimum up to signs: no integration.
        The signs are those of `minimum`. (Exceptional starts, such as u = 0 = v, flow to a saddle
        instead.)

        Raises
        ------
        InputError
            If the start has a wrong shape.
        """
        u, v = self.minimum(self.imbalance(u0, v0))
        return u, v, float(self.sharpness_at_minimum(v))

    # ---- any point -------------------------------------------------------------------------

    def loss(self, u: Any, v: Any) -> Array:
        """Loss at any state."""
        u, v = self._state("u", u, self.rank), self._state("v", v, self.depth - 1)
        return self._loss(u, v)

    def imbalance(self, u: Any, v: Any) -> Array:
        """Imbalances ‖u‖² − v_i², of shape (..., D − 1)."""
        u, v = self._state("u", u, self.rank), self._state("v", v, self.depth - 1)
        return np.asarray((u**2).sum(-1)[..., None] - v**2)

    def hessian(self, u: Any, v: Any) -> Array:
        """Exact Hessian at any state, of shape (..., r + D − 1, r + D − 1), in (u, v)."""
        u, v = self._state("u", u, self.rank), self._state("v", v, self.depth - 1)
        V = v.prod(-1)[..., None]
        without = products_without(v)  # V/(v_i v_j), and V/v_i on the diagonal
        without_one = np.diagonal(without, axis1=-2, axis2=-1)
        prediction = self.sigma * u
        residual = prediction * V - self.targets
        # ∂²/∂u², ∂²/∂u∂v_i and ∂²/∂v_i∂v_j; the last has no residual on its diagonal.
        uu = V[..., None] ** 2 * np.diag(self.sigma**2)
        uv = (self.sigma * (prediction * V + residual))[..., None] * without_one[..., None, :]
        squared, pull = (prediction**2).sum(-1), (prediction * residual).sum(-1)
        vv = squared[..., None, None] * without_one[..., None] * without_one[..., None, :]
        vv = vv + pull[..., None, None] * without * (1 - np.eye(self.depth - 1))
        vu = np.swapaxes(uv, -1, -2)
        blocks = [np.concatenate(row, axis=-1) for row in ((uu, uv), (vu, vv))]
        return np.asarray(np.concatenate(blocks, axis=-2) / self.samples)

    def sharpness(self, u: Any, v: Any) -> Array:
        """Top eigenvalue of the Hessian at any state."""
        return np.asarray(np.linalg.eigvalsh(self.hessian(u, v))[..., -1])

    # ---- dynamics --------------------------------------------------------------------------

    def map(self) -> DiscreteMap:
        """Return gradient descent in singular coordinates, with the data's numbers put in.

        State (u1, ..., ur, v1, ..., v(D−1)), parameter η. Observables: ``loss`` and the imbalances
        ``imbalance1``, .... Symbolic work grows with r: for more than a few dozen singular values,
        prefer `train`.
        """
        u = sp.symbols(f"u1:{self.rank + 1}", real=True)
        v = sp.symbols(f"v1:{self.depth}", real=True)
        eta = sp.Symbol("eta", positive=True)
        V = sp.prod(v)
        squares = [
            (float(s) * x * V - float(d)) ** 2
            for s, x, d in zip(self.sigma, u, self.targets, strict=True)
        ]
        loss = (sp.Add(*squares) + self.unreachable) / (2 * self.samples)
        length = sp.Add(*(x**2 for x in u))
        descent = gradient_descent(loss, [*u, *v], eta)
        return DiscreteMap(
            descent.update,
            descent.parameters,
            name=f"chain of depth {self.depth} on data",
            observables={"loss": loss}
            | {f"imbalance{i}": length - w**2 for i, w in enumerate(v, start=1)},
        )

    def step(self, u: Array, v: Array, eta: float) -> tuple[Array, Array]:
        """Return the state after one step of gradient descent."""
        V = v.prod(-1)[..., None]
        without_one = np.diagonal(products_without(v), axis1=-2, axis2=-1)
        h = self.sigma * (self.sigma * u * V - self.targets) / self.samples
        return u - eta * V * h, v - eta * without_one * (u * h).sum(-1)[..., None]

    def train(
        self,
        eta: float,
        u0: Any,
        v0: Any,
        steps: int,
        *,
        record: Sequence[str] = ("loss", "sharpness", "imbalance"),
        every: int = 1,
    ) -> xr.Dataset:
        """Train by full-batch gradient descent, in plain NumPy.

        Parameters
        ----------
        eta
            Step size η.
        u0, v0
            Start in singular coordinates, of shapes (r,) and (D − 1,).
        steps
            Number of steps.
        record
            Names among ``loss``, ``sharpness``, ``imbalance``, ``u``, ``v``. A sharpness costs an
            eigenproblem of size r + D − 1.
        every
            Record every so many iterates.

        Returns
        -------
        xarray.Dataset
            What was asked for along ``iterate``, the start included; ``imbalance`` and ``v`` also
            along ``layer`` (1 to D − 1), ``u`` along ``mode`` (1 to r). The attribute ``status`` is
            ``"completed"``, or says at which iterate training diverged; the record ends there.

        Raises
        ------
        InputError
            If the start has a wrong shape, or another argument is not of its kind.
        """
        if isinstance(record, str) or not record or set(record) - set(_RECORDABLE):
            raise InputError("record", repr(record), f"names among {', '.join(_RECORDABLE)}")
        eta = checked_positive("eta", eta)
        observe = {
            "loss": self._loss,
            "sharpness": self.sharpness,
            "imbalance": self.imbalance,
            "u": lambda u, v: u,
            "v": lambda u, v: v,
        }
        return train(
            lambda u, v: self.step(u, v, eta),
            lambda u, v: float(self._loss(u, v)),
            lambda u, v: {name: observe[name](u, v) for name in record},
            (
                checked_array("u0", u0, ndim=1, shape=(self.rank,)),
                checked_array("v0", v0, ndim=1, shape=(self.depth - 1,)),
            ),
            steps,
            every,
            dims={"imbalance": "layer", "v": "layer", "u": "mode"},
            attrs={
                "system": f"chain of depth {self.depth} on data",
                "eta": eta,
                "eta_c": self.eta_c,
                "Q": self.Q,
                "samples": self.samples,
                "rank": self.rank,
            },
        )

    # ---- helpers ---------------------------------------------------------------------------

    def _loss(self, u: Array, v: Array) -> Array:
        residual = self.sigma * u * v.prod(-1)[..., None] - self.targets
        return np.asarray(((residual**2).sum(-1) + self.unreachable) / (2 * self.samples))

    def _state(self, argument: str, value: Any, size: int) -> Array:
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError) as error:
            raise InputError(argument, repr(value), "an array of real numbers") from error
        if array.ndim < 1 or array.shape[-1] != size:
            raise InputError(argument, f"shape {array.shape}", f"shape (..., {size})")
        return array

    def __repr__(self) -> str:
        lower, upper = self.sharpness_bounds
        return (
            f"chain of depth {self.depth} on {self.samples} samples of rank {self.rank}\n"
            f"    dataset difficulty Q    {self.Q:.6g}\n"
            f"    predicted sharpness     {self.predicted_sharpness:.6g}\n"
            f"    balanced minimum        {lower:.6g} <= S = {2 / self.eta_c:.6g} <= {upper:.6g}\n"
            f"    critical step size      {self.eta_c:.6g}"
        )


def chain_on_data(X: Any, y: Any, depth: int) -> ChainOnData:
    r"""Return the chain of the given depth on data, in singular coordinates.

    Parameters
    ----------
    X
        Inputs, one sample a row: shape (N, features). Neither centred nor scaled here.
    y
        Targets, shape (N,).
    depth
        D ≥ 2: the layer u and D − 1 scalars.

    Notes
    -----
    Singular values below the numerical rank count as zero (`singular_coordinates`). One that is
    small but not zero makes Q large; whoever finds that unphysical reduces the data first.

    Raises
    ------
    InputError
        If X or y is not finite or of the wrong shape, the depth is below 2, X is zero, or y is zero
        or orthogonal to the range of X, in which case there is nothing to learn.

    Examples
    --------
    >>> data = chain_on_data([[2.0, 0.0], [0.0, 1.0]], [2.0, 1.0], depth=2)
    >>> data.Q, data.predicted_sharpness == 2 * 2**0.5
    (2.0, True)
    """
    depth = checked_count("depth", depth, 2)
    coordinates = singular_coordinates(X, y)
    return ChainOnData(len(X), depth, *coordinates)
