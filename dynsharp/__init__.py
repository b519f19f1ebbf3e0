"""dynsharp: gradient descent, and any other map, as a discrete dynamical system."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dynsharp import systems, testing
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.optimisers import gradient_descent, heavy_ball, nesterov
from dynsharp.sweeps import lyapunov, orbit, orbit_diagram, phase_diagram
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
from dynsharp.version import __version__

if TYPE_CHECKING:
    from dynsharp import plotting
    from dynsharp.bifurcation_curves import continue_bifurcation
    from dynsharp.branch_tree import bifurcation_diagram
    from dynsharp.continuation import cascade, continue_fixed_point
    from dynsharp.cycle_search import find_cycles
    from dynsharp.regimes import training_regime

__all__ = [
    "DiscreteMap",
    "InputError",
    "__version__",
    "bifurcation_diagram",
    "cascade",
    "continue_bifurcation",
    "continue_fixed_point",
    "cycles",
    "find_cycles",
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
    "plotting",
    "stability_conditions",
    "systems",
    "testing",
    "thresholds",
    "training_regime",
]

# What needs numba, scipy or matplotlib is loaded when it is first asked for.
_LATER = {
    "bifurcation_diagram": "dynsharp.branch_tree",
    "cascade": "dynsharp.continuation",
    "continue_bifurcation": "dynsharp.bifurcation_curves",
    "continue_fixed_point": "dynsharp.continuation",
    "find_cycles": "dynsharp.cycle_search",
    "training_regime": "dynsharp.regimes",
}


def __getattr__(name: str) -> Any:
    """Load what is loaded later."""
    if name == "plotting":
        return import_module("dynsharp.plotting")
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
