"""What is read from a training log: loss, sharpness and threshold at the same steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dynsharp.errors import InputError
from dynsharp.types import Array

__all__ = ["TrainingLog", "read_log"]

STEP_NAMES = ("step", "steps", "iterate", "iteration", "epoch")


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


def read_log(
    trajectory: Any, eta: Any, loss: Any, sharpness: Any, step: Any, at: Any, threshold: Any
) -> TrainingLog:
    """Read the arguments of `training_regime`."""
    values, own_step = _series(trajectory, loss, "loss", "loss")
    top, top_step = _series(trajectory, sharpness, "sharpness", "sharpness")
    epsilon = max(
        float(np.finfo(a.dtype).eps) if a.dtype.kind == "f" else float(np.finfo(float).eps)
        for a in (values, top)
    )
    values, top = values.astype(float), top.astype(float)
    n = len(values)
    if n < 3:
        raise InputError("loss", f"{n} records", "at least 3")
    given = _series(trajectory, step, "step")[0] if step is not None else own_step
    steps = np.arange(n) if given is None else _increasing("step", given, n)
    if at is None and (top_step is None or len(top) == n):
        if len(top) != n:
            wants = f"one for each of the {n} losses; or pass sharpness_step="
            raise InputError("sharpness", f"{len(top)} values", wants)
        top_steps = steps
    else:
        top_steps = _increasing("sharpness_step", top_step if at is None else at, len(top))

    finite = np.isfinite(values)
    known = np.isfinite(top)
    if not finite.any():
        raise InputError("loss", "no finite value", "at least one")
    if not known.any():
        raise InputError("sharpness", "no finite value", "at least one")
    if (top[known] <= 0).all():
        raise InputError("sharpness", "no positive value", "the top eigenvalue of the Hessian")
    end = n - int(np.argmax(finite[::-1]))
    kept = np.flatnonzero(finite)
    limit = _threshold(trajectory, eta, threshold, steps)
    return TrainingLog(
        step=steps[kept],
        loss=values[kept],
        sharpness=np.interp(steps[kept], top_steps[known], top[known]),
        threshold=limit[kept],
        sampled=np.isin(steps[kept], top_steps[known]),
        every_step=steps,
        lost=steps[end] if end < n else None,
        skipped=end - len(kept),
        epsilon=epsilon,
    )


def _threshold(trajectory: Any, eta: Any, threshold: Any, steps: Array) -> Array:
    """Return the sharpness at which steps become unstable: 2/η, unless it is given."""
    if threshold is not None and eta is not None:
        raise InputError("threshold", "both threshold and eta", "one of them")
    name, value = ("eta", eta) if threshold is None else ("threshold", threshold)
    if value is None:
        value = "eta" if _has(trajectory, "eta") else getattr(trajectory, "attrs", {}).get("eta")
    if value is None:
        wants = "the step size, a number or one for each step; 1 for scaled variables"
        raise InputError("eta", "nothing", wants)
    if isinstance(value, str):
        value = _series(trajectory, value, name)[0]
    try:
        numbers = np.asarray(value, dtype=float)
        array = np.broadcast_to(numbers, steps.shape)
    except (TypeError, ValueError):
        wants = f"a number, or one for each of the {len(steps)} losses"
        raise InputError(name, _short(value), wants) from None
    if not (np.isfinite(array) & (array > 0)).all():
        raise InputError(name, _short(numbers), "positive finite numbers")
    return array.astype(float) if name == "threshold" else 2.0 / array


def _series(
    trajectory: Any, given: Any, argument: str, default: str | None = None
) -> tuple[Array, Array | None]:
    """Return a series, given itself or by its name in the trajectory, and its steps if known."""
    name = given if isinstance(given, str) else default if given is None else None
    if name is None:
        return _flat(argument, given), None
    if trajectory is None:
        raise InputError(argument, "nothing", f"an array, or a trajectory that has {name!r}")
    if not _has(trajectory, name):
        names = [str(k) for k in _names(trajectory)]
        raise InputError(argument if given is not None else "trajectory",
                         f"no {name!r} among {names}", f"the name of the {argument}")  # fmt: skip
    series = trajectory[name]
    values = _flat(argument, series)
    if hasattr(series, "coords") and series.dims:  # xarray: its dimension counts the steps
        dim = series.dims[0]
        own = np.asarray(series[dim].values) if dim in series.coords else None
        return values, own if own is not None and own.dtype.kind in "iuf" else None
    named = next((k for k in STEP_NAMES if k != name and _has(trajectory, k)), None)
    return values, None if named is None else _flat("step", trajectory[named])


def _has(trajectory: Any, name: str) -> bool:
    return trajectory is not None and name in _names(trajectory)


def _names(trajectory: Any) -> list[Any]:
    if isinstance(trajectory, Mapping) or hasattr(trajectory, "keys"):
        found = list(trajectory.keys())
        return found + [k for k in getattr(trajectory, "coords", ()) if k not in found]
    names = getattr(getattr(trajectory, "dtype", None), "names", None)  # a structured array
    if names:
        return list(names)
    wants = "a Dataset, DataFrame or dictionary with 'loss' and 'sharpness'; or loss=, sharpness="
    raise InputError("trajectory", type(trajectory).__name__, wants)


def _flat(argument: str, values: Any) -> Array:
    try:
        array = np.asarray(values)
        array = array if array.dtype.kind == "f" else array.astype(float)
    except (TypeError, ValueError):
        raise InputError(argument, _short(values), "a one-dimensional array of numbers") from None
    if array.ndim != 1:
        raise InputError(argument, f"an array of shape {array.shape}", "a one-dimensional array")
    return array


def _increasing(argument: str, values: Any, n: int) -> Array:
    array = _flat(argument, values)
    if len(array) != n:
        raise InputError(argument, f"{len(array)} values", f"{n}, one for each record")
    if not (np.isfinite(array).all() and (np.diff(array) > 0).all()):
        raise InputError(argument, _short(array), "finite numbers that increase")
    whole = array.astype(np.int64)
    return whole if (whole == array).all() else array


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."
