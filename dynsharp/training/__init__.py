"""Training logs: the phases of a run, named from loss, sharpness and step size."""

from dynsharp.training._result import Phase, TrainingRegime
from dynsharp.training.regime import training_regime

__all__ = ["Phase", "TrainingRegime", "training_regime"]
