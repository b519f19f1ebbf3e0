"""A training log: loss, sharpness and threshold at the same steps, to what resolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dynsharp.types import Array


@dataclass(frozen=True, eq=False)
class TrainingLog:
    """The records with a finite loss, and what was left out.

    Attributes
    ----------
    step, loss, sharpness, threshold
        Along the records. Between its own records the sharpness is interpolated linearly.
    sampled
        Whether the sharpness was recorded at that step.
    every_step
        The steps of all records, also of those without a finite loss.
    lost
        Step from which on no loss is finite; None if the last one is.
    skipped
        Number of records before that without a finite loss.
    epsilon
        Relative resolution of the recorded numbers.
    """

    step: Array
    loss: Array
    sharpness: Array
    threshold: Array
    sampled: Array
    every_step: Array
    lost: Any
    skipped: int
    epsilon: float

    def __len__(self) -> int:
        return len(self.loss)

    @cached_property
    def ratio(self) -> Array:
        """Sharpness over its stability threshold: above 1 a gradient step overshoots."""
        return self.sharpness / self.threshold

    @cached_property
    def excess(self) -> Array:
        """The loss; if it is negative somewhere, above a little less than its least value.

        Relative to the least value itself, that one would be infinitely small.
        """
        least = float(self.loss.min())
        below = 1e-3 * min(float(self.loss.max()) - least, -2 * least)
        return self.loss if least >= 0 else self.loss - least + below

    @cached_property
    def resolution(self) -> Array:
        """Change of the logarithm of the loss that rounding explains, at each record.

        A loss is a sum of squares of errors each of which is known to a few ``epsilon`` of the
        run's own errors, √scale; so it is known to 2 ε √(scale/loss), relatively.
        """
        least = float(self.loss.min())
        magnified = 1.0 if least >= 0 else -least / float(self.excess.min())
        small = np.sqrt(self.scale / np.maximum(self.excess, self.floor))
        return 2**10 * self.epsilon * np.maximum(magnified, small)

    @cached_property
    def scale(self) -> float:
        """The run's own size of the loss, which a divergence does not change."""
        return max(float(self.excess[0]), float(np.median(self.excess)), np.finfo(float).tiny)

    @property
    def floor(self) -> float:
        """The loss that is nothing but rounding: where `resolution` reaches 1."""
        return max((2**10 * self.epsilon) ** 2 * self.scale, 1e-307)

    @cached_property
    def log_loss(self) -> Array:
        """Logarithm of the loss, smoothly bounded below by that of `floor`."""
        return np.log(self.excess + self.floor)

    @cached_property
    def stride(self) -> float:
        """Number of steps from a record to the next; 0 if they are uneven."""
        gaps = np.diff(self.step)
        even = len(gaps) > 0 and np.allclose(gaps, gaps[0], rtol=1e-9, atol=0)
        return float(gaps[0]) if even else 0.0
