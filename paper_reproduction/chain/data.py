"""Data for the claims about the chain: real, Gaussian, and with a prescribed spectrum.

Samples come in a fixed order, and the data of size N are the first N of them: data of different
sizes are nested, so that what N does is not mixed with what another draw does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dynsharp import InputError
from dynsharp.networks.data import load
from dynsharp.systems import ChainOnData, chain_on_data

__all__ = ["Problem", "Samples", "balanced_start", "gaussian", "power_law", "real", "tumours"]


@dataclass(frozen=True, eq=False)
class Problem:
    """A chain on data, with the single samples that minibatches are drawn from.

    Attributes
    ----------
    chain
        The chain in singular coordinates.
    rows
        The inputs in these coordinates, of shape (N, rank): ``rows @ u`` is X u.
    y
        The targets, of shape (N,).
    """

    chain: ChainOnData
    rows: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs X of shape (N, features) and targets y in an order, and what they are in words."""

    name: str
    X: np.ndarray
    y: np.ndarray

    def problem(self, size: int, depth: int) -> Problem:
        """Return the chain of that depth on the first ``size`` samples.

        Raises
        ------
        InputError
            If there are not so many, or `chain_on_data` refuses them.
        """
        if not 1 <= size <= len(self.y):
            raise InputError("size", size, f"a number of samples from 1 to {len(self.y)}")
        X, y = self.X[:size], self.y[:size]
        chain = chain_on_data(X, y, depth)
        return Problem(chain, X @ chain.directions, y)

    def shuffled(self, random: np.random.Generator) -> Samples:
        """Return the same samples in another order."""
        order = random.permutation(len(self.y))
        return Samples(self.name, self.X[order], self.y[order])


def real(path: Path | None, random: np.random.Generator) -> Samples:
    """Return the user's data, or scikit-learn's digits 0 and 1 with targets ±1, shuffled."""
    data = load(path)
    return Samples(data.name, data.X, data.y).shuffled(random)


def tumours(random: np.random.Generator) -> Samples:
    """Return scikit-learn's breast tumours, 30 standardised features, benign +1, shuffled."""
    from sklearn.datasets import load_breast_cancer

    X, label = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return Samples("breast tumours", X, np.where(label == 1, 1.0, -1.0)).shuffled(random)


def gaussian(size: int, features: int, random: np.random.Generator) -> Samples:
    """Return independent standard normal features with targets ±1 drawn by a coin."""
    X = random.normal(size=(size, features))
    return Samples("Gaussian, random ±1", X, random.choice([-1.0, 1.0], size))


def power_law(size: int, features: int, exponent: float, random: np.random.Generator) -> Samples:
    r"""Return normal features of variance j^(−exponent), j = 1, 2, ..., and a teacher's ±1.

    The target is the sign of Σ_j x_j: every feature has a part in proportion to its size.
    """
    scale = np.arange(1, features + 1) ** (-exponent / 2)
    X = random.normal(size=(size, features)) * scale
    name = f"variances $j^{{-{exponent:g}}}$, teacher's ±1"
    return Samples(name, X, np.where(X.sum(axis=1) < 0, -1.0, 1.0))


def balanced_start(
    chain: ChainOnData, share: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a small balanced state: ‖u‖ = v_i = ``share`` times what it is at the minimum.

    The direction of u is random, its sign such that the prediction correlates with the targets.
    """
    u = random.normal(size=chain.rank)
    u *= np.sign(u @ (chain.sigma * chain.targets)) or 1.0
    length = share * chain.Q ** (0.5 / chain.depth)
    return length * u / np.linalg.norm(u), np.full(chain.depth - 1, length)
