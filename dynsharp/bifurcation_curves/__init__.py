"""Continuation in two parameters: curves of folds, flips and Neimark–Sacker points."""

from dynsharp.bifurcation_curves._coefficients import Codim2Form
from dynsharp.bifurcation_curves._result import BifurcationCurve, Codim2Point
from dynsharp.bifurcation_curves.curves import continue_bifurcation

__all__ = ["BifurcationCurve", "Codim2Form", "Codim2Point", "continue_bifurcation"]
