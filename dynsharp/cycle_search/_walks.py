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

from dynsharp.continuation._linear import OPTIONS
from dynsharp.cycle_search._problem import Array, Problem

__all__ = ["Walks", "random_states"]

CELLS = 4000  # about so many in the box
SAMPLES = 80  # points of a cell that are mapped
STARTS = 16  # cells from which the walks of one batch begin


@dataclass(frozen=True)
class Walks:
    """The graph: corner of each cell (cells × n), cell size, and the adjacency matrix."""

    problem: Problem
    corners: Array
    sides: Array
    edges: Any

    @classmethod
    def of(cls, problem: Problem, rng: np.random.Generator) -> Walks:
        """Cover the box with cells and find the edges."""
        n = problem.dimension
        number = max(2, int(CELLS ** (1 / n)))
        if number**n > 20 * CELLS:
            empty = sparse.csr_array((0, 0))
            return cls(problem, np.empty((0, n)), problem.units, empty)
        sides = problem.units / number
        index = np.indices((number,) * n).reshape(n, -1).T
        within = rng.random((SAMPLES, n))
        within[: 2 ** min(n, 5)] = np.round(within[: 2 ** min(n, 5)])
        source = np.repeat(np.arange(len(index)), SAMPLES)
        x = problem.low + (index[:, None, :] + within).reshape(-1, n) * sides
        image = problem.images(x)
        with np.errstate(invalid="ignore"):
            target = np.floor((image - problem.low) / sides)
            good = ((target >= 0) & (target < number)).all(axis=1)
        cells = np.ravel_multi_index(tuple(target[good].astype(int).T), (number,) * n)
        shape = (len(index), len(index))
        edges = sparse.csr_array((np.ones(good.sum()), (source[good], cells)), shape)
        _, label = connected_components(edges, connection="strong")
        kept = np.flatnonzero((np.bincount(label)[label] > 1) | (edges.diagonal() > 0))
        row, column = edges[kept][:, kept].nonzero()
        inner = label[kept][row] == label[kept][column]
        shape = (len(kept), len(kept))
        edges = sparse.csr_array((np.ones(inner.sum()), (row[inner], column[inner])), shape)
        return cls(problem, problem.low + index[kept] * sides, sides, edges)

    def closed(self, period: int, count: int, rng: np.random.Generator) -> Array:
        """Random closed walks (at most count × period × n), a random point in each cell."""
        cells = self.edges.shape[0]
        n = self.problem.dimension
        if not cells:
            return np.empty((0, period, n))
        starts = rng.integers(cells, size=min(STARTS, count))
        # weights[k][c]: number of walks of k edges from c to the start, up to a factor
        weights = np.zeros((period + 1, cells, len(starts)))
        weights[0, starts, np.arange(len(starts))] = 1.0
        for k in range(1, period + 1):
            weights[k] = self.edges @ weights[k - 1]
            top = weights[k].max(axis=0)
            weights[k] /= np.where(top > 0, top, 1.0)
        possible = np.flatnonzero(weights[period, starts, np.arange(len(starts))] > 0)
        if not len(possible):
            return np.empty((0, period, n))
        which = rng.choice(possible, size=count)
        walks = _sample(
            self.edges.indptr,
            self.edges.indices,
            weights,
            starts,
            which,
            rng.random((count, period)),
        )
        return np.asarray(self.corners[walks] + rng.random((count, period, n)) * self.sides)


@njit(**OPTIONS)
def _sample(indptr: Any, indices: Any, weights: Any, starts: Any, which: Any, u: Any) -> Any:
    """Draw walks from starts[which[i]] back to it, each as likely as any other."""
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
                total += weights[left, indices[e], s]
            level = u[i, k] * total
            chosen = cell
            for e in range(indptr[cell], indptr[cell + 1]):
                w = weights[left, indices[e], s]
                if w > 0.0:
                    chosen = indices[e]
                    level -= w
                    if level <= 0.0:
                        break
            cell = chosen
    return walks


def random_states(problem: Problem, period: int, count: int, rng: np.random.Generator) -> Array:
    """Orbits from random states of the box, put back into it where they leave (count × period × n).

    The guesses where no graph can be made: many dimensions, or no cell that returns.
    """
    n = problem.dimension
    guesses = np.empty((count, period, n))
    x = problem.low + rng.random((count, n)) * problem.units
    for k in range(period):
        guesses[:, k] = x
        x = problem.images(x)
        lost = ~np.isfinite(x).all(axis=1)
        x[lost] = problem.low + rng.random((int(lost.sum()), n)) * problem.units
        x = np.clip(x, problem.low, problem.high)
    return guesses
