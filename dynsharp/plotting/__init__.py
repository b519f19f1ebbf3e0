"""Figures: one recipe a result, each draws into ``ax=`` or makes a figure, and returns the Axes."""

from dynsharp.plotting._lyapunov import lyapunov
from dynsharp.plotting._orbit_diagram import orbit_diagram
from dynsharp.plotting._phase_portrait import phase_portrait
from dynsharp.plotting._style import PALETTE, save, style

__all__ = ["PALETTE", "lyapunov", "orbit_diagram", "phase_portrait", "save", "style"]
