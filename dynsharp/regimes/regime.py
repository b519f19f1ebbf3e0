r"""Name the phases of a training run from its loss, sharpness and step size.

The words, and what is meant by them:

- *progressive sharpening*, *edge of stability*: Cohen, Kaur, Li, Kolter, Talwalkar, *Gradient
  Descent on Neural Networks Typically Occurs at the Edge of Stability*, ICLR 2021,
  arXiv:2103.00065.
- *catapult*: Lewkowycz, Bahri, Dyer, Sohl-Dickstein, Gur-Ari, *The large learning rate phase of
  deep learning: the catapult mechanism*, arXiv:2003.02218.
- *sharpness reduction*, periodic and chaotic edge of stability: Kalra, He, Barkeshli, ICLR 2025,
  arXiv:2311.02076.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dynsharp.arguments import checked_between, checked_count
from dynsharp.regimes.log import TrainingLog
from dynsharp.regimes.phases import spans
from dynsharp.regimes.reading import read_log
from dynsharp.regimes.result import EDGE, Phase, TrainingRegime
from dynsharp.regimes.run import Run, Span


def training_regime(
    trajectory: Any = None,
    eta: Any = None,
    *,
    loss: Any = None,
    sharpness: Any = None,
    step: Any = None,
    sharpness_step: Any = None,
    threshold: Any = None,
    change: float = 0.01,
    edge: float = 0.05,
    blowup: float = 1e6,
    max_period: int = 64,
) -> TrainingRegime:
    r"""Name the phases of a run, with their steps, from loss, sharpness and step size.

    Parameters
    ----------
    trajectory
        What has the series ``loss`` and ``sharpness``: a Dataset (such as `dynsharp.orbit`
        returns for a map with these observables), a DataFrame, a dictionary. Its ``eta`` and
        ``step`` are used too, if it has them. Or None, and the series themselves:
    loss, sharpness
        Arrays, or names of series of the trajectory. A loss that is not finite up to the end of the
        log is divergence; one in between was not recorded. A sharpness that is not finite was not
        recorded.
    eta
        Step size: a number, or one for each loss (a schedule). For the scaled variables of
        `systems.uv`, 1.
    step, sharpness_step
        The steps at which loss and sharpness were recorded; 0, 1, 2, … and those of the loss if
        left out.
    threshold
        Instead of ``eta``: the sharpness at which steps become unstable, a number or one for each
        loss. For gradient descent it is 2/η; for heavy ball 2(1 + β)/η. With it a rise of the loss
        alone is no instability, since momentum carries a stable run uphill.
    change
        Least relative change of the sharpness that counts as sharpening or reduction, and the
        distance from its final value within which it has converged. Larger if the sharpness is
        noisier than that.
    edge
        How far below its threshold, relatively, the sharpness of a noisy run may hover at the edge
        of stability (minibatch noise holds it below), or of a noiseless one above it before a
        constant loss is a cycle and not a minimum.
    blowup
        A loss that still grows ever faster at the end of the log, and is larger by this factor than
        all before the growth, diverges.
    max_period
        Greatest period to look for, in records.

    Returns
    -------
    TrainingRegime
        The phases in order, with what was measured in them. They cover all the steps.

    Raises
    ------
    InputError
        If there is no loss, sharpness or step size, shapes differ, or a number is out of range.

    Notes
    -----
    With S the sharpness and S* = 2/η its threshold:

    *Loss rises.* The loss turns at extrema of its logarithm that are further apart than rounding
    and noise explain. The noise is estimated from second differences where S < S* and is zero
    unless these are those of white noise. A rise with its return to the level that it began from is
    an excursion; excursions that touch, or between which S stays at the edge, belong together.

    *Divergence*: from where the last rise begins to the end, if the loss is not finite or blows up.

    *Edge of stability*: three or more rises whose amplitude does not decay, where S is at its
    threshold in the mean, or above it one time in ten, or the motion is deterministic (a rise of a
    full-batch loss is instability, whatever the sharpness); also a sharpness that hovers at its
    threshold while the loss comes down slowly. It begins where S last came to S*. It is *periodic*
    if loss and sharpness recur, up to a transient that decays or to noise; else *irregular* if
    records do not predict each other; else *quasi-periodic* if all come back close after some lag
    and neighbours do not part; else *chaotic*.

    *Catapult*: an excursion that ends. It ends when the loss is back or S stays below S*.

    *Progressive sharpening*, *sharpness reduction*: between turning points of S.

    *Convergence*: S has come to its final value and the loss rises no more, or its rises decay.

    A cycle in which loss and sharpness are equal at all its points, and the sharpness below the
    threshold, cannot be told from a minimum by these two.

    Examples
    --------
    >>> import dynsharp as ds
    >>> run = ds.orbit(ds.systems.uv(), {"z": -1.0, "k": 0.6}, 400, fixed={"rho": 1.1})
    >>> [phase.label for phase in training_regime(run, eta=1)]
    ['progressive sharpening', 'edge of stability, period 2']
    """
    for name, value, low, high in (
        ("change", change, 0.0, 1.0),
        ("edge", edge, 0.0, 1.0),
        ("blowup", blowup, 1.0, np.inf),
    ):
        checked_between(name, value, low, high)
    max_period = checked_count("max_period", max_period)
    log = read_log(trajectory, eta, loss, sharpness, step, sharpness_step, threshold)
    run = Run(log, change, edge, blowup, max_period, momentum=threshold is not None)
    phases = _phases(log, spans(run))
    settings = {
        "change": change,
        "edge": edge,
        "blowup": blowup,
        "max_period": max_period,
        "loss_noise": run.loss_noise,
        "sharpness_noise": run.sharpness_noise,
    }
    return TrainingRegime(phases, " ".join(run.remarks) or "complete", settings)


def _phases(log: TrainingLog, spans: list[Span]) -> tuple[Phase, ...]:
    """Return the phases with their steps and what was measured."""
    steps = log.every_step
    starts = [log.step[s.first] if s.first < len(log) else log.lost for s in spans]
    edges = [0, *(int(np.searchsorted(steps, start)) for start in starts[1:]), len(steps)]
    phases = []
    for span, begin, end in zip(spans, edges[:-1], edges[1:], strict=True):
        kind, period = "", None
        if span.name == EDGE:
            kind = span.motion.kind if span.motion is not None else "undecided"
            if span.motion is not None and span.motion.period:
                period = round(span.motion.period * log.stride)
        first, last = steps[begin].item(), steps[end - 1].item()
        phases.append(Phase(span.name, first, last, kind, period, _measured(log, span)))
    return tuple(phases)


def _measured(log: TrainingLog, span: Span) -> dict[str, float]:
    here = slice(span.first, span.last)
    if span.first >= span.last:
        return {}
    found = {
        "loss_first": float(log.loss[span.first]),
        "loss_last": float(log.loss[span.last - 1]),
        "loss_peak": float(log.loss[here].max()),
        "sharpness_first": float(log.sharpness[span.first]),
        "sharpness_last": float(log.sharpness[span.last - 1]),
        "ratio_mean": float(log.ratio[here].mean()),
        "ratio_peak": float(log.ratio[here].max()),
    }
    if span.motion is not None and np.isfinite(span.motion.growth):
        found["growth"] = span.motion.growth
        found["growth_error"] = span.motion.standard_error
    return found
