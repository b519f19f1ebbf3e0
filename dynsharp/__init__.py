"""dynsharp: gradient descent, and any other map, as a discrete dynamical system."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from dynsharp import plotting
    from dynsharp.continuation import cascade, continue_fixed_point

__all__ = [
    "DiscreteMap",
    "InputError",
    "__version__",
    "cascade",
    "continue_fixed_point",
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
    "plotting",
    "stability_conditions",
    "systems",
    "testing",
    "thresholds",
]


def __getattr__(name: str) -> Any:
    """Load what needs numba or matplotlib when it is first asked for."""
    if name == "plotting":
        return import_module("dynsharp.plotting")
    if name in ("cascade", "continue_fixed_point"):
        return getattr(import_module("dynsharp.continuation"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
