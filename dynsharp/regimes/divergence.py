"""Where a run diverges."""

from __future__ import annotations

import numpy as np

from dynsharp.regimes.excursions import excursions
from dynsharp.regimes.run import Run


def divergence(run: Run) -> int:
    """Return the record that divergence begins with; the number of records if there is none."""
    n, x = len(run.log), run.x
    found = excursions(x, run.least_rise)
    last = found[-1] if found else None
    rising = last is not None and last.rises[-1][1] == n - 1
    if run.log.lost is None:
        if last is None or not rising or n < 4:
            return n
        steps = np.diff(x[-4:])
        above = x[-1] - float(x[: last.rises[-1][0] + 1].max())
        slows = steps[-1] < max(0.999 * steps[-2], run.least_rise[-2])
        if above < np.log(run.blowup) or slows:
            return n
    if last is None or not rising:
        return n
    # A growing oscillation belongs to it as long as each of its peaks is higher than the last.
    start = last.rises[-1][0]
    for (low, high), (_, above_it) in zip(last.rises[-2::-1], last.rises[:0:-1], strict=True):
        if x[high] >= x[above_it] - np.log(2):
            break
        start = low
    return start
