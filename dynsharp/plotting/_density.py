"""How often each height is visited at each parameter value: the counts behind an orbit diagram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Density:
    """Visits per group of neighbouring parameter values and per row.

    Attributes
    ----------
    counts
        Shape (groups, rows): visits in each cell.
    samples
        Shape (groups,): all recorded iterates of the group, those outside the rows too.
    x_edges, y_edges
        Borders of the groups (not evenly spaced in general) and of the rows (evenly spaced).
    """

    counts: np.ndarray
    samples: np.ndarray
    x_edges: np.ndarray
    y_edges: np.ndarray

    def image(self, columns: int) -> np.ndarray:
        """Return an intensity in (0, 1] on ``columns`` equal columns, NaN where nobody came.

        The intensity is histogram-equalised: the share of the visited cells whose frequency is no
        higher. A thin branch and a wide chaotic band then both show, whatever their frequencies.
        Shape (rows, columns).
        """
        frequency = self.counts / np.maximum(self.samples, 1)[:, None]
        visited = self.counts > 0
        values, inverse, number = np.unique(
            frequency[visited].astype(np.float32), return_inverse=True, return_counts=True
        )
        del values
        intensity = np.full(frequency.shape, np.nan, np.float32)
        intensity[visited] = (np.cumsum(number) / max(number.sum(), 1))[inverse]
        borders = np.linspace(self.x_edges[0], self.x_edges[-1], columns + 1)
        centres = (borders[:-1] + borders[1:]) / 2
        group = np.searchsorted(self.x_edges, centres, side="right") - 1
        return intensity[np.clip(group, 0, len(self.samples) - 1)].T


def density(
    parameter: np.ndarray, values: np.ndarray, columns: int, rows: int, span: tuple[float, float]
) -> Density:
    """Count visits on a grid of about screen resolution.

    Neighbouring parameter values that fall into the same of ``columns`` equal columns form a group;
    a value that is alone owns everything up to the midpoints between it and its neighbours. So no
    column is empty and none is counted twice, whether the grid is finer or coarser than the screen,
    even or not.

    Parameters
    ----------
    parameter
        Shape (n,), ascending.
    values
        Shape (n, iterates); a row that holds a NaN counts as not visited at all.
    columns, rows
        Size of the screen.
    span
        Lower and upper end of the rows; values outside are sampled but not counted.
    """
    edges = cell_edges(parameter)
    column = np.minimum((parameter - edges[0]) / (edges[-1] - edges[0]) * columns, columns - 1)
    first = np.flatnonzero(np.diff(column.astype(np.intp), prepend=-1))
    group = np.repeat(np.arange(len(first)), np.diff(first, append=len(parameter)))

    usable = np.isfinite(values).all(axis=1)
    y_edges = np.linspace(*span, rows + 1)
    counts = np.zeros((len(first), rows), np.int64)
    block = max(1, 2**18 // max(values.shape[1], 1))  # temporaries that stay in the cache
    flat = counts.reshape(-1)
    for start in range(0, len(parameter), block):
        part = slice(start, start + block)
        keep = usable[part]
        v = values[part][keep].astype(float, copy=False)
        inside = (v >= span[0]) & (v <= span[1])
        row = np.zeros(v.shape, np.intp)
        np.multiply(
            v - span[0], rows / (span[1] - span[0]), out=row, where=inside, casting="unsafe"
        )
        np.minimum(row, rows - 1, out=row)
        # Rounding may miss by one cell: the edges decide, as in numpy.histogram.
        row -= v < y_edges[row]
        row += (v >= y_edges[np.minimum(row, rows - 1) + 1]) & (row < rows - 1)
        g = group[part][keep]
        if not len(g):
            continue
        cell = ((g - g[0])[:, None] * rows + row)[inside]
        visits = np.bincount(cell, minlength=(g[-1] - g[0] + 1) * rows)
        flat[g[0] * rows : (g[-1] + 1) * rows] += visits
    samples = np.bincount(group, weights=usable, minlength=len(first)) * values.shape[1]
    return Density(counts, samples, np.append(edges[first], edges[-1]), y_edges)


def cell_edges(grid: np.ndarray) -> np.ndarray:
    """Return the n + 1 borders of the cells of n ascending values: midpoints, ends mirrored."""
    grid = np.asarray(grid, float)
    if len(grid) == 1 or grid[0] == grid[-1]:
        half = max(abs(grid[0]), 1.0) / 20
        return np.concatenate([[grid[0] - half], grid[1:], [grid[-1] + half]])
    middle = (grid[:-1] + grid[1:]) / 2
    return np.concatenate([[2 * grid[0] - middle[0]], middle, [2 * grid[-1] - middle[-1]]])


def runs(flags: np.ndarray, edges: np.ndarray) -> list[tuple[float, float]]:
    """Return the intervals that the flagged cells fill, neighbours merged."""
    change = np.diff(np.concatenate([[0], np.asarray(flags, np.int8), [0]]))
    starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return [(float(edges[a]), float(edges[b])) for a, b in zip(starts, ends, strict=True)]
