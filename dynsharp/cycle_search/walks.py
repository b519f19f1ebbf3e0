"""Guesses for cycles: closed walks on a grid of cells that covers the recurrent states of the box.

An edge leads from a cell to each cell that the map sends one of its sample points to. Cells that no
closed walk visits are dropped (strongly connected components). A closed walk of n edges is a cycle
up to an error of one cell a step, which is a guess for Newton's method on all its points; it does
not matter whether the cycle attracts or repels. Dellnitz, Junge, *On the approximation of
complicated dynamical behavior*, SIAM J. Numer. Anal. 36, 1999; Galias, *Rigorous investigation of
periodic orbits*, Int. J. Bifurcation Chaos 11, 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from dynsharp.compiled.elimination import OPTIONS
from dynsharp.cycle_search.box import Box
from dynsharp.types import Array

CELLS = 4000  # about so many in the box
SAMPLES = 100  # about so many points of a cell are mapped
FEW = 8  # of them at which the Jacobian is looked at
STARTS = 256  # cells from which the walks of one batch begin
MEMORY = 10_000_000  # weights at once: fewer starts where there would be more


@dataclass(frozen=True)
class Walks:
    """The graph: corner of each cell (cells × n), cell size, and the adjacency matrix."""

    box: Box
    corners: Array
    sides: Array
    edges: Any

    @classmethod
    def of(cls, box: Box, rng: np.random.Generator) -> Walks:
        """Cover the box with cells and find the edges."""
        n = box.dimension
        number = max(2, int(CELLS ** (1 / n)))
        if number**n > 20 * CELLS:
            empty = sparse.csr_array((0, 0))
            return cls(box, np.empty((0, n)), box.units, empty)
        sides = box.units / number
        index = np.indices((number,) * n).reshape(n, -1).T
        # sample points are the middles of a finer grid, so that images are covered evenly
        fine = max(2, round(SAMPLES ** (1 / n)))
        within = rng.permutation(np.indices((fine,) * n).reshape(n, -1).T + 0.5) / fine
        samples = len(within)
        source = np.repeat(np.arange(len(index)), samples)
        x = box.low + (index[:, None, :] + within).reshape(-1, n) * sides
        image = box.images(x)
        with np.errstate(invalid="ignore"):
            target = np.floor((image - box.low) / sides)
            good = ((target >= 0) & (target < number)).all(axis=1)
        cells = np.ravel_multi_index(tuple(target[good].astype(int).T), (number,) * n)
        shape = (len(index), len(index))
        share = _stretch(box, x.reshape(-1, samples, n)) / samples
        edges = sparse.csr_array((share[source[good]], (source[good], cells)), shape)
        _, label = connected_components(edges, connection="strong")
        kept = np.flatnonzero((np.bincount(label)[label] > 1) | (edges.diagonal() > 0))
        inner = edges[kept][:, kept]
        row, column = inner.nonzero()
        same = label[kept][row] == label[kept][column]
        weight = np.minimum(1.0, inner.data[same])
        shape = (len(kept), len(kept))
        edges = sparse.csr_array((weight, (row[same], column[same])), shape)
        return cls(box, box.low + index[kept] * sides, sides, edges)

    def closed(self, period: int, count: int, rng: np.random.Generator) -> Array:
        """Random closed walks (at most count × period × n), a random point in each cell."""
        cells = self.edges.shape[0]
        n = self.box.dimension
        if not cells:
            return np.empty((0, period, n))
        room = max(16, MEMORY // (cells * (period + 1)))
        starts = rng.integers(cells, size=min(count, STARTS, room))
        # weights[k][c]: sum over walks of k edges from c to the start, up to a factor e^logs
        own = np.arange(len(starts))
        weights = np.zeros((period + 1, cells, len(starts)))
        weights[0, starts, own] = 1.0
        logs = np.zeros(len(starts))
        for k in range(1, period + 1):
            weights[k] = self.edges @ weights[k - 1]
            top = weights[k].max(axis=0)
            top[top == 0] = 1.0
            weights[k] /= top
            logs += np.log(top)
        # a start is as likely as all closed walks from it together
        chance = weights[period, starts, own] * np.exp(logs - logs.max())
        if not chance.sum() > 0:
            return np.empty((0, period, n))
        which = rng.choice(len(starts), size=count, p=chance / chance.sum())
        walks = _sample(
            self.edges.indptr,
            self.edges.indices,
            self.edges.data,
            weights,
            starts,
            which,
            rng.random((count, period)),
        )
        return np.asarray(self.corners[walks] + rng.random((count, period, n)) * self.sides)


@njit(**OPTIONS)
def _sample(
    indptr: Any, indices: Any, data: Any, weights: Any, starts: Any, which: Any, u: Any
) -> Any:
    """Draw walks from starts[which[i]] back to it, as likely as the product of their edges."""
    count, period = u.shape
    walks = np.empty((count, period), np.int64)
    for i in range(count):
        s = which[i]
        cell = starts[s]
        for k in range(period):
            walks[i, k] = cell
            left = period - k - 1
            total = 0.0
            for e in range(indptr[cell], indptr[cell + 1]):
                total += data[e] * weights[left, indices[e], s]
            level = u[i, k] * total
            chosen = cell
            for e in range(indptr[cell], indptr[cell + 1]):
                w = data[e] * weights[left, indices[e], s]
                if w > 0.0:
                    chosen = indices[e]
                    level -= w
                    if level <= 0.0:
                        break
            cell = chosen
    return walks


def _stretch(box: Box, x: Array) -> Array:
    """Return by how much F stretches each cell in the directions that it stretches, on average.

    An edge weighs the part of its target that the image covers in these directions: then all
    periodic points weigh about the same, whatever their multipliers and the size of the cells.
    """
    J, _ = box.linearised(x[:, :FEW].reshape(-1, 1, box.dimension))
    J = np.nan_to_num(J[:, 0] * box.units / box.units[:, None], posinf=0.0, neginf=0.0)
    stretched = np.prod(np.maximum(1.0, np.linalg.svd(J, compute_uv=False)), axis=-1)
    return np.asarray(stretched.reshape(len(x), -1).mean(axis=1))


def random_states(box: Box, period: int, count: int, rng: np.random.Generator) -> Array:
    """Orbits from random states of the box, put back into it where they leave (count × period × n).

    The guesses where no graph can be made: many dimensions, or no cell that returns.
    """
    n = box.dimension
    guesses = np.empty((count, period, n))
    x = box.low + rng.random((count, n)) * box.units
    for k in range(period):
        guesses[:, k] = x
        x = box.images(x)
        lost = ~np.isfinite(x).all(axis=1)
        x[lost] = box.low + rng.random((int(lost.sum()), n)) * box.units
        x = np.clip(x, box.low, box.high)
    return guesses
