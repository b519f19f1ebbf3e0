"""dynsharp: gradient descent, and any other map, as a discrete dynamical system."""

from dynsharp import systems
from dynsharp._version import __version__
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.optimisers import gradient_descent, heavy_ball, nesterov

__all__ = [
    "DiscreteMap",
    "InputError",
    "__version__",
    "gradient_descent",
    "heavy_ball",
    "nesterov",
    "systems",
]
