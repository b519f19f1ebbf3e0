"""dynsharp: gradient descent, and any other map, as a discrete dynamical system."""

from dynsharp import systems, testing
from dynsharp._version import __version__
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.numerical import lyapunov, orbit, orbit_diagram, phase_diagram
from dynsharp.optimisers import gradient_descent, heavy_ball, nesterov
from dynsharp.symbolic import (
    cycles,
    fixed_points,
    flip_normal_form,
    fold_normal_form,
    invariant_manifolds,
    neimark_sacker_normal_form,
    stability_conditions,
    thresholds,
)

__all__ = [
    "DiscreteMap",
    "InputError",
    "__version__",
    "cycles",
    "fixed_points",
    "flip_normal_form",
    "fold_normal_form",
    "gradient_descent",
    "heavy_ball",
    "invariant_manifolds",
    "lyapunov",
    "neimark_sacker_normal_form",
    "nesterov",
    "orbit",
    "orbit_diagram",
    "phase_diagram",
    "stability_conditions",
    "systems",
    "testing",
    "thresholds",
]
