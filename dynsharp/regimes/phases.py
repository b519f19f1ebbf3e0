"""A training log cut into its phases: divergence, unstable stretches, trends of the sharpness."""

from __future__ import annotations

from itertools import pairwise

from dynsharp.regimes.divergence import divergence
from dynsharp.regimes.excursions import turning_points
from dynsharp.regimes.instability import unstable
from dynsharp.regimes.noise import smoothed
from dynsharp.regimes.result import CONVERGENCE, DIVERGENCE, REDUCTION, SHARPENING
from dynsharp.regimes.run import Run, Span


def spans(run: Run) -> list[Span]:
    """Return the phases as consecutive spans of records."""
    n = len(run.log)
    stop = divergence(run)
    found: list[Span] = []
    at = 0
    for span in unstable(run, stop):
        found += [*_trends(run, at, span.first, ends=False), span]
        at = span.last
    found += _trends(run, at, stop, ends=stop == n and run.log.lost is None)
    if stop < n or run.log.lost is not None:
        found.append(Span(DIVERGENCE, stop, n))
    joined = _joined(found)
    last = joined[-1]
    thinned = run.log.stride > 1 and last.name == CONVERGENCE
    if thinned and not run.at_rest(slice(last.first + 3 * (last.last - last.first) // 4, n)):
        run.remarks.append(
            f"Only every {run.log.stride:g} steps were recorded: a cycle whose period divides "
            "that looks like convergence; record every step for a while to tell."
        )
    return joined


def _trends(run: Run, first: int, stop: int, ends: bool) -> list[Span]:
    """Return the phases of a stretch without instability, by the trend of the sharpness."""
    if stop <= first:
        return []
    y = smoothed(run.log_sharpness[first:stop])
    points = turning_points(y, run.least_change)
    spans = [
        Span(SHARPENING if y[j] > y[i] else REDUCTION, first + i, first + j)
        for i, j in pairwise(points)
        if abs(y[j] - y[i]) > run.least_change
    ]
    if not spans:
        return [Span(CONVERGENCE, first, stop)] if ends or stop - first >= 8 else []
    spans[-1].last = stop
    if ends and (calm := run.settled(spans[-1].first, stop)) is not None:
        spans[-1].last = max(calm, spans[-1].first + 1)
        if spans[-1].last < stop:
            spans.append(Span(CONVERGENCE, spans[-1].last, stop))
    return spans


def _joined(spans: list[Span]) -> list[Span]:
    """Close gaps between spans and join equal neighbours."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].name == span.name and span.motion is None:
            joined[-1].last = max(joined[-1].last, span.last)
            continue
        if joined:
            span.first = max(span.first, joined[-1].last)
        joined.append(span)
    return joined
