"""Where a run is unstable: catapults and the edge of stability."""

from __future__ import annotations

import numpy as np

from dynsharp.regimes.excursions import Excursion, excursions
from dynsharp.regimes.motion import Motion
from dynsharp.regimes.result import CATAPULT, CONVERGENCE, EDGE
from dynsharp.regimes.run import Run, Span


def unstable(run: Run, stop: int) -> list[Span]:
    """Return catapults and edges of stability before a record, in order."""
    spans: list[Span] = []
    blocks = _blocks(run, stop)
    for i, block in enumerate(blocks):
        spans += _judged(run, block, stop, final=i == len(blocks) - 1)
    return spans + _hovering(run, spans[-1].last if spans else 0, stop)


def _blocks(run: Run, stop: int) -> list[Excursion]:
    """Return the excursions of the loss, those that belong together as one."""
    merged: list[Excursion] = []
    for e in excursions(run.x[:stop], run.least_rise[:stop]) if stop > 1 else []:
        if merged:
            old = merged[-1]
            gap = e.first - old.last
            shorter = min(old.last - old.first, e.last - e.first)
            hovers = bool((run.ratio[old.last : e.first + 1] >= 1 - run.edge).all())
            if gap <= max(shorter, 2) or hovers:
                old.rises += e.rises
                old.last, old.returned = e.last, e.returned
                continue
        merged.append(e)
    return merged


def _judged(run: Run, block: Excursion, stop: int, final: bool) -> list[Span]:
    """Return what a block of excursions is: an edge of stability, a catapult, or noise."""
    first, last = block.first, min(block.last + 1, stop)
    lows = [i for i, _ in block.rises]
    recent = np.diff(lows[len(lows) // 2 :])
    pause = int(recent.max()) if len(recent) else 0
    continues, rests = final and stop - last <= pause, False
    if len(block.rises) >= 3 and (continues or last - first >= 24):
        end = stop if continues else last
        # What follows an edge that ends belongs to its end.
        window = slice(first + (end - first) // 2, end if continues else end - (end - first) // 16)
        ratio = run.log.ratio[window]
        hovers = ratio.mean() >= 1 - run.edge or np.quantile(ratio, 0.9) >= 1
        moves = run.motion(window)
        still = moves is not None and moves.period == 1
        unsteady = moves is not None and moves.deterministic and run.loss_noise == 0
        rests = (
            run.at_rest(window)
            or run.decays(window)
            or (still and ratio.mean() < 1)
            or (not continues and run.faded(window))
        )
        if not rests:
            if hovers or unsteady:
                return [Span(EDGE, _reached(run, first), end, moves)]
            return []  # rises of a loss that no instability drives: noise
    if (
        final
        and not block.returned
        and not run.momentum
        and (moves := _risen(run, first, stop)) is not None
    ):
        return [Span(EDGE, _reached(run, first), stop, moves)]
    may_rise = run.momentum or run.loss_noise > 0  # without being unstable
    if may_rise and not (run.ratio[first:last] >= 1 - run.edge).any():
        return []
    peak = max((j for _, j in block.rises), key=lambda j: run.x[j])
    back = np.flatnonzero(run.x[peak:last] <= run.x[first])
    below = np.flatnonzero(run.ratio[peak:last] >= 1)
    ends = [last]
    if len(back):
        ends.append(peak + int(back[0]) + 1)
    if block.returned or len(block.rises) >= 3 or not final:
        ends.append(peak + (int(below[-1]) if len(below) else 0) + 1)
    if not block.returned and final and last == stop and run.log.lost is None:
        calm = _settled_after(run, peak, stop)
        if calm is None:
            run.remarks.append(
                "The log ends before the loss is back from its last rise: record more steps."
            )
        else:
            ends.append(calm)
    spans = [Span(CATAPULT, _reached(run, first), min(ends))]
    if rests and final and min(ends) < last:
        spans.append(Span(CONVERGENCE, min(ends), last))
    return spans


def _risen(run: Run, first: int, stop: int) -> Motion | None:
    """Return the motion of a loss that rose and came to rest there, for good; None if it fell.

    It cannot be a minimum, where a loss comes down: it is a cycle on which the loss is equal.
    """
    climb = np.diff(run.x[first:stop])
    climb = climb[climb > run.least_rise[first : stop - 1]][-4:]
    if len(climb) < 4 or (np.diff(climb) > 0).any():
        return None  # it did not come to rest from below: it jumped to another basin
    half = slice(first + (stop - first) // 2, stop)
    rising = bool((np.diff(run.x[half]) > -run.least_rise[half][1:]).all())
    moves = run.motion(half) if rising and stop == len(run.log) else None
    return moves if moves is not None and moves.period == 1 else None


def _settled_after(run: Run, peak: int, stop: int) -> int | None:
    """Return the record after a peak from which the loss only falls at S below S*, if any."""
    above = np.flatnonzero(run.ratio[peak:stop] >= 1)
    calm = peak + (int(above[-1]) + 1 if len(above) else 1)
    return calm if calm < stop - 1 else None


def _reached(run: Run, first: int) -> int:
    """Return the record from which on the sharpness was above its threshold up to ``first``."""
    below = np.flatnonzero(run.ratio[: first + 1] < 1)
    return min(first, int(below[-1]) + 1) if len(below) else 0


def _hovering(run: Run, first: int, stop: int) -> list[Span]:
    """Return an edge of stability without rises that stand out, if the log ends in one.

    The sharpness hovers at its threshold or above it, where no minimum is stable, and the loss
    comes down slowly or not at all: in noise, between visible rises, on a symmetric cycle.
    """
    least = 1 - (run.edge if run.loss_noise > 0 else run.change)
    below = np.flatnonzero(run.ratio[first:stop] < 1 - run.edge)
    start = first + (int(below[-1]) + 1 if len(below) else 0)
    half = slice(start + (stop - start) // 2, stop)
    if stop - start < 8:
        return []
    # A fixed point, if it can be stable.
    still = bool(np.ptp(run.x[half]) < run.least_rise[half].min())
    if float(run.log.ratio[half].mean()) < (1 if still and not run.loss_noise else least):
        return []
    falls = run.x[half][0] - run.x[half][-1] > np.log(10)
    moves = run.settled(start, stop) is None
    if falls or moves or run.at_rest(half) or run.decays(half):
        return []
    return [Span(EDGE, _crossed(run, start, stop), stop, run.motion(half))]


def _crossed(run: Run, start: int, stop: int) -> int:
    """Return the first record at which the sharpness is at its threshold."""
    above = np.flatnonzero(run.ratio[start:stop] >= 1)
    return start + int(above[0]) if len(above) else start
