"""Figures: one recipe a result, each draws into ``ax=`` or makes a figure, and returns the Axes."""

from dynsharp.plotting._bifurcation_curve import bifurcation_curve
from dynsharp.plotting._branch_tree import bifurcation_tree
from dynsharp.plotting._branches import bifurcation_diagram, branch
from dynsharp.plotting._cobweb import cobweb
from dynsharp.plotting._comparison import comparison
from dynsharp.plotting._lyapunov import lyapunov
from dynsharp.plotting._manifold import manifold
from dynsharp.plotting._orbit_diagram import orbit_diagram
from dynsharp.plotting._phase_diagram import phase_diagram
from dynsharp.plotting._phase_portrait import phase_portrait
from dynsharp.plotting._sharpness import sharpness_trajectory
from dynsharp.plotting._style import PALETTE, save, style
from dynsharp.plotting._training import training_regime

__all__ = [
    "PALETTE",
    "bifurcation_curve",
    "bifurcation_diagram",
    "bifurcation_tree",
    "branch",
    "cobweb",
    "comparison",
    "lyapunov",
    "manifold",
    "orbit_diagram",
    "phase_diagram",
    "phase_portrait",
    "save",
    "sharpness_trajectory",
    "style",
    "training_regime",
]
