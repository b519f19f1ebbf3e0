"""Gradient descent and minibatch SGD of the chain on data, many runs side by side.

u' = u − ηV h, v_i' = v_i − η (V/v_i)(u·h), with h = Xᵀr/N over all samples, or over the batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from dynsharp import InputError
from dynsharp.networks.products import products_without
from paper_reproduction.chain.data import Problem

__all__ = ["STATUS", "Minibatches", "sgd_step", "train"]

STATUS = ("converged", "still moving", "diverged")  # of a run: the values 0, 1, 2 of ``status``
_DIVERGED = 1e6  # times the first loss


@dataclass(frozen=True)
class Minibatches:
    """How batches are drawn, anew and independently at each step and in each run.

    Attributes
    ----------
    size
        B, from 1 to N.
    random
        The generator that draws them.
    replacement
        Whether a sample may come twice in a batch.
    """

    size: int
    random: np.random.Generator
    replacement: bool = False

    def draw(self, runs: int, samples: int) -> np.ndarray:
        """Return indices of samples, of shape (runs, B)."""
        if self.replacement:
            return self.random.integers(samples, size=(runs, self.size))
        order = self.random.random((runs, samples)).argsort(axis=1)
        return order[:, : self.size]


def sgd_step(
    problem: Problem, u: np.ndarray, v: np.ndarray, eta: np.ndarray, batch: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (u, v) after one step on each run's own batch of samples, of shape (runs, B)."""
    rows = problem.rows[batch]
    V = v.prod(axis=-1, keepdims=True)
    residual = np.einsum("rbm,rm->rb", rows, u) * V - problem.y[batch]
    h = np.einsum("rbm,rb->rm", rows, residual) / batch.shape[1]
    others = np.diagonal(products_without(v), axis1=-2, axis2=-1)
    return u - eta * V * h, v - eta * others * np.einsum("rm,rm->r", u, h)[:, None]


def train(
    problem: Problem,
    eta: float | Iterable[float],
    u0: np.ndarray,
    v0: np.ndarray,
    steps: int,
    *,
    batches: Minibatches | None = None,
    every: int = 1,
    reach: float = 1e-9,
    measure_sharpness: bool = True,
) -> xr.Dataset:
    r"""Train with each step size, or from each start, at once.

    Parameters
    ----------
    problem
        Chain and samples.
    eta
        One step size, or one for each run.
    u0, v0
        Start in singular coordinates, of shapes (r,) and (D − 1,) or (runs, r) and (runs, D − 1).
    steps
        The most steps. A run ends before, at the first recorded iterate where
        ‖σ u V − d‖ ≤ reach · ‖d‖ (converged), or where its loss is a million times the first.
    batches
        How minibatches are drawn; full-batch gradient descent if left out.
    every
        Record every so many iterates.
    reach
        When a run counts as converged.
    measure_sharpness
        Whether to record the sharpness, an eigenproblem of size r + D − 1 each.

    Returns
    -------
    xarray.Dataset
        ``loss`` (without the part that no weights reach) and ``sharpness`` over (run, iterate), NaN
        after a run's end; per run ``eta``, ``status`` (an index into `STATUS`), ``last`` (its last
        iterate) and the state there, ``u`` (run, mode) and ``v`` (run, layer).

    Raises
    ------
    InputError
        If a batch is larger than the data.
    """
    chain = problem.chain
    if batches is not None and not 1 <= batches.size <= chain.samples:
        raise InputError("batches", f"size {batches.size}", f"1 to {chain.samples} samples")
    etas = np.atleast_1d(np.asarray(eta, dtype=float))
    runs = max(len(etas), np.atleast_2d(u0).shape[0], np.atleast_2d(v0).shape[0])
    etas = np.broadcast_to(etas, runs)
    u = np.array(np.broadcast_to(u0, (runs, chain.rank)), dtype=float)
    v = np.array(np.broadcast_to(v0, (runs, chain.depth - 1)), dtype=float)
    iterates = np.arange(0, steps + 1, every)
    loss, sharpness = np.full((2, runs, len(iterates)), np.nan)
    status, last = np.full(runs, STATUS.index("still moving")), np.full(runs, iterates[-1])
    final_u, final_v = u.copy(), v.copy()
    end, bound = (reach * np.linalg.norm(chain.targets)) ** 2, np.inf
    active = np.arange(runs)
    for place, n in enumerate(iterates):
        excess = _excess(problem, u, v)
        if place == 0:
            bound = _DIVERGED * float(excess.max())
        bad, good = ~(excess <= bound), excess <= end  # the first is true for NaN as well
        status[active[good]] = STATUS.index("converged")
        status[active[bad]] = STATUS.index("diverged")
        loss[active[~bad], place] = excess[~bad] / (2 * chain.samples)
        if measure_sharpness and not bad.all():
            sharpness[active[~bad], place] = chain.sharpness(u[~bad], v[~bad])
        final_u[active[~bad]], final_v[active[~bad]] = u[~bad], v[~bad]
        last[active] = np.where(bad, iterates[max(place - 1, 0)], n)
        moving = ~(bad | good)
        active, u, v = active[moving], u[moving], v[moving]
        if not len(active) or n == iterates[-1]:
            loss, sharpness = loss[:, : place + 1], sharpness[:, : place + 1]
            iterates = iterates[: place + 1]
            break
        u, v = _advance(problem, u, v, etas[active, None], every, batches)
    variables: dict[str, Any] = {"loss": (("run", "iterate"), loss)}
    if measure_sharpness:
        variables["sharpness"] = (("run", "iterate"), sharpness)
    variables |= {
        "status": ("run", status),
        "last": ("run", last),
        "u": (("run", "mode"), final_u),
        "v": (("run", "layer"), final_v),
    }
    return xr.Dataset(
        variables,
        {"iterate": iterates, "eta": ("run", etas)},
        {"depth": chain.depth, "samples": chain.samples, "status": ", ".join(STATUS)},
    )


def _advance(
    problem: Problem,
    u: np.ndarray,
    v: np.ndarray,
    eta: np.ndarray,
    steps: int,
    batches: Minibatches | None,
) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            if batches is None:
                u, v = problem.chain.step(u, v, eta)  # type: ignore[arg-type]
            else:
                batch = batches.draw(len(u), problem.chain.samples)
                u, v = sgd_step(problem, u, v, eta, batch)
    return u, v


def _excess(problem: Problem, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """‖σ u V − d‖²: 2N times the loss above its least."""
    chain = problem.chain
    with np.errstate(over="ignore", invalid="ignore"):
        miss = chain.sigma * u * v.prod(axis=-1, keepdims=True) - chain.targets
        return np.asarray((miss**2).sum(axis=-1))
