"""From what the user gives to a training log: series by name or as they are, steps, threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dynsharp.errors import InputError
from dynsharp.regimes.log import TrainingLog
from dynsharp.types import Array

STEP_NAMES = ("step", "steps", "iterate", "iteration", "epoch")


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
