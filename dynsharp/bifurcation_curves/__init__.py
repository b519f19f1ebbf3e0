"""Continuation in two parameters: curves of folds, flips and Neimark–Sacker points."""

from dynsharp.bifurcation_curves.codim2_point import Codim2Point
from dynsharp.bifurcation_curves.curves import continue_bifurcation
from dynsharp.bifurcation_curves.result import BifurcationCurve
from dynsharp.normal_forms.critical_form import Codim2Form

__all__ = ["BifurcationCurve", "Codim2Form", "Codim2Point", "continue_bifurcation"]
