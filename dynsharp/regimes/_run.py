"""A training log cut into its phases: divergence, unstable stretches, trends of the sharpness."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from dynsharp.regimes._excursions import (
    Excursion,
    excursions,
    expected_range,
    smoothed,
    turning_points,
    white_noise,
)
from dynsharp.regimes._recurrence import MOST, Motion, decays, motion
from dynsharp.regimes.log import TrainingLog
from dynsharp.types import Array

__all__ = ["EDGE", "Run", "Span"]

REDUCTION, SHARPENING = "sharpness reduction", "progressive sharpening"
CATAPULT, EDGE = "catapult", "edge of stability"
DIVERGENCE, CONVERGENCE = "divergence", "convergence"


@dataclass
class Span:
    """Records first ≤ i < last that are one phase."""

    name: str
    first: int
    last: int
    motion: Motion | None = None


@dataclass
class Run:
    """A log with its noise, and the questions asked of it in turn."""

    log: TrainingLog
    change: float
    edge: float
    blowup: float
    max_period: int
    momentum: bool  # whether a loss may rise though the step is stable
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        log = self.log
        self.x = log.log_loss
        self.log_sharpness = np.log(np.maximum(log.sharpness, 1e-12 * log.sharpness.max()))
        everywhere = np.ones(len(log), bool)
        self.loss_noise = self.noise(self.x, everywhere)
        self.sharpness_noise = self.noise(self.log_sharpness, log.sampled)
        n = len(log)
        width = 1.2 * expected_range(n)
        self.least_rise = np.maximum(log.resolution, width * self.loss_noise)
        self.least_change = max(self.change, width * self.sharpness_noise)
        self.ratio = smoothed(log.ratio, 3 if self.sharpness_noise == 0 else max(n // 50, 5))
        if log.skipped:
            self.remarks.append(
                f"{log.skipped} of the records, without a finite loss, were left out."
            )

    def noise(self, x: Array, sampled: Array) -> float:
        """Return the noise of a series, from where steps are stable.

        Where there are too few such records, from all of them or, past a transient, the last half:
        chaos can look white, but it is larger than ``edge``.
        """
        calm = _longest(self.log.ratio < 1 - self.edge)
        quiet = x[calm][sampled[calm]]
        if len(quiet) >= max(32, len(self.log) // 8 * sampled.mean()):
            return white_noise(quiet)
        whole = x[sampled]
        level = white_noise(whole) or white_noise(whole[len(whole) // 2 :])
        return level if level < self.edge else 0.0

    def at_rest(self, window: slice) -> bool:
        """Whether the loss is down at the rounding level of a loss of the size of the run's."""
        rounding = 2**6 * self.log.epsilon * self.log.scale
        return bool((self.log.excess[window] < rounding).all())

    def faded(self, window: slice) -> bool:
        """Whether steps of the loss at the end of a window are half of those at its beginning."""
        steps = np.abs(np.diff(self.log.loss[window]))
        quarter = max(len(steps) // 4, 2)
        return bool(steps[-quarter:].max() < 0.5 * steps[:quarter].max())

    def spans(self) -> list[Span]:
        """Return the phases as consecutive spans of records."""
        n = len(self.log)
        stop = self.divergence()
        unstable = self.unstable(stop)
        spans: list[Span] = []
        at = 0
        for span in unstable:
            spans += self.trends(at, span.first, ends=False)
            spans.append(span)
            at = span.last
        spans += self.trends(at, stop, ends=stop == n and self.log.lost is None)
        if stop < n or self.log.lost is not None:
            spans.append(Span(DIVERGENCE, stop, n))
        joined = _joined(spans)
        last = joined[-1]
        thinned = self.log.stride > 1 and last.name == CONVERGENCE
        if thinned and not self.at_rest(slice(last.first + 3 * (last.last - last.first) // 4, n)):
            self.remarks.append(
                f"Only every {self.log.stride:g} steps were recorded: a cycle whose period divides "
                "that looks like convergence; record every step for a while to tell."
            )
        return joined

    # ---- divergence --------------------------------------------------------------------------

    def divergence(self) -> int:
        """Return the record that divergence begins with; the number of records if there is none."""
        n, x = len(self.log), self.x
        found = excursions(x, self.least_rise)
        last = found[-1] if found else None
        rising = last is not None and last.rises[-1][1] == n - 1
        if self.log.lost is None:
            if last is None or not rising or n < 4:
                return n
            steps = np.diff(x[-4:])
            above = x[-1] - float(x[: last.rises[-1][0] + 1].max())
            slows = steps[-1] < max(0.999 * steps[-2], self.least_rise[-2])
            if above < np.log(self.blowup) or slows:
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

    # ---- catapults and the edge of stability -------------------------------------------------

    def unstable(self, stop: int) -> list[Span]:
        """Return catapults and edges of stability before a record, in order."""
        spans: list[Span] = []
        blocks = self.blocks(stop)
        for i, block in enumerate(blocks):
            spans += self.judged(block, stop, final=i == len(blocks) - 1)
        hovering = self.hovering(spans[-1].last if spans else 0, stop)
        return spans + hovering

    def blocks(self, stop: int) -> list[Excursion]:
        """Return the excursions of the loss, those that belong together as one."""
        merged: list[Excursion] = []
        for e in excursions(self.x[:stop], self.least_rise[:stop]) if stop > 1 else []:
            if merged:
                old = merged[-1]
                gap = e.first - old.last
                shorter = min(old.last - old.first, e.last - e.first)
                hovers = bool((self.ratio[old.last : e.first + 1] >= 1 - self.edge).all())
                if gap <= max(shorter, 2) or hovers:
                    old.rises += e.rises
                    old.last, old.returned = e.last, e.returned
                    continue
            merged.append(e)
        return merged

    def judged(self, block: Excursion, stop: int, final: bool) -> list[Span]:
        """Return what a block of excursions is: an edge of stability, a catapult, or noise."""
        first, last = block.first, min(block.last + 1, stop)
        lows = [i for i, _ in block.rises]
        recent = np.diff(lows[len(lows) // 2 :])
        pause = int(recent.max()) if len(recent) else 0
        continues, rests = final and stop - last <= pause, False
        if len(block.rises) >= 3 and (continues or last - first >= 24):
            end = stop if continues else last
            # What follows an edge that ends belongs to its end.
            window = slice(
                first + (end - first) // 2, end if continues else end - (end - first) // 16
            )
            ratio = self.log.ratio[window]
            hovers = ratio.mean() >= 1 - self.edge or np.quantile(ratio, 0.9) >= 1
            moves = self.motion(window)
            still = moves is not None and moves.period == 1
            unsteady = moves is not None and moves.deterministic and self.loss_noise == 0
            rests = (
                self.at_rest(window)
                or self.decays(window)
                or (still and ratio.mean() < 1)
                or (not continues and self.faded(window))
            )
            if not rests:
                if hovers or unsteady:
                    return [Span(EDGE, self.reached(first), end, moves)]
                return []  # rises of a loss that no instability drives: noise
        if (
            final
            and not block.returned
            and not self.momentum
            and (moves := self.risen(first, stop)) is not None
        ):
            return [Span(EDGE, self.reached(first), stop, moves)]
        may_rise = self.momentum or self.loss_noise > 0  # without being unstable
        if may_rise and not (self.ratio[first:last] >= 1 - self.edge).any():
            return []
        peak = max((j for _, j in block.rises), key=lambda j: self.x[j])
        back = np.flatnonzero(self.x[peak:last] <= self.x[first])
        below = np.flatnonzero(self.ratio[peak:last] >= 1)
        ends = [last]
        if len(back):
            ends.append(peak + int(back[0]) + 1)
        if block.returned or len(block.rises) >= 3 or not final:
            ends.append(peak + (int(below[-1]) if len(below) else 0) + 1)
        if not block.returned and final and last == stop and self.log.lost is None:
            calm = self.settled_after(peak, stop)
            if calm is None:
                self.remarks.append(
                    "The log ends before the loss is back from its last rise: record more steps."
                )
            else:
                ends.append(calm)
        spans = [Span(CATAPULT, self.reached(first), min(ends))]
        if rests and final and min(ends) < last:
            spans.append(Span(CONVERGENCE, min(ends), last))
        return spans

    def risen(self, first: int, stop: int) -> Motion | None:
        """Return the motion of a loss that rose and came to rest there, for good; None if it fell.

        It cannot be a minimum, where a loss comes down: it is a cycle on which the loss is equal.
        """
        climb = np.diff(self.x[first:stop])
        climb = climb[climb > self.least_rise[first : stop - 1]][-4:]
        if len(climb) < 4 or (np.diff(climb) > 0).any():
            return None  # it did not come to rest from below: it jumped to another basin
        half = slice(first + (stop - first) // 2, stop)
        rising = bool((np.diff(self.x[half]) > -self.least_rise[half][1:]).all())
        moves = self.motion(half) if rising and stop == len(self.log) else None
        return moves if moves is not None and moves.period == 1 else None

    def settled_after(self, peak: int, stop: int) -> int | None:
        """Return the record after a peak from which the loss only falls at S below S*, if any."""
        above = np.flatnonzero(self.ratio[peak:stop] >= 1)
        calm = peak + (int(above[-1]) + 1 if len(above) else 1)
        return calm if calm < stop - 1 else None

    def reached(self, first: int) -> int:
        """Return the record from which on the sharpness was above its threshold up to ``first``."""
        below = np.flatnonzero(self.ratio[: first + 1] < 1)
        return min(first, int(below[-1]) + 1) if len(below) else 0

    def hovering(self, first: int, stop: int) -> list[Span]:
        """Return an edge of stability without rises that stand out, if the log ends in one.

        The sharpness hovers at its threshold or above it, where no minimum is stable, and the loss
        comes down slowly or not at all: in noise, between visible rises, on a symmetric cycle.
        """
        least = 1 - (self.edge if self.loss_noise > 0 else self.change)
        below = np.flatnonzero(self.ratio[first:stop] < 1 - self.edge)
        start = first + (int(below[-1]) + 1 if len(below) else 0)
        half = slice(start + (stop - start) // 2, stop)
        if stop - start < 8:
            return []
        still = bool(
            np.ptp(self.x[half]) < self.least_rise[half].min()
        )  # a fixed point, if it can be stable
        if float(self.log.ratio[half].mean()) < (1 if still and not self.loss_noise else least):
            return []
        falls = self.x[half][0] - self.x[half][-1] > np.log(10)
        moves = self.settled(start, stop) is None
        if falls or moves or self.at_rest(half) or self.decays(half):
            return []
        return [Span(EDGE, self.crossed(start, stop), stop, self.motion(half))]

    def crossed(self, start: int, stop: int) -> int:
        """Return the first record at which the sharpness is at its threshold."""
        above = np.flatnonzero(self.ratio[start:stop] >= 1)
        return start + int(above[0]) if len(above) else start

    def series(self, window: slice) -> Array:
        """Return what a motion is judged by: the loss, and the sharpness if it was sampled."""
        log = self.log
        rows = [log.loss[window] / np.abs(log.loss[window]).max(initial=np.finfo(float).tiny)]
        if log.sampled[window].all():
            rows.append(log.ratio[window])
        return np.array(rows)

    def decays(self, window: slice) -> bool:
        """Whether an oscillation dies out: loss and sharpness come to rest, at a stable sharpness.

        At the threshold a loss alone that comes to rest is no sign of it: it does so at the edge.
        """
        series, ratio = self.series(window), self.log.ratio[window]
        final = float(ratio[-max(len(ratio) // 4, 2) :].mean())
        if final > 1 + self.change / 2 or (len(series) == 1 and final > 1 - self.change):
            return False
        return decays(series)

    def motion(self, window: slice) -> Motion | None:
        """Return what kind of motion a window is; None if it cannot be told."""
        series = self.series(window)
        if series.shape[1] < 12 or self.log.stride == 0:
            return None
        found = motion(series[:, -MOST:], self.max_period)
        if found.period:
            moves = np.ptp(series, axis=1) > self.change * np.abs(series).max(axis=1)
            return None if found.period == 1 and moves.any() else found
        early, late = np.array_split(series, 2, axis=1)
        drift = np.abs(early.mean(axis=1) - late.mean(axis=1)) > series.std(axis=1) / 2
        return None if found.deterministic and drift.any() else found

    # ---- trends of the sharpness ---------------------------------------------------------------

    def trends(self, first: int, stop: int, ends: bool) -> list[Span]:
        """Return the phases of a stretch without instability, by the trend of the sharpness."""
        if stop <= first:
            return []
        y = smoothed(self.log_sharpness[first:stop])
        points = turning_points(y, self.least_change)
        spans = [
            Span(SHARPENING if y[j] > y[i] else REDUCTION, first + i, first + j)
            for i, j in pairwise(points)
            if abs(y[j] - y[i]) > self.least_change
        ]
        if not spans:
            return [Span(CONVERGENCE, first, stop)] if ends or stop - first >= 8 else []
        spans[-1].last = stop
        if ends and (calm := self.settled(spans[-1].first, stop)) is not None:
            spans[-1].last = max(calm, spans[-1].first + 1)
            if spans[-1].last < stop:
                spans.append(Span(CONVERGENCE, spans[-1].last, stop))
        return spans

    def settled(self, first: int, stop: int) -> int | None:
        """Return the record from which the sharpness stays at its final value; None if it moves.

        The final value is extrapolated (Aitken) from the second half of the change: at its
        beginning, middle and end; it must slow down as much as an exponential there.
        """
        y = smoothed(self.log_sharpness[first:stop], 3 if self.sharpness_noise == 0 else 9)
        away = np.abs(y - y[-1]) > self.least_change
        if not away.any():
            return first
        start = int(np.flatnonzero(np.abs(y - y[-1]) > abs(y[0] - y[-1]) / 2)[-1])
        middle = (start + len(y) - 1) // 2
        d1, d2 = y[middle] - y[start], y[-1] - y[middle]
        if abs(d2) > abs(d1) / 2:
            return None
        if abs(d2 * d2 / (d1 - d2)) > self.least_change:
            return None
        return first + int(np.flatnonzero(away)[-1]) + 1


def _longest(flags: Array) -> slice:
    """Return the longest run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    if not len(edges):
        return slice(0, 0)
    begin, end = edges[::2], edges[1::2]
    i = int(np.argmax(end - begin))
    return slice(int(begin[i]), int(end[i]))


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
