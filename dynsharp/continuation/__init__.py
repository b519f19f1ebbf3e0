"""Continuation of fixed points and cycles: branches, special points, switching, cascades."""

from dynsharp.continuation._cascade import Cascade, cascade
from dynsharp.continuation._normal_forms import NormalForm
from dynsharp.continuation._precise import Estimate
from dynsharp.continuation._result import Branch, SpecialPoint
from dynsharp.continuation.fixed_points import continue_fixed_point

__all__ = [
    "Branch",
    "Cascade",
    "Estimate",
    "NormalForm",
    "SpecialPoint",
    "cascade",
    "continue_fixed_point",
]
