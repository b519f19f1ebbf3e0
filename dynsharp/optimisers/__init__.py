"""From a loss to a map: gradient descent, heavy ball and Nesterov, with weight decay."""

from dynsharp.optimisers.gradient_descent import gradient_descent
from dynsharp.optimisers.heavy_ball import heavy_ball
from dynsharp.optimisers.nesterov import nesterov

__all__ = ["gradient_descent", "heavy_ball", "nesterov"]
