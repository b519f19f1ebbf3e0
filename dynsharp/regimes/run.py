"""A log with its noise, and what can be asked of a stretch of it: rest, motion, settling."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dynsharp.regimes.log import TrainingLog
from dynsharp.regimes.motion import MOST, Motion, decays, motion
from dynsharp.regimes.noise import expected_range, smoothed, white_noise
from dynsharp.types import Array


@dataclass
class Span:
    """Records first ≤ i < last that are one phase."""

    name: str
    first: int
    last: int
    motion: Motion | None = None


@dataclass
class Run:
    """A log with its noise."""

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
