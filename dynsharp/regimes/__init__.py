"""Training logs: the phases of a run, named from loss, sharpness and step size."""

from dynsharp.regimes.regime import training_regime
from dynsharp.regimes.result import Phase, TrainingRegime

__all__ = ["Phase", "TrainingRegime", "training_regime"]
